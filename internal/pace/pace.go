// Package pace decides when a request may leave. One Pace is the rate limit of all requests to one service.
//
// A request that only reads waits once:
//
//	err := limit.Wait(ctx)
//
// A request that is written down first waits in two steps:
//
//	limit.Turn(ctx) ─► write down ─► limit.Depart(ctx) ─► request
//
// Nearly all of the waiting is in Turn, so that an interrupt finds nothing written down. Depart keeps requests that were
// held up by the writing from leaving together.
package pace

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"kommo-import/internal/web"
)

// DefaultRate is the rate limit in requests per second for Kommo. Kommo documents 7 per second for its main API and no
// limit for the Chats API.
const DefaultRate = 6

// A Pace lets requests leave one by one, evenly. When the service answers that there are too many requests, it holds
// back all of them. It may be used by several goroutines.
type Pace struct {
	mu      sync.Mutex
	top     rate.Limit // the rate limit that was set
	turns   *rate.Limiter
	last    time.Time     // when the last request departs
	until   time.Time     // nothing departs before
	pauses  int           // how many pauses there were
	slowed  time.Time     // when the last pause began
	changed time.Time     // when the rate changed last
	backoff time.Duration // the pause after the next 429 without a time to wait
	passed  []time.Time   // departures in the last meanSpan that were not answered with 429
	steady  bool          // the rate rises no more
	risen   bool          // the last change of the rate was a rise
}

const (
	firstBackoff = time.Second
	lastBackoff  = time.Hour

	meanSpan  = 10 * time.Second
	slowest   = 1                // requests per second after any number of 429s, if the rate limit allows them
	riseEvery = 10 * time.Minute // at most
	rise      = 1.05             // factor of the rate
	longPause = time.Minute      // after which the rate rises no more
)

// New returns a Pace of perSecond requests per second; 0 means [DefaultRate].
func New(perSecond float64) *Pace {
	if perSecond == 0 {
		perSecond = DefaultRate
	}
	top := rate.Limit(perSecond)
	return &Pace{top: top, turns: rate.NewLimiter(top, 1), backoff: firstBackoff}
}

// Rate returns the present rate in requests per second.
func (p *Pace) Rate() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return float64(p.turns.Limit())
}

// PausedFor returns how long requests are still held back; 0 if they are not.
func (p *Pace) PausedFor() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, time.Until(p.until))
}

// Pauses returns how many pauses there were so far.
func (p *Pace) Pauses() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pauses
}

// Wait returns when a request may leave that is not written down. It returns the cause when ctx ends first.
func (p *Pace) Wait(ctx context.Context) error {
	for {
		if err := p.Turn(ctx); err != nil {
			return err
		}
		if err := p.Depart(ctx); !errors.Is(err, ErrHeldBack) {
			return err
		}
	}
}

// Turn waits until it is the caller's turn. It returns the cause when ctx ends first.
func (p *Pace) Turn(ctx context.Context) error {
	for {
		if err := web.Sleep(ctx, p.PausedFor()); err != nil {
			return err
		}
		p.mu.Lock()
		turn, pauses := p.turns.Reserve(), p.pauses
		p.mu.Unlock()
		if err := web.Sleep(ctx, turn.Delay()); err != nil {
			turn.Cancel()
			return err
		}
		p.mu.Lock()
		undisturbed := pauses == p.pauses
		p.mu.Unlock()
		if undisturbed {
			return nil
		}
	}
}

// ErrHeldBack means that a pause began between the turn of a request and its departure.
var ErrHeldBack = errors.New("held back by a pause")

// Depart returns when the request may leave, which is at once or nearly so. It returns ErrHeldBack if a pause began
// after Turn, and the cause if ctx ends first; then the request must not leave.
func (p *Pace) Depart(ctx context.Context) error {
	p.mu.Lock()
	now := time.Now()
	if now.Before(p.until) {
		p.mu.Unlock()
		return ErrHeldBack
	}
	gap := time.Duration(math.Ceil(float64(time.Second) / float64(p.turns.Limit()))) // rounded down, one more would fit into a second
	p.last = later(now, p.last.Add(gap))
	wait, pauses := p.last.Sub(now), p.pauses
	p.mu.Unlock()
	if err := web.Sleep(ctx, wait); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if pauses != p.pauses {
		return ErrHeldBack
	}
	return nil
}

