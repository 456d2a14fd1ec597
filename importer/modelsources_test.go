package importer

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// A sourceStep is a load of one of two sources that holds some of the lines, or else a send, perhaps until a commit.
type sourceStep struct {
	Send     bool
	Second   bool // source
	Without  []int
	KeepSent bool
	Chats    int
	Commits  int // 0: all
	Written  bool
}

// Sources that hold parts of the same messages in different forms, loaded and sent in any order: Kommo has each message as
// often as the source that holds it most often.
func TestAnySequenceOfSources(t *testing.T) {
	if os.Getenv("SOAK") == "" {
		t.Skip("SOAK is not set")
	}
	t.Parallel()
	all := append(minuteLines(), line{conversation: "bob", second: 5, direction: "in", text: "ok #b1", id: "b7"})
	step := rapid.Custom(func(t *rapid.T) sourceStep {
		return sourceStep{rapid.Bool().Draw(t, "send"), rapid.Bool().Draw(t, "second"), rapid.SliceOfDistinct(rapid.IntRange(0, len(all)-1), rapid.ID).Draw(t, "without"),
			rapid.Bool().Draw(t, "keep sent"), rapid.IntRange(1, 3).Draw(t, "chats"), rapid.IntRange(0, 12).Draw(t, "commits"), rapid.Bool().Draw(t, "written")}
	})
	rapid.Check(t, func(rt *rapid.T) {
		pair := rapid.SampledFrom(append(pairs(), minutePairs()...)).Draw(rt, "pair")
		steps := rapid.SliceOfN(step, 1, 12).Draw(rt, "steps")
		var failures []string
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.t = &recorder{t, &failures}
			w.matchMinutes = slices.Contains(pair[:], "minutes")
			for _, s := range steps {
				w.takeStep(s, pair, all)
			}
			w.check()
		})
		if len(failures) > 0 {
			rt.Fatal(failures)
		}
	})
}

// A recorder records failures, so that rapid finds a shorter sequence: a test that has failed ends the search.
type recorder struct {
	testing.TB
	failures *[]string
}

func (r *recorder) Errorf(format string, args ...any) {
	*r.failures = append(*r.failures, fmt.Sprintf(format, args...))
}

func (w *world) takeStep(s sourceStep, pair [2]string, all []line) {
	if s.Send {
		if s.Commits > 0 {
			w.dieAfter(s.Commits, s.Written)
		}
		sender := newSender(w.f, w.box)
		sender.Selection.MaxConversations = s.Chats
		sender.Send(w.t.Context())
		w.reopen()
		return
	}
	var lines []line
	for i, l := range all {
		if !slices.Contains(s.Without, i) {
			lines = append(lines, l)
		}
	}
	change := func(*tableLoad) {}
	if s.KeepSent {
		change = keepingSent
	}
	w.loadLines(pair[btoi(s.Second)], lines, change)
}
