package importer

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"kommo-import/internal/kommo"
	"kommo-import/internal/linkcheck"
	"kommo-import/internal/pace"
)

// A Sender posts the planned messages to Kommo, each message once.
//
// It sends several conversations at a time, each by one worker and strictly in order. Every message is marked as
// sending before its request leaves, and with its outcome afterwards. If the outcome is not known, the sender reads
// the chat's history before it posts the message again.
type Sender struct {
	File      *File
	Client    *kommo.Client
	Composer  Composer
	Selection Selection
	Pace      *pace.Pace
	Workers   int           // conversations at a time; 0 means 4
	Settle    time.Duration // how long Kommo is given to show a message in its history; 0 means 5 s
	Log       *slog.Logger  // receives what an administrator should know during the run; nil discards it
	// Renew makes new links to media of the source RenewOf whose links have died since the load; nil if no source can.
	Renew   Renewer
	RenewOf string
	// MediaTransport carries the requests to media; nil connects to public addresses only, or to all if the last load
	// was allowed to.
	MediaTransport http.RoundTripper

	progress progress
}

// A SendReport is what one run of a [Sender] did.
type SendReport struct {
	Accepted   int           `json:"accepted"`
	Refused    int           `json:"refused"`
	AsText     int           `json:"as_text"`   // accepted as text, after Kommo refused their media
	Settled    int           `json:"settled"`   // of the accepted: found in the chat after an unknown outcome
	Notified   int           `json:"notified"`  // conversations whose notifying message was accepted
	Requests   int           `json:"requests"`  // of all kinds
	SlowDowns  int           `json:"slowdowns"` // answers that said too many requests
	Renewed    int           `json:"renewed"`   // dead media links that were replaced by new ones
	Elapsed    time.Duration `json:"-"`
	Unnotified []string      `json:"unnotified,omitempty"` // conversations whose notifying message was refused; the first 100
	// Gone counts media that turned out to be gone; GoneMedia are the positions of the first 100 of their messages,
	// which were sent as text.
	Gone      int      `json:"gone"`
	GoneMedia []string `json:"gone_media,omitempty"`
	// RenewedMedia are the positions of the messages whose link differs from that of the preview; the first 100.
	RenewedMedia []string `json:"renewed_media,omitempty"`
}

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

const (
	defaultWorkers = 4
	defaultSettle  = 5 * time.Second
	maxListed      = 100 // entries of each list in a report
)

// Send sends until nothing is left to send, ctx ends, or continuing would not help. When ctx ends it starts nothing
// new, lets the requests under way finish, records them, and returns the cause. The report is valid also with an
// error. To send the rest, run it again.
func (s *Sender) Send(ctx context.Context) (SendReport, error) {
	started := time.Now()
	if err := s.begin(); err != nil {
		return SendReport{}, err
	}
	r := &run{
		file: s.File, client: s.Client, composer: s.Composer, settle: cmp.Or(s.Settle, defaultSettle),
		renew: s.Renew, renewOf: s.RenewOf,
		requests: newRequester(s.Pace, s.Log), progress: &s.progress,
	}
	var err error
	if r.links, err = s.newLinkChecker(); err != nil {
		return r.report, err
	}
	err = r.conversations(ctx, s.Selection, cmp.Or(s.Workers, defaultWorkers))
	r.report.Requests, r.report.SlowDowns = r.requests.counts()
	r.report.Elapsed = time.Since(started)
	return r.report, err
}

// A run is one run of a Sender.
type run struct {
	file     *File
	client   *kommo.Client
	composer Composer
	settle   time.Duration
	links    *linkcheck.Checker
	renew    Renewer
	renewOf  string // the source whose links renew makes
	requests *requester
	progress *progress

	mu       sync.Mutex
	report   SendReport
	refusals int // in a row
}

