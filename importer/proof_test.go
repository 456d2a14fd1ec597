package importer

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"kommo-import/internal/sandbox"
)

// quirks returns a sandbox with quirks and rules.
func quirks(t *testing.T, texts string, rules ...sandbox.Rule) *sandbox.Kommo {
	t.Helper()
	o := kommoLike{quirks: texts}.options(t)
	o.Rules = rules
	return sandbox.NewKommo(o)
}

// lose returns a rule by which the answer to a message is lost, after the message was taken or before.
func lose(id string, taken bool) sandbox.Rule {
	if taken {
		return sandbox.Rule{Do: sandbox.CutTaken, MsgID: id, Count: 1}
	}
	return sandbox.Rule{Do: sandbox.Cut, MsgID: id, Count: 1}
}

// Where a chat shows neither our ids nor Kommo's, a message in doubt is taken for the only entry that can be it, and for
// none if there are several, none, or another message of the plan that the entry can be.
func TestDoubtWithoutIDs(t *testing.T) {
	rows := func(texts ...string) string {
		content := csvHeader
		for i, text := range texts {
			content += row("ann", i, "in", text, fmt.Sprint(i))
		}
		return content
	}
	for name, tt := range map[string]struct {
		quirks  string
		rows    string
		lost    int // of ann's messages
		taken   bool
		foreign string // a text of somebody else at the time of the lost message
		aside   bool
	}{
		"the only one":                {"no-msgid other-ids", rows("a", "b", "c"), 1, true, "", false},
		"none":                        {"no-msgid other-ids", rows("a", "b", "c"), 1, false, "", true},
		"not taken, another likes it": {"no-msgid other-ids", rows("a", "b", "b"), 2, false, "", true},
		"taken, another likes it":     {"no-msgid other-ids", rows("a", "b", "b"), 2, true, "", true},
		"likes it, long before":       {"no-msgid other-ids", rows("b", "a", "c", "d", "e", "f", "b"), 6, true, "", false},
		"two entries":                 {"no-msgid other-ids", rows("a", "b"), 1, true, "b", true},
		"Kommo's ids, taken":          {"no-msgid", rows("a", "b", "b"), 2, true, "", false},
		"Kommo's ids, all known":      {"no-msgid", rows("a", "b", "b"), 2, false, "", false},
		"Kommo's ids, one unknown":    {"no-msgid", rows("a", "b", "c"), 2, false, "of somebody else", true},
		"our ids, one foreign":        {"", rows("a", "b", "c"), 2, false, "c", false},
	} {
		inBubble(t, name, func(t *testing.T) {
			f := newFile(t)
			load(t, f, tt.rows)
			planned := bodies(t, f, newComposer())
			box := quirks(t, tt.quirks, lose(msgidOf(planned["ann"][tt.lost]), tt.taken))
			s := newSender(f, box)
			s.Client.Transport = transport(func(r *http.Request) (*http.Response, error) {
				answer, err := box.RoundTrip(r)
				if err != nil && tt.foreign != "" {
					must(t, box.Insert("ann", "", tt.foreign, time.Unix(1700000000+int64(tt.lost), 0)))
				}
				return answer, err
			})
			report, err := s.Send(t.Context())
			if err != nil || report.SetAside != btoi(tt.aside) {
				t.Errorf("report %+v, error %v, want it set aside: %t", report, err, tt.aside)
			}
			for conversation, want := range planned {
				there := 0
				for _, m := range box.Dump().Chats[0].Messages {
					there += btoi(m.MsgID != "")
				}
				if !tt.aside && there != len(want) || there > len(want) {
					t.Errorf("%s: %d of %d messages are there", conversation, there, len(want))
				}
			}
		})
	}
}

