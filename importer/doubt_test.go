package importer

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"kommo-import/internal/kommo"
	"kommo-import/internal/pace"
	"kommo-import/internal/sandbox"
)

// What Kommo answers to a repeated msgid is not documented. Whatever it is, a message that was taken although the
// answer was lost, and that history shows too late, ends up there once, unless Kommo keeps duplicates.
func TestRepeatedMessageWhateverKommoAnswers(t *testing.T) {
	for _, duplicates := range []sandbox.Duplicates{sandbox.DropDuplicates, sandbox.RefuseDuplicates} {
		inBubble(t, string(duplicates), func(t *testing.T) {
			f := loaded(t)
			planned := bodies(t, f, newComposer())
			box := sandbox.NewKommo(sandbox.Options{
				Duplicates: duplicates, HistoryDelay: 36 * time.Second, // shows after the last look
				Rules: []sandbox.Rule{{Do: sandbox.CutTaken, MsgID: msgidOf(planned["ann"][2]), Count: 1}},
			})
			reports, errs := sendAll(t, t.Context(), newSender(f, box))
			if len(errs) > 0 || reports[0].Accepted != 10 || reports[0].Refused != 0 {
				t.Errorf("report %+v, errors %v, want ten accepted", reports[0], errs)
			}
			wantArrived(t, box, planned)
		})
	}
}

// A message that was refused after all, when nobody knew what came of it before, is refused: history does not have it.
func TestRefusedAfterDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := loaded(t)
		planned := bodies(t, f, newComposer())
		id := msgidOf(planned["ann"][1])
		box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{
			{Do: sandbox.BadGateway, MsgID: id, Count: 1},
			{Do: sandbox.Refuse, MsgID: id},
		}})
		reports, errs := sendAll(t, t.Context(), newSender(f, box))
		if len(errs) > 0 || reports[0].Refused != 1 {
			t.Errorf("report %+v, errors %v, want one refused", reports[0], errs)
		}
		wantArrived(t, box, without(planned, "ann", 1))
	})
}

// Settling gives Kommo the time it was told to give: a message that shows in history just before the last look is
// found, whether the doubt is of this run or of one before.
func TestSettleWaitsForHistory(t *testing.T) {
	for name, delay := range map[string]time.Duration{"first look": 4 * time.Second, "second": 14 * time.Second, "last": 34 * time.Second} {
		inBubble(t, name, func(t *testing.T) {
			f := loaded(t)
			planned := bodies(t, f, newComposer())
			box := sandbox.NewKommo(sandbox.Options{HistoryDelay: delay, Rules: []sandbox.Rule{
				{Do: sandbox.CutTaken, MsgID: msgidOf(planned["cat"][0]), Count: 1},
			}})
			reports, _ := sendAll(t, t.Context(), newSender(f, box))
			if reports[0].Settled != 1 {
				t.Errorf("report %+v, want one settled", reports[0])
			}
			wantArrived(t, box, planned)
		})
	}
}

// Kommo is given its time from when the answer failed to come, however long that took.
func TestSettleCountsFromTheLostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := loaded(t)
		planned := bodies(t, f, newComposer())
		box := sandbox.NewKommo(sandbox.Options{HistoryDelay: 40 * time.Second, Rules: []sandbox.Rule{
			{Do: sandbox.BadGatewayTaken, Wait: 19 * time.Second, MsgID: msgidOf(planned["cat"][0]), Count: 1},
		}})
		sendAll(t, t.Context(), newSender(f, box))
		wantArrived(t, box, planned)
	})
}

// A message that may have notified, and was refused when it was sent again, is not followed by another that notifies.
func TestRefusedInDoubtKeepsTheNotification(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		rows := csvHeader + row("bob", 1, "in", "of another chat", "1")
		load(t, f, rows)
		box := sandbox.NewKommo(sandbox.Options{Duplicates: sandbox.RefuseDuplicates, HistoryDelay: time.Hour,
			Rules: []sandbox.Rule{{Do: sandbox.BadGatewayTaken, N: 2}}})
		newSender(f, box).Send(t.Context())
		time.Sleep(2 * time.Hour) // from now on histories show ids
		rows += row("ann", 2, "in", "first", "2")
		load(t, f, rows)
		if report, err := newSender(f, box).Send(t.Context()); report.Refused != 1 || err != nil {
			t.Errorf("report %+v, error %v, want the first refused", report, err)
		}
		load(t, f, rows+row("ann", 3, "in", "second", "3"))
		sendAll(t, t.Context(), newSender(f, box))
		if sum := box.Summary(); sum.Loud != 2 || sum.Messages != 3 {
			t.Errorf("arrived %+v, want three messages, one of each chat loud", sum)
		}
	})
}

