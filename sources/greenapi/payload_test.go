package greenapi_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/importer"
	"kommo-import/internal/sandbox"
	"kommo-import/sources"
)

var update = flag.Bool("update", false, "rewrite testdata/types.txt")

// documented is the example of an answer in the documentation of getChatHistory, verbatim.
const documented = `[
    {
        "type": "incoming",
        "timestamp": 1603964449,
        "idMessage": "3AADDD555CB0822C0539",
        "typeMessage": "textMessage",
        "chatId": "79001234567@c.us",
        "senderId": "79001234567@c.us",
        "senderName": "Andrew Sh",
        "textMessage": "I use Green-API to get this message from you!"
    },
    {
        "type": "outgoing",
        "timestamp": 1603964445,
        "idMessage": "3EB08816FEBCCC3FACD2",
        "statusMessage": "read",
        "typeMessage": "textMessage",
        "chatId": "79001234567@c.us",
        "textMessage": "I use Green-API to send this message to you!"
    },
    {
        "type": "incoming",
        "timestamp": 1603964444,
        "idMessage": "3AA45F9F285C5249CDFC",
        "typeMessage": "imageMessage",
        "chatId": "79001234567@c.us",
        "senderId": "79001234567@c.us",
        "senderName": "Andrew Sh",
        "downloadUrl": "https://api.green-api.com/waInstance9075/downloadFile/download-file-id",
        "caption": "Green-API Logo"
    }
]`

// documentedAccount is an account whose only chat has the documented history.
func documentedAccount(t *testing.T) sandbox.Account {
	t.Helper()
	account, err := sandbox.ReadAccount(fstest.MapFS{
		"account.json":                  {Data: []byte(`{"instance":"9075","wid":"79990000000@c.us"}`)},
		"chats.json":                    {Data: []byte(`[{"archive":false,"id":"79001234567@c.us","name":"","type":"user"}]`)},
		"history/79001234567@c.us.json": {Data: []byte(documented)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return account
}

// The messages of the documented example.
func TestDocumentedExampleAsMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conversation := sources.Conversation{ID: anna, Kind: sources.Person,
			Client: sources.Client{ID: anna, Name: "Andrew Sh", Phone: anna}}
		andrew := sources.Author{ID: anna, Name: "Andrew Sh"}
		want := []sources.Batch{{
			FromStart: true,
			Messages: []sources.Message{
				{Conversation: conversation, ID: "3AA45F9F285C5249CDFC", Time: time.Date(2020, 10, 29, 9, 40, 44, 0, time.UTC), Direction: sources.Incoming,
					Author: andrew, Kind: sources.KindPicture, Text: "Green-API Logo",
					Media:    &sources.Media{URL: "https://api.green-api.com/waInstance9075/downloadFile/download-file-id", Renewable: true},
					Position: "79001234567@c.us/3AA45F9F285C5249CDFC"},
				{Conversation: conversation, ID: "3EB08816FEBCCC3FACD2", Time: time.Date(2020, 10, 29, 9, 40, 45, 0, time.UTC), Direction: sources.Outgoing,
					Author: sources.Author{ID: own}, Kind: sources.KindText, Text: "I use Green-API to send this message to you!",
					Position: "79001234567@c.us/3EB08816FEBCCC3FACD2"},
				{Conversation: conversation, ID: "3AADDD555CB0822C0539", Time: time.Date(2020, 10, 29, 9, 40, 49, 0, time.UTC), Direction: sources.Incoming,
					Author: andrew, Kind: sources.KindText, Text: "I use Green-API to get this message from you!",
					Position: "79001234567@c.us/3AADDD555CB0822C0539"},
			},
			Cursor: `{"after":"79001234567@c.us","done":true}`,
		}}
		if diff := cmp.Diff(want, read(t, newInstance(documentedAccount(t), sandbox.GreenAPIOptions{}).source(), "")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// A storage has a picture of 4,321 bytes behind every link.
type storage struct{ status int }

func (s storage) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: s.status, ContentLength: 4321, Header: http.Header{"Content-Type": {"image/png"}}, Body: http.NoBody, Request: r}, nil
}

// The payloads of the documented example, byte for byte: while its file exists, and after that.
func TestDocumentedExampleAsPayloads(t *testing.T) {
	const (
		andrew  = `{"id":"79001234567@c.us","name":"Andrew Sh","profile":{"phone":"+79001234567"}}`
		bot     = `{"id":"f1910c7f-b1e0-4184-bd09-c7def2a9633a","name":"Bot","ref_id":"f1910c7f-b1e0-4184-bd09-c7def2a9633a"}`
		picture = `{"type":"picture","text":"Green-API Logo","media":"https://api.green-api.com/waInstance9075/downloadFile/download-file-id",` +
			`"file_name":"download-file-id","file_size":4321}`
		gone = `{"type":"text","text":"[picture: download-file-id, no longer available]\nGreen-API Logo"}`
	)
	for status, first := range map[int]string{http.StatusOK: picture, http.StatusNotFound: gone} {
		want := []string{
			`{"event_type":"new_message","payload":{"timestamp":1603964444,"msec_timestamp":1603964444000,"msgid":"ki1-047d3f6f2bfde992424bf0955adbf84a",` +
				`"conversation_id":"79001234567@c.us","sender":` + andrew + `,"message":` + first + `,"silent":true}}`,
			`{"event_type":"new_message","payload":{"timestamp":1603964445,"msec_timestamp":1603964445000,"msgid":"ki1-f5b1692ad88c8340a53cfc90a99ad27c",` +
				`"conversation_id":"79001234567@c.us","sender":` + bot + `,"receiver":` + andrew +
				`,"message":{"type":"text","text":"I use Green-API to send this message to you!"},"silent":true}}`,
			`{"event_type":"new_message","payload":{"timestamp":1603964449,"msec_timestamp":1603964449000,"msgid":"ki1-d5ea63b384727dcca08846bc3dbd93d7",` +
				`"conversation_id":"79001234567@c.us","sender":` + andrew +
				`,"message":{"type":"text","text":"I use Green-API to get this message from you!"},"silent":false}}`,
		}
		synctest.Test(t, func(t *testing.T) {
			i := newInstance(documentedAccount(t), sandbox.GreenAPIOptions{})
			f, _ := newFile(t)
			source := i.source()
			loader := &importer.Loader{File: f, Name: source.Name(), Renew: source.Client.DownloadFile, MediaTransport: storage{status}}
			if _, err := loader.Load(t.Context(), source); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, migrationOf(t, f).Bodies[anna]); diff != "" {
				t.Errorf("the storage answers %d (-want +got):\n%s", status, diff)
			}
		})
	}
}

// A block of testdata/types.txt is a history, newest first, with its payloads and failures below.
type block struct {
	title   string
	entries []string
}

func readBlocks(t *testing.T) (blocks []block, content string) {
	t.Helper()
	file, err := os.ReadFile("testdata/types.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(file)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "== "):
			blocks = append(blocks, block{title: strings.TrimPrefix(line, "== ")})
		case strings.HasPrefix(line, "{"):
			last := &blocks[len(blocks)-1]
			last.entries = append(last.entries, line)
		}
	}
	return blocks, string(file)
}

