package greenapi

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// checkPace fails if any second holds more departures than the rate allows.
func checkPace(t *testing.T, departures []time.Time, rate int) {
	t.Helper()
	for i := range len(departures) - rate {
		if gap := departures[i+rate].Sub(departures[i]); gap <= time.Second {
			t.Fatalf("departures %d and %d are %v apart, with a rate of %d per second", i, i+rate, gap, rate)
		}
	}
}

func TestTurnstile(t *testing.T) {
	for _, rate := range []int{1, 5} {
		for name, lateness := range map[string]func() time.Duration{
			"sharp timers": func() time.Duration { return 0 },
			"late timers":  func() time.Duration { return rand.N(3 * time.Millisecond) },
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					turns, start := newTurnstile(float64(rate)), time.Now()
					var departures []time.Time
					for range 200 {
						late(t, turns, lateness())
						departures = append(departures, time.Now())
					}
					checkPace(t, departures, rate)
					reached := float64(len(departures)-1) / time.Since(start).Seconds()
					if least := 0.99 * float64(rate); reached < least {
						t.Errorf("%.4f per second, want at least %.4f", reached, least)
					}
				})
			})
		}
	}
}

// late takes a turn that a timer lets go too late.
func late(t *testing.T, turns *turnstile, by time.Duration) {
	t.Helper()
	time.Sleep(time.Until(turns.next) + by)
	if err := turns.wait(t.Context()); err != nil {
		t.Error(err)
	}
}

// After hiccups and rests of any length there is no burst.
func TestTurnstileNeverBursts(t *testing.T) {
	for _, rate := range []int{1, 5} {
		synctest.Test(t, func(t *testing.T) {
			turns := newTurnstile(float64(rate))
			var departures []time.Time
			for range 2000 {
				late(t, turns, max(0, rand.N(3*time.Second)-2*time.Second))
				departures = append(departures, time.Now())
			}
			checkPace(t, departures, rate)
		})
	}
}

func TestTurnstileForMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns, start := newTurnstile(5), time.Now()
		var mu sync.Mutex
		var departures []time.Time
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				for range 20 {
					if err := turns.wait(t.Context()); err != nil {
						t.Error(err)
					}
					mu.Lock()
					departures = append(departures, time.Now())
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		checkPace(t, departures, 5)
		if got, most := time.Since(start), 199*time.Second/5*100/99; got > most {
			t.Errorf("200 turns took %v, want at most %v", got, most)
		}
	})
}

func TestTurnstileSlowsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurnstile(1)
		first := turns.spacing()
		for i := range 20 {
			turns.slowDown()
			want := first + first*time.Duration(min(i+1, 10))*2/100
			if got := turns.spacing(); got != want {
				t.Errorf("after %d refusals the interval is %v, want %v", i+1, got, want)
			}
		}
	})
}

// Every 429 slows the method down that it was given to, and no other.
func TestTooFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(inTurn(answering(429, ""), answering(429, ""), answering(200, `[]`)))
		if err := client.History(t.Context(), "1@c.us", 1, noEntries(t)); err != nil {
			t.Error(err)
		}
		if got := client.turnstile(getChatHistory).slowed; got != 2 {
			t.Errorf("getChatHistory is %d steps slower, want 2", got)
		}
		if got := client.turnstile(getContactInfo).slowed; got != 0 {
			t.Errorf("getContactInfo is %d steps slower, want none", got)
		}
		start := time.Now()
		for range 2 {
			if err := client.History(t.Context(), "1@c.us", 1, noEntries(t)); err != nil {
				t.Error(err)
			}
		}
		if got, want := time.Since(start), 2*1045*time.Millisecond-2*slack; got < want || got > want+10*time.Millisecond {
			t.Errorf("two more took %v, want about %v", got, want)
		}
	})
}

func TestInterruptedTurn(t *testing.T) {
	stop := errors.New("stop")
	synctest.Test(t, func(t *testing.T) {
		turns, start := newTurnstile(0.01), time.Now()
		turns.wait(t.Context())
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(stop) })
		var wg sync.WaitGroup
		for range 3 { // one has the turn, the others wait for it
			wg.Go(func() {
				if err := turns.wait(ctx); err != stop || time.Since(start) != time.Second {
					t.Errorf("got %v after %v, want %v after 1 s", err, time.Since(start), stop)
				}
			})
		}
		wg.Wait()
		if err := turns.wait(t.Context()); err != nil || time.Since(start) > 101*time.Second {
			t.Errorf("got %v after %v: a turn was lost", err, time.Since(start))
		}
	})
}

func TestRatesThatAreNone(t *testing.T) {
	for _, rate := range []float64{0, -1} {
		if got, want := newTurnstile(rate).interval, newTurnstile(1).interval; got != want {
			t.Errorf("rate %v: an interval of %v, want %v", rate, got, want)
		}
	}
	if got := newTurnstile(1e-30).interval; got != time.Hour {
		t.Errorf("an interval of %v, want an hour", got)
	}
}

func TestEachMethodHasItsRate(t *testing.T) {
	client := newClient(nil)
	for _, m := range []method{getStateInstance, getSettings, getWaSettings, getChats, getContacts, getContactInfo, getChatHistory} {
		if got, want := client.turnstile(m).interval, 1005*time.Millisecond; got.Round(time.Microsecond) != want {
			t.Errorf("%s: an interval of %v, want %v", m.name, got, want)
		}
	}
	if got, want := client.turnstile(downloadFile).interval, 201*time.Millisecond; got.Round(time.Microsecond) != want {
		t.Errorf("downloadFile: an interval of %v, want %v", got, want)
	}
	client = newClient(nil)
	client.HistoryRate = 2
	if got, want := client.turnstile(getChatHistory).interval, 502500*time.Microsecond; got.Round(time.Microsecond) != want {
		t.Errorf("getChatHistory: an interval of %v, want %v", got, want)
	}
	if client.turnstile(getChatHistory) != client.turnstile(getChatHistory) {
		t.Error("a method has two turnstiles")
	}
}
