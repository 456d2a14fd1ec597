package greenapi

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/sources"
)

// A nestedTest is an entry whose content stands elsewhere than usual, or is not there.
type nestedTest struct {
	name, fields string
	want         func(*sources.Message)
}

func at(latitude, longitude float64, text string) func(*sources.Message) {
	return func(m *sources.Message) {
		m.Kind, m.Text, m.Location = sources.KindLocation, text, &sources.Location{Latitude: latitude, Longitude: longitude}
	}
}

func answering3AAEEE(text string) func(*sources.Message) {
	return func(m *sources.Message) { m.Text, m.ReplyTo = text, "3AAEEE" }
}

func nestedTests() []nestedTest {
	jpeg := sources.Media{URL: "https://example.com/a.jpg", Name: "a.jpg", MIME: "image/jpeg"}
	const file = `{"downloadUrl": "https://example.com/a.jpg", "caption": "Look", "fileName": "a.jpg", "mimeType": "image/jpeg"}`
	const card = `{"displayName": "Viktor", "vcard": "BEGIN:VCARD\nTEL:+79001234569\nEND:VCARD"}`
	return []nestedTest{
		// Texts.
		{"text in an object", `"typeMessage": "textMessage", "textMessage": {"text": "hi"}`, saying("hi")},
		{"text in a webhook, blank above", `"typeMessage": "textMessage", "textMessage": " ", "messageData": {"textMessageData": {"textMessage": "hi"}}`, saying("hi")},
		{"text in a webhook without a type above", `"messageData": {"typeMessage": "textMessage", "textMessageData": {"textMessage": "hi"}}`, saying("hi")},
		{"text without any type", `"typeMessage": null, "textMessage": "hi"`, saying("hi")},
		{"text under the name of the protocol", `"typeMessage": "textMessage", "message": {"conversation": "hi"}`, saying("hi")},
		{"only a preview", `"typeMessage": "extendedTextMessage", "extendedTextMessage": {"text": null, "title": "Sale", "description": "All week", "jpegThumbnail": "AAAA"}`, saying("Sale\nAll week")},
		{"an advertisement in a webhook", `"typeMessage": "extendedTextMessage", "messageData": {"extendedTextMessageData": {"text": "", "title": "Oferta", "description": "-20 %", "sourceUrl": "https://example.com/ad"}}`,
			saying("Oferta\n-20 %\nhttps://example.com/ad")},
		{"an advertisement as the protocol has it", `"typeMessage": "extendedTextMessage", "extendedTextMessage": {"text": "", "contextInfo": {"quotedMessage": {"conversation": "x"}, "externalAdReply": {"title": "Oferta",
			"body": "-20 %", "thumbnailUrl": "https://example.com/t.jpg", "sourceUrl": "https://example.com/ad", "sourceId": "1"}}}`, func(m *sources.Message) { m.Text, m.Quote = "Oferta\n-20 %\nhttps://example.com/ad", "x" }},
		{"reply in a webhook", `"typeMessage": "quotedMessage", "messageData": {"typeMessage": "quotedMessage", "extendedTextMessageData": {"text": "hi", "stanzaId": "3AAEEE"},
			"quotedMessage": {"stanzaId": "3AAEEE", "typeMessage": "textMessage", "textMessage": "well done"}}`, func(m *sources.Message) { m.Text, m.ReplyTo, m.Quote = "hi", "3AAEEE", "well done" }},
		{"quoted picture in a webhook", `"typeMessage": "textMessage", "textMessage": "hi", "quotedMessage": {"stanzaId": "3AAEEE", "typeMessage": "imageMessage", "fileMessageData": ` + file + `}`,
			quoting("[picture] Look")},
		{"only invisible marks", `"typeMessage": "textMessage", "textMessage": "\u200e\u2060 \ufe0f"`, skipped("it has no text", "\u200e\u2060 \ufe0f")},
		{"an edit that lost its words", `"typeMessage": "textMessage", "textMessage": null, "editedMessageId": "E"`, skipped("it was edited, and its new words are not in the journal", "")},
		{"an edit that lost its caption", `"typeMessage": "imageMessage", "isEdited": true, "fileMessageData": ` + file, withMedia(sources.KindPicture, "Look", jpeg)},

		// Files.
		{"file in a webhook", `"typeMessage": "imageMessage", "fileMessageData": ` + file, withMedia(sources.KindPicture, "Look", jpeg)},
		{"file a level deeper", `"typeMessage": "imageMessage", "messageData": {"fileMessageData": ` + file + `}`, withMedia(sources.KindPicture, "Look", jpeg)},
		{"file without a type above", `"messageData": {"typeMessage": "imageMessage", "fileMessageData": ` + file + `}`, withMedia(sources.KindPicture, "Look", jpeg)},
		{"file under its type", `"typeMessage": "imageMessage", "imageMessage": ` + file, withMedia(sources.KindPicture, "Look", jpeg)},
		{"file whose fields above are null", `"typeMessage": "imageMessage", "downloadUrl": null, "caption": "", "fileName": null, "imageMessageData": ` + file, withMedia(sources.KindPicture, "Look", jpeg)},
		{"file in two places", `"typeMessage": "imageMessage", "downloadUrl": "https://example.com/a.jpg", "fileMessageData": {"caption": "Look", "fileName": "a.jpg", "mimeType": "image/jpeg"}`,
			withMedia(sources.KindPicture, "Look", jpeg)},
		{"file with a text for a caption", `"typeMessage": "imageMessage", "downloadUrl": "https://example.com/a.jpg", "caption": "", "textMessage": "Look"`,
			withMedia(sources.KindPicture, "Look", sources.Media{URL: "https://example.com/a.jpg"})},
		{"caption in an object", `"typeMessage": "videoMessage", "downloadUrl": null, "fileName": "v.mp4", "caption": {"text": "Look"}`, withMedia(sources.KindVideo, "Look", sources.Media{Name: "v.mp4"})},
		{"file of a text", `"typeMessage": "textMessage", "textMessage": "", "fileMessageData": ` + file, withMedia(sources.KindPicture, "Look", jpeg)},
		{"file to be seen once", `"typeMessage": "viewOnceMessage", "viewOnceMessage": {"imageMessage": ` + file + `}`, withMedia(sources.KindPicture, "Look", jpeg)},
		{"round video", `"typeMessage": "ptvMessage", "downloadUrl": "https://example.com/a", "mimeType": "video/mp4"`, withMedia(sources.KindVideo, "", sources.Media{URL: "https://example.com/a", MIME: "video/mp4"})},
		{"voice", `"typeMessage": "pttMessage", "downloadUrl": "https://example.com/a", "mimeType": "audio/mp4"`, withMedia(sources.KindVoice, "", sources.Media{URL: "https://example.com/a", MIME: "audio/mp4"})},
		{"document of a new type", `"typeMessage": "documentWithCaptionMessage", "fileMessageData": {"downloadUrl": "https://example.com/a", "caption": "Plan", "fileName": "a.pdf"}`,
			withMedia(sources.KindFile, "Plan", sources.Media{URL: "https://example.com/a", Name: "a.pdf"})},
		{"caption of what cannot be had", `"typeMessage": "viewOnceMessageV2", "caption": "Secret"`, saying("[view once] Secret")},

		{"reaction under its type", `"typeMessage": "reactionMessage", "reactionMessage": {"text": "👍"}`, skipped(`a reaction "👍"`, "👍")},

		// Places.
		{"place in a webhook", `"typeMessage": "locationMessage", "locationMessageData": {"nameLocation": "Store", "address": "Lenina, 5", "latitude": 56.31, "longitude": 43.99}`, at(56.31, 43.99, "Store\nLenina, 5")},
		{"place in two places", `"typeMessage": "locationMessage", "location": {"nameLocation": "Store", "latitude": null}, "messageData": {"locationMessageData": {"nameLocation": "", "latitude": "56,31", "longitude": "43,99"}}`,
			at(56.31, 43.99, "Store")},
		{"place in the words of the protocol", `"typeMessage": "locationMessage", "locationMessage": {"name": "Store", "degreesLatitude": 56.31, "degreesLongitude": 43.99}`, at(56.31, 43.99, "Store")},
		{"place on the top", `"typeMessage": "locationMessage", "latitude": 0, "longitude": 0`, at(0, 0, "")},
		{"place without numbers", `"typeMessage": "locationMessage", "locationMessageData": {"nameLocation": "Store", "address": ""}`, saying("[location] Store")},
		{"place with one number", `"typeMessage": "locationMessage", "location": {"latitude": 56.31, "address": "Lenina, 5"}`, saying("[location] Lenina, 5")},
		{"place off the globe with an address", `"typeMessage": "locationMessage", "location": {"latitude": 956.31, "longitude": 1, "address": "Lenina, 5"}`, saying("[location] Lenina, 5")},
		{"place of which nothing is there", `"typeMessage": "liveLocationMessage", "liveLocationMessageData": {"nameLocation": "", "latitude": null}`, saying("[live location]")},
		{"live place", `"typeMessage": "liveLocationMessage", "liveLocationMessageData": {"latitude": 56.31, "longitude": 43.99, "caption": "On my way"}`, at(56.31, 43.99, "On my way")},

		// Contacts.
		{"contact in a webhook", `"typeMessage": "contactMessage", "messageData": {"contactMessageData": ` + card + `}`, withContact("Viktor", "+79001234569", "")},
		{"contact null", `"typeMessage": "contactMessage", "contact": null`, saying("[contact]")},
		{"contacts in a webhook", `"typeMessage": "contactsArrayMessage", "contactsArrayMessageData": {"contacts": [` + card + `]}`, withContact("Viktor", "+79001234569", "")},
		{"contact as a list", `"typeMessage": "contactMessage", "contacts": [` + card + `]`, withContact("Viktor", "+79001234569", "")},

		// Polls, menus and choices.
		{"poll in a webhook", `"typeMessage": "pollMessage", "messageData": {"pollMessageData": {"name": "Which day?", "options": [{"optionName": "Monday"}]}}`, saying("[poll] Which day?\n- Monday")},
		{"poll under its type", `"typeMessage": "pollMessage", "pollMessage": {"name": "Which day?"}`, saying("[poll] Which day?")},
		{"poll with plain options", `"typeMessage": "pollMessage", "pollMessageData": {"name": "Which day?", "options": ["Monday", {"optionName": "Tuesday"}, null, 3]}`,
			saying("[poll] Which day?\n- Monday\n- Tuesday\n- 3")},
		{"poll null", `"typeMessage": "pollMessage", "pollMessageData": null`, saying("[poll]")},
		{"list in a webhook", `"typeMessage": "listMessage", "messageData": {"listMessage": {"contentText": "Choose", "sections": [{"title": "Soups", "rows": [{"title": "Borsch"}]}]}}`, saying("Choose\nSoups\n- Borsch")},
		{"list reply in a webhook", `"typeMessage": "listResponseMessage", "messageData": {"listResponseMessage": {"title": "Borsch", "singleSelectReply": "1", "stanzaId": "3AAEEE"}}`,
			answering3AAEEE("[chosen from the list] Borsch")},
		{"button in a webhook", `"typeMessage": "buttonsResponseMessage", "messageData": {"buttonsResponseMessage": {"stanzaId": "3AAEEE", "selectedButtonId": "1", "selectedButtonText": "Sí"}}`,
			answering3AAEEE("[button pressed] Sí")},
		{"button under another name", `"typeMessage": "interactiveButtonsReply", "interactiveButtonsReply": {"stanzaId": "3AAEEE", "selectedId": "1", "selectedDisplayText": "Sí"}`,
			answering3AAEEE("[button pressed] Sí")},
		{"button without a text", `"typeMessage": "templateButtonsReplyMessage", "templateButtonReplyMessage": null`, saying("[button pressed]")},
		{"template with a footer", `"typeMessage": "templateMessage", "messageData": {"templateMessage": {"contentText": null, "footerText": "Bank"}}`, saying("Bank")},
		{"template under the name of the protocol", `"typeMessage": "templateMessage", "templateMessage": {"hydratedTemplate": {"hydratedContentText": "It is ready"}}`, saying("[template] It is ready")},
		{"template with nothing", `"typeMessage": "templateMessage", "templateMessage": {"contentText": "", "buttons": [{"urlButton": null}]}`, skipped("it has no text", "")},
		{"group invitation under another name", `"typeMessage": "groupInviteMessage", "groupInviteMessage": {"groupName": "Tasting club"}`, saying("[group invitation] Tasting club")},
		{"group invitation null", `"typeMessage": "groupInviteMessage", "groupInviteMessageData": null`, saying("[group invitation]")},

		// Orders and products.
		{"order", `"typeMessage": "orderMessage", "messageData": {"orderMessageData": {"orderId": "1", "token": "AR7", "totalPrice": 250000, "currency": "RUB", "itemCount": "1"}}`, saying("[order] 1 item, 2500.00 RUB")},
		{"order with items", `"typeMessage": "orderMessage", "orderMessage": {"totalAmount1000": "12500", "totalCurrencyCode": "EUR", "items": [{"name": "Roses", "quantity": 3}, {"name": "Card"}], "message": null}`,
			saying("[order] 2 items, 12.50 EUR\n- Roses × 3\n- Card")},
		{"order in a currency without cents", `"typeMessage": "orderMessage", "orderMessage": {"totalPrice": "2500", "currency": "JPY"}`, saying("[order] 2500 JPY")},
		{"order in a currency with thousandths", `"typeMessage": "orderMessage", "orderMessage": {"totalPrice": "2500", "currency": "KWD"}`, saying("[order] 2.500 KWD")},
		{"order with a price as people write it", `"typeMessage": "orderMessage", "orderMessage": {"totalPrice": "25.00", "currency": "USD"}`, saying("[order] 25.00 USD")},
		{"order that has only its number", `"typeMessage": "orderMessage", "orderMessage": {"orderId": "1234"}`, saying("[order] 1234")},
		{"order null", `"typeMessage": "orderMessage", "orderMessage": null`, saying("[order]")},
		{"product without a picture", `"typeMessage": "productMessage", "productMessage": {"title": "Roses", "price": "99", "currencyCode": "USD", "url": "https://example.com/77"}`,
			saying("[product] Roses\n0.99 USD\nhttps://example.com/77")},
		{"product null", `"typeMessage": "productMessage", "productMessage": null`, saying("[product]")},

		// Types that are not known.
		{"an event in a webhook", `"typeMessage": "eventMessage", "messageData": {"eventMessage": {"name": "Meeting", "location": {"nameLocation": "Office"}, "joinLink": "https://example.com/join"}}`,
			saying("[event] Meeting\nOffice\nhttps://example.com/join")},
		{"a payment", `"typeMessage": "paymentMessage", "paymentMessage": {"noteMessage": {"extendedTextMessage": {"text": "For lunch"}}, "currency": "INR"}`, saying("For lunch")},
		{"buttons of a new type", `"typeMessage": "interactiveMessage", "interactiveMessage": {"header": {"title": "Offer"}, "body": {"text": "Yes?"}, "nativeFlowMessage": {"buttons": [{"name": "cta_url"}]}}`,
			saying("[interactive] Offer\nYes?")},
		{"a link with the token", `"typeMessage": "newMessage", "url": "https://example.com/[token]/1", "siteUrl": "https://example.com/2"`, saying("[new] https://example.com/2")},
		{"stickers", `"typeMessage": "stickerPackMessage", "stickerPackMessageData": {"stickerPackId": "1", "name": "Cats", "publisher": "WhatsApp"}`, saying("[sticker pack] Cats")},
		{"a call", `"typeMessage": "callLogMessage", "status": "missed"`, saying("[call log]")},
		{"a strange type", `"typeMessage": "  new\nMESSAGE "`, saying("[new message]")},
		{"a number as type", `"typeMessage": 7`, saying("[7]")},
		{"a text of a new type", `"typeMessage": "botMessage", "extendedTextMessageData": {"text": "hi"}`, saying("hi")},
		{"a text not decrypted of a new type", `"typeMessage": "albumMessage", "albumMessage": {"caption": "{{SWE001}}"}`, saying("[album]")},
	}
}

