package pace

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"
)

// Requests that were held up between their turn and their departure, by the disk say, do not leave together.
func TestPaceAfterASlowDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(10)
		var departures []time.Time
		done := make(chan time.Time)
		for range 5 {
			go func() {
				p.Turn(t.Context())
				time.Sleep(time.Until(time.Date(2000, 1, 1, 0, 0, 1, 0, time.UTC))) // all are written down at once
				p.Depart(t.Context())
				done <- time.Now()
			}()
		}
		for range 5 {
			departures = append(departures, <-done)
		}
		for i := 1; i < len(departures); i++ {
			if gap := departures[i].Sub(departures[i-1]); gap < 100*time.Millisecond {
				t.Errorf("departure %d follows after %v", i, gap)
			}
		}
	})
}

// Where nobody says how long to wait, it is a second, then twice as long each time, up to an hour. A request that passes ends
// the doubling.
func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(8)
		for range 2 {
			for n := range 14 {
				time.Sleep(time.Hour)
				want := min(time.Second<<n, time.Hour)
				if wait := p.RateLimited(time.Now(), 0); wait != want {
					t.Errorf("waits %v, want %v", wait, want)
				}
				if wait := p.RateLimited(time.Now().Add(-time.Second), 0); wait != want {
					t.Errorf("a second answer to the same burst waits %v, want %v", wait, want)
				}
				time.Sleep(p.PausedFor())
			}
			p.Passed(time.Now())
		}
	})
}

// After a 429 the rate follows from what the service let through.
func TestRateAfter429(t *testing.T) {
	for _, tt := range []struct {
		name   string
		top    float64
		passed []time.Duration // ages of the departures that were let through
		want   float64
	}{
		{"ten in the last second", 30, every(100*time.Millisecond, 10), 9.5},
		{"ten a second for long", 30, every(100*time.Millisecond, 100), 9.5},
		{"nothing in the last second, because of somebody else", 6, every(200*time.Millisecond, 45)[10:], 0.95 * 35.0 / 20},
		{"nothing at all", 6, nil, 0.95},
		{"nothing at all, below one per second", 0.5, nil, 0.5},
		{"more than the rate limit", 4, every(100*time.Millisecond, 10), 4},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := New(tt.top)
			time.Sleep(time.Hour)
			now := time.Now()
			for i := len(tt.passed) - 1; i >= 0; i-- {
				p.Passed(now.Add(-tt.passed[i]))
			}
			p.RateLimited(now, 0)
			if got := p.Rate(); math.Abs(got-tt.want) > 1e-9 {
				t.Errorf("%s: %v per second, want %v", tt.name, got, tt.want)
			}
			time.Sleep(time.Millisecond)
			p.RateLimited(now.Add(-time.Millisecond), 0)
			if got := p.Rate(); math.Abs(got-tt.want) > 1e-9 {
				t.Errorf("%s: %v per second after another 429 of the same moment, want %v", tt.name, got, tt.want)
			}
		})
	}
}

func every(gap time.Duration, n int) (ages []time.Duration) {
	for i := range n {
		ages = append(ages, time.Duration(i)*gap)
	}
	return ages
}

// The rate rises by 5 % in ten minutes, up to the rate limit; not after a long pause, and no more once a rise met a 429.
func TestRateRises(t *testing.T) {
	for _, tt := range []struct {
		name  string
		asked time.Duration
		meets int // the rise that meets a 429; 0: none does
		want  float64
	}{
		{"up to the rate limit", 0, 0, 6},
		{"not after a long pause", time.Minute, 0, 3.8},
		{"until a rise meets a 429", 0, 2, 3.8},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := New(6)
			pass := func() {
				for range 4 {
					time.Sleep(250 * time.Millisecond)
					p.Passed(time.Now())
				}
			}
			pass()
			p.RateLimited(time.Now(), tt.asked)
			time.Sleep(p.PausedFor())
			for rises := 1; rises < 20; rises++ {
				before := p.Rate()
				time.Sleep(9 * time.Minute)
				if p.Passed(time.Now()); p.Rate() != before {
					t.Errorf("%s: rises after nine minutes", tt.name)
				}
				time.Sleep(time.Minute)
				if p.Passed(time.Now()); p.Rate() > before*1.05+1e-9 {
					t.Errorf("%s: rises from %v to %v", tt.name, before, p.Rate())
				}
				if rises == tt.meets {
					time.Sleep(time.Minute)
					pass()
					p.RateLimited(time.Now(), 0)
					time.Sleep(p.PausedFor())
				}
			}
			if got := p.Rate(); math.Abs(got-tt.want) > 1e-9 {
				t.Errorf("%s: in the end %v per second, want %v", tt.name, got, tt.want)
			}
		})
	}
}

