package greenapi

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
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

// departing returns a transport that notes when requests leave.
func departing(departures *[]time.Time, transport roundTrip) roundTrip {
	var mu sync.Mutex
	return func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		*departures = append(*departures, time.Now())
		mu.Unlock()
		return transport(r)
	}
}

// No second holds more requests than the rate allows, also after hiccups and rests of any length, and nearly all of the
// rate is used.
func TestRate(t *testing.T) {
	for _, rate := range []int{1, 5, 25} {
		for name, rest := range map[string]func() time.Duration{
			"busy":   func() time.Duration { return 0 },
			"rests":  func() time.Duration { return rand.N(3 * time.Second) },
			"hiccup": func() time.Duration { return max(0, rand.N(3*time.Second)-2*time.Second) },
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var departures []time.Time
					client := newClient(departing(&departures, answering(200, `[]`)))
					client.HistoryRate = float64(rate)
					var wg sync.WaitGroup
					for chat := range 10 {
						wg.Go(func() {
							for range 20 {
								time.Sleep(rest())
								if err := client.History(t.Context(), strings.Repeat("1", chat), 1, noEntries(t)); err != nil {
									t.Error(err)
								}
							}
						})
					}
					wg.Wait()
					checkPace(t, departures, rate)
					reached := float64(len(departures)-1) / departures[len(departures)-1].Sub(departures[0]).Seconds()
					if least := 0.99 * float64(rate); name == "busy" && reached < least {
						t.Errorf("%.4f per second, want at least %.4f", reached, least)
					}
				})
			})
		}
	}
}

// A 429 makes its call wait, and lowers the rate of its method by 2 %.
func TestTooManyRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(inTurn(answering(429, ""), answering(429, ""), answering(200, `[]`)))
		start := time.Now()
		for n, want := range []time.Duration{3 * time.Second, 4050 * time.Millisecond, 5100 * time.Millisecond} {
			if err := client.History(t.Context(), "1@c.us", 1, noEntries(t)); err != nil {
				t.Error(err)
			}
			if got := time.Since(start); !about(got, want) {
				t.Errorf("after %d histories %v, want about %v", n+1, got, want)
			}
		}
	})
}

// A call that waits for its turn ends with the cause as soon as its context does, and the turn is not lost.
func TestInterruptedTurn(t *testing.T) {
	stop := errors.New("stop")
	synctest.Test(t, func(t *testing.T) {
		client, start := newClient(answering(200, `[]`)), time.Now()
		client.HistoryRate = 0.01
		if err := client.History(t.Context(), "0@c.us", 1, noEntries(t)); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(stop) })
		if err := client.History(ctx, "1@c.us", 1, noEntries(t)); err != stop || time.Since(start) != time.Second {
			t.Errorf("got %v after %v, want %v after 1 s", err, time.Since(start), stop)
		}
		if err := client.History(t.Context(), "1@c.us", 1, noEntries(t)); err != nil || time.Since(start) > 101*time.Second {
			t.Errorf("got %v after %v: a turn was lost", err, time.Since(start))
		}
	})
}

func TestEachMethodHasItsRate(t *testing.T) {
	client := newClient(nil)
	client.HistoryRate = 2.5
	for m, want := range map[method]float64{getStateInstance: 1, getSettings: 1, getWaSettings: 1, getChats: 1, getContacts: 1,
		getContactInfo: 1, getChatHistory: 2.5, downloadFile: 5} {
		if got := client.paceOf(m).Rate() * margin; math.Abs(got-want) > 1e-6 {
			t.Errorf("%s: %v per second, want %v", m.name, got, want)
		}
	}
	if got := newClient(nil).paceOf(getChatHistory).Rate() * margin; math.Abs(got-1) > 1e-6 {
		t.Errorf("getChatHistory: %v per second, want 1", got)
	}
	if first, again := client.paceOf(getChatHistory), client.paceOf(getChatHistory); first != again {
		t.Error("a method has two paces")
	}
}
