package csvfile

import (
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
	return newConverter(nil, time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)).message(rec)
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
		{"timestamp is empty", func(r *record) { r.Timestamp = "" }},
		{`timestamp "yesterday": not a time; use unix seconds, RFC 3339 or YYYY-MM-DD HH:MM:SS`, func(r *record) { r.Timestamp = "yesterday" }},
		{`timestamp "2024-05-01 10:00": has no time zone; name it with --timezone, e.g. --timezone Europe/Madrid`, func(r *record) { r.Timestamp = "2024-05-01 10:00" }},
		{`timestamp "2055-01-01T00:00:00Z": 2055-01-01 00:00:00 UTC is in the future`, func(r *record) { r.Timestamp = "2055-01-01T00:00:00Z" }},
		{`timestamp "45413": 1970-01-01 12:36:53 UTC is before 2009`, func(r *record) { r.Timestamp = "45413" }},
		{`direction "sideways": not a direction; use in or out`, func(r *record) { r.Direction = "sideways" }},
		{"direction is empty", func(r *record) { r.Direction = "" }},
		{"text is empty", func(r *record) { r.Text = " \n" }},
		{`type "poll": not a kind of message; use text, picture, video, file, voice, audio, sticker, location or contact`, func(r *record) { r.Type = "poll" }},
		{"media_url is empty, which type picture needs", func(r *record) { r.Type = "image" }},
		{`media_url "ftp://example.com/a": not a web address; it must begin with https:// or http://`, func(r *record) { r.MediaURL = "ftp://example.com/a" }},
		{`media_url "photo.jpg": not a web address; it must begin with https:// or http://`, func(r *record) { r.MediaURL = "photo.jpg" }},
		{`media_url "https://": not a web address; it must begin with https:// or http://`, func(r *record) { r.MediaURL = "https://" }},
		{`file_size "12 KB": not a number of bytes`, func(r *record) { r.MediaURL, r.FileSize = "https://example.com/a", "12 KB" }},
		{`file_size "-1": not a number of bytes`, func(r *record) { r.MediaURL, r.FileSize = "https://example.com/a", "-1" }},
		{`file_size "0x10": not a number of bytes`, func(r *record) { r.MediaURL, r.FileSize = "https://example.com/a", "0x10" }},
		{`latitude "91": not a number of degrees from -90 to 90`, func(r *record) { r.Latitude, r.Longitude = "91", "0" }},
		{`latitude "NaN": not a number of degrees from -90 to 90`, func(r *record) { r.Latitude, r.Longitude = "NaN", "0" }},
		{`longitude "37,6": not a number of degrees from -180 to 180`, func(r *record) { r.Latitude, r.Longitude = "55.7", "37,6" }},
		{"longitude is empty", func(r *record) { r.Type, r.Latitude = "location", "55.7" }},
		{"contact_name and contact_phone are empty, which type contact needs", func(r *record) { r.Type = "contact" }},
		{"post_url is empty, which a row with post_id needs", func(r *record) { r.PostID = "1" }},
		{"post_id is empty, which a row with post_url needs", func(r *record) { r.PostURL = "https://example.com/p" }},
		{`post_url "p": not a web address; it must begin with https:// or http://`, func(r *record) { r.PostID, r.PostURL = "1", "p" }},
		{`direction "жжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжж…": not a direction; use in or out`,
			func(r *record) {
				r.Direction = "жжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжж"
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
	for _, tt := range []struct {
		name   string
		change func(*record)
		want   sources.Conversation
	}{
		{"nothing but a chat of WhatsApp", func(r *record) {},
			sources.Conversation{ID: "79001234567@c.us", Kind: sources.Person, Client: sources.Client{
				ID: "79001234567@c.us", Name: "+79001234567", Phone: "+79001234567"}}},
		{"nothing but an id", func(r *record) { r.ConversationID = " chat-17 " },
			sources.Conversation{ID: "chat-17", Kind: sources.Person, Client: sources.Client{ID: "chat-17", Name: "chat-17"}}},
		{"digits alone are no phone", func(r *record) { r.ConversationID = "79001234567" },
			sources.Conversation{ID: "79001234567", Kind: sources.Person, Client: sources.Client{ID: "79001234567", Name: "79001234567"}}},
		{"a phone that is none", func(r *record) { r.ConversationID, r.ClientPhone = "c", "8 900 123-45-67" },
			sources.Conversation{ID: "c", Kind: sources.Person, Client: sources.Client{ID: "c", Name: "c"}}},
		{"a group", func(r *record) { r.ConversationID = "120363025486842017@g.us" },
			sources.Conversation{ID: "120363025486842017@g.us", Kind: sources.Group, Client: sources.Client{
				ID: "120363025486842017@g.us", Name: "120363025486842017@g.us"}}},
		{"everything", func(r *record) {
			r.ConversationID, r.ClientID, r.ClientName, r.ClientPhone = "c", "u", "Ivan", "7 900 123-45-67"
			r.ClientEmail, r.ClientAvatar = "i@example.com", "https://example.com/i.jpg"
		}, sources.Conversation{ID: "c", Kind: sources.Person, Client: sources.Client{ID: "u", Name: "Ivan",
			Phone: "+79001234567", Email: "i@example.com", Avatar: "https://example.com/i.jpg"}}},
		{"an avatar that is no address", func(r *record) { r.ConversationID, r.ClientAvatar = "c", "i.jpg" },
			sources.Conversation{ID: "c", Kind: sources.Person, Client: sources.Client{ID: "c", Name: "c"}}},
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

func TestPhonesAreForgotten(t *testing.T) {
	c := newConverter(nil, time.Time{})
	for i := range maxPhones + 10 {
		c.phone(phoneKey{conversation: string(rune(i + 0x10000))})
	}
	if len(c.phones) > maxPhones {
		t.Errorf("%d phones are remembered, want %d at most", len(c.phones), maxPhones)
	}
}