// RateLimited handles a 429 to a request that departed at departed. It holds back all requests for as long as the service
// asked; if that is 0, for a second, and twice as long each time, up to an hour. It returns how long requests are held back.
//
// The new rate is 95 % of what the service let through in the second before. After a 429 that somebody else caused, that may
// be nothing: then it is at least half the mean of the last 10 seconds, and one request per second. Requests that were under
// way when the pause began do not change the rate again.
func (p *Pace) RateLimited(departed time.Time, asked time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	wait := asked
	if departed.After(p.slowed) {
		if wait == 0 {
			wait, p.backoff = p.backoff, min(2*p.backoff, lastBackoff)
		}
		p.steady = p.steady || p.risen || wait >= longPause
		p.setRate(p.allowed(departed), now)
		p.slowed, p.risen = now, false
	}
	p.until = later(p.until, now.Add(wait))
	p.turns = rate.NewLimiter(p.turns.Limit(), 1) // all who wait wait for a new turn; the old turns would be lost time
	p.pauses++
	return p.until.Sub(now)
}

// allowed returns the rate that the service seems to allow, after it has rejected a request.
func (p *Pace) allowed(rejected time.Time) rate.Limit {
	second, span := 0, 0
	for _, departed := range p.passed {
		second += within(departed, rejected, time.Second)
		span += within(departed, rejected, meanSpan)
	}
	return 0.95 * max(rate.Limit(second), rate.Limit(span)/rate.Limit(meanSpan.Seconds())/2, slowest)
}

// within returns 1 if t is in the span before the end.
func within(t, end time.Time, span time.Duration) int {
	if age := end.Sub(t); age >= 0 && age < span {
		return 1
	}
	return 0
}

// setRate sets the rate, which is never above the rate limit.
func (p *Pace) setRate(wanted rate.Limit, now time.Time) {
	p.turns.SetLimit(min(wanted, p.top))
	p.changed = now
}

// Passed records that a request that departed at departed was answered, and not with 429. The rate rises a little if it has
// been lower than the rate limit for ten minutes; not after a long pause, and not once a rise has met a 429.
func (p *Pace) Passed(departed time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.backoff = firstBackoff
	old := 0
	for old < len(p.passed) && departed.Sub(p.passed[old]) >= meanSpan {
		old++
	}
	p.passed = append(p.passed[old:], departed)
	if now := time.Now(); p.turns.Limit() < p.top && !p.steady && now.Sub(p.changed) >= riseEvery {
		p.setRate(p.turns.Limit()*rise, now)
		p.risen = true
	}
}

// A State is what a Pace knows about the service, for the next process that asks it:
//
//	{"at":"2025-03-01T10:00:00Z","until":"2025-03-01T10:05:00Z","rate":5.7}
type State struct {
	At    time.Time `json:"at"`
	Until time.Time `json:"until"` // nothing departs before
	Rate  float64   `json:"rate"`  // in requests per second
}

// State returns the present state.
func (p *Pace) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return State{time.Now(), p.until, float64(p.turns.Limit())}
}

// remembered is how long the rate of a State holds.
const remembered = time.Hour

// Resume goes on with the state of an earlier process: with its pause, and for an hour with its rate.
func (p *Pace) Resume(s State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if left := s.Until.Sub(now); left > 0 && left <= lastBackoff {
		p.until = later(p.until, s.Until)
	}
	if age := now.Sub(s.At); age >= 0 && age < remembered && s.Rate > 0 {
		p.setRate(min(rate.Limit(s.Rate), p.turns.Limit()), s.At)
	}
}

// SlowDown lowers the rate by 2 %, and by 20 % at most in all. It is for a service whose limit is known, but which counts
// a little more strictly. Nothing is held back.
func (p *Pace) SlowDown() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turns.SetLimit(max(p.turns.Limit()-p.top/50, p.top*4/5))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
