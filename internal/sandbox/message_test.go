package sandbox_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

// payload returns a message whose payload has these fields besides the usual ones, or instead of them. The value
// null leaves a field out.
func payload(t *testing.T, fields string) string {
	t.Helper()
	p := map[string]any{
		"timestamp":       1639604761,
		"msec_timestamp":  1639604761694,
		"msgid":           "m1",
		"conversation_id": "a",
		"sender":          map[string]any{"id": "c1", "name": "Anna"},
		"message":         map[string]any{"type": "text", "text": "hello"},
	}
	var changes map[string]json.RawMessage
	if err := json.Unmarshal([]byte("{"+fields+"}"), &changes); err != nil {
		t.Fatal(err)
	}
	for name, value := range changes {
		if p[name] = value; string(value) == "null" {
			delete(p, name)
		}
	}
	body, err := json.Marshal(map[string]any{"event_type": "new_message", "payload": p})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

const receiver = `"receiver":{"id":"c1","name":"Anna"}`

func TestMessageAccepted(t *testing.T) {
	tests := []struct{ name, fields string }{
		{"text", ``},
		{"silent", `"silent":true`},
		{"source", `"source":{"external_id":"+7 800 123-45-67"}`},
		{"whole sender", `"sender":{"id":"c1","name":"Anna","avatar":"https://example.com/a.png","profile":{"phone":"+1","email":"a@b.c"},"profile_link":"https://example.com/a"}`},
		{"outgoing", receiver + `,"sender":{"id":"u1","name":"Max","ref_id":"76fc2bea-902f-425c-9a3d-dcdac4766090"}`},
		{"picture", `"message":{"type":"picture","text":null,"media":"https://example.com/a.jpg","file_name":"a.jpg","file_size":0}`},
		{"video", `"message":{"type":"video","media":"https://example.com/a","file_name":"a","file_size":1}`},
		{"file", `"message":{"type":"file","media":"https://example.com/a","file_name":"a","file_size":1,"text":"see"}`},
		{"voice", `"message":{"type":"voice","media":"https://example.com/a.ogg"}`},
		{"audio", `"message":{"type":"audio","media":"https://example.com/a.ogg"}`},
		{"sticker", `"message":{"type":"sticker","media":"https://example.com/a.webp"}`},
		{"location", `"message":{"type":"location","location":{"lon":37,"lat":-55.75}}`},
		{"contact", `"message":{"type":"contact","contact":{"name":"Bo","phone":"+1"}}`},
		{"nulls", `"sender":{"id":"c1","name":"Anna","avatar":null,"profile":null},` +
			`"message":{"type":"text","text":"hello","media":null,"file_size":null,"callback_data":null,"unknown":null}`},
		{"times apart", `"msec_timestamp":1639604761`},
		{"duration", `"message":{"type":"voice","media":"https://example.com/a.ogg","media_duration":3,"sticker_id":"s","callback_data":"c"}`},
		{"delivered", `"message":{"type":"text","text":"x","delivery_status":{"status_code":-1,"error_code":905,"error":"e"}}`},
		{"shared post", `"message":{"type":"text","text":"x","shared_post":{"url":"https://example.com/p","preview_link":"https://example.com/1",` +
			`"preview_permalink":"https://example.com/2","type":"post","site_name":"s"}}`},
		{"quote spelt out", `"reply_to":{"message":{"msgid":"unknown","type":"text","text":"q","timestamp":1,"msec_timestamp":1000,"sender":{"name":"A"}}}`},
		{"forward", `"forwards":{"messages":[{"msgid":"x"}],"conversation_id":"b"}`},
		{"comment", `"message":{"type":"text","text":"nice","post":{"id":"p","url":"https://example.com/p","preview_url":"","username":"u","caption":"c"}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCaller(sandbox.Options{})
			if got := c.post(t, payload(t, tt.fields)); got.Status != 200 {
				t.Errorf("got %+v, want status 200", got)
			}
		})
	}
}

// The published samples of comments are a chat of two people.
func TestPublishedComments(t *testing.T) {
	c := newCaller(sandbox.Options{})
	samples, err := os.ReadFile("testdata/comments.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	mustPost(t, c, strings.Split(strings.TrimSpace(string(samples)), "\n")...)
	want := sandbox.Summary{Chats: 1, Messages: 2, Distinct: 2, Loud: 1, IncomingLeads: 1, Incoming: 1, Outgoing: 1, Requests: 2, BusiestSecond: 2}
	if diff := cmp.Diff(want, c.Summary()); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	if got := len(c.Dump().Chats[0].Participants); got != 2 {
		t.Errorf("%d participants, want 2", got)
	}
}

func TestMessageRefused(t *testing.T) {
	tests := []struct{ name, fields, want string }{
		{"no timestamp", `"timestamp":null`, "payload.timestamp: missing"},
		{"timestamp as text", `"timestamp":"1639604761"`, `payload.timestamp: want a whole number from 0, got "1639604761"`},
		{"timestamp as float", `"timestamp":1639604761.0`, "payload.timestamp: want a whole number from 0, got 1639604761.0"},
		{"negative timestamp", `"timestamp":-1`, "payload.timestamp: want a whole number from 0, got -1"},
		{"no msec_timestamp", `"msec_timestamp":null`, "payload.msec_timestamp: missing"},
		{"empty msgid", `"msgid":""`, `payload.msgid: want a string that is not empty, got ""`},
		{"msgid as number", `"msgid":7`, "payload.msgid: want a string that is not empty, got 7"},
		{"no conversation", `"conversation_id":null`, "payload.conversation_id: missing"},
		{"silent as text", `"silent":"true"`, `payload.silent: want true or false, got "true"`},
		{"unknown field", `"msg_id":"m"`, "payload.msg_id: unknown field"},
		{"other case", `"Silent":true`, "payload.Silent: unknown field"},
		{"long source", `"source":{"external_id":"` + strings.Repeat("1", 41) + `"}`, `payload.source.external_id: want up to 40 printable ASCII characters, got "` + strings.Repeat("1", 41) + `"`},
		{"source in Cyrillic", `"source":{"external_id":"я"}`, `payload.source.external_id: want up to 40 printable ASCII characters, got "я"`},
		{"no sender", `"sender":null`, "payload.sender: missing"},
		{"sender without name", `"sender":{"id":"c1"}`, "payload.sender.name: missing"},
		{"sender without id", `"sender":{"name":"Anna"}`, "payload.sender.id: missing"},
		{"phone as number", `"sender":{"id":"c1","name":"A","profile":{"phone":7915}}`, "payload.sender.profile.phone: want a string, got 7915"},
		{"ref_id of api/v4", `"sender":{"id":"u1","name":"A","ref_id":"1234567"}`, `payload.sender.ref_id: want a uuid of Kommo, got "1234567"`},
		{"avatar", `"sender":{"id":"c1","name":"A","avatar":"a.png"}`, `payload.sender.avatar: want an http or https address, got "a.png"`},
		{"receiver of a client's message", receiver, "payload.sender.ref_id: missing, although there is a receiver"},
		{"receiver as text", `"receiver":"c1"`, `payload.receiver: want an object, got "c1"`},
		{"no message", `"message":null`, "payload.message: missing"},
		{"template", `"message":{"type":"template"}`, `payload.message.type: want one of text, contact, file, video, picture, voice, audio, sticker, location, got "template"`},
		{"no text", `"message":{"type":"text"}`, "payload.message.text: missing"},
		{"empty text", `"message":{"type":"text","text":""}`, `payload.message.text: want a string that is not empty, got ""`},
		{"text null", `"message":{"type":"text","text":null}`, "payload.message.text: missing"},
		{"picture without media", `"message":{"type":"picture","file_name":"a","file_size":1}`, "payload.message.media: missing"},
		{"video without name", `"message":{"type":"video","media":"https://example.com/a","file_size":1}`, "payload.message.file_name: missing"},
		{"file without size", `"message":{"type":"file","media":"https://example.com/a","file_name":"a"}`, "payload.message.file_size: missing"},
		{"size as text", `"message":{"type":"file","media":"https://example.com/a","file_name":"a","file_size":"1"}`, `payload.message.file_size: want a whole number from 0, got "1"`},
		{"voice without media", `"message":{"type":"voice"}`, "payload.message.media: missing"},
		{"media on a disk", `"message":{"type":"audio","media":"file:///a.ogg"}`, `payload.message.media: want an http or https address, got "file:///a.ogg"`},
		{"sticker without media", `"message":{"type":"sticker"}`, "payload.message.media: missing"},
		{"location without place", `"message":{"type":"location","text":"here"}`, "payload.message.location: missing"},
		{"latitude as text", `"message":{"type":"location","location":{"lon":1.5,"lat":"2"}}`, `payload.message.location.lat: want a number between -90 and 90, got "2"`},
		{"longitude", `"message":{"type":"location","location":{"lon":181,"lat":2}}`, "payload.message.location.lon: want a number between -180 and 180, got 181"},
		{"contact without phone", `"message":{"type":"contact","contact":{"name":"Bo"}}`, "payload.message.contact.phone: missing"},
		{"post without url", `"message":{"type":"text","text":"x","post":{"id":"p"}}`, "payload.message.post.url: missing"},
		{"quote of nothing", `"reply_to":{"message":{"msgid":"m0"}}`, "payload.reply_to.message: not a message of this chat"},
		{"quote spelt out in part", `"reply_to":{"message":{"type":"text","text":"q"}}`, "payload.reply_to.message.timestamp: missing"},
		{"quote of an unknown text", `"reply_to":{"message":{"type":"text","timestamp":1,"msec_timestamp":1000,"sender":{"name":"A"}}}`,
			"payload.reply_to.message.text: missing"},
		{"two forwards", `"forwards":{"messages":[{"msgid":"x"},{"msgid":"y"}]}`,
			`payload.forwards.messages: want a list of 1 to 1, got [{"msgid":"x"},{"msgid":"y"}]`},
		{"forward of nothing", `"forwards":{"messages":[{}]}`, "payload.forwards.messages[0].type: missing"},
		{"forwards as object", `"forwards":{"messages":{}}`, `payload.forwards.messages: want a list of 1 to 1, got {}`},
		{"other chat", `"conversation_ref_id":"5a0db0c5-0000-4000-8000-000000000009"`, "payload.conversation_ref_id: not a chat of this channel"},
		{"reference alone", `"conversation_id":null,"conversation_ref_id":"5a0db0c5-0000-4000-8000-000000000009"`, "payload.conversation_id: missing"},
		{"Kommo's id", `"id":"5a0db0c5-0000-4000-8000-000000000009"`, "payload.id: unknown field"},
		{"failed without reason", `"message":{"type":"text","text":"x","delivery_status":{"status_code":-1}}`, "payload.message.delivery_status.error_code: missing"},
		{"delivery as text", `"message":{"type":"text","text":"x","delivery_status":{"status_code":"1"}}`,
			`payload.message.delivery_status.status_code: want one of -1, 1, 2, got "1"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCaller(sandbox.Options{})
			checkRefusal(t, c, payload(t, tt.fields), tt.want)
		})
	}
}

