package csvfile

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/sources"
)

// valid returns a record that is a text message, changed by change.
func valid(change func(*record)) *record {
	rec := &record{ConversationID: "79001234567@c.us", Timestamp: "2024-05-01T10:00:00Z", Direction: "in", Text: "hi"}
	change(rec)
	return rec
}

func convert(rec *record) (sources.Message, error) {
	sides, _ := newSides(&Settings{})
	c := &converter{now: time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC), sides: sides}
	m, _, err := c.message(row{record: rec, plan: new(plan)})
	return m, err
}

func TestDirections(t *testing.T) {
	for want, words := range map[sources.Direction][]string{
		sources.Incoming: {"in", "incoming", "inbound", "received", "client", "customer", " IN ", "Incoming"},
		sources.Outgoing: {"out", "outgoing", "outbound", "sent", "agent", "manager", "operator", "bot", "OUT"},
	} {
		for _, word := range words {
			got, err := convert(valid(func(r *record) { r.Direction = word }))
			if err != nil || got.Direction != want {
				t.Errorf("direction %q: got %q, %v, want %q", word, got.Direction, err, want)
			}
		}
	}
}

func TestKinds(t *testing.T) {
	media := func(typ, url, name string) func(*record) {
		return func(r *record) { r.Type, r.MediaURL, r.FileName = typ, url, name }
	}
	point := func(r *record) { r.Latitude, r.Longitude = "55.75", "-37.61" }
	card := func(r *record) { r.Text, r.ContactPhone = "", "+79001234567" }
	for _, tt := range []struct {
		name   string
		change func(*record)
		want   sources.Kind
	}{
		{"nothing", func(*record) {}, sources.KindText},
		{"text", func(r *record) { r.Type = "Text" }, sources.KindText},
		{"image", media("image", "https://example.com/a", ""), sources.KindPicture},
		{"photo", media(" Photo ", "https://example.com/a", ""), sources.KindPicture},
		{"document", media("document", "https://example.com/a.jpg", ""), sources.KindFile},
		{"MIME type", media("image/jpeg", "https://example.com/a", ""), sources.KindPicture},
		{"MIME type of a voice", media("audio/ogg; codecs=opus", "https://example.com/a", ""), sources.KindVoice},
		{"MIME type of a file", media("application/pdf", "https://example.com/a.jpg", ""), sources.KindFile},
		{"MIME type of a text", media("text/plain", "", ""), sources.KindText},
		{"chat", media("chat", "", ""), sources.KindText},
		{"ptt", media("PTT", "https://example.com/a.ogg", ""), sources.KindVoice},
		{"imageMessage", media("imageMessage", "https://example.com/a", ""), sources.KindPicture},
		{"voice note", media("Voice note", "https://example.com/a", ""), sources.KindVoice},
		{"unknown", media("revoked", "https://example.com/a.mp4", ""), sources.KindVideo},
		{"unknown, with a text", media("revoked", "", ""), sources.KindText},
		{"location without a place", media("location", "", ""), sources.KindText},
		{"contact without a card", media("vcard", "", ""), sources.KindText},
		{"picture without a link", media("image", "", ""), sources.KindText},
		{"voice", media("voice", "https://example.com/a.ogg", ""), sources.KindVoice},
		{"video", media("video", "http://example.com/a", ""), sources.KindVideo},
		{"audio", media("audio", "http://example.com/a", ""), sources.KindAudio},
		{"sticker", media("sticker", "https://example.com/a.webp", ""), sources.KindSticker},
		{"jpg", media("", "https://example.com/a.JPG?token=1.mp4", ""), sources.KindPicture},
		{"jpg called a text", media("text", "https://example.com/a.jpg", ""), sources.KindPicture},
		{"mp4", media("", "https://example.com/a.mp4", ""), sources.KindVideo},
		{"mp3", media("", "https://example.com/a.mp3", ""), sources.KindAudio},
		{"pdf", media("", "https://example.com/a.pdf", ""), sources.KindFile},
		{"file name", media("", "https://example.com/download?id=7", "photo.png"), sources.KindPicture},
		{"no extension", media("", "https://example.com/download", ""), sources.KindFile},
		{"point", point, sources.KindLocation},
		{"location", func(r *record) { point(r); r.Type = "location" }, sources.KindLocation},
		{"point 0 0", func(r *record) { r.Latitude, r.Longitude = "0", "0.00" }, sources.KindText},
		{"location 0 0", func(r *record) { r.Type, r.Latitude, r.Longitude = "location", "0", "0" }, sources.KindLocation},
		{"no point", func(r *record) { r.Latitude, r.Longitude = "91", "0" }, sources.KindText},
		{"half a point", func(r *record) { r.Latitude = "55" }, sources.KindText},
		{"card", card, sources.KindContact},
		{"card with a text", func(r *record) { card(r); r.Text = "hi" }, sources.KindText},
		{"contact", func(r *record) { r.Type, r.ContactName, r.Text = "contact", "Ivan", "" }, sources.KindContact},
	} {
		got, err := convert(valid(tt.change))
		if err != nil || got.Kind != tt.want {
			t.Errorf("%s: got %q, %v, want %q", tt.name, got.Kind, err, tt.want)
		}
	}
}

