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

func editing(field, text, id string) string {
	return `{"typeMessage": "editedMessage", "editedMessageData": {"` + field + `": "` + text + `", "stanzaId": "` + id + `"}}`
}

func TestChatIndex(t *testing.T) {
	for _, tt := range []struct {
		name    string
		entries []string // newest first
		want    chatIndex
	}{
		{"nothing", nil, chatIndex{}},
		{"not entries", []string{`[]`, `null`, `{`, `{"type": 7, "deletedMessageData": []}`, `{"typeMessage": "deletedMessage"}`, editing("textMessage", "x", "")}, chatIndex{}},
		{"the newest that is there", []string{from("55@lid", "", ""), from("55@lid", "", "Andrew"), from("79001234567@c.us", "Andrew Smith", "Andy"), from("79007654321@c.us", "A.", "A.")},
			chatIndex{senders: senderIndex{any: true, contactName: "Andrew Smith", senderName: "Andrew", phone: "79001234567@c.us", otherPhone: true,
				names: map[string]string{"55@lid": "Andrew", "79001234567@c.us": "Andrew Smith", "79007654321@c.us": "A."}}}},
		{"names that are none", []string{from("79001234567@c.us", "79001234567", "+7 900 123-45-67"), from("79001234567@c.us", "79001234567@c.us", "Andrew")},
			chatIndex{senders: senderIndex{any: true, senderName: "Andrew", phone: "79001234567@c.us", names: map[string]string{"79001234567@c.us": "Andrew"}}}},
		{"outgoing", []string{`{"type": "outgoing", "senderId": "79990000000@c.us", "senderName": "Me"}`}, chatIndex{}},
		{"deletions", []string{`{"typeMessage": "deletedMessage", "deletedMessageData": {"stanzaId": "A"}}`, `{"typeMessage": "deletedMessage", "deletedMessageData": {"stanzaId": "B"}}`},
			chatIndex{deletions: map[string]bool{"A": true, "B": true}}},
		{"marked as deleted", []string{`{"idMessage": "A", "isDeleted": true}`, `{"isDeleted": true}`}, chatIndex{deletions: map[string]bool{"A": true}}},
		{"copies", []string{`{"idMessage": "A"}`, `{"idMessage": "B"}`, `null`, `{"idMessage": ""}`, `{"idMessage": "A"}`, `{}`, `{"idMessage": "C"}`, `{"idMessage": "A"}`, `{"idMessage": "C"}`},
			chatIndex{duplicates: map[int][]int{0: {4, 7}, 6: {8}}, older: map[int]bool{4: true, 7: true, 8: true}}},
		{"the account itself", []string{from("79990000000@c.us", "", "Shop"), from("79990000000:3@s.whatsapp.net", "", "Shop"), from("", "", "Shop"), from("", "", "Anna")},
			chatIndex{senders: senderIndex{any: true, ownNames: []string{"Shop"}, unsigned: []string{"Shop", "Anna"}}}},
	} {
		got := chatIndex{own: newOwnIDs([]string{"79990000000@c.us"}, nil)}
		for _, raw := range tt.entries {
			got.add(json.RawMessage(raw))
		}
		if diff := cmp.Diff(got, tt.want, cmp.AllowUnexported(chatIndex{}, senderIndex{}), cmpopts.IgnoreFields(chatIndex{}, "own", "entries", "newest", "incomplete", "edits"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-got +want):\n%s", tt.name, diff)
		}
	}
}

// The newest words of an edited message count, wherever they stand.
func TestConvertEdited(t *testing.T) {
	picture := withMedia(sources.KindPicture, "new", sources.Media{})
	for _, tt := range []struct {
		raw  string
		want sources.Message
	}{
		{incoming(`"typeMessage": "textMessage", "textMessage": "old"`), received(saying("new"))},
		{incoming(`"typeMessage": "extendedTextMessage", "extendedTextMessage": {"text": "old"}`), received(saying("new"))},
		{incoming(`"typeMessage": "imageMessage", "caption": "old"`), received(picture)},
		{incoming(`"typeMessage": "textMessage", "textMessage": "old", "isEdited": true, "editedMessageId": "E1"`), received(saying("new"))},
		{incoming(`"typeMessage": "textMessage", "textMessage": "old", "isEdited": true, "editedMessageId": ""`), received(saying("new"))},
		{incoming(`"typeMessage": "textMessage", "textMessage": "newer still", "isEdited": true, "editedMessageId": "E2"`), received(saying("newer still"))},
		{incoming(`"typeMessage": "textMessage", "textMessage": "", "isEdited": true, "editedMessageId": "E2"`), received(saying("new"))},
		{incoming(`"typeMessage": "textMessage", "textMessage": "{{SWE001}}", "isEdited": true, "editedMessageId": "E2"`), received(saying("new"))},
		{incoming(`"typeMessage": "quotedMessage", "extendedTextMessage": null, "isEdited": true`), received(saying("new"))},
		{incoming(`"typeMessage": "textMessage", "textMessage": "{{SWE001}}"`), received(saying("new"))},
		{incoming(`"typeMessage": "interactiveButtons", "interactiveButtons": {"titleText": "Offer", "contentText": "old", "buttons": [{"buttonText": "Yes"}]}`),
			received(saying("Offer\nnew\n[button] Yes"))},
		{incoming(`"typeMessage": "pollMessage", "pollMessageData": {"name": "Which day?"}`), received(saying("[poll] Which day?\nnew"))},
		{incoming(`"typeMessage": "locationMessage", "location": {"latitude": 1, "longitude": 2}`),
			received(func(m *sources.Message) {
				m.Kind, m.Location, m.Text = sources.KindLocation, &sources.Location{Latitude: 1, Longitude: 2}, "new"
			})},
		{incoming(`"typeMessage": "newMessage"`), received(saying("new"))},
	} {
		for _, edited := range []string{
			`{"type": "incoming", "timestamp": 2, "idMessage": "E1", "typeMessage": "editedMessage", "editedMessageData": {"textMessage": "new", "stanzaId": "3AADDD"}}`,
			`{"type": "incoming", "timestamp": 2, "idMessage": "E1", "typeMessage": "editedMessage", "editedMessageData": {"caption": "new", "stanzaId": "3AADDD"}}`,
			`{"type": "incoming", "timestamp": 2, "idMessage": "E1", "messageData": {"typeMessage": "editedMessage", "editedMessageData": {"textMessage": "new", "stanzaId": "3AADDD"}}}`,
			`{"type": "incoming", "timestamp": 2, "idMessage": "E1", "typeMessage": "editedMessage", "editedMessage": {"textMessage": "new", "stanzaId": "3AADDD"}}`,
		} {
			c := person(func(c *chat) { c.index.add(json.RawMessage(edited)) })
			got, invalid := c.convert(json.RawMessage(tt.raw), 1)
			if invalid != nil {
				t.Errorf("%s: %s: %+v", edited, tt.raw, *invalid)
			} else if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("%s: %s (-got +want):\n%s", edited, tt.raw, diff)
			}
		}
	}
}

