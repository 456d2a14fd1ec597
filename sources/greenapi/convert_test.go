package greenapi

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/sources"
)

// person returns a chat with one person.
func person(change func(*chat)) *chat {
	c := &chat{
		conversation: sources.Conversation{
			ID:     "79001234567@c.us",
			Kind:   sources.Person,
			Client: sources.Client{ID: "79001234567@c.us", Name: "Andrew", Phone: "+79001234567"},
		},
		account: "79990000000@c.us",
		name:    func(string) string { return "" },
		index:   &chatIndex{chat: "79001234567@c.us", own: newOwnIDs([]string{"79990000000@c.us"}, nil)},
		now:     time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC),
	}
	change(c)
	return c
}

func unchanged(*chat) {}

const written = 1603964449

func incoming(fields string) string {
	return `{"type": "incoming", "timestamp": 1603964449, "idMessage": "3AADDD", "chatId": "79001234567@c.us",
		"senderId": "79001234567@c.us", "senderName": "Andrew Sh", "senderContactName": "", "isForwarded": false,
		"forwardingScore": 0, "isEdited": false, "editedMessageId": "", "isDeleted": false, "deletedMessageId": "", ` + fields + `}`
}

func outgoing(fields string) string {
	return `{"type": "outgoing", "timestamp": 1603964449, "idMessage": "3AADDD", "chatId": "79001234567@c.us",
		"sendByApi": true, ` + fields + `}`
}

// received returns the message of incoming, an empty text, changed by change.
func received(change func(*sources.Message)) sources.Message {
	m := sources.Message{
		Conversation: person(unchanged).conversation,
		ID:           "3AADDD",
		Time:         time.Unix(written, 0).UTC(),
		Direction:    sources.Incoming,
		Author:       sources.Author{ID: "79001234567@c.us", Name: "Andrew Sh"},
		Kind:         sources.KindText,
		Position:     "79001234567@c.us/3AADDD",
	}
	change(&m)
	return m
}

// sent returns the message of outgoing, changed by change.
func sent(change func(*sources.Message)) sources.Message {
	return received(func(m *sources.Message) {
		m.Direction, m.Author = sources.Outgoing, sources.Author{ID: "79990000000@c.us"}
		change(m)
	})
}

func saying(text string) func(*sources.Message) {
	return func(m *sources.Message) { m.Text = text }
}

// deleted is a message that its author deleted, with what is left of it.
func deleted(text string) func(*sources.Message) {
	return func(m *sources.Message) { m.Deleted, m.Text = true, text }
}

func skipped(reason, text string) func(*sources.Message) {
	return func(m *sources.Message) { m.Skip, m.Text = reason, text }
}

func withMedia(kind sources.Kind, text string, media sources.Media) func(*sources.Message) {
	media.Renewable = true
	return func(m *sources.Message) { m.Kind, m.Text, m.Media = kind, text, &media }
}

func withContact(name, phone, text string) func(*sources.Message) {
	return func(m *sources.Message) {
		m.Kind, m.Contact, m.Text = sources.KindContact, &sources.Contact{Name: name, Phone: phone}, text
	}
}

// quoting says hi in answer to a message.
func quoting(quote string) func(*sources.Message) {
	return func(m *sources.Message) { m.Text, m.ReplyTo, m.Quote = "hi", "3AAEEE", quote }
}

// An entryTest is an entry and its message.
type entryTest struct {
	name string
	raw  string
	want sources.Message
}

func entryTests() []entryTest {
	var tests []entryTest
	for _, some := range [][]entryTest{textTests(), replyTests(), mediaTests(), placeTests(), contactTests(), menuTests(), skipTests(), lenientTests()} {
		tests = append(tests, some...)
	}
	return tests
}

func textTests() []entryTest {
	return []entryTest{
		{"text", incoming(`"typeMessage": "textMessage", "textMessage": "hello\nthere"`), received(saying("hello\nthere"))},
		{"outgoing text", outgoing(`"statusMessage": "read", "typeMessage": "textMessage", "textMessage": "hi"`), sent(saying("hi"))},
		{"extended text", outgoing(`"statusMessage": "pending", "typeMessage": "extendedTextMessage", "textMessage": "see https://example.com",
			"extendedTextMessage": {"text": "see https://example.com", "description": "d", "title": "t", "previewType": "0",
			"jpegThumbnail": "AAAA", "forwardingScore": 0, "isForwarded": false}`), sent(saying("see https://example.com"))},
		{"extended text only inside", incoming(`"typeMessage": "extendedTextMessage", "extendedTextMessage": {"text": "hi"}`), received(saying("hi"))},
		{"edited", incoming(`"typeMessage": "textMessage", "textMessage": "new", "isEdited": true, "editedMessageId": "3AAFFF"`), received(saying("new"))},
		{"NUL and broken UTF-8", incoming("\"typeMessage\": \"textMessage\", \"textMessage\": \"a\\u0000b\xff\\ud800c\""), received(saying("ab\ufffd\ufffdc"))},
		{"text as in a webhook", incoming(`"typeMessage": "textMessage", "messageData": {"textMessageData": {"textMessage": "hi"}}`), received(saying("hi"))},
		{"extended text as in a webhook", incoming(`"typeMessage": "extendedTextMessage", "messageData": {"extendedTextMessageData": {"text": "hi"}}`), received(saying("hi"))},
		{"edit of what is not there", incoming(`"typeMessage": "editedMessage", "editedMessageData": {"textMessage": "new", "stanzaId": "3AAEEE"}`),
			received(func(m *sources.Message) { m.ID, m.Text = "3AAEEE", "new" })},
		{"edit of a caption of what is not there", incoming(`"typeMessage": "editedMessage", "editedMessageData": {"caption": "new"}`), received(saying("new"))},
		{"braces", incoming(`"typeMessage": "textMessage", "textMessage": "{{name}}"`), received(saying("{{name}}"))},
		{"group invitation", incoming(`"typeMessage": "groupInviteMessage", "groupInviteMessageData": {"groupJid": "120363025486842017@g.us",
			"inviteCode": "Ab3d", "inviteExpiration": 1657025112, "groupName": "Tasting club", "caption": "Join us", "name": "x", "jpegThumbnail": "A"}`),
			received(saying("[group invitation] Tasting club\nJoin us\nhttps://chat.whatsapp.com/Ab3d"))},
		{"group invitation without a code", incoming(`"typeMessage": "groupInviteMessage", "groupInviteMessageData": {"groupName": "Tasting club"}`),
			received(saying("[group invitation] Tasting club"))},
		{"poll", outgoing(`"statusMessage": "sent", "typeMessage": "pollMessage", "pollMessageData": {"name": "Which day?",
			"options": [{"optionName": "Monday"}, {"optionName": "Tuesday"}], "multipleAnswers": false}`),
			sent(saying("[poll] Which day?\n- Monday\n- Tuesday"))},
		{"votes", incoming(`"typeMessage": "pollUpdateMessage", "pollMessageData": {"stanzaId": "3AAEEE", "name": "Which day?", "votes": [
			{"optionName": "Monday", "optionVoters": ["79001234567@c.us", "79007654321@c.us", "55@lid"]},
			{"optionName": "Tuesday", "optionVoters": []}], "multipleAnswers": true}`),
			received(func(m *sources.Message) {
				m.ReplyTo = "3AAEEE"
				m.Text = "[poll votes] Which day?\n- Monday: Andrew, +79007654321, 55@lid\n- Tuesday: nobody"
			})},
	}
}

