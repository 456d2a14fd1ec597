package importer

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"kommo-import/internal/sandbox"
)

// A policyStep loads rows, if it has any, and sends once.
type policyStep struct {
	given         NotifyPolicy
	conversations int          // to be sent; 0: all
	rows          string       // that are added to the file before
	rule          sandbox.Rule // what goes wrong; nothing has to
	loud          string       // after the step, in each chat that there is: of ann, bob, cat and dan
	stored        NotifyPolicy // after the step
}

// The notify policy of the first send holds until another one is given. Whatever the order of the policies, a chat has
// one notifying message at most, and preview shows what send posts.
func TestNotifyPolicyHolds(t *testing.T) {
	t.Parallel()
	again := func(conversation string, n int) string {
		return row(conversation, 100+n, "in", "again", fmt.Sprint("again", n))
	}
	denied := sandbox.Rule{Do: sandbox.BadSignature, N: 1}
	for name, steps := range map[string][]policyStep{
		"a silent pilot": {
			{given: SilentAll, conversations: 2, loud: "00", stored: SilentAll},
			{loud: "000", stored: SilentAll},
		},
		"silent after a pilot": {
			{conversations: 1, loud: "1", stored: SilentButLast},
			{given: SilentAll, conversations: 1, loud: "10", stored: SilentAll},
			{loud: "100", stored: SilentAll},
		},
		"but-last after a silent pilot": {
			{given: SilentAll, conversations: 1, loud: "0", stored: SilentAll},
			{given: SilentButLast, conversations: 1, loud: "01", stored: SilentButLast},
			{loud: "011", stored: SilentButLast},
		},
		"additions to chats that have had their notification": {
			{loud: "111", stored: SilentButLast},
			{given: SilentAll, rows: again("ann", 1), loud: "111", stored: SilentAll},
			{given: SilentButLast, rows: again("ann", 2), loud: "111", stored: SilentButLast},
			{given: SilentAll, rows: again("dan", 3), loud: "1110", stored: SilentAll},
			{given: SilentButLast, rows: again("dan", 4), loud: "1111", stored: SilentButLast},
			{given: SilentButLast, rows: again("dan", 5), loud: "1111", stored: SilentButLast},
		},
		"additions to chats that have had none": {
			{given: SilentAll, loud: "000", stored: SilentAll},
			{rows: again("ann", 1), loud: "000", stored: SilentAll},
			{given: SilentButLast, rows: again("ann", 2), loud: "100", stored: SilentButLast},
			{rows: again("ann", 3), loud: "100", stored: SilentButLast},
		},
		"a silent send that Kommo denies": {
			{given: SilentAll, rule: denied, loud: "", stored: SilentAll},
			{loud: "000", stored: SilentAll},
		},
		"a send that Kommo denies, then silently": {
			{rule: denied, loud: "", stored: SilentButLast},
			{given: SilentAll, loud: "000", stored: SilentAll},
		},
		"a send that starts nothing stores nothing": {
			{loud: "111", stored: SilentButLast},
			{given: SilentAll, loud: "111", stored: SilentButLast},
			{rows: again("dan", 1), loud: "1111", stored: SilentButLast},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f, box, content := newFile(t), newBox(), threeConversations()
				path := writeCSV(t, content)
				loadFile(t, f, path, Filter{})
				for i, step := range steps {
					if step.rows != "" {
						content += step.rows
						if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
							t.Fatal(err)
						}
						loadFile(t, f, path, Filter{})
					}
					step.run(t, f, box)
					if got := loudIn(box); got != step.loud {
						t.Errorf("step %d: %s messages notify, want %s", i+1, got, step.loud)
					}
					if status, err := f.Status(); err != nil || status.Silent != step.stored {
						t.Errorf("step %d: the policy %q is stored, error %v, want %q", i+1, status.Silent, err, step.stored)
					}
				}
			})
		})
	}
}

// run sends, and compares the arrivals with the preview unless something was to go wrong.
func (step policyStep) run(t *testing.T, f *File, box *sandbox.Kommo) {
	t.Helper()
	s := newSender(f, box)
	s.Composer.Notify, s.Selection.MaxConversations = step.given, step.conversations
	preview, err := f.Preview(s.Composer, s.Selection, 6)
	must(t, err)
	want := arrived(box)
	for body, err := range f.Payloads(s.Composer, s.Selection) {
		must(t, err)
		conversation := between(string(body), `"conversation_id":"`, `"`)
		want[conversation] = append(want[conversation], string(body))
	}
	fails := step.rule.Do != ""
	if fails {
		box.AddRule(step.rule)
	}
	report, err := s.Send(t.Context())
	switch {
	case fails && err == nil:
		t.Error("nothing went wrong")
	case !fails && (err != nil || report.Notified != preview.Notifications):
		t.Errorf("report %+v, error %v, want %d notifications as in the preview", report, err, preview.Notifications)
	}
	if !fails {
		wantArrived(t, box, want)
	}
	box.ClearRules()
}

// loudIn returns the number of notifying messages in each chat, a digit each.
func loudIn(box *sandbox.Kommo) string {
	var counts strings.Builder
	chats := box.Dump().Chats
	slices.SortFunc(chats, func(a, b sandbox.Chat) int { return strings.Compare(a.ConversationID, b.ConversationID) })
	for _, chat := range chats {
		loud := 0
		for _, m := range chat.Messages {
			loud += btoi(!m.Silent)
		}
		fmt.Fprint(&counts, loud)
	}
	return counts.String()
}

// A notifying message in doubt when the policy becomes silent: it notified if its chat shows it; else it is sent again,
// silently. Either way nothing that is added later notifies.
func TestPolicyChangesWhileInDoubt(t *testing.T) {
	t.Parallel()
	for action, loud := range map[sandbox.Action]string{sandbox.CutTaken: "1", sandbox.Cut: "0"} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f, content := newFile(t), csvHeader+row("ann", 1, "in", "first", "1")
				load(t, f, content)
				box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: action, N: 1}}})
				healthy := f.Commit
				f.Commit = failAfter(f, 3)
				if _, err := newSender(f, box).Send(t.Context()); err == nil {
					t.Fatal("nothing went wrong")
				}
				f.Commit = healthy
				s := newSender(f, box)
				s.Composer.Notify = SilentAll
				if report, err := s.Send(t.Context()); err != nil || fmt.Sprint(report.Notified) != loud {
					t.Errorf("report %+v, error %v, want %s notified", report, err, loud)
				}
				load(t, f, content+row("ann", 2, "in", "second", "2"))
				s.Composer.Notify = SilentButLast
				if _, err := s.Send(t.Context()); err != nil {
					t.Error(err)
				}
				if got := loudIn(box); got != loud {
					t.Errorf("%s messages notify, want %s", got, loud)
				}
			})
		})
	}
}

// A send that dies right before or after its first commit, or later: the next one has the policy if it was stored.
func TestPolicyOfSendThatDies(t *testing.T) {
	t.Parallel()
	for commits := range 6 {
		t.Run(fmt.Sprint(commits), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f, box := loaded(t), newBox()
				healthy := f.Commit
				f.Commit = failAfter(f, commits)
				s := newSender(f, box)
				s.Composer.Notify = SilentAll
				if _, err := s.Send(t.Context()); err == nil {
					t.Fatal("nothing went wrong")
				}
				f.Commit = healthy
				want := "000"
				if commits == 0 { // nothing was stored, and nothing was sent
					want = "111"
				}
				sendAll(t, t.Context(), newSender(f, box))
				if got := loudIn(box); got != want {
					t.Errorf("%s messages notify, want %s", got, want)
				}
			})
		})
	}
}
