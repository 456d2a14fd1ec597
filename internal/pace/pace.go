// Package pace decides when a request may leave.
package pace

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"kommo-import/internal/web"
)

// DefaultRate is the rate limit in requests per second where none is set. Kommo documents 7 for its main API and nothing
// for the Chats API.
const DefaultRate = 6

// A Pace is the one pace of all requests to Kommo. It lets them go one by one, evenly, and when Kommo asks to slow
// down it holds all of them back. It may be used by several goroutines.
//
// A request first waits for its turn, then is written down, then departs:
//
//	pace.Turn(ctx) ─► mark sending ─► pace.Depart(ctx) ─► request
//
// Turn carries nearly all of the waiting, so that what ends it leaves no message in doubt. Depart keeps requests
// that were held up by the writing from leaving together.
type Pace struct {
	mu       sync.Mutex
	top      rate.Limit // what was asked for
	turns    *rate.Limiter
	last     time.Time     // when the last request departs
	until    time.Time     // nothing departs before
	pauses   int           // how often everything was held back
	slowed   time.Time     // when the pace was last halved
	patience time.Duration // the wait after the next 429 that asks for none
}

const (
	firstPatience = time.Second
	lastPatience  = 5 * time.Minute
	slowest       = 32  // the pace is never less than this part of what was asked for
	recovery      = 100 // accepted requests that bring the pace from nothing to what was asked for
)

// New returns a pace of that many requests per second; 0 means [DefaultRate].
func New(perSecond float64) *Pace {
	if perSecond == 0 {
		perSecond = DefaultRate
	}
	top := rate.Limit(perSecond)
	return &Pace{top: top, turns: rate.NewLimiter(top, 1), patience: firstPatience}
}

// Rate returns the present pace in requests per second.
func (p *Pace) Rate() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return float64(p.turns.Limit())
}

// PausedFor returns how long everything is held back from now; 0 if it is not.
func (p *Pace) PausedFor() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, time.Until(p.until))
}

// Pauses returns how often everything was held back so far.
func (p *Pace) Pauses() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pauses
}

// Wait returns when a request that needs no writing down may leave. It returns the cause when ctx ends first.
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

// Depart returns when the request may leave, which is at once or nearly so. It returns ErrHeldBack if everything is
// held back meanwhile, and the cause if ctx ends first; then the request must not leave.
func (p *Pace) Depart(ctx context.Context) error {
	p.mu.Lock()
	now := time.Now()
	if now.Before(p.until) {
		p.mu.Unlock()
		return ErrHeldBack
	}
	gap := time.Duration(float64(time.Second) / float64(p.turns.Limit()))
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

// TooFast holds everything back for as long as Kommo asked after a request that departed at departed; if it named no
// time, for a second, and twice as long each time. The pace halves, once for all requests that were on their way.
// It returns how long everything is held back.
func (p *Pace) TooFast(departed time.Time, asked time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	wait := asked
	if departed.After(p.slowed) {
		p.slowed = now
		p.turns.SetLimit(max(p.turns.Limit()/2, p.top/slowest))
		if wait == 0 {
			wait, p.patience = p.patience, min(2*p.patience, lastPatience)
		}
	}
	p.until = later(p.until, now.Add(wait))
	p.pauses++
	return p.until.Sub(now)
}

// Accepted lets the pace recover a little.
func (p *Pace) Accepted() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.patience = firstPatience
	if limit := p.turns.Limit(); limit < p.top {
		p.turns.SetLimit(min(p.top, limit+p.top/recovery))
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
