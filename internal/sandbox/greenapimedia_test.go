package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

// entries returns an account with a chat of these entries.
func entries(texts ...string) sandbox.Account {
	var list []json.RawMessage
	for _, text := range texts {
		list = append(list, json.RawMessage(text))
	}
	return sandbox.Account{Chats: []sandbox.AccountChat{{ID: anna, Entries: func() iter.Seq[json.RawMessage] { return slices.Values(list) }}}}
}

func TestMedia(t *testing.T) {
	big := strings.Repeat("0123456789", 20_000)
	files := fstest.MapFS{
		"photo.jpg":        {Data: []byte("a photo")},
		"voice.oga":        {Data: []byte("a voice")},
		"music.mp3":        {Data: []byte("a song")},
		"film.mp4":         {Data: []byte(big)},
		"in/имя файла.pdf": {Data: []byte("a paper")},
		"noextension":      {Data: []byte("?")},
		"empty.png":        {},
		"expired/old.jpg":  {Data: []byte("an old photo")},
		"folder":           {Mode: fs.ModeDir},
	}
	tests := []struct {
		path   string
		status int
		kind   string
		body   string
	}{
		{"/media/photo.jpg", 200, "image/jpeg", "a photo"},
		{"/media/photo.jpg?signature=1", 200, "image/jpeg", "a photo"},
		{"/media/voice.oga", 200, "audio/ogg", "a voice"},
		{"/media/music.mp3", 200, "audio/mpeg", "a song"},
		{"/media/film.mp4", 200, "video/mp4", big},
		{"/media/in/%D0%B8%D0%BC%D1%8F%20%D1%84%D0%B0%D0%B9%D0%BB%D0%B0.pdf", 200, "application/pdf", "a paper"},
		{"/media/noextension", 200, "application/octet-stream", "?"},
		{"/media/empty.png", 200, "image/png", ""},
		{"/media/nothing.jpg", 404, "application/xml", noSuchKey},
		{"/media/expired/old.jpg", 404, "application/xml", noSuchKey},
		{"/media/folder", 404, "application/xml", noSuchKey},
		{"/media/", 404, "application/xml", noSuchKey},
		{"/media/../account.json", 404, "application/xml", noSuchKey},
		{"/media/r/1/photo.jpg", 404, "application/xml", noSuchKey},
		{"/media/r/photo.jpg", 404, "application/xml", noSuchKey},
	}
	bothWays(t, func(t *testing.T, start func(sandbox.Account, sandbox.GreenAPIOptions) phone) {
		p := start(sandbox.Account{Media: files, State: "notAuthorized"}, sandbox.GreenAPIOptions{})
		for _, tt := range tests {
			for _, verb := range []string{"GET", "HEAD"} {
				got, header, err := p.do(p.request(t.Context(), verb, tt.path, ""))
				if err != nil {
					t.Fatal(err)
				}
				want := reply{tt.status, tt.body}
				if verb == "HEAD" {
					want.Body = ""
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s %s (-want +got):\n%s", verb, tt.path, diff)
				}
				length := header.Get("Content-Length")
				if header.Get("Content-Type") != tt.kind || tt.status == 200 && length != fmt.Sprint(len(tt.body)) {
					t.Errorf("%s %s: got type %q, length %q, want %q, %d", verb, tt.path, header.Get("Content-Type"), length, tt.kind, len(tt.body))
				}
			}
		}
		if got := p.call(t, "POST", "/media/photo.jpg", ""); got.Status != 405 {
			t.Errorf("POST: got %+v, want 405", got)
		}
	})
	if got := newPhone(sandbox.Account{}, sandbox.GreenAPIOptions{}).call(t, "GET", "/media/photo.jpg", ""); got.Status != 404 {
		t.Errorf("without files: got %+v, want 404", got)
	}
}

