package importer

import (
	"context"
	"errors"
	"fmt"
	"kommo-import/internal/pace"
	"kommo-import/internal/web"
	"log/slog"
	"sync/atomic"
	"time"

	"kommo-import/internal/kommo"
)

// A traffic is the requests of one run: one pace for all, and their numbers.
type traffic struct {
	pace      *pace.Pace
	log       *slog.Logger
	requests  atomic.Int64
	slowDowns atomic.Int64 // answers that asked to slow down
}

// underWay counts a request and returns the context for it: one under way is not cancelled.
func (t *traffic) underWay(ctx context.Context) context.Context {
	t.requests.Add(1)
	return context.WithoutCancel(ctx)
}

// turn waits for the pace before a request that only reads.
func (t *traffic) turn(ctx context.Context) error {
	if err := t.pace.Wait(ctx); err != nil {
		return err
	}
	t.underWay(ctx)
	return nil
}

// again waits until a request that was not taken may be repeated. It returns an error if that makes no sense.
func (t *traffic) again(ctx context.Context, tries *tries, departed time.Time, failure error) error {
	if tooFast, ok := errors.AsType[*kommo.RateLimitError](failure); ok {
		wait := t.pace.TooFast(departed, tooFast.RetryAfter)
		t.slowDowns.Add(1)
		t.log.Warn("Kommo asks to slow down; everything waits", "for", wait.Round(time.Second), "then requests per second", t.pace.Rate())
		return nil
	}
	var why error
	if unreachable, ok := errors.AsType[*kommo.UnreachableError](failure); ok {
		why = unreachable
	} else if unknown, ok := errors.AsType[*kommo.UnknownOutcomeError](failure); ok {
		why = unknown
	} else {
		return failure
	}
	if err := tries.another(failure); err != nil {
		return err
	}
	t.log.Warn("no answer from Kommo; trying again", "in", tries.pause(), "why", why)
	return web.Sleep(ctx, tries.pause())
}

func unless(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// tries counts the attempts at one message whose outcome was not known or that did not reach Kommo.
type tries int

// another counts one more, and returns an error when there were enough.
func (t *tries) another(last error) error {
	if *t++; *t >= maxTries {
		return &StoppedError{fmt.Sprintf("gave up after %d tries", *t), last}
	}
	return nil
}

// pause returns how long to wait before the next try: a second, then twice as long each time.
func (t *tries) pause() time.Duration { return time.Second << (*t - 1) }
