package importer

import (
	"slices"
	"strings"
	"testing"
)

// A message goes from one state to another only where the design lists it.
func TestTransitions(t *testing.T) {
	ways := map[State][]State{
		Planned:  {Skipped, Sending, Accepted},
		Skipped:  {Planned, Accepted},
		Sending:  {Planned, Accepted, Refused},
		Accepted: {Sending, Verified},
		Verified: {Accepted},
		Refused:  {Planned, Accepted},
	}
	f := loaded(t)
	for from := range ways {
		for to := range ways {
			want := slices.Contains(ways[from], to)
			if got := mayFollow(from, to); got != want {
				t.Errorf("from %s to %s: got %t, want %t", from, to, got, want)
			}
			// The file does not hold this message, so that an allowed way is refused for another reason.
			reason := "cannot go from " + string(from)
			if want {
				reason = "is no longer " + string(from)
			}
			cv, m := &conversation{id: 1}, &outgoing{state: from}
			if err := f.transition(cv, m, to, nil); err == nil || !strings.Contains(err.Error(), reason) || m.state != from {
				t.Errorf("from %s to %s: error %v, state %s, want an error with %q", from, to, err, m.state, reason)
			}
		}
	}
}
