package greenapi

import (
	"context"
	"errors"
	"math"
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
	for _, rate := range []int{1, 5, 25} {
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
	time.Sleep(time.Until(turns.slot()) + by)
	if err := turns.wait(t.Context()); err != nil {
		t.Error(err)
	}
}

// After hiccups and rests of any length there is no burst.
func TestTurnstileNeverBursts(t *testing.T) {
	for _, rate := range []int{1, 5, 25} {
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
		first := turns.span()
		for i := range 20 {
			turns.slowDown()
			want := first + first*time.Duration(min(i+1, 10))*2/100
			if got := turns.span(); got != want {
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
		if got, want := time.Since(start), 2*1048*time.Millisecond; got < want || got > want+10*time.Millisecond {
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
		if got, want := newTurnstile(rate).window, newTurnstile(1).window; got != want {
			t.Errorf("rate %v: a window of %v, want %v", rate, got, want)
		}
	}
	if got := newTurnstile(1e-30).window.Round(time.Second); got != time.Hour+29*time.Second {
		t.Errorf("a window of %v, want about an hour", got)
	}
}

func TestEachMethodHasItsRate(t *testing.T) {
	client := newClient(nil)
	client.HistoryRate = 2.5
	for m, want := range map[method]float64{getStateInstance: 1, getSettings: 1, getWaSettings: 1, getChats: 1, getContacts: 1,
		getContactInfo: 1, getChatHistory: 2.5, downloadFile: 5} {
		turns := client.turnstile(m)
		if got := float64(len(turns.departures)) / turns.window.Seconds() * margin; math.Abs(got-want) > 1e-6 {
			t.Errorf("%s: %v per second, want %v", m.name, got, want)
		}
	}
	if got := float64(len(newClient(nil).turnstile(getChatHistory).departures)); got != 1 {
		t.Errorf("getChatHistory: %v a second, want 1", got)
	}
	if first := client.turnstile(getChatHistory); first != client.turnstile(getChatHistory) {
		t.Error("a method has two turnstiles")
	}
}

// A step down is taken back when enough turns went well.
func TestTurnstileRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurnstile(1)
		fast := turns.span()
		turns.slowDown()
		turns.slowDown()
		for i := range 3 * forgotten {
			if got, want := turns.span(), fast+fast/50*time.Duration(max(0, 2-i/forgotten)); got.Round(time.Microsecond) != want.Round(time.Microsecond) {
				t.Fatalf("after %d turns the window is %v, want %v", i, got, want)
			}
			if err := turns.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// What is late is made up for, but never in a burst.
func TestTurnstileCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns, start := newTurnstile(25), time.Now()
		var departures []time.Time
		for i := range 1000 {
			if i%50 == 49 {
				time.Sleep(200 * time.Millisecond) // as a busy machine does
			}
			if err := turns.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			departures = append(departures, time.Now())
			if n := len(departures); n > 1 && departures[n-1].Sub(departures[n-2]) < 20*time.Millisecond {
				t.Fatalf("departures %d and %d are %v apart", n-2, n-1, departures[n-1].Sub(departures[n-2]))
			}
		}
		checkPace(t, departures, 25)
		if reached := float64(len(departures)) / time.Since(start).Seconds(); reached < 0.95*25 {
			t.Errorf("%.2f per second", reached)
		}
	})
}
