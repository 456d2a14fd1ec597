// Package sandbox is a local Kommo Chats API, good enough to be believed: it checks signatures and types strictly,
// takes and answers what the documents, their samples and published logs show, remembers every message, and fails on
// demand.
//
// It is used in three ways. As an [http.RoundTripper] it needs no network and runs in the calling goroutine, so
// that it also works in a bubble of testing/synctest:
//
//	kommo := sandbox.NewKommo(sandbox.Options{Latency: 150 * time.Millisecond})
//	client := &http.Client{Transport: kommo}
//
// As an [http.Handler] it is served over a real connection, where people and scripts also read what arrived, at
// /sandbox/state and /sandbox/summary. In both forms [Kommo.Dump] and [Kommo.Summary] show a test the same.
//
// The account's main API is served at the same address, as far as the tool asks about the account and its users.
//
// [GreenAPI] is the other half: an instance of Green-API, from which chats are read. It has the same two forms.
//
// The package does not import the packages that it tests: its check of a signature is a second opinion.
package sandbox

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A server is what Kommo and GreenAPI have in common: their faults, and the requests R that arrived.
type server[R any] struct {
	now     func() time.Time
	faultOn Endpoint // where a rule without On applies

	mu       sync.Mutex // guards what follows, and everything in the struct around that changes
	requests []R
	rules    rules
}

// Requests returns the requests in order of arrival, refused ones included.
func (s *server[R]) Requests() []R {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// AddRule adds a rule behind the present ones. It may be called while requests are served.
func (s *server[R]) AddRule(r Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules.add(r, s.faultOn)
}

// ClearRules removes all rules.
func (s *server[R]) ClearRules() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = nil
}

// A handler answers a request whose body is read already. An error means that the connection breaks.
type handler func(r *http.Request, body []byte) (answer, error)

// serveHTTP answers over a connection, which an error closes.
func (h handler) serveHTTP(w http.ResponseWriter, r *http.Request) {
	a, err := h.handle(r)
	if err != nil {
		panic(http.ErrAbortHandler) // how a handler asks net/http to drop the connection
	}
	a.write(w)
}

// roundTrip answers in the calling goroutine.
func (h handler) roundTrip(r *http.Request) (*http.Response, error) {
	a, err := h.handle(r)
	if err != nil {
		return nil, err
	}
	return a.response(r), nil
}

func (h handler) handle(r *http.Request) (answer, error) {
	var body []byte
	if r.Body != nil {
		defer r.Body.Close()
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return answer{}, fmt.Errorf("sandbox: read the request: %w", err)
		}
	}
	if r.Context().Err() != nil {
		return answer{}, context.Cause(r.Context())
	}
	return h(r, body)
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// A window holds the times of the requests of the last second, without those it refused.
type window struct {
	recent []time.Time
}

// exceeded reports whether a request at now is beyond the limit of the second that ends with it; if not, it counts.
// A limit of 0 or less means no limit.
func (w *window) exceeded(now time.Time, perSecond int) bool {
	if perSecond <= 0 {
		return false
	}
	for len(w.recent) > 0 && now.Sub(w.recent[0]) >= time.Second {
		w.recent = w.recent[1:]
	}
	if len(w.recent) >= perSecond {
		return true
	}
	w.recent = append(w.recent, now)
	return false
}
