package importer

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kommo-import/internal/sandbox"
)

// manyConversations are so many conversations of so many messages each.
func manyConversations(conversations, messages int) string {
	var content strings.Builder
	content.WriteString(csvHeader)
	for c := range conversations {
		for m := range messages {
			content.WriteString(row(fmt.Sprintf("c%03d", c), m, "in", "text", fmt.Sprint(m)))
		}
	}
	return content.String()
}

// Requests leave evenly at the rate: never more in any second than the rate allows, and not fewer either.
func TestPaceHoldsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		load(t, f, manyConversations(8, 25))
		box := sandbox.NewKommo(sandbox.Options{Latency: 150 * time.Millisecond})
		s := newSender(f, box)
		s.Pace = NewPace(20)
		began := time.Now()
		if _, err := s.Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		if busiest := box.Summary().BusiestSecond; busiest > 20 {
			t.Errorf("%d requests in one second, want 20 at most", busiest)
		}
		if took := time.Since(began); took > 10*time.Second+200*time.Millisecond {
			t.Errorf("200 messages at 20 per second took %v", took)
		}
	})
}

// Requests that were held up between their turn and their departure, by the disk say, do not leave together.
func TestPaceAfterASlowDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPace(10)
		var departures []time.Time
		done := make(chan time.Time)
		for range 5 {
			go func() {
				p.Wait(t.Context())
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

// One 429 holds back all workers for as long as it asks, and the request is signed anew after it: 2,000 seconds are
// longer than a signature is valid.
func TestOnePauseHoldsAllWorkersAndSignsAnew(t *testing.T) {
	for _, place := range []sandbox.RetryAfterPlace{sandbox.InHeader, sandbox.InDate, sandbox.InBody} {
		inBubble(t, string(place), func(t *testing.T) {
			f := newFile(t)
			load(t, f, manyConversations(4, 10))
			box := sandbox.NewKommo(sandbox.Options{
				Latency: 100 * time.Millisecond, RetryAfter: 2000 * time.Second, RetryAfterIn: place,
				Rules: []sandbox.Rule{{Do: sandbox.TooMany, N: 10}},
			})
			s := newSender(f, box)
			s.Pace = NewPace(20)
			report, err := s.Send(t.Context())
			if err != nil || report.Accepted != 40 || report.SlowDowns != 1 {
				t.Fatalf("report %+v, error %v, want forty accepted and one slowing down", report, err)
			}
			requests := box.Requests()
			answered := requests[9].At.Add(100 * time.Millisecond)
			for i, r := range requests {
				if r.At.After(answered) && r.At.Before(answered.Add(1999*time.Second)) {
					t.Errorf("request %d leaves %v into the pause", i, r.At.Sub(answered))
				}
			}
			if gap := requests[len(requests)-1].At.Sub(requests[len(requests)-2].At); gap < 50*time.Millisecond {
				t.Errorf("afterwards requests follow after %v", gap)
			}
		})
	}
}

// Where nobody says how long to wait, it is a second, then twice as long each time; the pace halves each time, once
// for all requests that were under way, and recovers slowly, never above what was asked for.
func TestPaceSlowsDownAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPace(8)
		for _, want := range []struct {
			wait time.Duration
			rate float64
		}{{time.Second, 4}, {2 * time.Second, 2}, {4 * time.Second, 1}, {8 * time.Second, 0.5}, {16 * time.Second, 0.25}, {32 * time.Second, 0.25}} {
			time.Sleep(time.Millisecond)
			departed := time.Now()
			time.Sleep(time.Millisecond)
			if wait := p.TooFast(departed, 0); wait != want.wait || p.Rate() != want.rate {
				t.Errorf("waits %v at %v per second, want %v at %v", wait, p.Rate(), want.wait, want.rate)
			}
			if p.TooFast(departed, 0); p.Rate() != want.rate {
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

// The time that remains is right after a while, after a resume, and during a pause.
func TestRemainingTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		load(t, f, manyConversations(20, 24))
		box := sandbox.NewKommo(sandbox.Options{Latency: 150 * time.Millisecond})
		for range 2 { // the second run resumes
			s := newSender(f, box)
			s.Pace = NewPace(4)
			ctx, interrupt := context.WithCancel(t.Context())
			var promised []time.Time
			for _, second := range []time.Duration{1, 5, 30} {
				time.AfterFunc(second*time.Second, func() { promised = append(promised, time.Now().Add(s.Progress().Remaining)) })
			}
			left, err := countOpen(f.read, Selection{})
			if err != nil {
				t.Fatal(err)
			}
			if left.messages == 480 {
				time.AfterFunc(35*time.Second, interrupt)
			}
			began := time.Now()
			truth := began.Add(time.Duration(left.messages) * time.Second / 4)
			s.Send(ctx)
			for i, p := range promised {
				if off := p.Sub(truth).Abs(); off > truth.Sub(began)/20 {
					t.Errorf("%d messages left: promise %d is off by %v", left.messages, i, off)
				}
			}
			interrupt()
		}
	})
}

// A pause that begins while a request waits for its turn, or between its turn and its departure, holds it back too.
func TestPauseMeetsRequestsThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPace(1)
		p.Wait(t.Context())
		began := time.Now()
		time.AfterFunc(500*time.Millisecond, func() { p.TooFast(time.Now(), 10*time.Second) })
		if err := p.Wait(t.Context()); err != nil || time.Since(began) < 10*time.Second {
			t.Errorf("the turn comes after %v, error %v, want it after the pause", time.Since(began), err)
		}
		p.TooFast(time.Now(), 10*time.Second)
		if err := p.Depart(t.Context()); err != errHeldBack {
			t.Errorf("departure in a pause: %v", err)
		}
		time.Sleep(10 * time.Second)
		if err := p.Depart(t.Context()); err != nil {
			t.Errorf("departure after the pause: %v", err)
		}
		time.AfterFunc(time.Millisecond, func() { p.TooFast(time.Now(), 10*time.Second) })
		if err := p.Depart(t.Context()); err != errHeldBack {
			t.Errorf("departure that a pause overtakes: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began = time.Now()
		if err := p.Wait(ctx); err != context.Canceled || time.Since(began) > time.Second {
			t.Errorf("a wait that is broken off ends after %v with %v", time.Since(began), err)
		}
	})
}

// What Kommo takes ends the doubling of waits.
func TestPatienceBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPace(8)
		for range 2 {
			for _, want := range []time.Duration{time.Second, 2 * time.Second} {
				time.Sleep(time.Minute)
				if wait := p.TooFast(time.Now(), 0); wait != want {
					t.Errorf("waits %v, want %v", wait, want)
				}
			}
			p.Accepted()
		}
	})
}

// Where Kommo is slower than the pace, the time that remains is that of Kommo, and a pause does not spoil it.
func TestRemainingTimeWithASlowServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		load(t, f, manyConversations(1, 200))
		box := sandbox.NewKommo(sandbox.Options{Latency: time.Second, RetryAfter: 500 * time.Second,
			Rules: []sandbox.Rule{{Do: sandbox.TooMany, N: 60}}})
		s := newSender(f, box)
		s.Pace = NewPace(20)
		began := time.Now()
		check := func(after time.Duration, want time.Duration) {
			time.AfterFunc(after, func() {
				if got := s.Progress(); (got.Remaining - want).Abs() > want/20 {
					t.Errorf("after %v: %+v, want %v", time.Since(began), got, want)
				}
			})
		}
		check(30*time.Second, 170*time.Second)
		check(600*time.Second, 101*time.Second) // a minute, 500 seconds of pause, and 40 more
		if _, err := s.Send(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}
