package importer

import (
	"slices"
	"testing"
)

// A message goes from one state to another only where the design lists it.
func TestTransitions(t *testing.T) {
	ways := map[State][]State{
		Planned:  {Skipped, Sending, Accepted},
		Skipped:  {Planned, Accepted},
		Sending:  {Planned, Accepted, Refused},
		Accepted: {Planned, Verified},
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
			cv, m := &conversation{id: 1}, &outgoing{state: from}
			if err := f.transition(cv, m, to, nil); err == nil || m.state != from {
				t.Errorf("from %s to %s, a message that does not exist: error %v, state %s", from, to, err, m.state)
			}
		}
	}
}
