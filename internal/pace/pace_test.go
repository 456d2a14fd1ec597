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

// Where nobody says how long to wait, it is a second, then twice as long each time; the pace halves each time, once
// for all requests that were under way, and recovers slowly, never above what was asked for.
func TestPaceSlowsDownAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(8)
		for _, want := range []struct {
			wait time.Duration
			rate float64
		}{{time.Second, 4}, {2 * time.Second, 2}, {4 * time.Second, 1}, {8 * time.Second, 0.5}, {16 * time.Second, 0.25}, {32 * time.Second, 0.25}} {
			time.Sleep(time.Millisecond)
			departed := time.Now()
			time.Sleep(time.Millisecond)
			if wait := p.RateLimited(departed, 0); wait != want.wait || p.Rate() != want.rate {
				t.Errorf("waits %v at %v per second, want %v at %v", wait, p.Rate(), want.wait, want.rate)
			}
			if p.RateLimited(departed, 0); p.Rate() != want.rate {
				t.Errorf("a second answer to the same burst slows down to %v", p.Rate())
			}
			time.Sleep(p.PausedFor())
		}
		for range 50 {
			p.Accepted()
		}
		if rate := p.Rate(); rate <= 4 || rate >= 8 {
			t.Errorf("after 50 accepted messages %v per second, want between 4 and 8", rate)
		}
		for range 200 {
			p.Accepted()
		}
		if p.Rate() != 8 {
			t.Errorf("in the end %v per second, want 8", p.Rate())
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

// What Kommo takes ends the doubling of waits.
func TestBackoffBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(8)
		for range 2 {
			for _, want := range []time.Duration{time.Second, 2 * time.Second} {
				time.Sleep(time.Minute)
				if wait := p.RateLimited(time.Now(), 0); wait != want {
					t.Errorf("waits %v, want %v", wait, want)
				}
			}
			p.Accepted()
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
