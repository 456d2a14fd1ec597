package importer

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/kommo"
	"kommo-import/internal/sandbox"
)

// A message that Kommo, or a proxy before it, rejects for itself is refused and named. The others go on.
func TestOneMessageIsRejected(t *testing.T) {
	for _, tt := range []struct {
		rule   sandbox.Rule
		reason string
	}{
		{sandbox.Rule{Do: sandbox.TooLarge}, "status 413: "},
		{sandbox.Rule{Do: sandbox.HTMLTooLarge}, "status 413: an HTML page: "},
		{sandbox.Rule{Do: sandbox.Unprocessable}, "status 422: "},
		{sandbox.Rule{Do: sandbox.Conflict}, "status 409: "},
		{sandbox.Rule{Do: sandbox.HTMLForbidden}, "status 403: an HTML page: "},
		{sandbox.Rule{Do: sandbox.Block}, "status 403: "},
	} {
		tt.rule.Text = "how can we help?"
		inBubble(t, string(tt.rule.Do), func(t *testing.T) {
			f := loaded(t)
			planned := bodies(t, f, newComposer())
			box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{tt.rule}})
			report, err := newSender(f, box).Send(t.Context())
			if err != nil || report.Accepted != 9 || report.Refused != 1 {
				t.Errorf("report %+v, error %v", report, err)
			}
			wantArrived(t, box, without(planned, "bob", 2))
			for failure, err := range f.Failures() {
				size := fmt.Sprintf("(the message has %d bytes)", len(planned["bob"][2]))
				if err != nil || !strings.HasPrefix(failure.Reason, tt.reason) || !strings.HasSuffix(failure.Reason, size) {
					t.Errorf("failure %+v, error %v, want %q … %q", failure, err, tt.reason, size)
				}
			}
		})
	}
}

// A 409 may mean that Kommo has the message: its chat is read first.
func TestConflictWithAMessageThatIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := sandbox.NewKommo(sandbox.Options{Duplicates: sandbox.ConflictDuplicates})
		sendAll(t, t.Context(), newSender(loaded(t), box))
		report, err := newSender(loaded(t), box).Send(t.Context())
		if s := box.Summary(); err != nil || report.Accepted != 10 || report.Refused != 0 || s.Messages != 10 {
			t.Errorf("report %+v, error %v, arrived %+v", report, err, s)
		}
	})
}

// If also the ping is rejected, the run stops, and nothing is refused. One ping serves all workers.
func TestRejectedPing(t *testing.T) {
	for _, tt := range []struct {
		ping sandbox.Action
		want func(error) bool
	}{
		{sandbox.Block, is[*kommo.BlockedError]},
		{sandbox.HTMLForbidden, is[*kommo.BlockedError]},
		{sandbox.BadSignature, is[*kommo.DeniedError]},
		{sandbox.Unauthorized, is[*kommo.DeniedError]},
		{sandbox.Redirect, is[*kommo.DeniedError]},
		{sandbox.NotFound, is[*kommo.DeniedError]},
		{sandbox.BadGateway, is[*StoppedError]},
	} {
		inBubble(t, string(tt.ping), func(t *testing.T) {
			f := loaded(t)
			box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.TooLarge}, {Do: tt.ping, On: sandbox.OnHistory}}})
			report, err := newSender(f, box).Send(t.Context())
			if !tt.want(err) || report.Accepted+report.Refused != 0 {
				t.Errorf("report %+v, error %v", report, err)
			}
			if status, err := f.Status(); err != nil || status.Messages.Planned != 10 {
				t.Errorf("status %+v, error %v", status.Messages, err)
			}
		})
	}
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// A ping waits when there are too many requests, and a refusal or an unknown chat is an answer that grants access.
func TestPingThatGrantsAccess(t *testing.T) {
	for _, do := range []sandbox.Action{sandbox.TooMany, sandbox.Refuse, sandbox.BadGateway} {
		inBubble(t, string(do), func(t *testing.T) {
			f := loaded(t)
			box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.Unprocessable, Text: "when?"}, {Do: do, On: sandbox.OnHistory, N: 1}}})
			if report, err := newSender(f, box).Send(t.Context()); err != nil || report.Refused != 1 || report.Accepted != 9 {
				t.Errorf("report %+v, error %v", report, err)
			}
		})
	}
	for status, want := range map[string]bool{"ORIGIN_NOT_REGISTERED": false, "": true, "CHAT_NOT_FOUND": true} {
		if got := isAccess(&kommo.DeniedError{Status: 404, Type: status}); got != want {
			t.Errorf("404 %q: %t, want %t", status, got, want)
		}
	}
}

