package importer

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

// A report counts what a send did, by state, kind and conversation.
func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := loaded(t)
		planned := bodies(t, f, newComposer())
		refused := msgidOf(planned["bob"][0])
		box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.Refuse, MsgID: refused}}})
		sendAll(t, t.Context(), newSender(f, box))

		report, err := f.Report()
		if err != nil {
			t.Fatal(err)
		}
		if report.Status.ScopeID != box.ScopeID() || report.Status.Messages.Accepted != 9 || report.Notified != 3 {
			t.Errorf("report %+v", report)
		}
		if diff := cmp.Diff(map[string]map[State]int{"text": {Accepted: 9, Refused: 1}}, report.Kinds); diff != "" {
			t.Errorf("kinds (-want +got):\n%s", diff)
		}
		if len(report.Refused) != 1 || report.Refused[0].Messages != 1 {
			t.Errorf("refused %+v", report.Refused)
		}
		if !report.FirstWritten.Equal(fromMillis(1700000006000)) || !report.LastWritten.Equal(fromMillis(1700000070000)) ||
			report.FirstSent.IsZero() || report.LastSent.Before(report.FirstSent) {
			t.Errorf("written %v to %v, sent %v to %v", report.FirstWritten, report.LastWritten, report.FirstSent, report.LastSent)
		}
		var told []ReportedConversation
		for c, err := range f.ReportedConversations() {
			if err != nil {
				t.Fatal(err)
			}
			told = append(told, c)
		}
		want := []ReportedConversation{
			{ID: "ann", Name: "Client of ann", Messages: map[State]int{Accepted: 5}, First: fromMillis(1700000009000), Last: fromMillis(1700000070000)},
			{ID: "bob", Name: "Client of bob", Messages: map[State]int{Accepted: 3, Refused: 1}, First: fromMillis(1700000005000), Last: fromMillis(1700000007000)},
			{ID: "cat", Name: "Client of cat", Messages: map[State]int{Accepted: 1}, First: fromMillis(1700000030000), Last: fromMillis(1700000030000)},
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("conversations (-want +got):\n%s", diff)
		}
	})
}

// An anonymised report names nobody and says nothing of what they wrote, but tells one from the other.
func TestAnonymiser(t *testing.T) {
	a := NewAnonymiser()
	conversation := a.Conversation(ReportedConversation{ID: "79001234567@c.us", Name: "Ann", Phone: "+79001234567"})
	failure := a.Failure(Failure{Conversation: "79001234567@c.us", Position: "79001234567@c.us/3A5B",
		Reason: `phone "8 900" of +7 (900) 123-45-67 or 79001234567, ann@example.com: before 2024-01-31T00:00:00Z`, Text: "my secret"})
	groups := a.Groups([]Group{{Reason: `no time: "yesterday"`, Messages: 2, Examples: []string{"79001234567@c.us/3A5B"}}})
	if conversation.ID != failure.Conversation || failure.Position != failure.Conversation+"/3A5B" || conversation.Phone == conversation.ID {
		t.Errorf("got %+v and %+v", conversation, failure)
	}
	if want := `phone "…" of … or …, … before 2024-01-31T00:00:00Z`; failure.Reason != want {
		t.Errorf("got reason %s, want %s", failure.Reason, want)
	}
	if diff := cmp.Diff([]Group{{Reason: `no time: "…"`, Messages: 2, Examples: []string{}}}, groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	if another := NewAnonymiser().Conversation(ReportedConversation{ID: "79001234567@c.us"}); another.ID == conversation.ID || !strings.HasPrefix(another.ID, "client-") {
		t.Errorf("another report calls the same person %s, this one %s", another.ID, conversation.ID)
	}
}

// Neither the names of files nor Kommo's own words come into an anonymised report.
func TestAnonymiserReport(t *testing.T) {
	sources := []SourceStatus{{Name: "csv:old/Ivan Petrov +7 900 123.csv", Finished: true}, {Name: "green-api:7105000000"}}
	a := NewAnonymiser(sources...)
	report := a.Report(Report{
		Status:  Status{Sources: sources},
		Refused: []Group{{Reason: "no Ivan here", Messages: 2, Examples: []string{"x"}}, {Reason: "text my secret", Messages: 1}},
		Invalid: []Group{{Reason: `no time: "yesterday"`, Messages: 1}},
	})
	want := Report{
		Status:  Status{Sources: []SourceStatus{{Name: "csv:source-1", Finished: true}, {Name: "green-api:source-2"}}},
		Refused: []Group{{Reason: "refused by Kommo", Messages: 3, Examples: []string{}}},
		Invalid: []Group{{Reason: `no time: "…"`, Messages: 1, Examples: []string{}}},
		Skipped: []Group{},
	}
	if diff := cmp.Diff(want, report); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if sources[0].Name != "csv:old/Ivan Petrov +7 900 123.csv" {
		t.Error("the sources of the caller were changed")
	}
	for position, want := range map[string]string{
		"Ivan Petrov +7 900 123.csv:17": "source-1:17", "another of Ivan.csv:3": "source:3", "nothing known of Ivan": "",
	} {
		if got := a.Failure(Failure{State: "invalid", Position: position}); got.Position != want {
			t.Errorf("%s: got position %q, want %q", position, got.Position, want)
		}
	}
	refused := a.Failure(Failure{State: "refused", Conversation: "ivan", Position: "ivan/1", Reason: "no Ivan here"})
	if refused.Reason != "refused by Kommo" || strings.Contains(refused.Position, "ivan") {
		t.Errorf("got %+v", refused)
	}
}