// conversations sends the selected conversations, some at a time.
func (r *run) conversations(ctx context.Context, selection Selection, workers int) error {
	group, running := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	var readErr error
	for cv, err := range pendingConversations(r.file.Reader, selection) {
		if readErr = err; err != nil || running.Err() != nil {
			break
		}
		group.Go(func() error { return r.conversation(running, cv) })
	}
	err := group.Wait()
	cause := context.Cause(ctx)
	return errors.Join(cause, ignoring(err, cause), ignoring(readErr, cause))
}

// ignoring returns err, or nil if err is the expected error.
func ignoring(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// conversation sends the pending messages of one conversation, in order.
func (r *run) conversation(ctx context.Context, cv *conversation) error {
	for m, err := range pendingMessages(r.file.Reader, cv, r.composer.AllSilent) {
		if err == nil {
			err = r.deliver(ctx, cv, m)
		}
		if err != nil {
			return fmt.Errorf("conversation %s: %w", cv.externalID, err)
		}
	}
	return nil
}

// deliver brings a message to its end. The state in the migration file says what to do next:
//
//	planned   post it: it becomes accepted or refused, or is planned again
//	sending   an earlier run left it in doubt: it becomes accepted if its chat shows it, and is planned again if not
//	accepted, refused: done
//
// A message that was in doubt and then planned again may appear late, so its chat is read once more before the first
// post of a run.
func (r *run) deliver(ctx context.Context, cv *conversation, m *outgoing) error {
	tries := new(tries)
	if m.state == Planned && m.mayExist {
		if err := r.look(ctx, cv, m, tries); err != nil {
			return err
		}
	}
	for {
		var err error
		switch m.state {
		case Planned:
			err = r.post(ctx, cv, m, tries)
		case Sending:
			err = r.resolve(ctx, cv, m, tries)
		default:
			r.progress.done()
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// post sends m once and records the outcome. An error ends the run.
func (r *run) post(ctx context.Context, cv *conversation, m *outgoing, tries *tries) error {
	if err := r.freshen(ctx, cv, m); err != nil {
		return err
	}
	body, err := r.composer.body(cv, m)
	if err != nil {
		return err
	}
	if left, err := r.depart(ctx, cv, m); err != nil || !left {
		return err
	}
	departed := time.Now()
	accepted, failure := r.client.Send(context.WithoutCancel(ctx), body)
	switch kommo.Outcome(failure) {
	case kommo.ResultAccepted:
		return r.accept(cv, m, accepted, false)
	case kommo.ResultRefused:
		return r.refuse(ctx, cv, m, tries, failure)
	case kommo.ResultUnknown:
		unknown, _ := errors.AsType[*kommo.UnknownOutcomeError](failure)
		r.requests.log.Warn("it is not known whether Kommo accepted a message; reading its chat",
			"conversation", cv.externalID, "why", unknown)
		if err := r.resolve(ctx, cv, m, tries); err != nil || m.state != Planned {
			return err
		}
		return tries.another(failure)
	}
	if err := r.file.transition(cv, m, Planned, clearNotifier); err != nil {
		return err
	}
	return r.requests.retry(ctx, tries, departed, failure)
}

// depart waits for the rate limit, marks m as sending, and returns when the request may leave. left is false if a
// pause began meanwhile: m is planned again. An interrupt nearly always arrives during the first wait and so leaves
// nothing in doubt.
func (r *run) depart(ctx context.Context, cv *conversation, m *outgoing) (left bool, err error) {
	if err := r.requests.pace.Turn(ctx); err != nil {
		return false, err
	}
	err = r.file.transition(cv, m, Sending, func(cv *conversation, m *outgoing) {
		m.sentAt = sql.NullInt64{Int64: time.Now().UnixMilli(), Valid: true}
		if m.notifies {
			cv.notifier = sql.NullInt64{Int64: m.staging, Valid: true}
		}
	})
	if err != nil {
		return false, err
	}
	if err := r.requests.pace.Depart(ctx); err != nil {
		return false, errors.Join(r.file.transition(cv, m, Planned, clearNotifier), ignoring(err, pace.ErrHeldBack))
	}
	r.requests.count()
	return true, nil
}

// count changes the report.
func (r *run) count(change func(*SendReport)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.report)
}