// A wrong bot id concerns all messages of the bot: the run stops, although those of the clients are accepted between.
func TestEveryMessageOfOneSenderIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var content strings.Builder
		content.WriteString(csvHeader)
		for c := range 30 {
			for n := range 6 {
				content.WriteString(row(fmt.Sprint("c", c), n, []string{"in", "out"}[n%2], "text", fmt.Sprint(n)))
			}
		}
		f := newFile(t)
		load(t, f, content.String())
		box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.Refuse, From: "bot"}}})
		s := newSender(f, box)
		s.Workers = 4 // with more, ten refusals follow each other
		report, err := s.Send(t.Context())
		if !is[*StoppedError](err) || !strings.Contains(err.Error(), "10 messages from the bot") || report.Refused < 10 || report.Refused > 14 {
			t.Errorf("report %+v, error %v", report, err)
		}
	})
}

// After a refusal a message is sent without each part that may be the reason, and then without all of them. The form that
// Kommo accepts is stored: a client without an avatar stays so.
func TestLadder(t *testing.T) {
	header := "conversation_id,timestamp,direction,text,message_id,client_avatar,reply_to,media_url,file_name,file_size\n"
	rows := header + "c,1700000000,in,question,1,https://a.example/a.jpg,,,,\n" +
		"c,1700000001,in,answer,2,https://a.example/a.jpg,1,https://m.example/p.jpg,p.jpg,5\n" +
		"c,1700000002,out,thanks,3,https://a.example/a.jpg,2,,,\n"
	avatar, reply := sandbox.Rule{Do: sandbox.Refuse, Avatar: "a.example"}, sandbox.Rule{Do: sandbox.Refuse, Reply: 1000 * time.Hour}
	file := sandbox.Rule{Do: sandbox.Refuse, Media: "m.example"}
	for _, tt := range []struct {
		name     string
		rules    []sandbox.Rule
		posts    int
		reformed []string
	}{
		{"nothing", nil, 3, nil},
		{"the avatar", []sandbox.Rule{avatar}, 4, []string{"chats.csv:2: without the client's avatar"}},
		{"replies", []sandbox.Rule{reply}, 7, []string{"chats.csv:3: with the quote as text", "chats.csv:4: with the quote as text"}},
		{"the file", []sandbox.Rule{file}, 6, []string{"chats.csv:3: with the file as text"}},
		{"the file and replies", []sandbox.Rule{file, reply}, 8,
			[]string{"chats.csv:3: without the client's avatar, with the quote as text, with the file as text",
				"chats.csv:4: without the client's avatar, with the quote as text"}},
	} {
		inBubble(t, tt.name, func(t *testing.T) {
			f := newFile(t)
			load(t, f, rows)
			box := sandbox.NewKommo(sandbox.Options{Rules: tt.rules})
			report, err := newSender(f, box).Send(t.Context())
			if err != nil || report.Accepted != 3 || report.Refused != 0 || report.Reformed != len(tt.reformed) {
				t.Errorf("report %+v, error %v", report, err)
			}
			if diff := cmp.Diff(tt.reformed, report.ReformedMessages); diff != "" {
				t.Errorf("forms (-want +got):\n%s", diff)
			}
			if posts := countRequests(box, sandbox.OnMessage); posts != tt.posts {
				t.Errorf("%d posts, want %d", posts, tt.posts)
			}
			if got := arrived(box)["c"]; slices.Contains([]string{"replies", "the file and replies"}, tt.name) && !strings.Contains(got[1], `> question`) {
				t.Errorf("arrived %v, want the quote as text", got)
			}
			if report := verify(t, newVerifier(f, box)); report.There != 3 || report.Differences() != 0 {
				t.Errorf("verification %+v", report)
			}
		})
	}
}

// A message that no form makes acceptable is refused in the form that the source has.
func TestLadderToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		load(t, f, "conversation_id,timestamp,direction,text,message_id,media_url,file_name,file_size\nc,1700000000,in,BAD,1,https://m.example/p.jpg,p.jpg,5\n")
		before := bodies(t, f, newComposer())
		box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.Refuse, Text: "BAD"}}})
		if report, err := newSender(f, box).Send(t.Context()); err != nil || report.Refused != 1 {
			t.Errorf("report %+v, error %v", report, err)
		}
		if n, err := f.RetryRefused(); n != 1 || err != nil {
			t.Errorf("planned %d again, error %v", n, err)
		}
		if diff := cmp.Diff(before, bodies(t, f, newComposer())); diff != "" {
			t.Errorf("planned again (-before +now):\n%s", diff)
		}
	})
}

