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
	slowed  time.Time     // when the rate was last halved
	backoff time.Duration // the pause after the next 429 without a time to wait
}

const (
	firstBackoff = time.Second
	lastBackoff  = 5 * time.Minute
	slowest      = 32  // the rate never falls below top / slowest
	recovery     = 100 // accepted requests in which the rate rises by top
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

// RateLimited handles a 429 to a request that departed at departed. It holds back all requests for as long as the
// service asked; if that is 0, for a second, and twice as long each time. The rate halves, once for all requests that
// were under way. It returns how long requests are held back.
func (p *Pace) RateLimited(departed time.Time, asked time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	wait := asked
	if departed.After(p.slowed) {
		p.slowed = now
		p.turns.SetLimit(max(p.turns.Limit()/2, p.top/slowest))
		if wait == 0 {
			wait, p.backoff = p.backoff, min(2*p.backoff, lastBackoff)
		}
	}
	p.until = later(p.until, now.Add(wait))
	p.pauses++
	return p.until.Sub(now)
}

// SlowDown lowers the rate by 2 %, and by 20 % at most in all. It is for a service whose limit is known, but which counts
// a little more strictly. Nothing is held back.
func (p *Pace) SlowDown() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turns.SetLimit(max(p.turns.Limit()-p.top/50, p.top*4/5))
}

// Accepted lets the rate recover a little after an accepted request.
func (p *Pace) Accepted() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.backoff = firstBackoff
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
