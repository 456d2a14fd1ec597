package kommo

import (
	"bytes"
	"math"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func notANumber() float64 { return math.NaN() }

// goldens are the messages behind the lines of testdata/messages.jsonl, in order.
func goldens() []NewMessage {
	client := Participant{
		ID: "my_int-1376265f", Name: "Client name", Avatar: "https://example.com/users/avatar.png",
		Profile: Profile{Phone: "+1234567890", Email: "client@example.com"},
	}
	manager := Participant{ID: "my_int-manager1_user_id", Name: "Manager name", RefID: "76fc2bea-902f-425c-9a3d-dcdac4766090"}
	post := Post{
		ID: "my-int-376265", URL: "https://www.example.com/@example/video/7490", PreviewURL: "https://example/1/preview.png",
		PreviewPermalink: "https://example/2/preview.png", Username: "post creator", Caption: "Post description",
	}
	const media = "https://example.com/m?a=1&b=2"
	comment := func(silent bool, sender, receiver Participant, text string) NewMessage {
		return NewMessage{
			Timestamp: 1639604761, MsecTimestamp: 1639604761694, MsgID: "m", ConversationID: "c",
			Sender: sender, Receiver: receiver, Message: Message{Type: TypeText, Text: text, Post: post}, Silent: silent,
		}
	}
	messages := []NewMessage{
		comment(false, client, Participant{}, "Message from the client"),
		comment(true, manager, client, "Comment from a manager"),
	}
	for _, content := range []Message{
		{Type: TypeText, Text: "<b>a & b</b> \"ü\" 😀\n"},
		{Type: TypePicture, Media: media, FileName: "a.jpg", FileSize: 27107, Text: "caption"},
		{Type: TypeVideo, Media: media, FileName: "a.mp4", FileSize: 1},
		{Type: TypeFile, Media: media, FileName: "a.pdf", FileSize: 2},
		{Type: TypeVoice, Media: media},
		{Type: TypeAudio, Media: media},
		{Type: TypeSticker, Media: media},
		{Type: TypeLocation, Location: &Location{}},
		{Type: TypeLocation, Location: &Location{Longitude: 37.617633, Latitude: -55.75}},
		{Type: TypeContact, Contact: Contact{Name: "Ann", Phone: "+79151112233"}},
	} {
		messages = append(messages, NewMessage{
			Timestamp: 1, MsecTimestamp: 1001, MsgID: "m", ConversationID: "c", Sender: Participant{ID: "u", Name: "U"},
			Message: content, Silent: true,
		})
	}
	text := Message{Type: TypeText, Text: "yes"}
	return append(messages,
		NewMessage{MsgID: "m", ConversationID: "c", Sender: manager, Message: text, ReplyTo: ReplyTo{Quote{MsgID: "m-0"}}},
	)
}

func TestMarshal(t *testing.T) {
	file, err := os.ReadFile("testdata/messages.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Split(bytes.TrimSuffix(file, []byte("\n")), []byte("\n"))
	messages := goldens()
	if len(want) != len(messages) {
		t.Fatalf("got %d messages, want %d", len(messages), len(want))
	}
	for i, message := range messages {
		got, err := Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want[i]), string(got)); diff != "" {
			t.Errorf("line %d differs (-want +got):\n%s", i+1, diff)
		}
	}
}