// A notifying message whose outcome stays unknown keeps its role: it may appear after a later message was loaded.
func TestUnknownNotifierStaysTheOnlyOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		rows := csvHeader + row("ann", 1, "in", "first", "1") + row("ann", 2, "in", "second", "2")
		load(t, f, rows)
		box := sandbox.NewKommo(sandbox.Options{HistoryDelay: time.Hour, Rules: []sandbox.Rule{{Do: sandbox.BadGatewayTaken, N: 2}}})
		if report, err := newSender(f, box).Send(t.Context()); report.SetAside != 1 || err != nil {
			t.Fatalf("report %+v, error %v, want the conversation set aside", report, err)
		}
		load(t, f, rows+row("ann", 3, "in", "third", "3"))
		time.Sleep(2 * time.Hour)
		sendAll(t, t.Context(), newSender(f, box))
		if sum := box.Summary(); sum.Loud != 1 || sum.Messages != 3 {
			t.Errorf("arrived %+v, want three messages, one of them loud", sum)
		}
	})
}

// A message of which the server never says what becomes is set aside after six tries, each of them resolved first. It stays
// in doubt.
func TestUnknownOutcomeForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		load(t, f, csvHeader+row("ann", 1, "in", "first", "1"))
		box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.BadGateway, On: sandbox.OnMessage}}})
		report, err := newSender(f, box).Send(t.Context())
		if err != nil || report.SetAside != 1 || report.Requests != len(box.Requests()) {
			t.Fatalf("report %+v, error %v, want the conversation set aside after %d requests", report, err, len(box.Requests()))
		}
		posts := 0
		for _, request := range box.Requests() {
			posts += btoi(request.Endpoint == sandbox.OnMessage)
		}
		if posts != maxTries {
			t.Errorf("%d posts, want %d", posts, maxTries)
		}
		if status, err := f.Status(); err != nil || status.Messages.Planned != 0 || status.Messages.Sending != 1 {
			t.Errorf("status %+v, error %v, want the message in doubt", status.Messages, err)
		}
	})
}

// A message that Kommo did not look at is planned again at once: nothing is left in doubt.
func TestDeniedLeavesNothingInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, box := loaded(t), sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.BadSignature, On: sandbox.OnMessage}}})
		report, err := newSender(f, box).Send(t.Context())
		if _, denied := errors.AsType[*kommo.DeniedError](err); !denied || report.Accepted != 0 {
			t.Errorf("report %+v, error %v, want a DeniedError", report, err)
		}
		if status, err := f.Status(); err != nil || status.Messages.Planned != 10 || status.Messages.Sending != 0 {
			t.Errorf("status %+v, error %v, want ten messages planned", status.Messages, err)
		}
	})
}

// Only refusals in a row stop a run: an accepted message in between begins the count anew.
func TestRefusalsWithAcceptedMessagesBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		content, rules := csvHeader, []sandbox.Rule(nil)
		for n := range 4 * maxRefusals {
			content += row("ann", n, "in", "text", fmt.Sprint(n))
			if n%2 > 0 {
				rules = append(rules, sandbox.Rule{Do: sandbox.Refuse, N: n + 1, On: sandbox.OnMessage})
			}
		}
		load(t, f, content)
		report, err := newSender(f, sandbox.NewKommo(sandbox.Options{Rules: rules})).Send(t.Context())
		if err != nil || report.Accepted != 2*maxRefusals || report.Refused != 2*maxRefusals {
			t.Errorf("report %+v, error %v, want half of the messages accepted", report, err)
		}
	})
}