func replyTests() []entryTest {
	answer := func(quoted string) string {
		return incoming(`"typeMessage": "textMessage", "textMessage": "hi", "quotedMessage": {"stanzaId": "3AAEEE", "participant": "79990000000@c.us", ` + quoted + `}`)
	}
	return []entryTest{
		{"quoted text", incoming(`"typeMessage": "quotedMessage", "extendedTextMessage": {"text": "hi", "stanzaId": "3AAEEE", "participant": "79990000000@c.us"},
			"quotedMessage": {"stanzaId": "3AAEEE", "participant": "79990000000@c.us", "typeMessage": "textMessage", "textMessage": "Shall we\n meet?"}`),
			received(quoting("Shall we meet?"))},
		{"quote without what is quoted", incoming(`"typeMessage": "quotedMessage", "extendedTextMessage": {"text": "hi", "stanzaId": "3AAEEE"}`), received(quoting(""))},
		{"quoted extended text", answer(`"typeMessage": "extendedTextMessage", "extendedTextMessage": {"text": "yes"}`), received(quoting("yes"))},
		{"quoted long text", answer(`"typeMessage": "textMessage", "textMessage": "` + strings.Repeat("ж", 301) + `"`), received(quoting(strings.Repeat("ж", 299) + "…"))},
		{"quoted not decrypted", answer(`"typeMessage": "textMessage", "textMessage": "{{SWE001}}"`), received(quoting(""))},
		{"quoted picture", answer(`"typeMessage": "imageMessage", "downloadUrl": "https://example.com/a.jpg", "caption": "the logo", "fileName": "a.jpg"`), received(quoting("[picture] the logo"))},
		{"quoted voice", answer(`"typeMessage": "audioMessage", "mimeType": "audio/ogg; codecs=opus"`), received(quoting("[voice]"))},
		{"quoted file", answer(`"typeMessage": "documentMessage", "fileName": "offer.pdf", "caption": ""`), received(quoting("[file] offer.pdf"))},
		{"quoted location", answer(`"typeMessage": "locationMessage", "location": {"nameLocation": "Green Park", "address": "London", "latitude": 51.5, "longitude": "x"}`), received(quoting("[location] Green Park London"))},
		{"quoted contact", answer(`"typeMessage": "contactMessage", "contact": {"displayName": "Anna", "vcard": "BEGIN:VCARD\nTEL:+79007654321\nEND:VCARD"}`), received(quoting("[contact] Anna: +79007654321"))},
		{"quoted poll", answer(`"type": "", "typeMessage": "", "pollMessageData": {"name": "Which day?", "options": [{"optionName": "Monday"}]}`), received(quoting("[poll] Which day?"))},
		{"quoted unknown type with a text", answer(`"typeMessage": "newMessage", "textMessage": "so what"`), received(quoting("so what"))},
		{"quoted unknown type", answer(`"typeMessage": "newMessage"`), received(quoting(""))},
		{"quoted text that was deleted", answer(`"typeMessage": "textMessage", "textMessage": "oops", "isDeleted": true`), received(quoting(""))},
		{"quoted caption not decrypted", answer(`"typeMessage": "imageMessage", "caption": "{{SWE001}}"`), received(quoting("[picture]"))},
		{"quoted text as in a webhook", answer(`"typeMessage": "textMessage", "messageData": {"textMessageData": {"textMessage": "so"}}`), received(quoting("so"))},
		{"quoted text without text", answer(`"typeMessage": "textMessage", "caption": "so"`), received(quoting("so"))},
		{"quoted nothing", answer(`"quotedMessage": null`), received(quoting(""))},
		{"picture as an answer", incoming(`"typeMessage": "imageMessage", "downloadUrl": "https://example.com/a.jpg",
			"quotedMessage": {"stanzaId": "3AAEEE", "typeMessage": "textMessage", "textMessage": "show me"}`),
			received(func(m *sources.Message) {
				withMedia(sources.KindPicture, "", sources.Media{URL: "https://example.com/a.jpg"})(m)
				m.ReplyTo, m.Quote = "3AAEEE", "show me"
			})},
	}
}