func TestReasons(t *testing.T) {
	for _, tt := range []struct {
		want   string
		change func(*record)
	}{
		{"conversation_id is empty", func(r *record) { r.ConversationID = " " }},
		{"conversation_id is empty", func(r *record) { r.ConversationID = "NULL" }},
		{`conversation_id "7.9001E+10": a spreadsheet has shortened this number; format the column as text and export it again`, func(r *record) { r.ConversationID = "7.9001E+10" }},
		{`client_id "7,9E+10": a spreadsheet has shortened this number; format the column as text and export it again`, func(r *record) { r.ClientID = "7,9E+10" }},
		{`message_id "3E+17": a spreadsheet has shortened this number; format the column as text and export it again`, func(r *record) { r.MessageID = "'3E+17" }},
		{"timestamp is empty", func(r *record) { r.Timestamp = "" }},
		{`timestamp "yesterday": not a time such as 2024-01-31 08:00; name its form with --time-format, such as --time-format "DD.MM.YYYY HH:MM"`, func(r *record) { r.Timestamp = "yesterday" }},
		{`timestamp "2024-05-01 10:00": has no time zone; name it with --timezone, e.g. --timezone Europe/Madrid`, func(r *record) { r.Timestamp = "2024-05-01 10:00" }},
		{`timestamp "2055-01-01T00:00:00Z": 2055-01-01 00:00:00 UTC is in the future`, func(r *record) { r.Timestamp = "2055-01-01T00:00:00Z" }},
		{`timestamp "4541": 1970-01-01 01:15:41 UTC is before 2009`, func(r *record) { r.Timestamp = "4541" }},
		{`direction "sideways": not a direction; use in or out, or list the value in --incoming, --outgoing or --skip`, func(r *record) { r.Direction = "sideways" }},
		{"direction is empty", func(r *record) { r.Direction = "" }},
		{"text is empty", func(r *record) { r.Text = " \n" }},
		{"text is empty", func(r *record) { r.Text = "NULL" }},
		{"text is empty", func(r *record) { r.Text, r.Latitude, r.Longitude = "", "0", "0.0" }},
		{"text is empty", func(r *record) { r.Text, r.MediaURL = "", "-" }},
		{`type "poll": not a kind of message; use text, picture, video, file, voice, audio, sticker, location or contact`, func(r *record) { r.Text, r.Type = "", "poll" }},
		{"media_url is empty, which type picture needs", func(r *record) { r.Text, r.Type = "", "image" }},
		{`media_url "https://example.com/a https://example.com/a https://example.…": more than 100 links`, func(r *record) { r.MediaURL = strings.Repeat("https://example.com/a ", 101) }},
		{`latitude "91": not a number of degrees from -90 to 90`, func(r *record) { r.Text, r.Latitude, r.Longitude = "", "91", "0" }},
		{`latitude "NaN1": not a number of degrees from -90 to 90`, func(r *record) { r.Text, r.Latitude, r.Longitude = "", "NaN1", "0" }},
		{`longitude "37,6": not a number of degrees from -180 to 180`, func(r *record) { r.Text, r.Latitude, r.Longitude = "", "55.7", "37,6" }},
		{"longitude is empty", func(r *record) { r.Text, r.Type, r.Latitude = "", "location", "55.7" }},
		{"latitude and longitude are empty, which type location needs", func(r *record) { r.Text, r.Type = "", "location" }},
		{"contact_name and contact_phone are empty, which type contact needs", func(r *record) { r.Text, r.Type = "", "contact" }},
		{`direction "жжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжж…": not a direction; use in or out, or list the value in --incoming, --outgoing or --skip`,
			func(r *record) {
				r.Direction = "жжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжж"
			}},
	} {
		got := ""
		if m, err := convert(valid(tt.change)); err != nil {
			got = err.Error()
		} else {
			t.Logf("converted to %+v", m)
		}
		if got != tt.want {
			t.Errorf("got  %q\nwant %q", got, tt.want)
		}
	}
}

