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
		{"with an id", withID, false, "ki1-5b5ab79e6684c4d1b285cd99275f59ec"},
		{"text", text, true, "ki1-7457ba9b9bf536e268b3fe6eed44e631"},
		{"picture", picture, true, "ki1-a9befe7577623dd19306db2615658613"},
		{"location", place, true, "ki1-8786765d28516670e1729ed9d394aa82"},
		{"contact", card, true, "ki1-2103d5d32124fb0d2b0ad46dd5099845"},
		{"comment", comment, true, "ki1-edb53d1154083cc193057b1318b5ed3c"},
	} {
		id, counted := identify("csv", &tt.message)
		if id.msgid() != tt.want || counted != tt.counted {
			t.Errorf("%s: got %s, counted %t, want %s, %t", tt.name, id.msgid(), counted, tt.want, tt.counted)
		}
	}
	id, _ := identify("csv", &text)
	if got, want := id.nth(2).msgid(), "ki1-194c41e41bc7011075be6a16d2b1a32b"; got != want {
		t.Errorf("the second of its kind: got %s, want %s", got, want)
	}
}

// A msgid names its message as it was sent, and no other form of it does.
func TestParseMsgid(t *testing.T) {
	const digits = "5b5ab79e6684c4d1b285cd99275f59ec"
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
	f.Add("ki1-5b5ab79e6684c4d1b285cd99275f59ec")
	f.Add("5b5ab79e6684c4d1b285cd99275f59ec")
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
	id := func(kind string, change func(*sources.Message)) identity {
		m := base
		change(&m)
		id, _ := identify(kind, &m)
		return id
	}
	same := id("csv", func(*sources.Message) {})
	for name, other := range map[string]identity{
		"position": id("csv", func(m *sources.Message) { m.Position = "chats.csv:9" }),
		"client":   id("csv", func(m *sources.Message) { m.Conversation.Client.Phone = "+79001234567" }),
		"reply":    id("csv", func(m *sources.Message) { m.ReplyTo = "1" }),
	} {
		if other != same {
			t.Errorf("another %s makes another id", name)
		}
	}
	seen := map[identity]string{same: "the message itself"}
	for name, other := range map[string]identity{
		"kind of source": id("green-api", func(*sources.Message) {}),
		"conversation":   id("csv", func(m *sources.Message) { m.Conversation.ID = "d" }),
		"time":           id("csv", func(m *sources.Message) { m.Time = m.Time.Add(time.Millisecond) }),
		"direction":      id("csv", func(m *sources.Message) { m.Direction = sources.Outgoing }),
		"author's id":    id("csv", func(m *sources.Message) { m.Author.ID = "x" }),
		"author's name":  id("csv", func(m *sources.Message) { m.Author.Name = "x" }),
		"kind":           id("csv", func(m *sources.Message) { m.Kind = sources.KindSticker }),
		"text":           id("csv", func(m *sources.Message) { m.Text = "hell" }),
		"id":             id("csv", func(m *sources.Message) { m.ID = "hello" }),
		"count":          same.nth(2),
	} {
		if seen[other] != "" {
			t.Errorf("%s: the same id as %s", name, seen[other])
		}
		seen[other] = name
	}
}
