package importer

import (
	"strings"
	"testing"
	"time"

	"kommo-import/sources"
)

// The recipe never changes for a migration file that was made with it: these ids are written down.
func TestMessageIDs(t *testing.T) {
	text := sources.Message{Conversation: sources.Conversation{ID: "79001234567@c.us"}, Time: time.UnixMilli(1700000000123),
		Direction: sources.Outgoing, Author: sources.Author{ID: "7", Name: "Anna"}, Kind: sources.KindText, Text: "hello"}
	withID := text
	withID.ID = "3EB0"
	picture := text
	picture.Kind, picture.Media = sources.KindPicture, &sources.Media{URL: "https://example.com/a.jpg", Name: "a.jpg", Size: 5}
	place := text
	place.Kind, place.Location = sources.KindLocation, &sources.Location{Latitude: 40.4168, Longitude: -3.7038}
	card := text
	card.Kind, card.Contact = sources.KindContact, &sources.Contact{Name: "Bob", Phone: "+79001112233"}
	comment := text
	comment.Post = &sources.Post{ID: "p1", URL: "https://example.com/p1"}
	for _, tt := range []struct {
		name    string
		message sources.Message
		counted bool
		want    string
	}{
		{"with an id", withID, false, "ki1-554af52ddfab01410cd7fe18f7ec0501"},
		{"text", text, true, "ki1-13a41d191c37d7c4239ed077c401f5f9"},
		{"picture", picture, true, "ki1-28fd5e4676679d3ba81e719bc0cf2273"},
		{"location", place, true, "ki1-3fe9c59ab7c7d60905ce59a31b68a9d4"},
		{"contact", card, true, "ki1-d0cf8a8c94679a99e73537e1045ac7c8"},
		{"comment", comment, true, "ki1-13a41d191c37d7c4239ed077c401f5f9"},
	} {
		id, counted := identify(sources.Table, "table", &tt.message)
		if id.msgid() != tt.want || counted != tt.counted {
			t.Errorf("%s: got %s, counted %t, want %s, %t", tt.name, id.msgid(), counted, tt.want, tt.counted)
		}
	}
	id, _ := identify(sources.Table, "table", &text)
	if got, want := id.nth(2).msgid(), "ki1-93804f76fa8d5498a7d1a61aa4c96e9d"; got != want {
		t.Errorf("the second of its kind: got %s, want %s", got, want)
	}
}

// A msgid names its message as it was sent, and no other form of it does.
func TestParseMsgid(t *testing.T) {
	const digits = "554af52ddfab01410cd7fe18f7ec0501"
	for msgid, want := range map[string]bool{
		"ki1-" + digits:                  true,
		digits:                           false,
		"ki2-" + digits:                  false,
		"KI1-" + digits:                  false,
		"ki1-" + strings.ToUpper(digits): false,
		"ki1-" + digits + "0":            false,
		"ki1-" + digits[1:]:              false,
		"ki1-" + digits[1:] + "g":        false,
		" ki1-" + digits:                 false,
		"ki1-":                           false,
		"":                               false,
		"wa-77":                          false,
	} {
		if id, ok := parseMsgid(msgid); ok != want || ok && id.msgid() != msgid {
			t.Errorf("%q: got %s, %t, want %t", msgid, id.msgid(), ok, want)
		}
	}
}

func FuzzParseMsgid(f *testing.F) {
	f.Add("ki1-554af52ddfab01410cd7fe18f7ec0501")
	f.Add("554af52ddfab01410cd7fe18f7ec0501")
	f.Fuzz(func(t *testing.T, msgid string) {
		if id, ok := parseMsgid(msgid); ok && id.msgid() != msgid {
			t.Errorf("%q: is taken for %s", msgid, id.msgid())
		}
	})
}

// What identifies a message makes its id, and nothing else does.
func TestWhatMakesAnID(t *testing.T) {
	base := sources.Message{Conversation: sources.Conversation{ID: "c"}, Time: time.Unix(1700000000, 0),
		Direction: sources.Incoming, Kind: sources.KindText, Text: "hello", Position: "chats.csv:2"}
	id := func(family sources.Family, change func(*sources.Message)) identity {
		m := base
		change(&m)
		id, _ := identify(family, string(family), &m)
		return id
	}
	same := id(sources.Table, func(*sources.Message) {})
	for name, other := range map[string]identity{
		"position":         id(sources.Table, func(m *sources.Message) { m.Position = "chats.csv:9" }),
		"client":           id(sources.Table, func(m *sources.Message) { m.Conversation.Client.Phone = "+79001234567" }),
		"author's id":      id(sources.Table, func(m *sources.Message) { m.Author.ID = "x" }),
		"author's name":    id(sources.Table, func(m *sources.Message) { m.Author.Name = "x" }),
		"millisecond":      id(sources.Table, func(m *sources.Message) { m.Time = m.Time.Add(time.Millisecond) }),
		"blank at the end": id(sources.Table, func(m *sources.Message) { m.Text += " \r\n" }),
		"reply":            id(sources.Table, func(m *sources.Message) { m.ReplyTo = "1" }),
	} {
		if other != same {
			t.Errorf("another %s makes another id", name)
		}
	}
	seen := map[identity]string{same: "the message itself"}
	for name, other := range map[string]identity{
		"family":       id(sources.GreenAPI, func(*sources.Message) {}),
		"conversation": id(sources.Table, func(m *sources.Message) { m.Conversation.ID = "d" }),
		"time":         id(sources.Table, func(m *sources.Message) { m.Time = m.Time.Add(time.Second) }),
		"direction":    id(sources.Table, func(m *sources.Message) { m.Direction = sources.Outgoing }),
		"kind":         id(sources.Table, func(m *sources.Message) { m.Kind = sources.KindSticker }),
		"text":         id(sources.Table, func(m *sources.Message) { m.Text = "hell" }),
		"id":           id(sources.Table, func(m *sources.Message) { m.ID = "hello" }),
		"count":        same.nth(2),
	} {
		if seen[other] != "" {
			t.Errorf("%s: the same id as %s", name, seen[other])
		}
		seen[other] = name
	}
}
