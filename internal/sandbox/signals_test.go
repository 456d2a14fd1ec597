package sandbox_test

import (
	"strings"
	"testing"

	"kommo-import/internal/sandbox"
)

func TestSignals(t *testing.T) {
	c := newCaller(sandbox.Options{})
	mustPost(t, c, incoming("m1", "a", 0), incoming("m2", "b", 0))
	chat, message := c.Dump().Chats[0].ID, c.Dump().Chats[0].Messages[0].ID
	const missing = `{"status":0,"error_code":404,"error_type":"NOT_FOUND","error_description":"no such message"}`
	react := func(fields string) string { return `{"user":{"id":"c1"},"type":"react","emoji":"😍",` + fields + `}` }
	tests := []struct {
		name, path, body string
		want             reply
	}{
		{"typing", "/typing", `{"conversation_id":"a","sender":{"id":"c1"}}`, reply{204, ""}},
		{"typing for a while", "/typing", `{"conversation_id":"z","duration_ms":3000,"sender":{"id":"c1","name":null}}`, reply{204, ""}},
		{"nobody types", "/typing", `{"conversation_id":"a"}`, badRequest("sender: missing")},
		{"typing as text", "/typing", `{"conversation_id":"a","duration_ms":"5","sender":{"id":"c1"}}`,
			badRequest(`duration_ms: want a whole number from 0, got \"5\"`)},

		{"react", "/react", react(`"conversation_id":"a","msgid":"m1"`), reply{200, ""}},
		{"react by Kommo's ids", "/react", react(`"conversation_ref_id":"` + chat + `","id":"` + message + `"`), reply{200, ""}},
		{"unreact", "/react", `{"conversation_id":"a","msgid":"m1","user":{"ref_id":"` + c.Options.ManagerID + `"},"type":"unreact"}`, reply{200, ""}},
		{"no such message", "/react", react(`"conversation_id":"a","msgid":"m9"`), reply{404, missing}},
		{"message of another chat", "/react", react(`"conversation_id":"a","msgid":"m2"`), reply{404, missing}},
		{"no such chat", "/react", react(`"conversation_id":"z","msgid":"m1"`), reply{404, missing}},
		{"no such reference", "/react", react(`"conversation_ref_id":"` + message + `","msgid":"m1"`), reply{404, missing}},
		{"no message", "/react", react(`"conversation_id":"a"`), badRequest("id: missing, and so is msgid")},
		{"no chat", "/react", react(`"msgid":"m1"`), badRequest("conversation_id: missing, and so is conversation_ref_id")},
		{"like", "/react", strings.Replace(react(`"conversation_id":"a","msgid":"m1"`), `"react"`, `"like"`, 1),
			badRequest(`type: want one of react, unreact, got \"like\"`)},

		{"delivered", "/" + message + "/delivery_status", `{"status_code":1}`, reply{200, ""}},
		{"failed", "/" + message + "/delivery_status", `{"status_code":-1,"error_code":905,"error":"Error text"}`, reply{200, ""}},
		{"in the old form", "/" + message + "/delivery_status", `{"msgid":"` + message + `","delivery_status":2,"error_code":905,"error":"Error text"}`, reply{200, ""}},
		{"no such message", "/" + chat + "/delivery_status", `{"status_code":1}`, reply{404, missing}},
		{"our id", "/m1/delivery_status", `{"status_code":1}`, reply{404, missing}},
		{"another message in the body", "/" + message + "/delivery_status", `{"msgid":"` + chat + `","delivery_status":2}`,
			badRequest("msgid: not the message of the path")},
		{"no status", "/" + message + "/delivery_status", `{"error_code":905}`, badRequest("status_code: missing, and so is delivery_status")},
		{"unknown status", "/" + message + "/delivery_status", `{"status_code":3}`, badRequest("status_code: want one of -1, 1, 2, got 3")},
		{"failed without reason", "/" + message + "/delivery_status", `{"status_code":-1,"error_code":904}`, badRequest("error: missing")},
	}
	for _, tt := range tests {
		if got := c.call(t, "POST", c.scope()+tt.path, tt.body); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
	if got := c.call(t, "GET", c.scope()+"/typing", ""); got.Status != 404 {
		t.Errorf("GET of typing: got %+v, want status 404", got)
	}
	if s := c.Summary(); s.Messages != 2 || s.Chats != 2 {
		t.Errorf("got %+v, want the two messages and nothing else", s)
	}
}

// Rules apply to these requests by their endpoints.
func TestSignalFaults(t *testing.T) {
	for _, rule := range []string{"502:on=typing", "502:on=react", "502:on=delivery_status"} {
		c := newCaller(sandbox.Options{Rules: []sandbox.Rule{parseRule(t, rule)}})
		got := ""
		for _, path := range []string{"", "/typing", "/react", "/x/delivery_status"} {
			if c.call(t, "POST", c.scope()+path, "{}").Status == 502 {
				got += path
			}
		}
		if want := strings.TrimPrefix(rule, "502:on="); !strings.HasSuffix(got, "/"+want) || strings.Count(got, "/") > 2 {
			t.Errorf("%s applies to %q, want %s", rule, got, want)
		}
	}
}