func mediaTests() []entryTest {
	file := func(typ, rest string) string {
		return incoming(`"typeMessage": "` + typ + `", "downloadUrl": "https://example.com/7f3c", "jpegThumbnail": "` +
			strings.Repeat("A", 8000) + `", "isAnimated": false, "videoNote": false, ` + rest)
	}
	url := "https://example.com/7f3c"
	return []entryTest{
		{"picture", file("imageMessage", `"caption": "Look", "fileName": "7f3c.jpg", "mimeType": "image/jpeg"`),
			received(withMedia(sources.KindPicture, "Look", sources.Media{URL: url, Name: "7f3c.jpg", MIME: "image/jpeg"}))},
		{"picture with a caption not decrypted", file("imageMessage", `"caption": " {{SWE001}} "`), received(withMedia(sources.KindPicture, "", sources.Media{URL: url}))},
		{"picture with the token in its link", incoming(`"typeMessage": "imageMessage", "downloadUrl": "https://example.com/[token]/1"`),
			received(withMedia(sources.KindPicture, "", sources.Media{}))},
		{"picture without extension", file("imageMessage", `"fileName": "7f3c", "mimeType": "image/JPEG"`),
			received(withMedia(sources.KindPicture, "", sources.Media{URL: url, Name: "7f3c.jpg", MIME: "image/jpeg"}))},
		{"picture without link", incoming(`"typeMessage": "imageMessage", "downloadUrl": "", "caption": "", "fileName": "", "mimeType": "image/jpeg"`),
			received(withMedia(sources.KindPicture, "", sources.Media{MIME: "image/jpeg"}))},
		{"picture with a strange link", incoming(`"typeMessage": "imageMessage", "downloadUrl": "file:///etc/passwd"`),
			received(withMedia(sources.KindPicture, "", sources.Media{}))},
		{"video", file("videoMessage", `"mimeType": "video/mp4", "fileName": "a"`),
			received(withMedia(sources.KindVideo, "", sources.Media{URL: url, Name: "a.mp4", MIME: "video/mp4"}))},
		{"video note", incoming(`"typeMessage": "videoMessage", "downloadUrl": "https://example.com/a", "videoNote": true, "caption": null`),
			received(withMedia(sources.KindVideo, "", sources.Media{URL: "https://example.com/a"}))},
		{"document", file("documentMessage", `"fileName": "Offer 12.05.2025", "caption": "the offer", "mimeType": "application/pdf"`),
			received(withMedia(sources.KindFile, "the offer", sources.Media{URL: url, Name: "Offer 12.05.2025.pdf", MIME: "application/pdf"}))},
		{"document of no known type", file("documentMessage", `"fileName": "readme", "mimeType": "application/octet-stream"`),
			received(withMedia(sources.KindFile, "", sources.Media{URL: url, Name: "readme", MIME: "application/octet-stream"}))},
		{"voice", file("audioMessage", `"fileName": "v.oga", "mimeType": "audio/ogg; codecs=opus"`),
			received(withMedia(sources.KindVoice, "", sources.Media{URL: url, Name: "v.oga", MIME: "audio/ogg"}))},
		{"voice in another box", file("audioMessage", `"mimeType": "audio/mp4; codecs=Opus"`),
			received(withMedia(sources.KindVoice, "", sources.Media{URL: url, MIME: "audio/mp4"}))},
		{"audio", file("audioMessage", `"fileName": "song", "mimeType": "audio/mpeg"`),
			received(withMedia(sources.KindAudio, "", sources.Media{URL: url, Name: "song.mp3", MIME: "audio/mpeg"}))},
		{"sticker", file("stickerMessage", `"mimeType": "image/webp"`),
			received(withMedia(sources.KindSticker, "", sources.Media{URL: url, MIME: "image/webp"}))},
	}
}

func placeTests() []entryTest {
	at := func(text string, latitude, longitude float64) sources.Message {
		return received(func(m *sources.Message) {
			m.Kind, m.Text, m.Location = sources.KindLocation, text, &sources.Location{Latitude: latitude, Longitude: longitude}
		})
	}
	return []entryTest{
		{"location", incoming(`"typeMessage": "locationMessage", "location": {"nameLocation": "Green Park", "address": "London", "jpegThumbnail": "AAAA",
			"latitude": 51.5046, "longitude": -0.1424, "forwardingScore": 0, "isForwarded": false}`), at("Green Park\nLondon", 51.5046, -0.1424)},
		{"location of strings", incoming(`"typeMessage": "locationMessage", "location": {"nameLocation": "", "address": "", "latitude": "-90", "longitude": " 180 "}`), at("", -90, 180)},
	}
}

