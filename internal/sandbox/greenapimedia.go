package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
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
	expiredFolder = "expired/" // files behind links that have expired
	renewedFolder = "r/"       // in the path of a link that downloadFile made
)

// A renewedLink is a link that downloadFile made. Its number in the path is its index plus 1.
type renewedLink struct {
	file string
	made time.Time
}

var downloadBody = object(field{"chatId", filled, must}, field{"idMessage", filled, must})

// downloadFile answers POST …/downloadFile with a new link to the file of a message, which the history shows from now on.
// A link to another server stays as it is.
func (g *GreenAPI) downloadFile(q call) answer {
	if decode(q.body, downloadBody, &q.parameters) != nil {
		return g.invalid(q)
	}
	link := g.findEntry(q.ChatID, q.IDMessage).source()
	if link == "" {
		// The documented answer for a file that WhatsApp does not keep any longer. It is not JSON.
		return newAnswer(http.StatusBadRequest, "application/json; charset=utf-8", fmt.Appendf(nil,
			`{"statusCode":400,"message":"File message encrypted url not found by chatId "%s" and idMessage "%s""}`, q.ChatID, q.IDMessage))
	}
	if file, own := strings.CutPrefix(link, "media/"); own {
		link = q.base + g.renew(q.ChatID, q.IDMessage, file)
	}
	return okAnswer(map[string]string{"downloadUrl": link})
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

// source returns the link to the file as WhatsApp still has it, or "".
func (e storedEntry) source() string {
	if e.Sandbox.DownloadFile != nil {
		return *e.Sandbox.DownloadFile
	}
	if strings.HasPrefix(e.DownloadURL, "media/"+expiredFolder) {
		return ""
	}
	return e.DownloadURL
}

// renew makes a new link to a file, whose name may be escaped, and returns the path of the link.
func (g *GreenAPI) renew(chatID, idMessage, file string) string {
	if plain, err := url.PathUnescape(file); err == nil {
		file = plain
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.links = append(g.links, renewedLink{file, g.now()})
	link := (&url.URL{Path: mediaPrefix + renewedFolder + strconv.Itoa(len(g.links)) + "/" + file}).EscapedPath()
	g.renewals[chatID+" "+idMessage] = link
	return link
}

// renewal returns the path of the newest link that downloadFile made for the entry, or "".
func (g *GreenAPI) renewal(chatID string, entry json.RawMessage) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.renewals) == 0 {
		return ""
	}
	return g.renewals[chatID+" "+readEntry(entry).IDMessage]
}

// media answers GET and HEAD of a file as an object storage does.
func (g *GreenAPI) media(q call) answer {
	if q.verb != http.MethodGet && q.verb != http.MethodHead {
		return storageError(http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
	file, until := g.resolve(strings.TrimPrefix(q.path, mediaPrefix))
	if g.account.Media == nil || strings.HasPrefix(file, expiredFolder) || !g.now().Before(until) {
		return storageError(http.StatusNotFound, "NoSuchKey")
	}
	content, err := fs.ReadFile(g.account.Media, file)
	if err != nil {
		return storageError(http.StatusNotFound, "NoSuchKey")
	}
	a := newAnswer(http.StatusOK, typeOf(file), content)
	a.header.Set("Content-Length", strconv.Itoa(len(content)))
	a.header.Set("X-Amz-Expiration", `expiry-date="`+until.UTC().Format(http.TimeFormat)+`", rule-id="15 days"`)
	return a
}

// resolve returns the file that a link names, and the end of the link's lifetime.
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

// typeOf returns the media type of a file by its extension. Those of WhatsApp's sounds and videos do not depend on the
// computer.
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
