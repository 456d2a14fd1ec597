package greenapi

import (
	"context"
	"math"
	"sync"
	"time"
)

const (
	margin    = 1.005 // how much longer than 1/rate an interval is
	slack     = 3 * time.Millisecond
	maxSlowed = 10 // steps of 2 %
)

// A turnstile lets one request after the other go, at a rate that holds against a server that counts what arrives in
// any sliding second. There is no burst, not even after a long rest.
//
// Departures are planned: one slot after the other, an interval apart. A departure that is late by less than the slack,
// as timers make it, delays none of the following, so that 99 % of the rate are reached; one that is later moves the
// plan. From a departure to the one that is rate places behind it there is thus always more than a second.
type turnstile struct {
	turn     chan struct{} // is full while somebody waits for the next slot; the others wait to fill it
	interval time.Duration
	next     time.Time // the next slot; belongs to who has the turn

	mu     sync.Mutex
	slowed int // steps
}

// newTurnstile returns a turnstile for rate requests per second; 1 for a rate that is none.
func newTurnstile(rate float64) *turnstile {
	if !(rate > 0) {
		rate = 1
	}
	seconds := min(margin/rate, time.Hour.Seconds())
	return &turnstile{turn: make(chan struct{}, 1), interval: time.Duration(math.Ceil(seconds * float64(time.Second)))}
}

// wait returns when the next request may go. When ctx ends it returns the cause at once, and no slot is lost.
func (t *turnstile) wait(ctx context.Context) error {
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-t.turn }()
	if err := pause(ctx, time.Until(t.next)); err != nil {
		return err
	}
	interval := t.spacing()
	planned, departed := t.next.Add(interval), time.Now().Add(interval-slack)
	t.next = planned
	if departed.After(planned) {
		t.next = departed
	}
	return nil
}

// slowDown makes the interval 2 % of the original one longer, up to 20 %, for good: the server counts otherwise than
// we do, or somebody else uses the instance too.
func (t *turnstile) slowDown() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.slowed = min(t.slowed+1, maxSlowed)
}

func (t *turnstile) spacing() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.interval + t.interval*time.Duration(t.slowed)/50
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