// Every type of entry with its payload, or the reason why it has no payload. Go test -update writes the file anew.
func TestEveryType(t *testing.T) {
	blocks, want := readBlocks(t)
	head, _, _ := strings.Cut(want, "\n== ")
	got := head + "\n"
	for _, b := range blocks {
		got += "== " + b.title + "\n" + strings.Join(b.entries, "\n") + "\n"
		for _, line := range becomes(t, b) {
			got += line + "\n"
		}
		got += "\n"
	}
	got = strings.TrimSuffix(got, "\n")
	if *update {
		if err := os.WriteFile("testdata/types.txt", []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// becomes loads a block and returns its payloads, without the parts that all have in common, and its failures.
func becomes(t *testing.T, b block) (lines []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		id := anna
		for _, entry := range b.entries {
			var told struct{ ChatID string }
			if json.Unmarshal([]byte(entry), &told) == nil && told.ChatID != "" {
				id = told.ChatID
			}
		}
		account := sandbox.Account{WID: own, Chats: []sandbox.AccountChat{listed(id, "", b.entries...)},
			Contacts: []json.RawMessage{json.RawMessage(`{"id":"` + anna + `","contactName":"Anna"}`), json.RawMessage(`{"id":"` + id + `","contactName":"Anna"}`)},
			Media:    fstest.MapFS{"a": {Data: make([]byte, 1234)}, "Фото 1.jpg": {Data: make([]byte, 1234)}}}
		i := newInstance(account, sandbox.GreenAPIOptions{})
		f, _ := newFile(t)
		if _, err := i.load(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		m := migrationOf(t, f)
		for _, body := range m.Bodies[id] {
			sender := "Anna"
			if strings.Contains(body, `"receiver"`) {
				sender = "we  "
			}
			message := between(body, `"message":`, `,"silent"`)
			lines = append(lines, sender+": "+strings.ReplaceAll(message, "https://7105.api.greenapi.com", "https://green.test"))
		}
		for _, failure := range m.Failures[id] {
			lines = append(lines, failure.State+": "+failure.Position+": "+failure.Reason)
		}
		if d := m.Status.Messages.Duplicate; d > 0 {
			lines = append(lines, fmt.Sprintf("duplicates: %d", d))
		}
	})
	return lines
}