func TestClients(t *testing.T) {
	person := func(client sources.Client) sources.Conversation {
		return sources.Conversation{ID: client.ID, Kind: sources.Person, Client: client}
	}
	ids := func(conversation, phone string) func(*record) {
		return func(r *record) { r.ConversationID, r.ClientPhone = conversation, phone }
	}
	for _, tt := range []struct {
		name   string
		change func(*record)
		want   sources.Conversation
	}{
		{"nothing but a chat of WhatsApp", func(r *record) {},
			person(sources.Client{ID: "79001234567@c.us", Phone: "79001234567@c.us"})},
		{"nothing but an id", ids(" chat-17 ", ""), person(sources.Client{ID: "chat-17"})},
		{"digits alone may be another number", ids("79001234567", ""),
			person(sources.Client{ID: "79001234567", SuspectedPhone: "79001234567"})},
		{"digits alone with a phone", ids("79001234567", "+34612345678"),
			person(sources.Client{ID: "79001234567", Phone: "+34612345678"})},
		{"a phone as the id", ids("+7 900 123-45-67", ""),
			person(sources.Client{ID: "+7 900 123-45-67", Phone: "+7 900 123-45-67"})},
		{"a phone of Twilio as the id", ids("whatsapp:+79001234567", ""),
			person(sources.Client{ID: "whatsapp:+79001234567", Phone: "whatsapp:+79001234567"})},
		{"a @lid", ids("79001234567@lid", ""), person(sources.Client{ID: "79001234567@lid"})},
		{"WhatsApp itself", ids("0@c.us", ""), person(sources.Client{ID: "0@c.us"})},
		{"a local phone", ids("c", "8 900 123-45-67"), person(sources.Client{ID: "c", Phone: "8 900 123-45-67"})},
		{"a phone as a number", ids("c", "79001234567.0"), person(sources.Client{ID: "c", Phone: "79001234567.0"})},
		{"another phone in a chat of WhatsApp", ids("79001234567@c.us", "+34 612 345 678"),
			person(sources.Client{ID: "79001234567@c.us", Phone: "+34 612 345 678"})},
		{"a local phone in a chat of WhatsApp", ids("79001234567@c.us", "8 900 123-45-67"),
			person(sources.Client{ID: "79001234567@c.us", Phone: "79001234567@c.us"})},
		{"a spoiled phone in a chat of WhatsApp", ids("79001234567@c.us", "7.9E+10"),
			person(sources.Client{ID: "79001234567@c.us", Phone: "79001234567@c.us"})},
		{"no phone in words in a chat of WhatsApp", ids("79001234567@c.us", "unknown"),
			person(sources.Client{ID: "79001234567@c.us", Phone: "79001234567@c.us"})},
		{"a client of WhatsApp", func(r *record) { r.ConversationID, r.ClientID = "c", "79001234567@c.us" },
			sources.Conversation{ID: "c", Kind: sources.Person, Client: sources.Client{ID: "79001234567@c.us", Phone: "79001234567@c.us"}}},
		{"a group", ids("120363025486842017@g.us", ""),
			sources.Conversation{ID: "120363025486842017@g.us", Kind: sources.Group, Client: sources.Client{ID: "120363025486842017@g.us"}}},
		{"everything", func(r *record) {
			r.ConversationID, r.ClientID, r.ClientName, r.ClientPhone = "c", "u", "Ivan", "7 900 123-45-67"
			r.ClientEmail, r.ClientAvatar = "i@example.com", "https://example.com/i.jpg"
		}, sources.Conversation{ID: "c", Kind: sources.Person, Client: sources.Client{ID: "u", Name: "Ivan",
			Phone: "7 900 123-45-67", Email: "i@example.com", Avatar: "https://example.com/i.jpg"}}},
		{"a bad avatar and a bad e-mail", func(r *record) { r.ConversationID, r.ClientAvatar, r.ClientEmail = "c", "i.jpg", "none given" },
			person(sources.Client{ID: "c"})},
	} {
		got, err := convert(valid(tt.change))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got.Conversation); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestMessageWithEverything(t *testing.T) {
	got, err := convert(valid(func(r *record) {
		r.Direction, r.MessageID, r.ReplyTo, r.AuthorID, r.AuthorName = "out", " m2 ", "m1", "17", "Anna"
		r.MediaURL, r.FileName, r.FileSize = "https://example.com/a.pdf", "offer.pdf", "010"
		r.PostID, r.PostURL, r.PostPreviewURL = "p", "https://example.com/p", "https://example.com/p.jpg"
		r.PostPreviewPermalink, r.PostUsername, r.PostCaption = "https://example.com/p2.jpg", "shop", "New bikes"
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := sources.Message{
		Conversation: got.Conversation, ID: "m2", Time: time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC),
		Direction: sources.Outgoing, Author: sources.Author{ID: "17", Name: "Anna"}, Kind: sources.KindFile, Text: "hi",
		Media: &sources.Media{URL: "https://example.com/a.pdf", Name: "offer.pdf", Size: 10},
		Post: &sources.Post{ID: "p", URL: "https://example.com/p", PreviewURL: "https://example.com/p.jpg",
			PreviewPermalink: "https://example.com/p2.jpg", Username: "shop", Caption: "New bikes"},
		ReplyTo: "m1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