func contactTests() []entryTest {
	card := func(displayName string, lines ...string) string {
		text, _ := json.Marshal("BEGIN:VCARD\nVERSION:3.0\n" + strings.Join(append(lines, ""), "\n") + "END:VCARD")
		name, _ := json.Marshal(displayName)
		return `{"displayName": ` + string(name) + `, "vcard": ` + string(text) + `, "forwardingScore": 0, "isForwarded": false}`
	}
	one := func(displayName string, lines ...string) string {
		return incoming(`"typeMessage": "contactMessage", "contact": ` + card(displayName, lines...))
	}
	anna := card("Anna Petrova", "TEL;type=CELL;waid=79007654321:+7 900 765-43-21", "TEL:+34 612 34 56 78")
	taxi, nobody := card("", "FN:Taxi", "TEL:1234"), card("")
	several := func(cards ...string) string {
		return incoming(`"typeMessage": "contactsArrayMessage", "contacts": [` + strings.Join(cards, ", ") + `]`)
	}
	return []entryTest{
		{"contact", one("Anna Petrova", "N:Petrova;Anna;;;", "FN:Anna", "TEL;type=CELL;waid=79007654321:+7 900 765-43-21"), received(withContact("Anna Petrova", "+79007654321", ""))},
		{"contact by FN", one("", "N:Petrova;Anna;;;", "FN:Anna P.", "item1.TEL;waid=79007654321:8 (900) 765-43-21"), received(withContact("Anna P.", "+79007654321", ""))},
		{"contact by N", one("", "N:Petrova;Anna;;Dr.;", "TEL:1234"), received(withContact("Dr. Anna Petrova", "1234", ""))},
		{"contact with several numbers", one("Anna", "TEL:+79007654321", "TEL;type=HOME:8 495 123 45 67", "TEL:+34 612 34 56 78", "TEL:+7 900 765 43 21", "TEL:"),
			received(withContact("Anna", "+79007654321", "8 495 123 45 67\n+34612345678"))},
		{"contact of vCard 2.1 and 4.0", one("Anna", "TEL;CELL;PREF:+79007654321", "TEL;VALUE=uri:tel:+34-612-345-678"), received(withContact("Anna", "+79007654321", "+34612345678"))},
		{"contact without a card", incoming(`"typeMessage": "contactMessage", "contact": {"displayName": "Anna", "vcard": "oops"}`), received(withContact("Anna", "", ""))},
		{"contact without an end", incoming(`"typeMessage": "contactMessage", "contact": {"vcard": "\ufeff\r\nBEGIN:VCARD\r\nFN:Anna\r\nTEL:+790076\r\n 54321"}`), received(withContact("Anna", "", ""))},
		{"contact of an old phone", one("", "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=98=D0=B2=D0=B0=D0=BD=D0=BE=D0=B2;=D0=9F=D1=91=D1=82=D1=80;;;", "TEL;CELL;VOICE:+79007654321"),
			received(withContact("Пётр Иванов", "+79007654321", ""))},
		{"contact of an old phone, folded", one("", "FN;ENCODING=quoted-printable:=D0=9F=D1=91=\n=D1=82=D1=80", "TEL;HOME:112"), received(withContact("Пётр", "112", ""))},
		{"contact of an old phone, encoded twice over", one("", "FN;QUOTED-PRINTABLE;CHARSET=UTF-8:J=C3=BCrgen", "TEL:112"), received(withContact("Jürgen", "112", ""))},
		{"contact in base64", one("", "FN;ENCODING=b:0J/RkdGC0YA=", "TEL:112"), received(withContact("Пётр", "112", ""))},
		{"contact with a broken encoding", one("", "FN;ENCODING=QUOTED-PRINTABLE:Ann=ZZ", "TEL:112"), received(withContact("Ann=ZZ", "112", ""))},
		{"contact without a number but 0", one("Locksmith", "TEL;waid=0:+0", "TEL: 000 ", "TEL:+7", "TEL:-"), received(withContact("Locksmith", "", ""))},
		{"contact with a number only in waid", one("Maria", "item1.TEL;waid=5491155551234:n/a"), received(withContact("Maria", "+5491155551234", ""))},
		{"contact that is a company", one("\u200e", "ORG:Casa;", "TEL:112"), received(withContact("Casa", "112", ""))},
		{"contact of an old phone in Windows-1251", one("", "FN;CHARSET=windows-1251;ENCODING=QUOTED-PRINTABLE:=C0=ED=ED=E0", "TEL:112"), received(withContact("", "112", ""))},
		{"contact that has only an address", one("", "EMAIL:anna@example.com"), received(withContact("anna@example.com", "", ""))},
		{"contact twice", incoming(`"typeMessage": "contactsArrayMessage", "contact": ` + taxi + `, "contacts": [` + taxi + `]`), received(withContact("Taxi", "1234", ""))},
		{"contact of nobody", one(""), received(saying("[contact]"))},
		{"several contacts", several(anna, taxi, nobody), received(saying("[contact] Anna Petrova: +79007654321, +34612345678\n[contact] Taxi: 1234"))},
		{"several contacts but one", several(nobody, taxi), received(withContact("Taxi", "1234", ""))},
		{"several contacts but none", several(), received(saying("[contact]"))},
		{"several contacts as in a webhook", incoming(`"typeMessage": "contactsArrayMessage", "messageData": {"contacts": [` + anna + `]}`),
			received(withContact("Anna Petrova", "+79007654321", "+34612345678"))},
	}
}

