package importer

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kommo-import/internal/kommo"
	"kommo-import/internal/sandbox"
)

// newDecider returns a decider for the migration file and the Kommo of a sender.
func newDecider(s *Sender) *Decider {
	return &Decider{File: s.File, Client: s.Client, Composer: s.Composer, Pace: s.Pace}
}

// doubts returns the messages in doubt that the failures list.
func doubts(t *testing.T, f *File) (found []Failure) {
	t.Helper()
	for failure, err := range f.Failures() {
		if err != nil {
			t.Fatal(err)
		}
		if failure.State == string(Sending) {
			found = append(found, failure)
		}
	}
	return found
}

// A message in doubt is listed with its id. Refused by an administrator, it is accepted if its chat shows it, and the rest of
// its conversation is sent.
func TestRefuseAMessageInDoubt(t *testing.T) {
	const lost = "second"
	for _, tt := range []struct {
		name    string
		options sandbox.Options
		later   time.Duration // before the decision
		state   State
		reason  string
		arrived int
	}{
		{"its chat is gone", sandbox.Options{Quirks: []sandbox.Quirk{{Trait: sandbox.GoneChat, Chat: "ann"}}}, 0, Refused, "decided to refuse it: ", 4},
		{"its chat is empty", sandbox.Options{Quirks: []sandbox.Quirk{{Trait: sandbox.EmptyChat, Chat: "ann"}}}, 0, Refused, "its history is empty", 4},
		{"its chat shows it late", sandbox.Options{HistoryDelay: time.Hour}, 2 * time.Hour, Accepted, "", 4},
		{"its chat does not show it yet", sandbox.Options{HistoryDelay: time.Hour}, 0, Refused, "its history is empty", 4},
	} {
		inBubble(t, tt.name, func(t *testing.T) {
			f := newFile(t)
			load(t, f, csvHeader+row("ann", 1, "in", "first", "1")+row("ann", 2, "in", lost, "2")+row("ann", 3, "in", "third", "3")+
				row("bob", 4, "in", "of another chat", "4"))
			tt.options.Rules = []sandbox.Rule{{Do: sandbox.CutTaken, Text: lost, Count: 1}}
			box := sandbox.NewKommo(tt.options)
			s := newSender(f, box)
			if report, err := s.Send(t.Context()); err != nil || report.SetAside != 1 {
				t.Fatalf("report %+v, error %v, want a conversation set aside", report, err)
			}
			found := doubts(t, f)
			if len(found) != 1 || found[0].Text != lost || !strings.HasPrefix(found[0].Reason, "in doubt: ") {
				t.Fatalf("in doubt are %+v", found)
			}
			time.Sleep(tt.later)
			state, err := newDecider(s).Refuse(t.Context(), found[0].MsgID)
			if err != nil || state != tt.state {
				t.Errorf("state %s, error %v, want %s", state, err, tt.state)
			}
			for failure, err := range f.Failures() {
				if err != nil || failure.State != string(Refused) || !strings.Contains(failure.Reason, tt.reason) {
					t.Errorf("failure %+v, error %v, want a reason with %q", failure, err, tt.reason)
				}
			}
			sendAll(t, t.Context(), s)
			if sum := box.Summary(); sum.Messages != tt.arrived || sum.Doubled+sum.OutOfOrder > 0 || sum.Loud != 2 {
				t.Errorf("arrived %+v, want %d messages, each once", sum, tt.arrived)
			}
		})
	}
}