const noSuchKey = `<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error><Code>NoSuchKey</Code></Error>"

func TestContentLength(t *testing.T) {
	p := newPhone(withPhoto(), sandbox.GreenAPIOptions{})
	for _, verb := range []string{"GET", "HEAD"} {
		response, err := p.RoundTrip(p.request(t.Context(), verb, "/media/photo.jpg", ""))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.ContentLength != 7 {
			t.Errorf("%s: got %d, want 7", verb, response.ContentLength)
		}
	}
}

func TestLinkLifetime(t *testing.T) {
	for name, o := range map[string]sandbox.GreenAPIOptions{"documented": {}, "given": {LinkLifetime: time.Hour}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lifetime := map[string]time.Duration{"documented": 15 * 24 * time.Hour, "given": time.Hour}[name]
				p := newPhone(withPhoto(), o)
				original := p.base + "/media/photo.jpg"
				p.checkLink(t, original, time.Now().Add(lifetime))
				time.Sleep(lifetime - time.Minute)
				renewed := p.renewed(t, "photo")
				p.checkLink(t, original, time.Now().Add(time.Minute))
				p.checkLink(t, renewed, time.Now().Add(lifetime))
				time.Sleep(time.Minute)
				p.checkLink(t, original, time.Time{})
				p.checkLink(t, renewed, time.Now().Add(lifetime-time.Minute))
				again := p.renewed(t, "photo")
				time.Sleep(lifetime - time.Minute)
				p.checkLink(t, renewed, time.Time{})
				p.checkLink(t, again, time.Now().Add(time.Minute))
			})
		})
	}
}

// checkLink checks the end of a link's lifetime; the zero time is a link that has expired.
func (p phone) checkLink(t *testing.T, link string, until time.Time) {
	t.Helper()
	got, header, err := p.do(p.request(t.Context(), "GET", link, ""))
	if err != nil {
		t.Fatal(err)
	}
	want, expiry := reply{200, "a photo"}, `expiry-date="`+until.UTC().Format(http.TimeFormat)+`", rule-id="15 days"`
	if until.IsZero() {
		want, expiry = reply{404, noSuchKey}, ""
	}
	if got != want || header.Get("X-Amz-Expiration") != expiry {
		t.Errorf("%s: got %+v, X-Amz-Expiration %s; want %+v, %s", link, got, header.Get("X-Amz-Expiration"), want, expiry)
	}
}

// renewed asks for a new link to the file of a message in Anna's chat.
func (p phone) renewed(t *testing.T, idMessage string) string {
	t.Helper()
	got := p.downloadFile(t, anna, idMessage)
	var answer struct{ DownloadURL string }
	if err := json.Unmarshal([]byte(got.Body), &answer); err != nil || got.Status != 200 {
		t.Fatalf("downloadFile of %s: got %+v, %v", idMessage, got, err)
	}
	return answer.DownloadURL
}

func TestDownloadFile(t *testing.T) {
	tests := []struct {
		name, entry string
		link        string // the path of the new link behind /media/r/1, a whole address, or "" for a file that is gone
	}{
		{"link that works", `{"idMessage":"a","downloadUrl":"media/x.jpg"}`, "/x.jpg"},
		{"no link yet", `{"idMessage":"a","downloadUrl":"","sandbox":{"downloadFile":"media/in/y.jpg"}}`, "/in/y.jpg"},
		{"another file", `{"idMessage":"a","downloadUrl":"media/x.jpg","sandbox":{"downloadFile":"media/y.jpg"}}`, "/y.jpg"},
		{"expired", `{"idMessage":"a","downloadUrl":"media/expired/x.jpg","sandbox":{"downloadFile":"media/x.jpg"}}`, "/x.jpg"},
		{"white space", `{"idMessage":"a","downloadUrl":"media/a%20b.jpg"}`, "/a%20b.jpg"},
		{"elsewhere", `{"idMessage":"a","downloadUrl":"https://elsewhere.test/x.jpg"}`, "https://elsewhere.test/x.jpg"},
		{"expired and gone", `{"idMessage":"a","downloadUrl":"media/expired/x.jpg"}`, ""},
		{"expired and gone, said so", `{"idMessage":"a","downloadUrl":"media/expired/x.jpg","sandbox":{"downloadFile":""}}`, ""},
		{"empty and gone", `{"idMessage":"a","downloadUrl":"","sandbox":{}}`, ""},
		{"works and gone", `{"idMessage":"a","downloadUrl":"media/x.jpg","sandbox":{"downloadFile":""}}`, ""},
		{"text", `{"idMessage":"a","textMessage":"hello"}`, ""},
		{"not there", `{"idMessage":"ab","downloadUrl":"media/x.jpg"}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPhone(entries(tt.entry), unlimited)
			want := reply{200, `{"downloadUrl":"` + p.base + "/media/r/1" + tt.link + `"}`}
			if strings.HasPrefix(tt.link, "https:") {
				want.Body = `{"downloadUrl":"` + tt.link + `"}`
			}
			if tt.link == "" {
				want = reply{400, `{"statusCode":400,"message":"File message encrypted url not found by chatId "` + anna + `" and idMessage "a""}`}
			}
			if diff := cmp.Diff(want, p.downloadFile(t, anna, "a")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDownloadFileValidation(t *testing.T) {
	for _, body := range []string{"", "{}", `{"chatId":"x"}`, `{"idMessage":"x"}`, `{"chatId":"x","idMessage":""}`, `{"chatId":"x","idMessage":1}`} {
		p := newPhone(withPhoto(), unlimited)
		if got := p.call(t, "POST", p.path("downloadFile"), body); got.Status != 400 || !strings.Contains(got.Body, "Validation failed") {
			t.Errorf("%s: got %+v, want 400 and Validation failed", body, got)
		}
	}
	if got := newPhone(withPhoto(), unlimited).downloadFile(t, "79990000001@c.us", "photo"); got.Status != 400 {
		t.Errorf("another chat: got %+v, want 400", got)
	}
}

// The history shows the newest link from the renewal on, in this chat only.
func TestHistoryShowsRenewedLink(t *testing.T) {
	const (
		photo = `{"idMessage":"photo","downloadUrl":"media/photo.jpg","caption":"c"}`
		empty = `{"idMessage":"empty", "downloadUrl" : "" , "sandbox":{"downloadFile":"media/photo.jpg"}}`
		bare  = `{"idMessage":"bare","sandbox":{"downloadFile":"media/photo.jpg"}}`
	)
	a := entries(photo, empty, bare, `{"idMessage":"text"}`)
	a.Chats = append(a.Chats, sandbox.AccountChat{ID: group, Entries: entries(photo).Chats[0].Entries})
	a.Media = withPhoto().Media
	bothWays(t, func(t *testing.T, start func(sandbox.Account, sandbox.GreenAPIOptions) phone) {
		p := start(a, unlimited)
		links := map[string]bool{}
		for _, id := range []string{"photo", "photo", "empty", "bare"} {
			link := p.renewed(t, id)
			links[link] = true
			if got := p.call(t, "GET", link, ""); got.Body != "a photo" {
				t.Errorf("%s: got %+v", link, got)
			}
		}
		if len(links) != 4 {
			t.Errorf("got %v, want four different links", links)
		}
		want := `[{"idMessage":"photo","downloadUrl":"BASE/media/r/2/photo.jpg","caption":"c"},` +
			`{"idMessage":"empty", "downloadUrl" : "BASE/media/r/3/photo.jpg"},` +
			`{"idMessage":"bare","downloadUrl":"BASE/media/r/4/photo.jpg"},{"idMessage":"text"}]`
		if diff := cmp.Diff(strings.ReplaceAll(want, "BASE", p.base), p.history(t, anna, 10).Body); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got := p.history(t, group, 10).Body; !strings.Contains(got, p.base+"/media/photo.jpg") {
			t.Errorf("another chat: got %s", got)
		}
		if got := p.call(t, "GET", "/media/r/2/other.jpg", ""); got.Status != 404 {
			t.Errorf("a link with another name: got %+v, want 404", got)
		}
	})
}