func menuTests() []entryTest {
	reply := func(text string) sources.Message {
		return received(func(m *sources.Message) { m.Text, m.ReplyTo = text, "3AAEEE" })
	}
	return []entryTest{
		{"template", incoming(`"typeMessage": "templateMessage", "templateMessage": {"contentText": "It is ready.", "titleText": "Your order", "footerText": "Green Shop",
			"mediaUrl": "https://example.com/a.jpg", "buttons": [{"index": 1, "urlButton": {"displayText": "Track it", "url": "https://example.com/7"}},
			{"index": 2, "callButton": {"displayText": "Call us", "phoneNumber": "+79001112233"}}, {"index": 3, "quickReplyButton": {"displayText": "Thanks", "id": "1"}}]}`),
			received(saying("Your order\nhttps://example.com/a.jpg\nIt is ready.\nGreen Shop\n[button] Track it: https://example.com/7\n[button] Call us: +79001112233\n[button] Thanks"))},
		{"outgoing template", outgoing(`"typeMessage": "templateMessage", "templateMessage": {"templateId": "order_ready", "params": ["Anna", 7]}`),
			sent(saying("[template] order_ready\n- Anna\n- 7"))},
		{"template reply", incoming(`"typeMessage": "templateButtonsReplyMessage", "templateButtonReplyMessage": {"stanzaId": "3AAEEE", "selectedIndex": 2, "selectedId": "id1", "selectedDisplayText": "red"}`),
			reply("[button pressed] red")},
		{"interactive buttons", outgoing(`"typeMessage": "interactiveButtons", "interactiveButtons": {"titleText": "Hello", "contentText": "What next?", "footerText": "Green Shop", "headerText": "",
			"buttons": [{"type": "copy", "buttonId": "1", "buttonText": "Copy", "copyCode": "3333"}, {"type": "call", "buttonText": "Call", "phoneNumber": "79001112233"},
			{"type": "url", "buttonText": "Visit", "url": "https://example.com"}]}`),
			sent(saying("Hello\nWhat next?\nGreen Shop\n[button] Copy: 3333\n[button] Call: 79001112233\n[button] Visit: https://example.com"))},
		{"interactive buttons to reply", outgoing(`"typeMessage": "interactiveButtonsReply", "interactiveButtonsReply": {"header": "Hello", "body": "Ready?", "footer": "", "buttons": [{"buttonId": "1", "buttonText": "Yes"}]}`),
			sent(saying("Hello\nReady?\n[button] Yes"))},
		{"interactive reply", incoming(`"typeMessage": "interactiveButtonsResponse", "interactiveButtonsResponse": {"stanzaId": "3AAEEE", "selectedIndex": 1, "selectedId": "2", "selectedDisplayText": "Second"}`),
			reply("[button pressed] Second")},
		{"buttons", outgoing(`"typeMessage": "buttonsMessage", "buttonsMessage": {"contentText": "Which colour?", "footer": "Choose", "buttons": [{"buttonId": "1", "buttonText": "Green"}, {}]}`),
			sent(saying("Which colour?\nChoose\n[button] Green"))},
		{"buttons reply", incoming(`"typeMessage": "buttonsResponseMessage", "buttonsResponseMessage": {"stanzaId": "3AAEEE", "selectedButtonId": "1", "selectedButtonText": "Green"}`),
			reply("[button pressed] Green")},
		{"list", outgoing(`"typeMessage": "listMessage", "listMessage": {"contentText": "Choose one", "title": "Menu", "footer": "Bon appetit", "buttonText": "Open",
			"sections": [{"title": "Soups", "rows": [{"rowId": "1", "title": "Borsch", "description": "with dill"}, {"rowId": "2", "title": "Ukha"}]}]}`),
			sent(saying("Menu\nChoose one\nBon appetit\nSoups\n- Borsch: with dill\n- Ukha"))},
		{"list reply", incoming(`"typeMessage": "listResponseMessage", "listResponseMessage": {"title": "Borsch", "listType": 1, "singleSelectReply": "1", "stanzaId": "3AAEEE"}`),
			reply("[chosen from the list] Borsch")},
		{"list reply by id", incoming(`"typeMessage": "listResponseMessage", "listResponseMessage": {"singleSelectReply": "row 1", "stanzaId": "3AAEEE"}`),
			reply("[chosen from the list] row 1")},
		{"empty menu", incoming(`"typeMessage": "buttonsMessage"`), received(skipped("it has no text", ""))},
	}
}

func skipTests() []entryTest {
	reacted := func(reason, emoji string) sources.Message {
		return received(func(m *sources.Message) { m.Skip, m.Text, m.ReplyTo, m.Quote = reason, emoji, "3AAEEE", "well done" })
	}
	target := `, "quotedMessage": {"stanzaId": "3AAEEE", "participant": "79990000000@c.us", "typeMessage": "textMessage", "textMessage": "well done"}`
	const nothingLeft = "its author deleted it, and nothing of it is left"
	return []entryTest{
		{"reaction", incoming(`"typeMessage": "reactionMessage", "extendedTextMessageData": {"text": "👍"}` + target), reacted(`a reaction "👍"`, "👍")},
		{"reaction elsewhere", incoming(`"typeMessage": "reactionMessage", "extendedTextMessage": {"text": "👍"}` + target), reacted(`a reaction "👍"`, "👍")},
		{"reaction as a text", incoming(`"typeMessage": "reactionMessage", "textMessage": "👍"` + target), reacted(`a reaction "👍"`, "👍")},
		{"reaction of joined emoji", incoming(`"typeMessage": "reactionMessage", "extendedTextMessageData": {"text": "🤦‍♀️"}` + target), reacted(`a reaction "🤦‍♀️"`, "🤦‍♀️")},
		{"reaction with a quote", incoming(`"typeMessage": "reactionMessage", "extendedTextMessageData": {"text": "\\\""}` + target), reacted(`a reaction "/'"`, `\"`)},
		{"reaction taken back", incoming(`"typeMessage": "reactionMessage", "extendedTextMessageData": {"text": ""}` + target), reacted("a reaction taken back", "")},
		{"empty text", incoming(`"typeMessage": "textMessage", "textMessage": " \n"`), received(skipped("it has no text", " \n"))},
		{"empty text in a link", incoming(`"typeMessage": "extendedTextMessage", "extendedTextMessage": {"text": ""}`), received(skipped("it has no text", ""))},
		{"empty text in a webhook", incoming(`"typeMessage": "textMessage", "messageData": {"textMessageData": {"textMessage": ""}}`), received(skipped("it has no text", ""))},
		{"NUL as a text", incoming(`"typeMessage": "textMessage", "textMessage": "\u0000"`), received(skipped("it has no text", ""))},
		{"edit without text", incoming(`"typeMessage": "editedMessage", "editedMessageData": {"stanzaId": "3AAEEE"}`),
			received(func(m *sources.Message) {
				m.ID, m.Skip = "3AAEEE", "it was edited, and its new words are not in the journal"
			})},
		{"deletion", incoming(`"typeMessage": "deletedMessage", "deletedMessageData": {"stanzaId": "3AAEEE"}`), received(skipped("only says that another message was deleted", ""))},
		{"deleted", incoming(`"typeMessage": "textMessage", "textMessage": "oops", "isDeleted": true, "deletedMessageId": "3AAFFF"`), received(deleted("oops"))},
		{"deleted picture", incoming(`"typeMessage": "imageMessage", "downloadUrl": "https://example.com/a", "caption": "oops", "isDeleted": true`),
			received(func(m *sources.Message) {
				withMedia(sources.KindPicture, "oops", sources.Media{URL: "https://example.com/a"})(m)
				m.Deleted = true
			})},
		{"deleted reaction", incoming(`"typeMessage": "reactionMessage", "textMessage": "👍", "isDeleted": true`), received(func(m *sources.Message) { m.Deleted, m.Skip, m.Text = true, `a reaction "👍"`, "👍" })},
		{"deleted and of no known type", incoming(`"typeMessage": "newMessage", "isDeleted": true`), received(func(m *sources.Message) { m.Deleted, m.Skip = true, nothingLeft })},
		{"deleted and of no known place", incoming(`"typeMessage": "locationMessage", "isDeleted": true`),
			received(func(m *sources.Message) { m.Deleted, m.Skip = true, nothingLeft })},
		{"deleted picture of which nothing is left", incoming(`"typeMessage": "imageMessage", "downloadUrl": "", "caption": "", "isDeleted": true`),
			received(func(m *sources.Message) {
				withMedia(sources.KindPicture, "", sources.Media{})(m)
				m.Deleted, m.Skip = true, nothingLeft
			})},
		{"deleted text of which nothing is left", incoming(`"typeMessage": "textMessage", "textMessage": "", "deletedMessageId": "3AAFFF"`),
			received(func(m *sources.Message) { m.Deleted, m.Skip = true, nothingLeft })},
		{"failed", outgoing(`"typeMessage": "textMessage", "textMessage": "hi", "statusMessage": "failed"`), sent(skipped("it was never delivered: failed", "hi"))},
		{"no account", outgoing(`"typeMessage": "textMessage", "textMessage": "hi", "statusMessage": "noAccount", "isDeleted": true`),
			sent(func(m *sources.Message) { m.Deleted, m.Skip, m.Text = true, "it was never delivered: noAccount", "hi" })},
		{"not in group", outgoing(`"typeMessage": "textMessage", "textMessage": "hi", "statusMessage": "notInGroup"`), sent(skipped("it was never delivered: notInGroup", "hi"))},
		{"yellow card", outgoing(`"typeMessage": "textMessage", "textMessage": "hi", "statusMessage": "yellowCard"`), sent(skipped("it was never delivered: yellowCard", "hi"))},
		{"incoming with a status", incoming(`"typeMessage": "textMessage", "textMessage": "hi", "statusMessage": "failed"`), received(saying("hi"))},
	}
}

