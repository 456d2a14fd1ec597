package importer

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/kommo"
	"kommo-import/internal/sandbox"
	"kommo-import/sources"
)

func TestCompose(t *testing.T) {
	const bot, user = "5a0db0c5-0000-4000-8000-0000000000b1", "76fc2bea-902f-425c-9a3d-dcdac4766090"
	person := &conversation{externalID: "7900@c.us", kind: sources.Person,
		client: sources.Client{ID: "client", Name: "Ann", Phone: "+79001234567", Email: "a@example.com", Avatar: "https://example.com/a.png"}}
	ann := kommo.Participant{ID: "client", Name: "Ann", Avatar: "https://example.com/a.png",
		Profile: kommo.Profile{Phone: "+79001234567", Email: "a@example.com"}}
	group := &conversation{externalID: "1@g.us", kind: sources.Group, client: sources.Client{ID: "1@g.us", Name: "Team"}}
	team := kommo.Participant{ID: "1@g.us", Name: "Team"}
	picture := sources.Message{Kind: sources.KindPicture, Text: "look", Media: &sources.Media{URL: "https://example.com/x/a.jpg?sig=1", Name: "invoice.jpg", Size: 5}}
	bare := sources.Message{Kind: sources.KindFile, Media: &sources.Media{URL: "https://example.com/x/a.pdf?sig=1"}}
	closed := sources.Message{Kind: sources.KindFile, Media: &sources.Media{URL: "https://max:pass@word@nas.example.com:8443/x/@a.pdf?to=b@c"}}
	found, gone, failed := mediaInfo{Status: mediaFound}, mediaInfo{Status: mediaGone}, mediaInfo{Status: mediaFailed}
	looked := mediaInfo{Status: mediaFound, Size: 7, Name: "report.pdf"}
	text := sources.Message{Kind: sources.KindText, Text: "hello"}

	for _, tt := range []struct {
		name string
		cv   *conversation
		m    outgoing
		want kommo.NewMessage // ids and times apart
	}{
		{"incoming", person, outgoing{direction: sources.Incoming, content: text},
			kommo.NewMessage{Silent: true, Sender: ann, Message: kommo.Message{Type: "text", Text: "hello"}}},
		{"loud", person, outgoing{direction: sources.Incoming, content: text, notifies: true},
			kommo.NewMessage{Sender: ann, Message: kommo.Message{Type: "text", Text: "hello"}}},
		{"by the bot", person, outgoing{direction: sources.Outgoing, content: text},
			kommo.NewMessage{Silent: true, Receiver: ann, Sender: kommo.Participant{ID: bot, Name: "Shop", RefID: bot},
				Message: kommo.Message{Type: "text", Text: "hello"}}},
		{"by a user known by id", person, outgoing{direction: sources.Outgoing, content: by(text, "17", "Mark")},
			kommo.NewMessage{Silent: true, Receiver: ann, Sender: kommo.Participant{ID: user, Name: "Mark", RefID: user},
				Message: kommo.Message{Type: "text", Text: "hello"}}},
		{"by a user known by name", person, outgoing{direction: sources.Outgoing, content: by(text, "18", "Anna")},
			kommo.NewMessage{Silent: true, Receiver: ann, Sender: kommo.Participant{ID: user, Name: "Anna", RefID: user},
				Message: kommo.Message{Type: "text", Text: "hello"}}},
		{"picture", person, outgoing{direction: sources.Incoming, content: picture, media: found},
			kommo.NewMessage{Silent: true, Sender: ann, Message: kommo.Message{Type: "picture", Text: "look",
				Media: picture.Media.URL, FileName: "invoice.jpg", FileSize: 5}}},
		{"picture that is gone", person, outgoing{direction: sources.Incoming, content: picture, media: gone},
			kommo.NewMessage{Silent: true, Sender: ann, Message: kommo.Message{Type: "text", Text: "[picture: invoice.jpg, no longer available]\nlook"}}},
		{"picture that Kommo refused", person, outgoing{direction: sources.Incoming, content: picture, media: found, form: form{asText: true}},
			kommo.NewMessage{Silent: true, Sender: ann, Message: kommo.Message{Type: "text", Text: "[picture: invoice.jpg] " + picture.Media.URL + "\nlook"}}},
		{"file that was looked up", person, outgoing{direction: sources.Incoming, content: bare, media: looked},
			kommo.NewMessage{Silent: true, Sender: ann, Message: kommo.Message{Type: "file", Media: bare.Media.URL, FileName: "report.pdf", FileSize: 7}}},
		{"file without an answer", person, outgoing{direction: sources.Incoming, content: bare, media: failed},
			kommo.NewMessage{Silent: true, Sender: ann, Message: kommo.Message{Type: "text", Text: "[file: a.pdf] " + bare.Media.URL}}},
		{"file behind a password", person, outgoing{direction: sources.Incoming, content: closed, media: failed},
			kommo.NewMessage{Silent: true, Sender: ann, Message: kommo.Message{Type: "text", Text: "[file: @a.pdf] https://nas.example.com:8443/x/@a.pdf?to=b@c"}}},
		{"location", person, outgoing{direction: sources.Incoming, content: sources.Message{Kind: sources.KindLocation, Location: &sources.Location{Latitude: 1, Longitude: 2}}},
			kommo.NewMessage{Silent: true, Sender: ann, Message: kommo.Message{Type: "location", Location: &kommo.Location{Latitude: 1, Longitude: 2}}}},
		{"contact", person, outgoing{direction: sources.Incoming, content: sources.Message{Kind: sources.KindContact, Contact: &sources.Contact{Phone: "+7900"}}},
			kommo.NewMessage{Silent: true, Sender: ann, Message: kommo.Message{Type: "contact", Contact: kommo.Contact{Name: "+7900", Phone: "+7900"}}}},
		{"contact without a phone", person, outgoing{direction: sources.Incoming, content: sources.Message{Kind: sources.KindContact, Contact: &sources.Contact{Name: "Bob"}}},
			kommo.NewMessage{Silent: true, Sender: ann, Message: kommo.Message{Type: "text", Text: "[contact: Bob]"}}},
		{"comment", person, outgoing{direction: sources.Incoming, content: sources.Message{Kind: sources.KindText, Text: "nice", Post: &sources.Post{ID: "p", URL: "https://example.com/p", Caption: "new"}}},
			kommo.NewMessage{Silent: true, Sender: ann, Message: kommo.Message{Type: "text", Text: "nice", Post: kommo.Post{ID: "p", URL: "https://example.com/p", Caption: "new"}}}},
		{"reply", person, outgoing{direction: sources.Incoming, content: text, quotes: identity{1}},
			kommo.NewMessage{Silent: true, Sender: ann, Message: kommo.Message{Type: "text", Text: "hello"},
				ReplyTo: kommo.ReplyTo{Message: kommo.Quote{MsgID: identity{1}.msgid()}}}},
		{"group", group, outgoing{direction: sources.Incoming, content: by(text, "", "Bob")},
			kommo.NewMessage{Silent: true, Sender: team, Message: kommo.Message{Type: "text", Text: "Bob: hello"}}},
		{"group, somebody without a name", group, outgoing{direction: sources.Incoming, content: by(text, "7900@c.us", "")},
			kommo.NewMessage{Silent: true, Sender: team, Message: kommo.Message{Type: "text", Text: "7900@c.us: hello"}}},
		{"group, the company", group, outgoing{direction: sources.Outgoing, content: by(text, "7900@c.us", "")},
			kommo.NewMessage{Silent: true, Receiver: team, Sender: kommo.Participant{ID: bot, Name: "Shop", RefID: bot},
				Message: kommo.Message{Type: "text", Text: "hello"}}},
		{"group, one of the company", group, outgoing{direction: sources.Outgoing, content: by(text, "", "Eva")},
			kommo.NewMessage{Silent: true, Receiver: team, Sender: kommo.Participant{ID: bot, Name: "Shop", RefID: bot},
				Message: kommo.Message{Type: "text", Text: "Eva: hello"}}},
		{"group, a file without words", group, outgoing{direction: sources.Incoming, content: by(picture2(), "", "Bob"), media: found},
			kommo.NewMessage{Silent: true, Sender: team, Message: kommo.Message{Type: "picture", Text: "Bob",
				Media: "https://example.com/a.jpg", FileName: "a.jpg", FileSize: 1}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			composer := Composer{BotID: bot, BotName: "Shop", Users: map[string]string{"17": user, "Anna": user}, Prefix: "wa-"}
			tt.m.msec, tt.m.identity = 1700000000123, identity{0xab}
			if tt.m.media.Status == "" {
				tt.m.media = found
			}
			tt.want.Timestamp, tt.want.MsecTimestamp, tt.want.MsgID = 1700000000, 1700000000123, tt.m.identity.msgid()
			tt.want.ConversationID = "wa-" + tt.cv.externalID
			got, err := composer.compose(tt.cv, &tt.m)
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func by(m sources.Message, id, name string) sources.Message {
	m.Author = sources.Author{ID: id, Name: name}
	return m
}

func picture2() sources.Message {
	return sources.Message{Kind: sources.KindPicture, Media: &sources.Media{URL: "https://example.com/a.jpg", Name: "a.jpg", Size: 1}}
}

// Without a bot, the authors who are no Kommo users are named before anything is sent.
func TestNoSender(t *testing.T) {
	f := loaded(t)
	box := newBox()
	s := newSender(f, box)
	s.Composer.BotID = ""
	_, err := s.Send(t.Context())
	if missing, ok := errors.AsType[*NoSenderError](err); !ok || len(missing.Authors) != 1 || missing.Authors[0].Messages != 4 {
		t.Errorf("send returns %v", err)
	}
	if len(box.Requests()) > 0 {
		t.Error("requests were made")
	}
	preview, err := f.Preview(s.Composer, Selection{}, 6)
	if err != nil || len(preview.Warnings) == 0 || preview.Warnings[0].Kind != NoSender || preview.Warnings[0].Count != 4 {
		t.Errorf("preview warns %+v, error %v", preview.Warnings, err)
	}
}

// Replies name the message they answer if it was sent before them, and only then.
func TestReplies(t *testing.T) {
	f := newFile(t)
	load(t, f, csvHeader+
		"c,1700000000,in,question,1,,,,,,,\n"+
		"c,1700000001,in,answer,2,,,1,,,,\n"+
		"c,1700000002,in,answer to one that comes later,3,,,4,,,,\n"+
		"c,1700000003,in,answer to one that is not there,4,,,9,,,,\n"+
		"d,1700000003,in,answer to one of another conversation,5,,,1,,,,\n")
	planned := bodies(t, f, newComposer())
	for i, body := range append(planned["c"], planned["d"]...) {
		want := ""
		if i == 1 {
			want = msgidOf(planned["c"][0])
		}
		if got := between(between(body, `"reply_to":`, "}}"), `"msgid":"`, `"`); got != want {
			t.Errorf("message %d answers %q, want %q", i, got, want)
		}
	}
}

// An answer to a message that Kommo refused is sent as if it answered no message: it would be refused too.
func TestReplyToARefusedMessage(t *testing.T) {
	f := newFile(t)
	load(t, f, csvHeader+"c,1700000000,in,question,1,,,,,,,\n"+"c,1700000001,in,answer,2,,,1,,,,\n")
	box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.Refuse, N: 1}}})
	report, err := newSender(f, box).Send(t.Context())
	if err != nil || report.Refused != 1 || report.Accepted != 1 {
		t.Errorf("report %+v, error %v, want one refused and one accepted", report, err)
	}
}
