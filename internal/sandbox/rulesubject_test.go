package sandbox_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

func parseRule(t *testing.T, text string) sandbox.Rule {
	t.Helper()
	rule, err := sandbox.ParseRule(text)
	if err == nil {
		err = rule.CheckForKommo()
	}
	if err != nil {
		t.Fatal(err)
	}
	return rule
}

// Conditions look into a message.
func TestRuleSubjects(t *testing.T) {
	c := newCaller(sandbox.Options{})
	outgoing := func(refID string) string {
		return receiver + `,"sender":{"id":"u","name":"U","ref_id":"` + refID + `"}`
	}
	fields := map[string]string{
		"text":     `"message":{"type":"text","text":"the invoice, at last"}`,
		"caption":  `"message":{"type":"audio","text":"invoice","media":"https://a.example.com/1.ogg"}`,
		"audio":    `"message":{"type":"audio","media":"https://b.example.com/2.ogg"}`,
		"avatar":   `"sender":{"id":"c1","name":"Anna","avatar":"https://dead.example.com/a.png"}`,
		"receiver": `"receiver":{"id":"c2","name":"Bo","avatar":"https://dead.example.com/b.png"},"sender":{"id":"u","name":"U","ref_id":"` + c.Options.BotID + `"}`,
		"user":     outgoing(c.Options.ManagerID),
		"unknown":  outgoing("5a0db0c5-0000-4000-8000-000000000099"),
		"long":     `"message":{"type":"text","text":"` + fmt.Sprintf("%3000d", 1) + `"}`,
	}
	tests := []struct {
		rule string
		met  []string
	}{
		{"413-html:text~invoice", []string{"caption", "text"}},
		{"413-html:text~nothing of it", nil},
		{"422:media~example.com", []string{"audio", "caption"}},
		{"422:media~//b.", []string{"audio"}},
		{"refuse:avatar~dead.example.com", []string{"avatar", "receiver"}},
		{"refuse:from=client,text~hello", []string{"avatar"}},
		{"refuse:from=bot", []string{"receiver"}},
		{"refuse:from=user", []string{"user"}},
		{"refuse:from=unknown", []string{"unknown"}},
		{"refuse:from=" + c.Options.BotID, []string{"receiver"}},
		{"409:over=3000", []string{"long"}},
		{"409:over=3000,text~invoice", nil},
		{"409:on=any,avatar~a.png", []string{"avatar"}},
		{"409:on=chats,avatar~a.png", nil},
		{"409:on=chats,from=client", nil},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			rule := parseRule(t, tt.rule)
			var met []string
			for _, name := range []string{"audio", "avatar", "caption", "long", "receiver", "text", "unknown", "user"} {
				c := newCaller(sandbox.Options{Rules: []sandbox.Rule{rule}})
				got := c.post(t, payload(t, fields[name]))
				if got.Status != 200 {
					met = append(met, name)
				}
				if got.Status != 200 && c.Summary().Messages != 0 {
					t.Errorf("%s: refused with %d, though it was taken", name, got.Status)
				}
			}
			if diff := cmp.Diff(tt.met, met); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The conditions combine with the counting ones, which count only what they select.
func TestRuleSubjectsCount(t *testing.T) {
	c := newCaller(sandbox.Options{Rules: []sandbox.Rule{parseRule(t, "refuse:text~m2,n=2"), parseRule(t, "409:text~m3,count=1")}})
	var got []int
	for _, msgid := range []string{"m1", "m2", "m2", "m2", "m3", "m3"} {
		got = append(got, c.post(t, incoming(msgid, "a", 0)).Status)
	}
	if diff := cmp.Diff([]int{200, 200, 400, 200, 409, 200}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A chat has an avatar, but no sender.
func TestAvatarOfChat(t *testing.T) {
	c := newCaller(sandbox.Options{Rules: []sandbox.Rule{parseRule(t, "409:on=any,from=client"), parseRule(t, "refuse:on=chats,avatar~dead")}})
	const body = `{"conversation_id":"a","user":{"id":"c1","name":"Anna","avatar":"https://%s.example.com/a.png"}}`
	for host, want := range map[string]int{"dead": 400, "live": 200} {
		if got := c.call(t, "POST", c.scope()+"/chats", fmt.Sprintf(body, host)); got.Status != want {
			t.Errorf("%s: got %+v, want status %d", host, got, want)
		}
	}
}

// A reply is refused while the message that it quotes is young, by either of its ids.
func TestLateReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(sandbox.Options{Rules: []sandbox.Rule{parseRule(t, "refuse:reply=10s")}})
		mustPost(t, c, incoming("m1", "a", 0))
		id := c.Dump().Chats[0].Messages[0].ID
		reply := func(conversation, quote string) int {
			return c.post(t, payload(t, `"msgid":"r","conversation_id":"`+conversation+`","reply_to":{"message":`+quote+`}`)).Status
		}
		const spelledOut = `"type":"text","text":"q","timestamp":1,"msec_timestamp":1000,"sender":{"name":"A"}`
		steps := []struct {
			wait                time.Duration
			conversation, quote string
			want                int
		}{
			{0, "a", `{"msgid":"m1"}`, 400},
			{9 * time.Second, "a", `{"id":"` + id + `"}`, 400},
			{0, "a", `{"msgid":"m1",` + spelledOut + `}`, 400},
			{0, "b", `{` + spelledOut + `}`, 200},
			{0, "b", `{"msgid":"m1",` + spelledOut + `}`, 200},
			{time.Second, "a", `{"msgid":"m1"}`, 200},
			{0, "a", `{"id":"` + id + `"}`, 200},
		}
		for i, s := range steps {
			time.Sleep(s.wait)
			if got := reply(s.conversation, s.quote); got != s.want {
				t.Errorf("step %d: got %d, want %d", i, got, s.want)
			}
		}
	})
}