// Sent silently, found in its chat by a run that would have notified: nobody was notified, and the report says so.
func TestSettledMessageCountsAsItWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		load(t, f, csvHeader+row("ann", 1, "in", "first", "1"))
		box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.CutTaken, N: 1}}})
		s := newSender(f, box)
		s.Composer.Notify = SilentAll
		healthy := f.Commit
		f.Commit = failAfter(f, 3)
		s.Send(t.Context())
		f.Commit = healthy
		s.Composer.Notify = SilentButLast
		if report, err := s.Send(t.Context()); err != nil || report.Accepted != 1 || report.Notified != 0 {
			t.Errorf("report %+v, error %v, want one accepted and nobody notified", report, err)
		}
	})
}

// A server that is not there leaves nothing in doubt, and is tried again for about a minute.
func TestUnreachableServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := loaded(t)
		s := newSender(f, sandbox.NewKommo(sandbox.Options{}))
		s.Client.Transport = unreachable{}
		began := time.Now()
		_, err := s.Send(t.Context())
		if _, stopped := errors.AsType[*StoppedError](err); !stopped {
			t.Errorf("error %v, want a StoppedError", err)
		}
		if took := time.Since(began); took < 20*time.Second || took > 2*time.Minute {
			t.Errorf("gave up after %v", took)
		}
		if status, _ := f.Status(); status.Messages.Planned != 10 || status.Messages.Sending != 0 {
			t.Errorf("afterwards %+v, want all ten planned", status.Messages)
		}
	})
}

type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
}

// Ten refusals in a row stop the run before the eleventh message.
func TestRefusalsInARowStopTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		content := csvHeader
		for i := range 15 {
			content += row("ann", i, "in", "text", string(rune('a'+i)))
		}
		load(t, f, content)
		box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.Refuse}}})
		report, err := newSender(f, box).Send(t.Context())
		if _, stopped := errors.AsType[*StoppedError](err); !stopped || report.Refused != maxRefusals {
			t.Errorf("report %+v, error %v, want a stop after ten refusals", report, err)
		}
		if status, _ := f.Status(); status.Messages.Planned != 5 {
			t.Errorf("afterwards %+v, want five planned", status.Messages)
		}
	})
}

// Media that Kommo refuses are sent once more as text, with the same id and as loud as before.
func TestRefusedMediaGoAsText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		load(t, f, csvHeader+"ann,1700000000,in,the invoice,1,,,,picture,https://example.com/invoice.jpg,invoice.jpg,1000\n")
		planned := bodies(t, f, newComposer())
		id := msgidOf(planned["ann"][0])
		box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.Refuse, MsgID: id, Count: 1}}})
		reports, errs := sendAll(t, t.Context(), newSender(f, box))
		if len(errs) > 0 || reports[0].Reformed != 1 || reports[0].Refused != 0 || reports[0].Notified != 1 {
			t.Errorf("report %+v, errors %v, want one accepted as text", reports[0], errs)
		}
		got := box.Dump().Chats[0].Messages[0]
		want := "[picture: invoice.jpg] https://example.com/invoice.jpg\nthe invoice"
		if got.Text != want || got.MsgID != id || got.Silent {
			t.Errorf("got %q, id %s, silent %t, want %q, id %s, loud", got.Text, got.MsgID, got.Silent, want, id)
		}
	})
}

// An answer that does not name the chat takes nothing away from what is known of it.
func TestChatIsNotForgotten(t *testing.T) {
	f := loaded(t)
	for cv, err := range pendingConversations(f.Reader, Selection{MaxConversations: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		for m, err := range pendingMessages(f.Reader, cv, SilentButLast) {
			if err != nil {
				t.Fatal(err)
			}
			requests, err := newRequester(f, pace.New(1e6), nil)
			must(t, err)
			r := &run{file: f, requests: requests, progress: new(progress)}
			if err := errors.Join(f.setChat(cv, "the chat"), f.transition(cv, m, Sending, nil), r.accept(cv, m, kommo.Accepted{MessageID: "m"}, false)); err != nil {
				t.Fatal(err)
			}
			break
		}
		var chat string
		if err := f.Reader.QueryRow(`SELECT chat_id FROM conversation WHERE id = ?`, cv.id).Scan(&chat); err != nil || chat != "the chat" {
			t.Errorf("the chat is %q, error %v", chat, err)
		}
	}
}
