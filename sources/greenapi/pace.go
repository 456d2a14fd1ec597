package greenapi

import (
	"context"
	"math"
	"sync"
	"time"
)

const (
	margin    = 1.008 // how much longer than a server's window ours is: what packets may be late or early by
	maxSlowed = 10    // steps of 2 %
	forgotten = 50    // turns after which a step is taken back
)

// A turnstile lets one request after the other go, at a rate that holds against a server that counts what arrives in
// any sliding second: a departure waits until the one that is rate places before it is more than a second ago. One that
// is late, as timers make it, delays only the one that is rate places behind it, so that 99 % of the rate are reached.
// Two departures are never closer than half of what the rate would space them; there is no other burst, not even after
// a long rest.
type turnstile struct {
	turn   chan struct{} // is full while somebody waits for the next slot; the others wait to fill it
	window time.Duration // what len(departures) of them take at least
	rest   time.Duration // between two of them

	// What follows belongs to who has the turn.
	departures []time.Time // the last ones, in a ring
	oldest     int

	mu     sync.Mutex
	slowed int // steps
	since  int // turns since the last step up or down
}

// newTurnstile returns a turnstile for rate requests per second; 1 for a rate that is none.
func newTurnstile(rate float64) *turnstile {
	if !(rate > 0) {
		rate = 1
	}
	places := max(1, math.Floor(min(rate, 1000)))
	window := time.Duration(math.Ceil(min(places/rate, time.Hour.Seconds()) * margin * float64(time.Second)))
	return &turnstile{
		turn: make(chan struct{}, 1), window: window, rest: window / time.Duration(2*places),
		departures: make([]time.Time, int(places)),
	}
}

// wait returns when the next request may go. When ctx ends it returns the cause at once, and no slot is lost.
func (t *turnstile) wait(ctx context.Context) error {
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-t.turn }()
	if err := pause(ctx, time.Until(t.slot())); err != nil {
		return err
	}
	t.departures[t.oldest] = time.Now()
	t.oldest = (t.oldest + 1) % len(t.departures)
	t.recover()
	return nil
}

// slot returns when the next request may go.
func (t *turnstile) slot() time.Time {
	last := t.departures[(t.oldest+len(t.departures)-1)%len(t.departures)]
	slot := t.departures[t.oldest].Add(t.span())
	if rested := last.Add(t.rest); rested.After(slot) {
		return rested
	}
	return slot
}

// span returns the window as it is now.
func (t *turnstile) span() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.window + t.window*time.Duration(t.slowed)/50
}

// slowDown makes the window 2 % of the original one longer, up to 20 %: the server counts otherwise than we do, or
// somebody else uses the instance too.
func (t *turnstile) slowDown() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.slowed, t.since = min(t.slowed+1, maxSlowed), 0
}

// recover takes back a step when enough turns went well.
func (t *turnstile) recover() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.since++; t.since >= forgotten {
		t.slowed, t.since = max(t.slowed-1, 0), 0
	}
}

// pause waits for d, or returns the cause of ctx as soon as that ends.
func pause(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