// The content of an entry is used wherever it stands. Otherwise a text names the type of the message.
func TestNested(t *testing.T) {
	for _, tt := range nestedTests() {
		raw := incoming(tt.fields)
		got, invalid := person(unchanged).convert(json.RawMessage(raw), 1)
		if invalid != nil {
			t.Errorf("%s: invalid: %s", tt.name, invalid.Reason)
		} else if diff := cmp.Diff(received(tt.want), got); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", tt.name, tt.fields, diff)
		}
	}
}

// An entry as a webhook has it, with its direction and sender.
func TestWholeWebhook(t *testing.T) {
	raw := `{"typeWebhook": "incomingMessageReceived", "instanceData": {"wid": "79990000000@c.us"}, "timestamp": 1603964449, "idMessage": "3AADDD",
		"senderData": {"chatId": "79001234567@c.us", "sender": "79001234567@c.us", "chatName": "x", "senderName": "Andrew Sh"},
		"messageData": {"typeMessage": "extendedTextMessage", "extendedTextMessageData": {"text": "hi"}}}`
	got, invalid := person(unchanged).convert(json.RawMessage(raw), 1)
	if diff := cmp.Diff(received(saying("hi")), got); diff != "" || invalid != nil {
		t.Errorf("%+v (-want +got):\n%s", invalid, diff)
	}
}