// The next process goes on with the pause, and for an hour with the rate.
func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(6)
		time.Sleep(time.Hour)
		p.RateLimited(time.Now(), 2*time.Minute)
		state := p.State()
		time.Sleep(time.Minute)
		next := New(6)
		next.Resume(state)
		began := time.Now()
		if err := next.Wait(t.Context()); err != nil || time.Since(began) != time.Minute || math.Abs(next.Rate()-0.95) > 1e-9 {
			t.Errorf("waits %v, error %v, at %v per second", time.Since(began), err, next.Rate())
		}
		time.Sleep(time.Hour)
		later := New(6)
		later.Resume(state)
		began = time.Now()
		if err := later.Wait(t.Context()); err != nil || time.Since(began) != 0 || later.Rate() != 6 {
			t.Errorf("an hour later: waits %v, error %v, at %v per second", time.Since(began), err, later.Rate())
		}
		slower := New(0.5)
		slower.Resume(state)
		if slower.Rate() != 0.5 {
			t.Errorf("a lower rate limit gives %v per second", slower.Rate())
		}
		broken := New(6)
		broken.Resume(State{At: time.Now().Add(time.Hour), Until: time.Now().Add(1000 * time.Hour), Rate: -1})
		if broken.PausedFor() > 0 || broken.Rate() != 6 {
			t.Errorf("a state of the future pauses for %v, at %v per second", broken.PausedFor(), broken.Rate())
		}
	})
}

// A pause that begins while a request waits for its turn, or between its turn and its departure, holds it back too.
func TestPauseMeetsRequestsThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1)
		p.Turn(t.Context())
		began := time.Now()
		time.AfterFunc(500*time.Millisecond, func() { p.RateLimited(time.Now(), 10*time.Second) })
		if err := p.Turn(t.Context()); err != nil || time.Since(began) < 10*time.Second {
			t.Errorf("the turn comes after %v, error %v, want it after the pause", time.Since(began), err)
		}
		p.RateLimited(time.Now(), 10*time.Second)
		if err := p.Depart(t.Context()); err != ErrHeldBack {
			t.Errorf("departure in a pause: %v", err)
		}
		time.Sleep(10 * time.Second)
		if err := p.Depart(t.Context()); err != nil {
			t.Errorf("departure after the pause: %v", err)
		}
		time.AfterFunc(time.Millisecond, func() { p.RateLimited(time.Now(), 10*time.Second) })
		if err := p.Depart(t.Context()); err != ErrHeldBack {
			t.Errorf("departure that a pause overtakes: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began = time.Now()
		if err := p.Turn(ctx); err != context.Canceled || time.Since(began) > time.Second {
			t.Errorf("a wait that is broken off ends after %v with %v", time.Since(began), err)
		}
	})
}

// SlowDown lowers the rate in steps of 2 %, and never by more than a fifth.
func TestSlowDown(t *testing.T) {
	p := New(10)
	p.SlowDown()
	if got := p.Rate(); math.Abs(got-9.8) > 1e-9 {
		t.Errorf("after one step %v per second, want 9.8", got)
	}
	for range 50 {
		p.SlowDown()
	}
	if got := p.Rate(); math.Abs(got-8) > 1e-9 {
		t.Errorf("after many steps %v per second, want 8", got)
	}
}
