package greenapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kommo-import/sources"
)

func from(id, contactName, name string) string {
	return `{"type": "incoming", "senderId": "` + id + `", "senderContactName": "` + contactName + `", "senderName": "` + name + `"}`
}

func edit(field, text, id string) string {
	return `{"typeMessage": "editedMessage", "editedMessageData": {"` + field + `": "` + text + `", "stanzaId": "` + id + `"}}`
}

func TestChatIndex(t *testing.T) {
	for _, tt := range []struct {
		name    string
		entries []string // newest first
		want    chatIndex
	}{
		{"nothing", nil, chatIndex{}},
		{"not entries", []string{`[]`, `null`, `{`, `{"type": 7, "deletedMessageData": []}`, `{"typeMessage": "deletedMessage"}`, edit("textMessage", "x", "")}, chatIndex{}},
		{"the newest that is there", []string{from("55@lid", "", ""), from("55@lid", "", "Andrew"), from("79001234567@c.us", "Andrew Smith", "Andy"), from("79007654321@c.us", "A.", "A.")},
			chatIndex{contactName: "Andrew Smith", senderName: "Andrew", phone: "+79001234567"}},
		{"names that are none", []string{from("79001234567@c.us", "79001234567", "+7 900 123-45-67"), from("79001234567@c.us", "79001234567@c.us", "Andrew")},
			chatIndex{senderName: "Andrew", phone: "+79001234567"}},
		{"outgoing", []string{`{"type": "outgoing", "senderId": "79990000000@c.us", "senderName": "Me"}`}, chatIndex{}},
		{"deletions", []string{`{"typeMessage": "deletedMessage", "deletedMessageData": {"stanzaId": "A"}}`, `{"typeMessage": "deletedMessage", "deletedMessageData": {"stanzaId": "B"}}`},
			chatIndex{deletions: map[string]bool{"A": true, "B": true}}},
		{"marked as deleted", []string{`{"idMessage": "A", "isDeleted": true}`, `{"isDeleted": true}`}, chatIndex{deletions: map[string]bool{"A": true}}},
		{"copies", []string{`{"idMessage": "A"}`, `{"idMessage": "B"}`, `null`, `{"idMessage": ""}`, `{"idMessage": "A"}`, `{}`, `{"idMessage": "C"}`, `{"idMessage": "A"}`, `{"idMessage": "C"}`},
			chatIndex{duplicates: map[int][]int{0: {4, 7}, 6: {8}}, older: map[int]bool{4: true, 7: true, 8: true}}},
		{"edits", []string{edit("textMessage", "newest", "A"), edit("caption", "new", "B"), edit("textMessage", "newer", "A"), edit("textMessage", "", "C"), edit("textMessage", "{{SWE001}}", "D")},
			chatIndex{edits: map[string]lenientText{"A": "newest", "B": "new"}}},
	} {
		var got chatIndex
		for _, raw := range tt.entries {
			got.add(json.RawMessage(raw))
		}
		if diff := cmp.Diff(got, tt.want, cmp.AllowUnexported(chatIndex{}), cmpopts.IgnoreFields(chatIndex{}, "entries", "newest"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-got +want):\n%s", tt.name, diff)
		}
	}
}

func TestConvertEdited(t *testing.T) {
	c := person(func(c *chat) { c.index.add(json.RawMessage(edit("textMessage", "new", "3AADDD"))) })
	picture := withMedia(sources.KindPicture, "new", sources.Media{})
	for _, tt := range []struct {
		raw  string
		want sources.Message
	}{
		{incoming(`"typeMessage": "textMessage", "textMessage": "old"`), received(saying("new"))},
		{incoming(`"typeMessage": "extendedTextMessage", "extendedTextMessage": {"text": "old"}`), received(saying("new"))},
		{incoming(`"typeMessage": "imageMessage", "caption": "old"`), received(picture)},
		{incoming(`"typeMessage": "textMessage", "textMessage": "newer still", "isEdited": true`), received(saying("newer still"))},
		{incoming(`"typeMessage": "textMessage", "textMessage": "{{SWE001}}"`), received(saying("new"))},
	} {
		got, invalid := c.convert(json.RawMessage(tt.raw), 1)
		if invalid != nil {
			t.Errorf("%s: %+v", tt.raw, *invalid)
		} else if diff := cmp.Diff(got, tt.want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", tt.raw, diff)
		}
	}
}

// Duplicates follow each other at the place of the newest, and the message to be sent is the first of them.
func TestCopies(t *testing.T) {
	text := func(id, words, more string) string {
		return fmt.Sprintf(`{"type":"outgoing","timestamp":1603964449,"idMessage":%q,"typeMessage":"textMessage","textMessage":%q%s}`, id, words, more)
	}
	const failed, deleted, edited, unknown = `,"statusMessage":"failed"`, `,"isDeleted":true`, `,"isEdited":true`, `,"typeMessage":"newMessage"`
	for _, tt := range []struct {
		name    string
		entries []string // newest first
		want    string
	}{
		{"none", []string{text("B", "b", ""), text("A", "a", "")}, "a, b"},
		{"delivered after all", []string{text("A", "new", ""), text("A", "old", failed)}, "new, old skipped"},
		{"edited", []string{text("A", "new", edited), text("A", "old", "")}, "new, old"},
		{"the newest is skipped", []string{text("A", "new", failed), text("A", "old", ""), text("A", "oldest", "")}, "old, new skipped, oldest"},
		{"the newest is invalid", []string{text("A", "new", unknown), text("A", "old", "")}, "old, invalid 79001234567@c.us/A"},
		{"all are skipped", []string{text("A", "new", failed), text("A", "old", failed)}, "new skipped, old skipped"},
		{"all are invalid or skipped", []string{text("A", "new", unknown), text("A", "old", failed)}, "invalid 79001234567@c.us/A, old skipped"},
		{"one is deleted", []string{text("A", "new", deleted), text("A", "old", "")}, "new, old"},
		{"among others", []string{text("D", "d", ""), text("A", "new a", ""), text("C", "new c", ""), text("B", "b", ""), text("C", "old c", failed), text("A", "old a", ""), text("Z", "z", "")},
			"z, b, new c, old c skipped, new a, old a, d"},
		{"without an id", []string{text("", "b", ""), text("", "a", "")}, "invalid 79001234567@c.us, entry 1 from the oldest, invalid 79001234567@c.us, entry 2 from the oldest"},
	} {
		h, err := newHistory()
		if err != nil {
			t.Fatal(err)
		}
		defer h.close()
		take(t, h, tt.entries...)
		var got []string
		for one, err := range person(func(c *chat) { c.index = &h.index }).converted(h) {
			switch {
			case err != nil:
				t.Fatal(err)
			case one.invalid != nil:
				got = append(got, "invalid "+one.invalid.Position)
			case one.message.Skip != "":
				got = append(got, one.message.Text+" skipped")
			default:
				got = append(got, one.message.Text)
			}
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