// What is not understood is counted, with an example.
func TestRepairs(t *testing.T) {
	c := person(unchanged)
	for i, fields := range []string{`"typeMessage": "eventMessage", "name": "Meeting"`, `"typeMessage": "pollMessage"`, `"typeMessage": "textMessage", "textMessage": "hi"`,
		`"typeMessage": "albumMessage"`, `"typeMessage": "newMessage", "textMessage": "hi", "isDeleted": true`} {
		c.convert(json.RawMessage(incoming(fields)), i)
	}
	for _, timestamp := range []string{"1603964449000", `"1603964449000"`, "1.603964449e12", "1603964449000000", "1603964449000000000"} {
		raw := fmt.Sprintf(`{"type": "incoming", "timestamp": %s, "idMessage": "3AADDD", "typeMessage": "textMessage", "textMessage": "hi"}`, timestamp)
		m, invalid := c.convert(json.RawMessage(raw), 1)
		if invalid != nil || m.Time.Unix() != written {
			t.Errorf("%s: got %v, %+v", timestamp, m.Time, invalid)
		}
	}
	want := []sources.Repair{
		{What: repairUnknown, Count: 2, Example: `79001234567@c.us/3AADDD is of type "eventMessage"`},
		{What: repairPlaceholder, Count: 2, Example: `79001234567@c.us/3AADDD is of type "pollMessage"`},
		{What: repairTime, Count: 5, Example: `79001234567@c.us/3AADDD: timestamp "1603964449000" is 2020-10-29 09:40:49 UTC`},
	}
	if diff := cmp.Diff(want, c.takeRepairs()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if left := c.takeRepairs(); left != nil {
		t.Errorf("%+v is left", left)
	}
}
