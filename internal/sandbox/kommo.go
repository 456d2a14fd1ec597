// Package sandbox is a local Kommo Chats API, good enough to be believed: it checks signatures and types strictly,
// answers what the documents say, remembers every message, and fails on demand.
//
// It is used in three ways. As an [http.RoundTripper] it needs no network and runs in the calling goroutine, so
// that it also works in a bubble of testing/synctest:
//
//	kommo := sandbox.NewKommo(sandbox.Options{Latency: 150 * time.Millisecond})
//	client := &http.Client{Transport: kommo}
//
// As an [http.Handler] it is served over a real connection, where people and scripts also read what arrived, at
// /sandbox/state and /sandbox/summary. In both forms [Kommo.Dump] and [Kommo.Summary] tell a test the same.
//
// The account's main API is served beside, as far as somebody asks who the account and its users are.
//
// [GreenAPI] is the other half: one instance of Green-API, from which chats are read. It has the same two forms.
//
// It knows none of the packages that it is there to test: what it says about a signature is a second opinion.
package sandbox

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// Kommo is one Chats API with one channel and one account, all in memory. It is made by NewKommo and is safe for
// use by several goroutines.
type Kommo struct {
	// Options are those given to NewKommo with the defaults filled in. They must not be changed.
	Options Options

	mu        sync.Mutex // guards what follows
	connected bool
	store     store
	requests  []Request
	limits    limits
	rules     rules
}

// NewKommo returns a Kommo that has no chats yet.
func NewKommo(o Options) *Kommo {
	k := &Kommo{Options: o.withDefaults(), connected: !o.Disconnected, store: newStore()}
	for _, r := range o.Rules {
		k.AddRule(r)
	}
	return k
}

// A request is what both ways in have in common: over the network and as a RoundTripper.
type request struct {
	target
	method string
	path   string // escaped, as it is signed: without the query
	query  string
	header http.Header
	body   []byte
}

func readRequest(r *http.Request) (request, error) {
	q := request{method: r.Method, path: r.URL.EscapedPath(), query: r.URL.RawQuery, header: r.Header}
	q.target = route(q.method, q.path)
	if r.Body == nil {
		return q, nil
	}
	defer r.Body.Close()
	var err error
	q.body, err = io.ReadAll(r.Body)
	return q, err
}

// ServeHTTP answers one request. A cut closes the connection without an answer.
func (k *Kommo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if k.serveInspection(w, r) {
		return
	}
	q, err := readRequest(r)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	a, err := k.serve(r.Context(), q)
	if err != nil {
		panic(http.ErrAbortHandler) // how net/http is told to drop the connection
	}
	a.write(w)
}

// RoundTrip answers one request in the calling goroutine. A cut is an error that wraps io.ErrUnexpectedEOF.
// When the request's context ends during a slow answer its cause is returned; what was taken stays taken.
func (k *Kommo) RoundTrip(r *http.Request) (*http.Response, error) {
	q, err := readRequest(r)
	if err != nil {
		return nil, fmt.Errorf("sandbox: read the request: %w", err)
	}
	if r.Context().Err() != nil {
		return nil, context.Cause(r.Context())
	}
	a, err := k.serve(r.Context(), q)
	if err != nil {
		return nil, err
	}
	return a.response(r), nil
}

// serve takes the request at once and gives the answer when its time has come.
func (k *Kommo) serve(ctx context.Context, q request) (answer, error) {
	number, fault := k.arrive(q)
	a, err := k.perform(fault, q)
	if waitErr := wait(ctx, k.Options.Latency+fault.Wait); waitErr != nil {
		err = waitErr
	}
	if err != nil {
		return answer{}, err
	}
	a.header.Set("Date", k.clock().UTC().Format(http.TimeFormat))
	k.mu.Lock()
	defer k.mu.Unlock()
	k.requests[number].Status = a.status
	return a, nil
}

// arrive writes the request down and decides which fault, if any, it meets: a block and the rate limit come before
// the rules.
func (k *Kommo) arrive(q request) (number int, fault Rule) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.Options.Now()
	k.requests = append(k.requests, newRequest(q, now))
	switch {
	case k.limits.blocked(now, k.Options):
		fault = Rule{Do: Block}
	case k.limits.exceeded(now, k.Options.RateLimit):
		fault = Rule{Do: TooMany}
	default:
		fault = k.rules.choose(q.endpoint, "", func() string { return peekMsgID(q) })
	}
	if fault.Do == TooMany {
		k.limits.count(now, k.Options)
	}
	return len(k.requests) - 1, fault
}

// clock is the sandbox's system clock, which may be wrong on purpose.
func (k *Kommo) clock() time.Time {
	return k.Options.Now().Add(k.Options.ClockSkew)
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