// An answer about another message, and a proxy that has given up waiting, leave the outcome open: the chat is read.
func TestAnswersThatLeaveTheOutcomeOpen(t *testing.T) {
	for _, do := range []sandbox.Action{sandbox.ClientTimeout, sandbox.TooEarly, sandbox.ClientClosed} {
		inBubble(t, string(do), func(t *testing.T) {
			f := loaded(t)
			planned := bodies(t, f, newComposer())
			box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: do, Text: "when?", Count: 1}}})
			if report, err := newSender(f, box).Send(t.Context()); err != nil || report.Accepted != 10 {
				t.Errorf("report %+v, error %v", report, err)
			}
			wantArrived(t, box, planned)
			if countRequests(box, sandbox.OnHistory) == 0 {
				t.Error("the chat was not read")
			}
		})
	}
}

func countRequests(box *sandbox.Kommo, endpoint sandbox.Endpoint) (n int) {
	for _, r := range box.Requests() {
		n += btoi(r.Endpoint == endpoint)
	}
	return n
}

// What an import has sent whose migration file is lost is not sent again where Kommo refuses known ids: the chats are read
// at their first refusal. The rest is sent, and nobody is notified a second time.
func TestChatsOfALostMigrationFile(t *testing.T) {
	for name, kept := range map[string]int{"all of it was sent": 10, "some of it was sent": 4} {
		inBubble(t, name, func(t *testing.T) {
			box := sandbox.NewKommo(sandbox.Options{Duplicates: sandbox.RefuseDuplicates})
			lost := loaded(t)
			planned := bodies(t, lost, newComposer())
			sender := newSender(lost, box)
			sender.Workers = 1
			lost.Commit = stopAfter(lost, kept)
			sender.Send(t.Context())
			sent := box.Summary().Messages

			f := loaded(t)
			report, err := newSender(f, box).Send(t.Context())
			if err != nil || report.Accepted != 10 || report.Refused != 0 {
				t.Errorf("report %+v, error %v", report, err)
			}
			if status, err := f.Status(); err != nil || status.Messages.Accepted != 10 {
				t.Errorf("status %+v, error %v", status.Messages, err)
			}
			if s := box.Summary(); sent == 0 || s.Messages != 10 || s.Loud > 3 {
				t.Errorf("%d messages, %d notify, after %d of the lost file", s.Messages, s.Loud, sent)
			}
			for conversation, want := range planned {
				if got := len(arrived(box)[conversation]); got != len(want) {
					t.Errorf("%s has %d messages, want %d", conversation, got, len(want))
				}
			}
		})
	}
}

// stopAfter returns a commit for f that works until so many messages were accepted.
func stopAfter(f *File, messages int) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		var accepted int
		err := tx.QueryRow(`SELECT coalesce(sum(accepted), 0) FROM conversation`).Scan(&accepted)
		if err == nil && accepted >= messages && messages < 10 {
			return errors.Join(tx.Rollback(), errors.New("the laptop is lost"))
		}
		return errors.Join(err, tx.Commit())
	}
}

// A message without an outcome after six tries costs its conversation the rest of the run, and no other. After five such
// conversations without an acceptance between, the run stops.
func TestConversationIsSetAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := loaded(t)
		box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.BadGateway, Text: "how can we help?"}}})
		report, err := newSender(f, box).Send(t.Context())
		if err != nil || report.SetAside != 1 || report.Accepted != 8 || !slices.Equal(report.AsideConversations, []string{"bob"}) {
			t.Errorf("report %+v, error %v", report, err)
		}
		if status, err := f.Status(); err != nil || status.Messages.Planned+status.Messages.Sending != 2 {
			t.Errorf("status %+v, error %v", status.Messages, err)
		}
		box.ClearRules()
		sendAll(t, t.Context(), newSender(f, box))
		if s := box.Summary(); s.Messages != 10 || s.Doubled != 0 {
			t.Errorf("arrived %+v", s)
		}
	})
}

func TestManyConversationsAreSetAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var content strings.Builder
		content.WriteString(csvHeader)
		for c := range 20 {
			content.WriteString(row(fmt.Sprint("c", c), c, "in", "text", "1"))
		}
		f := newFile(t)
		load(t, f, content.String())
		box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.BadGateway}}})
		s := newSender(f, box)
		s.Workers = 1
		report, err := s.Send(t.Context())
		if !is[*StoppedError](err) || report.Accepted != 0 || report.SetAside != maxAside {
			t.Errorf("report %+v, error %v", report, err)
		}
	})
}