func TestBodyRefused(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"empty", "", "body: not JSON: EOF"},
		{"array", "[]", "body: want an object, got []"},
		{"two values", "{} {}", "body: more than one JSON value"},
		{"latin-1", "{\"event_type\":\"\xe9\"}", "body: not UTF-8"},
		{"unknown event", `{"event_type":"delete_message","payload":{}}`, `event_type: want one of new_message, edit_message, got "delete_message"`},
		{"edit", `{"event_type":"edit_message","payload":{}}`, `payload.timestamp: missing`},
		{"beside the payload", strings.Replace(incoming("m", "a", 0), "{", `{"silent":true,`, 1), "silent: unknown field"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkRefusal(t, newCaller(sandbox.Options{}), tt.body, tt.want)
		})
	}
}

func checkRefusal(t *testing.T, c caller, body, want string) {
	t.Helper()
	got := c.post(t, body)
	var e struct {
		Status      int    `json:"status"`
		Code        int    `json:"error_code"`
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal([]byte(got.Body), &e); err != nil || got.Status != 400 || e.Code != 400 {
		t.Fatalf("got %+v, %v, want status 400 and the envelope of an error", got, err)
	}
	if e.Description != want {
		t.Errorf("got %q, want %q", e.Description, want)
	}
	if n := c.Summary().Messages; n != 0 {
		t.Errorf("%d messages taken, want none", n)
	}
}

func TestMessageAnswer(t *testing.T) {
	c := newCaller(sandbox.Options{})
	want := `{"new_message":{"conversation_id":"752c2ebe-2b25-50ad-a36c-d0f44265a895","sender_id":"dad4cedc-9147-5440-9193-08c70965eff8",` +
		`"msgid":"a518cf9e-a722-5abd-9001-cb5c87392157","ref_id":"m1"}}`
	if diff := cmp.Diff(reply{200, want}, c.post(t, incoming("m1", "a", 0))); diff != "" {
		t.Errorf("incoming (-want +got):\n%s", diff)
	}
	body := payload(t, `"msgid":"m2",`+receiver+`,"sender":{"id":"bot","name":"Bot","ref_id":"`+c.Options.BotID+`"}`)
	want = `{"new_message":{"conversation_id":"752c2ebe-2b25-50ad-a36c-d0f44265a895","sender_id":"` + c.Options.BotID + `",` +
		`"receiver_id":"dad4cedc-9147-5440-9193-08c70965eff8","msgid":"b1a4fa8e-ecc2-5b11-8f7c-131e7cd198bf","ref_id":"m2"}}`
	if diff := cmp.Diff(reply{200, want}, c.post(t, body)); diff != "" {
		t.Errorf("outgoing (-want +got):\n%s", diff)
	}
}

// Every body is taken or refused, and a taken message can be read back and dumped.
func FuzzMessage(f *testing.F) {
	f.Add(incoming("m1", "a", 0))
	f.Add(`{"event_type":"new_message","payload":{"timestamp":1,"msec_timestamp":1000,"msgid":"m","conversation_id":"a",` +
		`"sender":{"id":"c","name":"n"},"message":{"type":"location","location":{"lon":1e1,"lat":-0.5}}}}`)
	f.Add(`{"event_type":"edit_message"}`)
	f.Add(`{"event_type":"edit_message","payload":{"timestamp":1,"msec_timestamp":1,"msgid":"m","conversation_id":"a","message":{"type":"voice"}}}`)
	f.Fuzz(func(t *testing.T, body string) {
		takeOrRefuse(t, sandbox.Options{}, body)
		takeOrRefuse(t, sandbox.Options{Lenient: true}, body)
	})
}

func takeOrRefuse(t *testing.T, o sandbox.Options, body string) {
	c := newCaller(o)
	got := c.post(t, body)
	if got.Status != 200 && got.Status != 400 {
		t.Fatalf("got %+v, want status 200 or 400", got)
	}
	state := c.Dump()
	if _, err := json.Marshal(state); err != nil {
		t.Errorf("dump: %v", err)
	}
	if got.Status != 200 {
		return
	}
	if page := c.call(t, "GET", c.scope()+"/chats/"+state.Chats[0].ID+"/history", ""); page.Status != 200 {
		t.Errorf("history: got %+v, want status 200", page)
	}
}

func TestReplyWithinChat(t *testing.T) {
	c := newCaller(sandbox.Options{})
	mustPost(t, c, incoming("m1", "a", 0))
	id := c.Dump().Chats[0].Messages[0].ID
	tests := []struct {
		conversation, quote string
		want                int
	}{
		{"a", `{"msgid":"m1"}`, 200},
		{"a", `{"id":"` + id + `"}`, 200},
		{"a", `{"msgid":"m9"}`, 400},
		{"b", `{"msgid":"m1"}`, 400},
		{"b", `{"id":"` + id + `"}`, 400},
	}
	for i, tt := range tests {
		fields := fmt.Sprintf(`"msgid":"r%d","conversation_id":%q,"reply_to":{"message":%s}`, i, tt.conversation, tt.quote)
		if got := c.post(t, payload(t, fields)); got.Status != tt.want {
			t.Errorf("reply in %s to %s: got %+v, want status %d", tt.conversation, tt.quote, got, tt.want)
		}
	}
}

func TestDuplicates(t *testing.T) {
	tests := []struct {
		switched sandbox.Duplicates
		status   int
		sameID   bool
		want     []string
	}{
		{"", 200, false, []string{"m1", "m1"}},
		{sandbox.KeepDuplicates, 200, false, []string{"m1", "m1"}},
		{sandbox.DropDuplicates, 200, true, []string{"m1"}},
		{sandbox.RefuseDuplicates, 400, false, []string{"m1"}},
		{sandbox.ConflictDuplicates, 409, false, []string{"m1"}},
	}
	for _, tt := range tests {
		t.Run(string(tt.switched), func(t *testing.T) {
			c := newCaller(sandbox.Options{Duplicates: tt.switched})
			first := c.post(t, incoming("m1", "a", 0))
			second := c.post(t, incoming("m1", "a", 0))
			if second.Status != tt.status || (second.Body == first.Body) != tt.sameID {
				t.Errorf("got %+v after %+v, want status %d, same ids %v", second, first, tt.status, tt.sameID)
			}
			if diff := cmp.Diff(tt.want, msgids(c.Kommo)); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
		})
	}
}