// lenientTests has fields of unusual types.
func lenientTests() []entryTest {
	return []entryTest{
		{"strings", `{"type": "incoming", "timestamp": "1603964449", "idMessage": "3AADDD", "typeMessage": "textMessage", "senderId": "79001234567@c.us",
			"senderName": "Andrew Sh", "forwardingScore": "0", "isForwarded": "false", "isEdited": "false", "isDeleted": "false", "textMessage": "hi"}`, received(saying("hi"))},
		{"nulls", incoming(`"typeMessage": "textMessage", "textMessage": "hi", "caption": null, "quotedMessage": null, "extendedTextMessage": null, "contacts": null, "isDeleted": null`), received(saying("hi"))},
		{"nonsense", incoming(`"typeMessage": "textMessage", "textMessage": "hi", "caption": {}, "location": [], "quotedMessage": "x", "extendedTextMessage": 7, "contacts": {},
			"pollMessageData": true, "templateMessage": "x", "isDeleted": [], "buttonsResponseMessage": 1.5`), received(saying("hi"))},
		{"a number as a text", incoming(`"typeMessage": "textMessage", "textMessage": 42`), received(saying("42"))},
		{"true as a string", incoming(`"typeMessage": "textMessage", "textMessage": "hi", "isDeleted": "true"`), received(deleted("hi"))},
		{"a fraction of a second", `{"type": "outgoing", "timestamp": 1603964449.5, "idMessage": 7, "typeMessage": "textMessage", "textMessage": "hi"}`,
			sent(func(m *sources.Message) {
				m.ID, m.Text, m.Position, m.Time = "7", "hi", "79001234567@c.us/7", time.UnixMilli(written*1000+500).UTC()
			})},
	}
}

func TestConvertEntries(t *testing.T) {
	for _, tt := range entryTests() {
		got, invalid := person(unchanged).convert(json.RawMessage(tt.raw), 17)
		if invalid != nil {
			t.Errorf("%s: %+v", tt.name, *invalid)
		} else if diff := cmp.Diff(got, tt.want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", tt.name, diff)
		}
	}
}

