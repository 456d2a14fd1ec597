package importer

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kommo-import/internal/pace"
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
		s.Pace = pace.New(20)
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
			s.Pace = pace.New(20)
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

// The time that remains is right after a while, after a resume, and during a pause.
func TestRemainingTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		load(t, f, manyConversations(20, 24))
		box := sandbox.NewKommo(sandbox.Options{Latency: 150 * time.Millisecond})
		for range 2 { // the second run resumes
			s := newSender(f, box)
			s.Pace = pace.New(4)
			ctx, interrupt := context.WithCancel(t.Context())
			var promised []time.Time
			for _, second := range []time.Duration{1, 5, 30} {
				time.AfterFunc(second*time.Second, func() { promised = append(promised, time.Now().Add(s.Progress().Remaining)) })
			}
			left, err := countPending(f.Reader, Selection{})
			if err != nil {
				t.Fatal(err)
			}
			if left == 480 {
				time.AfterFunc(35*time.Second, interrupt)
			}
			began := time.Now()
			truth := began.Add(time.Duration(left) * time.Second / 4)
			s.Send(ctx)
			for i, p := range promised {
				if off := p.Sub(truth).Abs(); off > truth.Sub(began)/20 {
					t.Errorf("%d messages left: promise %d is off by %v", left, i, off)
				}
			}
			interrupt()
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
		s.Pace = pace.New(20)
		began := time.Now()
		check := func(after time.Duration, want time.Duration) {
			time.AfterFunc(after, func() {
				if got := s.Progress(); (got.Remaining - want).Abs() > want/20 {
					t.Errorf("after %v: %+v, want %v", time.Since(began), got, want)
				}
			})
		}
		check(30*time.Second, 170*time.Second)
		check(600*time.Second, 108*time.Second) // a minute, 500 seconds of pause, and 40 more; since then at 0.95 per second
		if _, err := s.Send(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}
