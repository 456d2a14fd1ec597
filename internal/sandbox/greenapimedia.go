package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

const (
	expiredFolder = "expired/" // files behind links that do not work any longer
	renewedFolder = "r/"       // in a link: made by downloadFile
	pieceSize     = 64 << 10
)

// A renewedLink is a link that downloadFile made. Its number in the path is one more than its index.
type renewedLink struct {
	file string
	made time.Time
}

var downloadShape = object(must("chatId", filled), must("idMessage", filled))

// downloadFile answers POST …/downloadFile with a new link to the file of a message, which the history shows from now on.
// A link to somewhere else stays as it is.
func (g *GreenAPI) downloadFile(q greenAPICall) answer {
	if decode(q.body, downloadShape, &q.asked) != nil {
		return g.invalid(q)
	}
	source := g.findEntry(q.ChatID, q.IDMessage).source()
	switch {
	case source == "":
		return noFile(q.ChatID, q.IDMessage)
	case strings.HasPrefix(source, "media/"):
		source = q.base + g.renew(q.ChatID, q.IDMessage, source)
	}
	return okAnswer(map[string]string{"downloadUrl": source})
}

// noFile is the documented answer for a file that WhatsApp does not keep any longer. It is not JSON.
func noFile(chatID, idMessage string) answer {
	body := fmt.Sprintf(`{"statusCode":400,"message":"File message encrypted url not found by chatId "%s" and idMessage "%s""}`,
		chatID, idMessage)
	return newAnswer(http.StatusBadRequest, "application/json; charset=utf-8", []byte(body))
}

// findEntry returns the newest entry of the chat with that id, or the zero storedEntry.
func (g *GreenAPI) findEntry(chatID, idMessage string) storedEntry {
	for entry := range g.entries(chatID) {
		if !bytes.Contains(entry, []byte(idMessage)) {
			continue
		}
		if e := readEntry(entry); e.IDMessage == idMessage {
			return e
		}
	}
	return storedEntry{}
}

// source returns where WhatsApp still has the file, or "".
func (e storedEntry) source() string {
	if e.Sandbox.DownloadFile != nil {
		return *e.Sandbox.DownloadFile
	}
	if strings.HasPrefix(e.DownloadURL, "media/"+expiredFolder) {
		return ""
	}
	return e.DownloadURL
}

// renew makes a new link to the file, which source names as a downloadUrl does, and returns its path.
func (g *GreenAPI) renew(chatID, idMessage, source string) string {
	file := strings.TrimPrefix(source, "media/")
	if plain, err := url.PathUnescape(file); err == nil {
		file = plain
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.links = append(g.links, renewedLink{file, g.Options.Now()})
	link := url.URL{Path: mediaPrefix + renewedFolder + strconv.Itoa(len(g.links)) + "/" + file}
	if g.renewals[chatID] == nil {
		g.renewals[chatID] = map[string]string{}
	}
	g.renewals[chatID][idMessage] = link.EscapedPath()
	return link.EscapedPath()
}

// renewal returns the path of the newest link that downloadFile made for the entry, or "".
func (g *GreenAPI) renewal(chatID string, entry json.RawMessage) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.renewals[chatID]) == 0 {
		return ""
	}
	return g.renewals[chatID][readEntry(entry).IDMessage]
}

// media answers GET and HEAD of a file as an object storage does.
func (g *GreenAPI) media(q greenAPICall) answer {
	if q.verb != http.MethodGet && q.verb != http.MethodHead {
		return storageError(http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
	file, until := g.resolve(strings.TrimPrefix(q.path, mediaPrefix))
	size, ok := g.size(file)
	if !ok || !g.Options.Now().Before(until) {
		return storageError(http.StatusNotFound, "NoSuchKey")
	}
	a := newAnswer(http.StatusOK, typeOf(file), nil)
	a.header.Set("Content-Length", strconv.FormatInt(size, 10))
	a.header.Set("X-Amz-Expiration", `expiry-date="`+until.UTC().Format(http.TimeFormat)+`", rule-id="15 days"`)
	if q.verb == http.MethodGet {
		a.stream = fileStream(g.account.Media, file)
	}
	return a
}

// resolve returns the file that a link names, and until when the link works.
func (g *GreenAPI) resolve(link string) (file string, until time.Time) {
	rest, ok := strings.CutPrefix(link, renewedFolder)
	if !ok {
		return link, g.start.Add(g.Options.LinkLifetime)
	}
	number, file, _ := strings.Cut(rest, "/")
	n, _ := strconv.Atoi(number)
	g.mu.Lock()
	defer g.mu.Unlock()
	if n < 1 || n > len(g.links) || g.links[n-1].file != file {
		return "", time.Time{}
	}
	return file, g.links[n-1].made.Add(g.Options.LinkLifetime)
}

// size returns the size of a file, and reports whether it can be served.
func (g *GreenAPI) size(file string) (int64, bool) {
	if g.account.Media == nil || strings.HasPrefix(file, expiredFolder) {
		return 0, false
	}
	info, err := fs.Stat(g.account.Media, file)
	if err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	return info.Size(), true
}

func fileStream(files fs.FS, name string) stream {
	return func(yield func([]byte, error) bool) {
		f, err := files.Open(name)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		for {
			piece := make([]byte, pieceSize)
			n, err := f.Read(piece)
			if n > 0 && !yield(piece[:n], nil) || err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// typeOf returns the media type of a file by its extension; those that WhatsApp uses for sound and film do not
// depend on the computer.
func typeOf(file string) string {
	extension := path.Ext(file)
	switch extension {
	case ".oga", ".ogg", ".opus":
		return "audio/ogg"
	case ".mp3":
		return "audio/mpeg"
	case ".mp4":
		return "video/mp4"
	}
	return cmp.Or(mime.TypeByExtension(extension), "application/octet-stream")
}

func storageError(status int, code string) answer {
	return newAnswer(status, "application/xml", []byte(`<?xml version="1.0" encoding="UTF-8"?>`+"\n<Error><Code>"+code+"</Code></Error>"))
}