// An empty chat proves that it lacks a message, if Kommo names it again. It does not if Kommo has accepted messages that
// it does not show, or makes another chat each time.
func TestEmptyChatAsProof(t *testing.T) {
	makesChats := 0
	for name, tt := range map[string]struct {
		rows   string
		lost   string
		answer func() string // to POST …/chats, instead of the sandbox's
		quirks string
		aside  bool
	}{
		"the first message of all":         {rows: row("ann", 1, "in", "a", "1"), lost: "a"},
		"others are shown":                 {rows: row("bob", 1, "in", "b", "1") + row("ann", 1, "in", "a", "1"), lost: "a"},
		"others are hidden":                {rows: row("bob", 1, "in", "b", "1") + row("ann", 1, "in", "a", "1"), lost: "a", quirks: "empty", aside: true},
		"its own are hidden":               {rows: row("ann", 1, "in", "b", "1") + row("ann", 2, "in", "a", "2"), lost: "a", quirks: "empty", aside: true},
		"its own are hidden, others shown": {rows: row("bob", 1, "in", "b", "1") + row("ann", 1, "in", "b", "1") + row("ann", 2, "in", "a", "2"), lost: "a", quirks: "empty:ann", aside: true},
		"the answers name an unknown chat": {rows: row("ann", 1, "in", "b", "1") + row("ann", 2, "in", "a", "2"), lost: "a", quirks: "chat-id=other"},
		"another chat each time it is asked": {rows: row("ann", 1, "in", "a", "1"), lost: "a", aside: true, answer: func() string {
			makesChats++
			return fmt.Sprintf(`{"id":"742a15d7-dd9b-45af-9462-%012d"}`, makesChats)
		}},
		"our own id when it is asked": {rows: row("ann", 1, "in", "a", "1"), lost: "a", aside: true, answer: func() string { return `{"id":"ann"}` }},
		"nothing when it is asked":    {rows: row("ann", 1, "in", "a", "1"), lost: "a", aside: true, answer: func() string { return `{}` }},
	} {
		inBubble(t, name, func(t *testing.T) {
			f := newFile(t)
			load(t, f, csvHeader+tt.rows)
			planned := bodies(t, f, newComposer())
			box := quirks(t, tt.quirks)
			for _, list := range planned {
				for _, body := range list {
					if strings.Contains(body, `"text":"`+tt.lost+`"`) {
						box.AddRule(lose(msgidOf(body), false))
					}
				}
			}
			s := newSender(f, box)
			s.Workers = 1
			s.Client.Transport = transport(func(r *http.Request) (*http.Response, error) {
				answer, err := box.RoundTrip(r)
				if tt.answer == nil || err != nil || !strings.HasSuffix(r.URL.Path, "/chats") {
					return answer, err
				}
				answer.Body = io.NopCloser(bytes.NewReader([]byte(tt.answer())))
				return answer, nil
			})
			report, err := s.Send(t.Context())
			if err != nil || report.SetAside != btoi(tt.aside) {
				t.Errorf("report %+v, error %v, want it set aside: %t", report, err, tt.aside)
			}
			if status, err := f.Status(); err != nil || status.Messages.Sending != btoi(tt.aside) || !tt.aside && status.Messages.Planned > 0 {
				t.Errorf("status %+v, error %v", status.Messages, err)
			}
		})
	}
}

// A chat with only foreign messages proves nothing until some chat shows ids: it waits behind the others, which are sent.
func TestDoubtWaitsBehindTheOthers(t *testing.T) {
	for name, taken := range map[string]bool{"taken": true, "not taken": false} {
		inBubble(t, name, func(t *testing.T) {
			f := newFile(t)
			load(t, f, csvHeader+row("ann", 1, "in", "a", "1")+row("ann", 2, "in", "b", "2")+row("bob", 3, "in", "c", "3")+row("bob", 4, "in", "d", "4"))
			planned := bodies(t, f, newComposer())
			box := quirks(t, "odd:ann", lose(msgidOf(planned["ann"][0]), taken))
			s := newSender(f, box)
			s.Workers = 1
			report, err := s.Send(t.Context())
			if err != nil || report.SetAside != 0 || report.Accepted != 4 {
				t.Errorf("report %+v, error %v", report, err)
			}
			wantArrived(t, box, planned)
			if requests := box.Requests(); !taken && requests[len(requests)-1].Endpoint == sandbox.OnHistory {
				t.Error("nothing was sent behind the others")
			}
		})
	}
}