// The doubt of a process that died is younger than the time that Kommo is given: the decision waits for it.
func TestRefuseWaitsForHistory(t *testing.T) {
	for name, tt := range map[string]struct {
		do    sandbox.Action
		state State
	}{
		"taken":     {sandbox.CutTaken, Accepted},
		"not taken": {sandbox.Cut, Refused},
	} {
		inBubble(t, name, func(t *testing.T) {
			f := newFile(t)
			load(t, f, csvHeader+row("ann", 1, "in", "first", "1")+row("ann", 2, "in", "second", "2"))
			box := sandbox.NewKommo(sandbox.Options{HistoryDelay: 30 * time.Second, Rules: []sandbox.Rule{{Do: tt.do, N: 2}}})
			s := newSender(f, box)
			second := msgidOf(bodies(t, f, s.Composer)["ann"][1])
			healthy := f.Commit
			f.Commit = failAfter(f, 4) // the scope, the first message, and the second before it leaves
			s.Send(t.Context())
			f.Commit = healthy
			if found := doubts(t, f); len(found) != 0 {
				t.Errorf("in doubt are %+v, want none before a send has looked for it", found)
			}
			if state, err := newDecider(s).Refuse(t.Context(), second); err != nil || state != tt.state {
				t.Errorf("state %s, error %v, want %s", state, err, tt.state)
			}
		})
	}
}

// A refused message that may have notified is not followed by another that notifies, also when it is sent again.
func TestRefusedByDecisionKeepsTheNotification(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		rows := csvHeader + row("bob", 1, "in", "of another chat", "1") + row("ann", 2, "in", "first", "2")
		load(t, f, rows)
		box := sandbox.NewKommo(sandbox.Options{HistoryDelay: time.Hour, Rules: []sandbox.Rule{{Do: sandbox.BadGatewayTaken, Text: "first"}}})
		s := newSender(f, box)
		s.Send(t.Context())
		if state, err := newDecider(s).Refuse(t.Context(), doubts(t, f)[0].MsgID); state != Refused || err != nil {
			t.Fatalf("state %s, error %v, want it refused", state, err)
		}
		load(t, f, rows+row("ann", 3, "in", "second", "3"))
		sendAll(t, t.Context(), s)
		time.Sleep(2 * time.Hour)
		if planned, err := f.RetryRefused(); planned != 1 || err != nil {
			t.Fatalf("planned %d, error %v", planned, err)
		}
		sendAll(t, t.Context(), s)
		if sum := box.Summary(); sum.Loud != 2 || sum.Messages != 3 {
			t.Errorf("arrived %+v, want three messages, one of each chat loud", sum)
		}
	})
}

// Only a message in doubt can be refused, at the Kommo to which it was sent, and only if Kommo grants access.
func TestRefuseIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		load(t, f, csvHeader+row("ann", 1, "in", "first", "1")+row("bob", 2, "in", "second", "2"))
		box := sandbox.NewKommo(sandbox.Options{HistoryDelay: time.Hour, Rules: []sandbox.Rule{{Do: sandbox.CutTaken, Text: "second"}}})
		s := newSender(f, box)
		planned := bodies(t, f, s.Composer)
		s.Send(t.Context())
		inDoubt := msgidOf(planned["bob"][0])
		for id, want := range map[string]string{
			"":                               `message "": not a message id of kommo-import`,
			"bob":                            `message "bob": not a message id of kommo-import`,
			msgidPrefix + "0123":             "not a message id of kommo-import",
			identity{1}.msgid():              "there is no such message in the migration file",
			strings.ToUpper(inDoubt):         "not a message id of kommo-import",
			msgidOf(planned["ann"][0]):       "it is not in doubt, but accepted",
			msgidOf(planned["ann"][0]) + "0": "not a message id of kommo-import",
		} {
			if _, err := newDecider(s).Refuse(t.Context(), id); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("message %q: error %v, want %q", id, err, want)
			}
		}
		elsewhere := newDecider(s)
		elsewhere.Client = newSender(f, box).Client
		elsewhere.Client.ScopeID = "another"
		if _, err := elsewhere.Refuse(t.Context(), inDoubt); !is[*ScopeMismatchError](err) {
			t.Errorf("error %v, want a ScopeMismatchError", err)
		}
		s.Client.Transport = sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.BadSignature, On: sandbox.OnAny}}})
		if _, err := newDecider(s).Refuse(t.Context(), inDoubt); !is[*kommo.DeniedError](err) {
			t.Errorf("error %v, want a DeniedError", err)
		}
		if left := doubts(t, f); len(left) != 1 {
			t.Errorf("in doubt are %+v, want the message as before", left)
		}
	})
}
