package sandbox_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

// A lenient sandbox takes what clients at work leave out. What is there must still be right.
func TestLenient(t *testing.T) {
	const refID = `"5a0db0c5-0000-4000-8000-000000000077"`
	tests := []struct {
		name, fields string
		want         string // "": taken
	}{
		{"as documented", ``, ""},
		{"no msec_timestamp", `"msec_timestamp":null`, ""},
		{"no timestamp", `"timestamp":null`, ""},
		{"no time", `"msec_timestamp":null,"timestamp":null`, "payload.timestamp: missing, and so is msec_timestamp"},
		{"no file_name, no file_size", `"message":{"type":"video","media":"https://example.com/a"}`, ""},
		{"no media", `"message":{"type":"video"}`, "payload.message.media: missing"},
		{"size as text", `"message":{"type":"video","media":"https://example.com/a","file_size":"1"}`,
			`payload.message.file_size: want a whole number from 0, got "1"`},
		{"sender by ref_id", receiver + `,"sender":{"ref_id":` + refID + `}`, ""},
		{"both by ref_id", `"receiver":{"ref_id":` + refID + `},"sender":{"ref_id":` + refID + `}`, ""},
		{"sender by id", `"sender":{"id":"c1"}`, ""},
		{"sender by name", `"sender":{"name":"Anna"}`, "payload.sender.id: missing, and so is ref_id"},
		{"receiver of nobody", `"receiver":{"id":"c2"},"sender":{"id":"c1"}`, "payload.sender.ref_id: missing, although there is a receiver"},
		{"unknown field", `"priority":1`, ""},
		{"no chat", `"conversation_id":null`, "payload.conversation_id: missing, and so is conversation_ref_id"},
		{"no msgid", `"msgid":null`, "payload.msgid: missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCaller(sandbox.Options{Lenient: true})
			if tt.want != "" {
				checkRefusal(t, c, payload(t, tt.fields), tt.want)
				return
			}
			mustPost(t, c, payload(t, tt.fields))
			got := c.Dump().Chats[0].Messages[0]
			if got.Timestamp != 1639604761 || got.MsecTimestamp/1000 != 1639604761 {
				t.Errorf("got the times %d and %d, want those of the message", got.Timestamp, got.MsecTimestamp)
			}
			if status, ids := history(t, c, ""); status != 200 || !cmp.Equal(ids, []string{"m1"}) {
				t.Errorf("history: got %d and %q, want m1", status, ids)
			}
		})
	}
}

// People without an id of ours are told apart by Kommo's.
func TestPeopleByReference(t *testing.T) {
	c := newCaller(sandbox.Options{Lenient: true})
	mustPost(t, c, payload(t, `"msgid":"m1",`+receiver+`,"sender":{"ref_id":"`+c.Options.BotID+`"}`),
		payload(t, `"msgid":"m2",`+receiver+`,"sender":{"ref_id":"`+c.Options.ManagerID+`"}`),
		payload(t, `"msgid":"m3",`+receiver+`,"sender":{"ref_id":"`+c.Options.BotID+`"}`))
	if got := c.Dump().Chats[0].Participants; len(got) != 3 {
		t.Errorf("got %+v, want the client, the bot and the user", got)
	}
}