// An edit is a message only if its words stand nowhere else. An edit may name an earlier edit.
func TestEdits(t *testing.T) {
	edit := func(id, target, words string) string {
		return fmt.Sprintf(`{"type":"incoming","timestamp":1603964449,"idMessage":%q,"typeMessage":"editedMessage","editedMessageData":{"textMessage":%q,"stanzaId":%q}}`, id, words, target)
	}
	text := func(id, fields string) string {
		return fmt.Sprintf(`{"type":"incoming","timestamp":1603964449,"idMessage":%q,"typeMessage":"textMessage"%s}`, id, fields)
	}
	for _, tt := range []struct {
		name    string
		entries []string // newest first
		want    string
	}{
		{"of a message", []string{edit("E", "A", "new"), text("A", `,"textMessage":"old"`)}, "A new; E skipped"},
		{"twice", []string{edit("E2", "A", "newer"), edit("E1", "A", "new"), text("A", `,"textMessage":""`)}, "A newer; E1 skipped; E2 skipped"},
		{"in a chain", []string{edit("E2", "E1", "newer"), edit("E1", "A", "new"), text("A", `,"textMessage":"old"`)}, "A newer; E1 skipped; E2 skipped"},
		{"of a missing message", []string{edit("E2", "A", "newer"), edit("E1", "A", "new")}, "E1 skipped; A newer"},
		{"of a missing message in a chain", []string{edit("E2", "E1", "newer"), edit("E1", "A", "new")}, "E1 skipped; A newer"},
		{"of a missing message, the last has no words", []string{edit("E3", "A", ""), edit("E2", "A", "{{SWE001}}"), edit("E1", "A", "new")}, "A new; E2 skipped; E3 skipped"},
		{"of a missing message without any words", []string{edit("E2", "A", ""), edit("E1", "A", "")}, "E1 skipped; A skipped"},
		{"in a circle", []string{edit("E2", "E1", "newer"), edit("E1", "E2", "new")}, "E1 skipped; E2 skipped"},
		{"of itself", []string{edit("E", "E", "new")}, "E new"},
		{"that only the message names", []string{strings.Replace(edit("E", "", "new"), `"stanzaId"`, `"x"`, 1), text("A", `,"textMessage":"","isEdited":true,"editedMessageId":"E"`)}, "A new; E skipped"},
		{"with the words elsewhere", []string{strings.Replace(edit("E", "A", "new"), `"textMessage":"new"`, `"extendedTextMessage":{"text":"new"}`, 1), text("A", `,"textMessage":""`)}, "A new; E skipped"},
		{"of an incomplete message", []string{edit("E", "A", "new"), `{"idMessage":"A","typeMessage":"textMessage","textMessage":"old"}`}, "invalid; A new"},
		{"of a message without a text", []string{edit("E", "A", "new"), text("A", "")}, "A new; E skipped"},
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
				got = append(got, "invalid")
			case one.message.Skip != "":
				got = append(got, one.message.ID+" skipped")
			default:
				got = append(got, one.message.ID+" "+one.message.Text)
			}
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, "; ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Duplicates follow each other at the place of the oldest, and the message to be sent is the first of them.
func TestCopies(t *testing.T) {
	text := func(id, words, more string) string {
		return fmt.Sprintf(`{"type":"outgoing","timestamp":1603964449,"idMessage":%q,"typeMessage":"textMessage","textMessage":%q%s}`, id, words, more)
	}
	const failed, deleted, edited, unknown = `,"statusMessage":"failed"`, `,"isDeleted":true`, `,"isEdited":true`, `,"type":"sideways"`
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
			"z, new a, old a, new c, old c skipped, b, d"},
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