// TestConvertDocumentedExample converts the example in the documentation of getChatHistory.
func TestConvertDocumentedExample(t *testing.T) {
	answer := `[
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
	var entries []json.RawMessage
	if err := json.Unmarshal([]byte(answer), &entries); err != nil {
		t.Fatal(err)
	}
	c := person(unchanged)
	for _, raw := range entries {
		c.index.add(raw)
	}
	conversation := c.conversation
	andrew := sources.Author{ID: "79001234567@c.us", Name: "Andrew Sh"}
	want := []sources.Message{
		{
			Conversation: conversation,
			ID:           "3AADDD555CB0822C0539",
			Time:         time.Date(2020, 10, 29, 9, 40, 49, 0, time.UTC),
			Direction:    sources.Incoming,
			Author:       andrew,
			Kind:         sources.KindText,
			Text:         "I use Green-API to get this message from you!",
			Position:     "79001234567@c.us/3AADDD555CB0822C0539",
		},
		{
			Conversation: conversation,
			ID:           "3EB08816FEBCCC3FACD2",
			Time:         time.Date(2020, 10, 29, 9, 40, 45, 0, time.UTC),
			Direction:    sources.Outgoing,
			Author:       sources.Author{ID: "79990000000@c.us"},
			Kind:         sources.KindText,
			Text:         "I use Green-API to send this message to you!",
			Position:     "79001234567@c.us/3EB08816FEBCCC3FACD2",
		},
		{
			Conversation: conversation,
			ID:           "3AA45F9F285C5249CDFC",
			Time:         time.Date(2020, 10, 29, 9, 40, 44, 0, time.UTC),
			Direction:    sources.Incoming,
			Author:       andrew,
			Kind:         sources.KindPicture,
			Text:         "Green-API Logo",
			Media: &sources.Media{
				URL:       "https://api.green-api.com/waInstance9075/downloadFile/download-file-id",
				Renewable: true,
			},
			Position: "79001234567@c.us/3AA45F9F285C5249CDFC",
		},
	}
	var got []sources.Message
	for i, raw := range entries {
		m, invalid := c.convert(raw, len(entries)-i)
		if invalid != nil {
			t.Fatalf("%+v", *invalid)
		}
		got = append(got, m)
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
}

func TestConvertInvalid(t *testing.T) {
	text := `"typeMessage": "textMessage", "textMessage": "hi"`
	place := func(latitude, longitude string) string {
		return incoming(`"typeMessage": "locationMessage", "location": {"latitude": ` + latitude + `, "longitude": ` + longitude + `}`)
	}
	at := func(timestamp string) string {
		return `{"type": "incoming", "idMessage": "3AADDD", ` + text + `, "timestamp": ` + timestamp + `}`
	}
	for _, tt := range []struct{ raw, want string }{
		{`{"type": "outgoing", "typeMessage": ""}`, "incomplete: it has no typeMessage, no idMessage, no timestamp"},
		{`{}`, "incomplete: it has no type, no typeMessage, no idMessage, no timestamp"},
		{`{"type": "incoming", "timestamp": 1603964449, ` + text + `}`, "incomplete: it has no idMessage"},
		{`{"type": "incoming", "idMessage": "3AADDD", ` + text + `}`, "incomplete: it has no timestamp"},
		{`{"type": "sideways", "timestamp": 1603964449, "idMessage": "3AADDD", ` + text + `}`, `type "sideways": neither incoming nor outgoing`},
		{at(`"yesterday"`), `timestamp "yesterday": not a time in unix seconds`},
		{at(`"NaN"`), `timestamp "NaN": not a time in unix seconds`},
		{at(`1e400`), `timestamp "1e400": not a time in unix seconds`},
		{at(`1e24`), `timestamp "1e24": not a time in unix seconds`},
		{at(`16039644490000`), `timestamp "16039644490000": 2478-04-11 00:48:10 UTC is in the future`},
		{at(`2603964449`), `timestamp "2603964449": 2052-07-07 11:27:29 UTC is in the future`},
		{at(`0`), `timestamp "0": 1970-01-01 00:00:00 UTC is before 2009`},
		{incoming(`"typeMessage": "textMessage", "textMessage": "{{SWE001}}"`), `WhatsApp had not decrypted it: the text is "{{SWE001}}"`},
		{incoming(`"typeMessage": "extendedTextMessage", "extendedTextMessage": {"text": " {{SWE999}}\n"}`), `WhatsApp had not decrypted it: the text is "{{SWE999}}"`},
		{place("91", "0"), `latitude "91": not a number of degrees from -90 to 90`},
		{place("0", `"-180.5"`), `longitude "-180.5": not a number of degrees from -180 to 180`},
		{place(`"NaN"`, "0"), `latitude "NaN": not a number of degrees from -90 to 90`},
		{`null`, "not a JSON object"},
		{`[]`, "not a JSON object"},
		{`"text"`, "not a JSON object"},
		{`{"type": `, "not valid JSON: unexpected end of JSON input"},
		{"{\"idMessage\": \"a\nb\"}", `not valid JSON: invalid character '\n' in string literal`},
		{strings.Repeat(`{"a":`, 300) + "]", "not valid JSON: invalid character ']' looking for beginning of value"},
		{`nope`, "not valid JSON"},
		{``, "not valid JSON"},
		{incoming(`"typeMessage": "textMessage"`), "it has no text"},
		{incoming(`"typeMessage": "quotedMessage", "extendedTextMessage": {"stanzaId": "3AAEEE"}, "quotedMessage": {"stanzaId": "3AAEEE", "textMessage": "x"}`), "it has no text"},
		{incoming(`"typeMessage": "editedMessage", "editedMessageData": {"textMessage": "{{SWE001}}", "stanzaId": "3AAEEE"}`), `WhatsApp had not decrypted it: the text is "{{SWE001}}"`},
	} {
		m, invalid := person(unchanged).convert(json.RawMessage(tt.raw), 17)
		if invalid == nil {
			t.Errorf("%s: got %+v, want invalid: %s", tt.raw, m, tt.want)
			continue
		}
		want := sources.Invalid{
			Conversation: "79001234567@c.us",
			Position:     "79001234567@c.us/3AADDD",
			Reason:       tt.want,
			Raw:          tt.raw,
		}
		if !strings.Contains(tt.raw, "3AADDD") {
			want.Position = "79001234567@c.us, entry 17 from the oldest"
		}
		if diff := cmp.Diff(*invalid, want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", tt.raw, diff)
		}
	}
}

func TestConvertChats(t *testing.T) {
	text := incoming(`"typeMessage": "textMessage", "textMessage": "hi"`)
	unknown := incoming(`"typeMessage": "eventMessage"`)
	edited := incoming(`"typeMessage": "editedMessage", "editedMessageData": {"textMessage": "new", "stanzaId": "3AAEEE"}`)
	noting := func(raw string) func(*chat) { return func(c *chat) { c.index.add(json.RawMessage(raw)) } }
	in := func(id string) func(*chat) {
		return func(c *chat) { c.conversation.ID = id }
	}
	for _, tt := range []struct {
		chat      func(*chat)
		raw, want string
	}{
		{unchanged, text, ""},
		{in("120363025486842017@g.us"), text, ""},
		{in("55@lid"), text, ""},
		{in("120363025486842017@newsletter"), text, "a newsletter; nobody answers there"},
		{in("120363025486842017@newsletter"), unknown, "a newsletter; nobody answers there"},
		{in("status@broadcast"), incoming(`"typeMessage": "reactionMessage"`), "a broadcast list or status; nobody answers there"},
		{in("79990000000@c.us"), incoming(`"typeMessage": "textMessage", "isDeleted": true`), "notes to oneself; there is no client"},
		{func(c *chat) { c.conversation.ID, c.index.own = "79990000000@c.us", nil }, text, ""},
		{in("0@c.us"), text, "a chat with WhatsApp itself; there is no client"},
		{in("13135550002@c.us"), unknown, "a chat with WhatsApp itself; there is no client"},
		{in("867051314767696@bot"), text, "a chat with a bot of WhatsApp; there is no client"},
		{noting(`{"type": "incoming", "timestamp": 1, "idMessage": "3AAEEE", "typeMessage": "textMessage"}`), edited, "only says that another message was edited"},
		{noting(`{"type": "incoming", "timestamp": 1, "idMessage": "3AAEEF", "typeMessage": "textMessage"}`), edited, ""},
		{noting(`{"idMessage": "3AAEEE"}`), edited, ""},
		{unchanged, incoming(`"typeMessage": "textMessage", "textMessage": "hi", "isDeleted": true`), ""},
		{unchanged, incoming(`"typeMessage": "deletedMessage"`), "only says that another message was deleted"},
	} {
		c := person(tt.chat)
		m, invalid := c.convert(json.RawMessage(tt.raw), 1)
		if invalid != nil || m.Skip != tt.want || m.Conversation != c.conversation {
			t.Errorf("%s: %s: got %+v, %+v, want skip %q", c.conversation.ID, tt.raw, m, invalid, tt.want)
		}
	}
}

// A message is deleted if it is marked, or if another entry says so. The edit of a deleted message is deleted, too.
func TestConvertDeleted(t *testing.T) {
	text := incoming(`"typeMessage": "textMessage", "textMessage": "hi"`)
	edited := incoming(`"typeMessage": "editedMessage", "editedMessageData": {"textMessage": "new", "stanzaId": "3AAEEE"}`)
	for _, tt := range []struct {
		noted, raw string
		want       bool
	}{
		{`{}`, text, false},
		{`{"typeMessage": "deletedMessage", "deletedMessageData": {"stanzaId": "3AADDD"}}`, text, true},
		{`{"typeMessage": "deletedMessage", "messageData": {"deletedMessageData": {"stanzaId": "3AADDD"}}}`, text, true},
		{`{"messageData": {"typeMessage": "deletedMessage", "deletedMessageData": {"stanzaId": "3AADDD"}}}`, text, true},
		{`{"typeMessage": "deletedMessage", "deletedMessage": {"stanzaId": "3AADDD"}}`, text, true},
		{`{"typeMessage": "deletedMessage", "deletedMessageData": null, "deletedMessageId": "3AADDD"}`, text, true},
		{`{"typeMessage": "deletedMessage", "quotedMessage": {"stanzaId": "3AADDD"}}`, text, true},
		{`{"idMessage": "3AADDD", "isDeleted": true}`, text, true},
		{`{"idMessage": "3AADDD", "isDeleted": false, "deletedMessageId": "3AAFFF"}`, text, true},
		{`{}`, incoming(`"typeMessage": "textMessage", "textMessage": "hi", "isDeleted": true`), true},
		{`{"typeMessage": "deletedMessage", "deletedMessageData": {"stanzaId": "3AAEEE"}}`, edited, true},
	} {
		c := person(func(c *chat) { c.index.add(json.RawMessage(tt.noted)) })
		m, invalid := c.convert(json.RawMessage(tt.raw), 1)
		if invalid != nil || m.Deleted != tt.want || m.Skip != "" || m.Text == "" {
			t.Errorf("%s: %s: got %+v, %+v, want deleted %t", tt.noted, tt.raw, m, invalid, tt.want)
		}
	}
}

// A deleted message is not shown as a quote either.
func TestConvertDeletedQuotes(t *testing.T) {
	raw := incoming(`"typeMessage": "quotedMessage", "extendedTextMessage": {"text": "hi", "stanzaId": "3AAEEE"},
		"quotedMessage": {"typeMessage": "textMessage", "textMessage": "oops"}`)
	for _, tt := range []struct{ noted, want string }{
		{`{}`, "oops"},
		{`{"idMessage": "3AAEEE"}`, "oops"},
		{`{"idMessage": "3AAEEE", "isDeleted": true}`, ""},
		{`{"typeMessage": "deletedMessage", "deletedMessageData": {"stanzaId": "3AAEEE"}}`, ""},
	} {
		c := person(func(c *chat) { c.index.add(json.RawMessage(tt.noted)) })
		m, invalid := c.convert(json.RawMessage(raw), 1)
		if invalid != nil || m.Quote != tt.want || m.ReplyTo != "3AAEEE" {
			t.Errorf("%s: got %+v, %+v, want the quote %q", tt.noted, m, invalid, tt.want)
		}
	}
}

func TestConvertAuthors(t *testing.T) {
	names := map[string]string{"79007654321@c.us": "Anna Petrova", "79001112233@c.us": "79001112233"}
	c := person(func(c *chat) { c.name = func(id string) string { return names[id] } })
	for _, tt := range []struct {
		fields string
		want   sources.Author
	}{
		{`"senderId": "79007654321@c.us", "senderContactName": "Ann", "senderName": "~A"`, sources.Author{ID: "79007654321@c.us", Name: "Anna Petrova"}},
		{`"senderId": "79001112233@c.us", "senderContactName": "Ann", "senderName": "~A"`, sources.Author{ID: "79001112233@c.us", Name: "Ann"}},
		{`"senderId": "79001112233@c.us", "senderContactName": "", "senderName": "~A"`, sources.Author{ID: "79001112233@c.us", Name: "~A"}},
		{`"senderId": "79001112233@c.us", "senderName": "+7 900 111-22-33"`, sources.Author{ID: "79001112233@c.us", Name: "+79001112233"}},
		{`"senderId": "79001112233@lid"`, sources.Author{ID: "79001112233@lid"}},
		{`"senderId": null`, sources.Author{}},
	} {
		raw := `{"type": "incoming", "timestamp": 1603964449, "idMessage": "3AADDD", "typeMessage": "textMessage", "textMessage": "hi", ` + tt.fields + `}`
		m, invalid := c.convert(json.RawMessage(raw), 1)
		if invalid != nil || m.Author != tt.want {
			t.Errorf("%s: got %+v, %+v, want %+v", tt.fields, m.Author, invalid, tt.want)
		}
	}
}
