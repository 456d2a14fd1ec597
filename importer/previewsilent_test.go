package importer

import (
	"testing"
	"time"
)

// The preview counts conversations of which nobody is notified by what silences them, but not those that have notified.
func TestPreviewCountsSilent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLoad(loads(tableOf(lidLines(), true), shifted(0)))
	w.mustDecide("bob notify=no")
	for _, tt := range []struct {
		policy                  NotifyPolicy
		notify, bySheet, byDate int
	}{
		{SilentButLast, 2, 1, 0},
		{NotifySince(time.Unix(1700000000+31, 0)), 1, 1, 1},
		{SilentAll, 0, 0, 0},
	} {
		w.wantSilent(tt.policy, tt.notify, tt.bySheet, tt.byDate, 0, 0)
	}
	w.mustDecide("bob import=no", "77@lid chat=34611000001@c.us")
	w.wantSilent(NotifySince(time.Unix(1700000000+41, 0)), 0, 0, 1, 1, 1)
	w.send(0)
	more := append(lidLines(), line{conversation: "77@lid", second: 50, direction: "in", text: "more #a6", id: "x6"})
	w.mustLoad(loads(tableOf(more, true), shifted(0)))
	w.wantSilent(NotifySince(time.Unix(1700000000+99, 0)), 0, 0, 0, 1, 1)
}

func (w *world) wantSilent(policy NotifyPolicy, notify, bySheet, byDate, joined, leftOut int) {
	w.t.Helper()
	composer := newComposer()
	composer.Notify = policy
	p, err := w.f.Preview(composer, Selection{}, 6)
	got := [5]int{p.Notifications, p.SilentBySheet, p.SilentByDate, p.Joined, p.LeftOut}
	if want := [5]int{notify, bySheet, byDate, joined, leftOut}; got != want || err != nil {
		w.t.Errorf("%s: %v notify, silent by sheet, by date, joined, left out, %v; want %v", policy, got, err, want)
	}
}
