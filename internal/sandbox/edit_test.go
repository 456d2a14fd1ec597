package sandbox_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

// edit returns an edit_message whose payload has these fields besides the times.
func edit(fields string) string {
	return `{"event_type":"edit_message","payload":{"timestamp":1,"msec_timestamp":1000,` + fields + `}}`
}

func TestEdit(t *testing.T) {
	c := newCaller(sandbox.Options{})
	const picture = `"message":{"type":"picture","media":"https://example.com/a.jpg","file_name":"a.jpg","file_size":1,"text":"old"}`
	first := c.post(t, payload(t, picture))
	mustPost(t, c, incoming("m2", "a", 0), incoming("m3", "b", 0))
	chat, m1 := c.Dump().Chats[0].ID, c.Dump().Chats[0].Messages[0].ID
	steps := []struct {
		name, fields string
		want         reply
		content      string // of the first message after that
	}{
		{"the text of a picture", `"msgid":"m1","conversation_id":"a","message":{"type":"picture","text":"new","media":null}`, first,
			`{"file_name":"a.jpg","file_size":1,"media":"https://example.com/a.jpg","text":"new","type":"picture"}`},
		{"by the chat's reference, with what is ignored", `"msgid":"m1","conversation_id":"z","conversation_ref_id":"` + chat +
			`","sender":7,"receiver":"x","source":[],"reply_to":"m9","message":{"type":"picture","delivery_status":{"status_code":2}}`, first,
			`{"file_name":"a.jpg","file_size":1,"media":"https://example.com/a.jpg","type":"picture"}`},
		{"another type", `"msgid":"m1","conversation_id":"a","message":{"type":"text","text":"no picture"}`, first,
			`{"text":"no picture","type":"text"}`},
		{"another msgid", `"id":"` + m1 + `","msgid":"m1b","conversation_id":"a","message":{"type":"text","text":"x"}`,
			reply{200, strings.Replace(first.Body, `"ref_id":"m1"`, `"ref_id":"m1b"`, 1)}, `{"text":"x","type":"text"}`},
		{"by the old msgid", `"msgid":"m1","conversation_id":"a","message":{"type":"text","text":"y"}`,
			badRequest("payload.msgid: not a message of this chat"), `{"text":"x","type":"text"}`},
		{"in another chat", `"msgid":"m1b","conversation_id":"b","message":{"type":"text","text":"y"}`,
			badRequest("payload.msgid: not a message of this chat"), `{"text":"x","type":"text"}`},
		{"in no chat", `"msgid":"m1b","conversation_id":"c","message":{"type":"text","text":"y"}`,
			badRequest("payload.msgid: not a message of this chat"), `{"text":"x","type":"text"}`},
		{"in a chat of nobody", `"msgid":"m1b","conversation_id":"a","conversation_ref_id":"` + m1 + `","message":{"type":"text","text":"y"}`,
			badRequest("payload.conversation_ref_id: not a chat of this channel"), `{"text":"x","type":"text"}`},
		{"nothing", `"conversation_id":"a","message":{"type":"text","text":"y"}`,
			badRequest("payload.id: missing, and so is msgid"), `{"text":"x","type":"text"}`},
		{"empty", `"msgid":"m1b","conversation_id":"a","message":{"type":"text","text":""}`,
			badRequest(`payload.message.text: want a string that is not empty, got \"\"`), `{"text":"x","type":"text"}`},
	}
	for _, s := range steps {
		if diff := cmp.Diff(s.want, c.post(t, edit(s.fields))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.name, diff)
		}
		got := c.Dump().Chats[0].Messages[0]
		if body := string(got.Body); !strings.Contains(body, `"message":`+s.content) || got.MsecTimestamp != 1639604761694 {
			t.Errorf("%s: got %s, want the old time and %s", s.name, body, s.content)
		}
	}
	if s := c.Summary(); s.Messages != 3 || s.Chats != 2 || s.Doubled != 0 {
		t.Errorf("got %+v, want three messages in two chats", s)
	}
	if _, ids := history(t, c, ""); !cmp.Equal(ids, []string{"m1b", "m2"}) {
		t.Errorf("the history shows %q, want m1b and m2", ids)
	}
}

// The reference to a chat wins over our conversation id, which leads to that chat from then on.
func TestChatReference(t *testing.T) {
	c := newCaller(sandbox.Options{})
	mustPost(t, c, incoming("m1", "a", 0), incoming("m2", "b", 1))
	ref := `"conversation_ref_id":"` + c.Dump().Chats[0].ID + `"`
	mustPost(t, c, payload(t, `"msgid":"m3","conversation_id":"new",`+ref), payload(t, `"msgid":"m4","conversation_id":"b",`+ref),
		payload(t, `"msgid":"m5","conversation_id":"new"`), payload(t, `"msgid":"m6","conversation_id":"b"`))
	var got []string
	for _, chat := range c.Dump().Chats {
		for _, m := range chat.Messages {
			got = append(got, chat.ConversationID+m.MsgID)
		}
	}
	if diff := cmp.Diff([]string{"am1", "am3", "am4", "am5", "bm2", "bm6"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
