package importer

import (
	"cmp"
	"context"
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

// A Sender posts what is planned to Kommo, each message once.
//
// A few conversations are sent at a time, each by one worker and strictly in order. Every message is marked as
// sending before its request leaves and by its outcome after. Where the outcome is not known, the chat's history is
// asked before the message is sent again.
type Sender struct {
	File      *File
	Client    *kommo.Client
	Composer  Composer
	Selection Selection
	Pace      *pace.Pace
	Workers   int           // conversations at a time; 0 means 4
	Settle    time.Duration // what Kommo is given to show a message in its history; 0 means 5 s
	Log       *slog.Logger  // what an administrator should know while it runs; nil: silence
	// Renew makes new links to media of the source RenewOf, whose links have died since they were loaded; nil: nobody
	// does.
	Renew   Renewer
	RenewOf string
	// MediaTransport carries the requests to media; nil connects to public addresses only, or to all if the last load
	// was allowed to.
	MediaTransport http.RoundTripper

	progress progress
}

// A SendReport tells what one run of a [Sender] did.
type SendReport struct {
	Accepted   int           `json:"accepted"`
	Refused    int           `json:"refused"`
	AsText     int           `json:"as_text"`   // accepted as text, after their media were refused
	Settled    int           `json:"settled"`   // of the accepted, those whose request had an unknown outcome
	Notified   int           `json:"notified"`  // conversations whose message with silent=false was accepted
	Requests   int           `json:"requests"`  // of all kinds
	SlowDowns  int           `json:"slowdowns"` // answers that asked to slow down
	Renewed    int           `json:"renewed"`   // media links that had died and were made anew
	Elapsed    time.Duration `json:"-"`
	Unnotified []string      `json:"unnotified,omitempty"` // conversations whose message with silent=false was refused; the first 100
	// Gone counts the media that turned out to be gone; GoneMedia are the positions of the first 100 of their messages,
	// which went as text.
	Gone      int      `json:"gone"`
	GoneMedia []string `json:"gone_media,omitempty"`
	// RenewedMedia are the positions of the messages whose link differs from that of the preview; the first 100.
	RenewedMedia []string `json:"renewed_media,omitempty"`
}

// A StoppedError means that going on made no sense. What was done is recorded; the same run goes on from there.
type StoppedError struct {
	Reason string
	Err    error // what happened last, or nil
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
	maxTries       = 6  // for a message whose outcome is not known, or a server that is not reached
	maxRefusals    = 10 // in a row
	maxUnnotified  = 100
)

// Send sends until nothing is left to send, ctx ends, or going on makes no sense. When ctx ends it starts nothing
// new, lets the requests under way finish, records them, and returns the cause. The report is true also with an
// error. To send the rest, run it again.
func (s *Sender) Send(ctx context.Context) (SendReport, error) {
	started := time.Now()
	if err := s.begin(); err != nil {
		return SendReport{}, err
	}
	r := &run{Sender: s, settle: cmp.Or(s.Settle, defaultSettle)}
	if r.Log == nil {
		r.Log = slog.New(slog.DiscardHandler)
	}
	r.pace, r.log = r.Pace, r.Log
	if err := r.openLinks(); err != nil {
		return r.report, err
	}
	err := r.conversations(ctx)
	r.report.Requests, r.report.SlowDowns = int(r.requests.Load()), int(r.slowDowns.Load())
	r.report.Elapsed = time.Since(started)
	return r.report, err
}

// Check makes sure that the plan is complete, that every outgoing message has a sender, and that the migration file
// belongs to this scope. It changes nothing and asks Kommo nothing; Send begins with it.
func (s *Sender) Check() error {
	if err := s.File.ready(s.Selection); err != nil {
		return err
	}
	if err := s.Selection.check(s.File.Reader); err != nil {
		return err
	}
	if err := s.Composer.check(s.File.Reader, s.Selection); err != nil {
		return err
	}
	if err := s.checkLinks(); err != nil {
		return err
	}
	return s.File.bound(s.Client.ScopeID, s.Composer.Prefix)
}

// begin counts what there is to do, and ties the migration file to the scope.
func (s *Sender) begin() error {
	if err := s.Check(); err != nil {
		return err
	}
	todo, err := countOpen(s.File.Reader, s.Selection)
	if err != nil || todo.messages == 0 {
		return err
	}
	s.progress.begin(todo.messages, s.Pace)
	return s.File.bind(s.Client.ScopeID, s.Composer.Prefix)
}

// A run is one run of a Sender.
type run struct {
	*Sender
	traffic
	settle time.Duration
	links  *linkcheck.Checker

	mu       sync.Mutex
	report   SendReport
	refusals int // in a row
}

// conversations sends the chosen conversations, a few at a time.
func (r *run) conversations(ctx context.Context) error {
	workers := r.Workers
	if workers == 0 {
		workers = defaultWorkers
	}
	group, running := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	var reading error
	for cv, err := range openConversations(r.File.Reader, r.Selection) {
		if reading = err; err != nil || running.Err() != nil {
			break
		}
		group.Go(func() error { return r.conversation(running, cv) })
	}
	err := group.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return errors.Join(cause, unless(err, cause), unless(reading, cause))
	}
	return errors.Join(err, reading)
}

// conversation sends what is to be sent of one conversation, in order.
func (r *run) conversation(ctx context.Context, cv *conversation) error {
	for m, err := range openMessages(r.File.Reader, cv, r.Composer.AllSilent) {
		if err == nil {
			err = r.message(ctx, cv, m)
		}
		if err != nil {
			return fmt.Errorf("conversation %s: %w", cv.externalID, err)
		}
	}
	return nil
}

// message sees one message through: first what came of it in an earlier run, if that is in doubt, then sending it.
// One that was sent before and then not found may have shown since, so the chat is looked at once more.
func (r *run) message(ctx context.Context, cv *conversation, m *outgoing) error {
	tries := new(tries)
	switch {
	case m.state == Sending:
		if err := r.File.markDoubtful(cv, m); err != nil {
			return err
		}
		if err := r.settleDoubt(ctx, cv, m, tries); err != nil {
			return err
		}
	case m.doubtful:
		if _, err := r.look(ctx, cv, m, tries); err != nil {
			return err
		}
	}
	for m.state == Planned {
		if err := r.attempt(ctx, cv, m, tries); err != nil {
			return err
		}
	}
	r.progress.done()
	return nil
}

// count changes the report.
func (r *run) count(change func(*SendReport)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.report)
}
