package importer

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"kommo-import/internal/kommo"
	"kommo-import/internal/migration"
	"kommo-import/internal/pace"
	"kommo-import/internal/web"
)

// maxTries is how often a message with an unknown outcome is posted, or an unreachable server is tried.
const maxTries = 6

// A requester counts the requests of one run, and decides when a failed request is repeated. All requests of a run
// share one rate limit.
type requester struct {
	file        *File
	pace        *pace.Pace
	log         *slog.Logger
	pings       singleflight.Group
	made        atomic.Int64
	rateLimited atomic.Int64 // answers that said too many requests
	warned      atomic.Int64 // when a warning about the network was logged last, in Unix nanoseconds
}

// newRequester returns a requester, which goes on with the pause and the rate of the last run. A nil log discards everything.
func newRequester(file *File, limit *pace.Pace, log *slog.Logger) (*requester, error) {
	var last pace.State
	if _, err := migration.Setting(file.Reader, settingPace, &last); err != nil {
		return nil, file.Explain(err)
	}
	limit.Resume(last)
	return &requester{file: file, pace: limit, log: cmp.Or(log, slog.New(slog.DiscardHandler))}, nil
}

// keepPace stores what a 429 has shown, for the next run.
func (f *File) keepPace(state pace.State) error {
	return f.Update(func(tx *sql.Tx) error { return migration.SetSetting(tx, settingPace, state) })
}

func (r *requester) count() { r.made.Add(1) }

func (r *requester) counts() (made, rateLimited int) {
	return int(r.made.Load()), int(r.rateLimited.Load())
}

// turn waits for the rate limit before a request that only reads, and counts the request. Nothing is requested any more
// when the open migration file is no longer the file at its path.
func (r *requester) turn(ctx context.Context) error {
	if err := r.pace.Wait(ctx); err != nil {
		return err
	}
	if err := r.file.InPlace(); err != nil {
		return err
	}
	r.count()
	return nil
}

// answered tells the rate limit of a request that Kommo did not reject as one too many.
func (r *requester) answered(departed time.Time, failure error) {
	_, limited := errors.AsType[*kommo.RateLimitError](failure)
	if !limited && (failure == nil || isAnswer(failure)) {
		r.pace.Passed(departed)
	}
}

// retry returns when a request that departed at departed and failed may be repeated. It returns an error if another
// try makes no sense:
//
//	too many requests             everything pauses for as long as Kommo asks
//	not reached, unknown outcome  1, 2, 4, 8, 16 s, then give up
//	any other failure             the failure itself
func (r *requester) retry(ctx context.Context, tries *tries, departed time.Time, failure error) error {
	if limited, ok := errors.AsType[*kommo.RateLimitError](failure); ok {
		wait := r.pace.RateLimited(departed, limited.RetryAfter)
		r.rateLimited.Add(1)
		if err := r.file.keepPace(r.pace.State()); err != nil {
			return err
		}
		r.warn(time.Second, "too many requests for Kommo; all requests wait", "for", wait.Round(time.Second),
			"then per second", math.Round(100*r.pace.Rate())/100)
		return nil
	}
	var why error
	if unreachable, ok := errors.AsType[*kommo.UnreachableError](failure); ok && !unreachable.Certificate {
		why = unreachable
	} else if unknown, ok := errors.AsType[*kommo.UnknownOutcomeError](failure); ok {
		why = unknown
	} else {
		return failure
	}
	if err := tries.another(failure); err != nil {
		return err
	}
	r.warn(tries.pause(), "no answer from Kommo; trying again", "in", tries.pause(), "why", why)
	return web.Sleep(ctx, tries.pause())
}

// warn logs a warning, or nothing if another worker has logged one within the pause: the network fails for all of them.
func (r *requester) warn(pause time.Duration, message string, args ...any) {
	now := time.Now().UnixNano()
	if last := r.warned.Load(); now-last < int64(pause) || !r.warned.CompareAndSwap(last, now) {
		return
	}
	r.log.Warn(message, args...)
}

// tries counts the tries of one message that ended with an unknown outcome or did not reach Kommo.
type tries int

// another counts one more try, and returns an error after the last.
func (t *tries) another(last error) error {
	if *t++; *t >= maxTries {
		return &StoppedError{fmt.Sprintf("gave up after %d tries", *t), last}
	}
	return nil
}

// pause returns how long to wait before the next try: a second, then twice as long each time.
func (t *tries) pause() time.Duration { return time.Second << (*t - 1) }

// A StoppedError means that continuing would not help. All outcomes are recorded; the next run goes on from there.
type StoppedError struct {
	Reason string
	Err    error // the last failure, or nil
}

func (e *StoppedError) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return e.Reason + ": " + e.Err.Error()
}

func (e *StoppedError) Unwrap() error { return e.Err }

// ignoring returns err, or nil if err is the expected error.
func ignoring(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}