// The doubt of an earlier run began when its message was sent: Kommo has had its time, and the chat is read once.
func TestDoubtOfAnEarlierRun(t *testing.T) {
	for name, tt := range map[string]struct {
		later time.Duration
		looks int // into ann's chat
		took  time.Duration
	}{
		"at once":       {0, 3, 35 * time.Second},
		"in the middle": {7 * time.Second, 3, 28 * time.Second},
		"an hour after": {time.Hour, 1, 0},
	} {
		inBubble(t, name, func(t *testing.T) {
			f := newFile(t)
			load(t, f, csvHeader+row("ann", 1, "in", "a", "1")+row("ann", 2, "in", "b", "2"))
			planned := bodies(t, f, newComposer())
			box := quirks(t, "", lose(msgidOf(planned["ann"][1]), false))
			healthy := f.Commit
			f.Commit = failAfter(f, 4) // the policy, the first message twice, and the second as sending
			if _, err := newSender(f, box).Send(t.Context()); err == nil {
				t.Fatal("the first run ends without an error")
			}
			f.Commit = healthy
			time.Sleep(tt.later)
			before := len(box.Requests())
			report, err := newSender(f, box).Send(t.Context())
			looks := 0
			for _, r := range box.Requests()[before:] {
				looks += btoi(r.Endpoint == sandbox.OnHistory && strings.Contains(r.Path, "offset=0"))
			}
			if err != nil || looks != tt.looks || (report.Elapsed-tt.took).Abs() > time.Second {
				t.Errorf("report %+v, error %v: %d looks in %v", report, err, looks, report.Elapsed)
			}
			wantArrived(t, box, planned)
		})
	}
}

// The missing of a chat is called so only if some chat shows ids, or none else could.
func TestVerifyProof(t *testing.T) {
	for name, tt := range map[string]struct {
		quirks          string
		conversations   int
		missing, unread int
	}{
		"all are there":              {"", 3, 0, 0},
		"one chat is empty":          {"empty:c001", 3, 4, 0},
		"the only chat is empty":     {"empty", 1, 4, 0},
		"all chats are empty":        {"empty", 3, 0, 3},
		"one chat shows ids":         {"empty:c000 empty:c001", 3, 8, 0},
		"no chat shows ids":          {"no-msgid other-ids", 3, 0, 3},
		"the only chat shows no ids": {"no-msgid other-ids", 1, 0, 1},
		"only Kommo's ids":           {"no-msgid", 3, 0, 0},
	} {
		inBubble(t, name, func(t *testing.T) {
			f, box := newFile(t), quirks(t, tt.quirks)
			load(t, f, manyConversations(tt.conversations, 4))
			sent(t, f, box)
			report := verify(t, newVerifier(f, box))
			if report.Missing != tt.missing || report.Unread != tt.unread || report.There+tt.missing+4*tt.unread != 4*tt.conversations {
				t.Errorf("report %+v, want %d missing and %d chats unread", report, tt.missing, tt.unread)
			}
		})
	}
}

// A chat that answers as if it had no end is not readable, neither for verify nor for send.
func TestChatWithoutEnd(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]func(asked int) string{
		"the same page": func(int) string { return foreignPage(0, 50) },
		"new entries":   func(asked int) string { return foreignPage(asked, 50) },
		"one at a time": func(asked int) string { return foreignPage(0, 1) },
	} {
		inBubble(t, name, func(t *testing.T) {
			f := loaded(t)
			planned := bodies(t, f, newComposer())
			box := quirks(t, "", lose(msgidOf(planned["bob"][1]), true))
			asked := 0
			endless := transport(func(r *http.Request) (*http.Response, error) {
				answer, err := box.RoundTrip(r)
				if strings.HasSuffix(r.URL.Path, "/history") && strings.Contains(r.URL.Path, chatOf(box, "bob")) {
					asked++
					body := io.NopCloser(strings.NewReader(page(asked)))
					return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body, Request: r}, nil
				}
				return answer, err
			})
			s := newSender(f, box)
			s.Client.Transport = endless
			if report, err := s.Send(t.Context()); err != nil || report.SetAside != 1 || report.Accepted != 7 {
				t.Errorf("report %+v, error %v", report, err)
			}
			v := newVerifier(f, box)
			v.Client.Transport = endless
			if report := verify(t, v); report.Unread != 1 || report.There != 6 || report.Missing != 0 || report.Requests > 2+2+longestChat/50+1 {
				t.Errorf("report %+v", report)
			}
		})
	}
}

func chatOf(box *sandbox.Kommo, conversation string) string {
	for _, chat := range box.Dump().Chats {
		if chat.ConversationID == conversation {
			return chat.ID
		}
	}
	return "none"
}

// foreignPage returns a page of messages that are not of the plan.
func foreignPage(number, length int) string {
	var entries []string
	for n := range length {
		entries = append(entries, fmt.Sprintf(`{"timestamp":1800000000,"message":{"id":"%d-%d","type":"text","text":"x"}}`, number, n))
	}
	return `{"messages":[` + strings.Join(entries, ",") + `]}`
}
