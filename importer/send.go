package importer

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"kommo-import/internal/kommo"
	"kommo-import/internal/migration"
	"kommo-import/internal/pace"
)

// Send sends until nothing is left to send, ctx ends, or continuing would not help. When ctx ends it starts nothing
// new, lets the requests under way finish, records them, and returns the cause. The report is valid also with an
// error. To send the rest, run it again.
func (s *Sender) Send(ctx context.Context) (SendReport, error) {
	started := time.Now()
	composer, err := s.begin()
	if err != nil {
		return SendReport{}, err
	}
	requests, err := newRequester(s.File, s.Pace, s.Log)
	if err != nil {
		return SendReport{}, err
	}
	r := newRun(s.File, s.Client, composer, s.Settle, requests)
	r.renew, r.renewOf, r.progress, r.window, r.account = s.Renew, s.RenewOf, &s.progress, s.Window, s.Account
	if s.MaxDuration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, s.MaxDuration, errTimeUp)
		defer cancel()
	}
	if _, err := migration.Setting(s.File.Reader, settingFilter, &r.filter); err != nil {
		return r.report, s.File.Explain(err)
	}
	if r.links, err = s.newLinkChecker(); err != nil {
		return r.report, err
	}
	err = r.awaitUnsure(ctx, s.Selection)
	if err == nil {
		err = r.linkFirst(ctx, s.Selection)
	}
	if err == nil {
		err = r.conversations(ctx, s.Selection, cmp.Or(s.Workers, defaultWorkers))
	}
	r.report.TimeUp = errors.Is(err, errTimeUp)
	err = ignoring(err, errTimeUp)
	r.report.Requests, r.report.SlowDowns = r.requests.counts()
	r.report.Elapsed = time.Since(started)
	err = s.File.Explain(err)
	_, broken := errors.AsType[*migration.StoreError](err)
	_, moved := errors.AsType[*migration.MovedError](err)
	if !broken && !moved {
		err = errors.Join(err, s.File.EndSending())
	}
	return r.report, err
}

// errTimeUp means that a run has taken as long as it may.
var errTimeUp = errors.New("the time of sending is over")

// Progress returns how far the sender is. It may be called while Send runs.
func (s *Sender) Progress() Progress { return s.progress.now(time.Now()) }

// conversations sends the selected conversations, some at a time. Those with a message in doubt that could not be
// resolved wait behind the others, and are tried once more.
func (r *run) conversations(ctx context.Context, selection Selection, workers int) error {
	err := r.pass(ctx, longestFirst(r.file.Reader, selection), workers)
	if err != nil || len(r.waiting) == 0 {
		return err
	}
	r.waitedFrom = time.Now()
	return r.pass(ctx, func(yield func(*conversation, error) bool) {
		for _, cv := range r.waiting {
			if !yield(cv, nil) {
				return
			}
		}
	}, workers)
}

// pass sends conversations, some at a time.
func (r *run) pass(ctx context.Context, conversations iter.Seq2[*conversation, error], workers int) error {
	group, running := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	var readErr error
	for cv, err := range conversations {
		if readErr = err; err != nil || running.Err() != nil {
			break
		}
		group.Go(func() error { return r.conversation(running, cv) })
	}
	err := group.Wait()
	cause := context.Cause(ctx)
	return errors.Join(cause, ignoring(err, cause), ignoring(readErr, cause))
}

// conversation sends the pending messages of one conversation. A conversation that cannot be sent to its end waits or is
// set aside.
func (r *run) conversation(ctx context.Context, cv *conversation) error {
	r.progress.enter(cv.id, cv.pending)
	defer r.progress.leave(cv.id)
	err := r.deliverAll(ctx, cv)
	if unread, ok := errors.AsType[*unreadError](err); ok {
		return r.leave(cv, unread)
	}
	if err == nil && cv.aside != "" {
		err = r.file.setAside(cv, "")
	}
	if err != nil {
		return fmt.Errorf("conversation %s: %w", cv.externalID, err)
	}
	return nil
}

// deliverAll prepares the chat of a conversation, and sends the pending messages in order, up to a message in doubt that cannot be
// resolved.
func (r *run) deliverAll(ctx context.Context, cv *conversation) error {
	if err := r.prepare(ctx, cv); err != nil {
		return err
	}
	for m, err := range pendingMessages(r.file.Reader, cv, r.composer.Notify) {
		if err != nil {
			return err
		}
		if r.wasAdopted(cv, m) {
			r.progress.done(cv.id)
			continue
		}
		if err := r.deliver(ctx, cv, m); err != nil {
			return err
		}
	}
	return nil
}

// deliver sends m until it is accepted or refused. The state in the migration file says what to do next:
//
//	planned   post it: it becomes accepted or refused, or is planned again
//	sending   it is in doubt since it was sent: it becomes accepted if its chat shows it, and is planned again if the
//	          chat lacks it; if neither is certain, it stays as it is, and the error is an [unreadError]
//	accepted, refused: done
//
// A message that was in doubt and then planned again may appear late. So its chat is read once more before its first
// POST in a later run.
func (r *run) deliver(ctx context.Context, cv *conversation, m *outgoing) error {
	tries := new(tries)
	if m.state == Planned && m.mayExist {
		if err := r.look(ctx, cv, m, false); err != nil {
			return err
		}
	}
	for {
		var err error
		switch m.state {
		case Planned:
			err = r.post(ctx, cv, m, tries)
		case Sending:
			err = r.resolve(ctx, cv, m, fromMillis(m.sentAt.Int64))
		default:
			r.progress.done(cv.id)
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// errAnotherMessage is why an answer does not say what became of a message.
var errAnotherMessage = errors.New("the answer is about another message")

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
	if failure == nil && accepted.RefID != "" && accepted.RefID != m.identity.msgid() {
		failure = &kommo.UnknownOutcomeError{Status: http.StatusOK, Err: errAnotherMessage}
	}
	r.requests.answered(departed, failure)
	r.progress.responded(time.Since(departed))
	switch kommo.Outcome(failure) {
	case kommo.ResultAccepted:
		return r.accept(cv, m, accepted, false)
	case kommo.ResultRefused:
		refused, _ := errors.AsType[*kommo.RefusedError](failure)
		return r.refuse(ctx, cv, m, refused)
	case kommo.ResultUnclear:
		unclear, _ := errors.AsType[*kommo.UnclearError](failure)
		return r.judge(ctx, cv, m, unclear, len(body))
	case kommo.ResultUnknown:
		unknown, _ := errors.AsType[*kommo.UnknownOutcomeError](failure)
		r.requests.log.Warn("it is not known whether Kommo accepted a message; reading its chat",
			"conversation", cv.externalID, "why", unknown)
		if err := r.resolve(ctx, cv, m, time.Now()); err != nil || m.state != Planned {
			return err
		}
		gaveUp := tries.another(failure)
		if gaveUp == nil {
			return nil
		}
		if err := r.file.transition(cv, m, Sending, nil); err != nil { // set aside, it is in doubt
			return err
		}
		return &unreadError{gaveUp}
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
	if err := r.awaitWindow(ctx); err != nil {
		return false, err
	}
	if err := r.requests.pace.Turn(ctx); err != nil {
		return false, err
	}
	if err := r.file.InPlace(); err != nil {
		return false, err
	}
	err = r.file.transition(cv, m, Sending, func(cv *conversation, m *outgoing) {
		m.sentAt = sql.NullInt64{Int64: time.Now().UnixMilli(), Valid: true}
		if m.notifies {
			cv.notifier = sql.NullInt64{Int64: m.place, Valid: true}
		}
	})
	if err != nil {
		return false, err
	}
	err = r.file.NoteCommit()
	if err == nil {
		err = r.requests.pace.Depart(ctx)
	}
	if err != nil {
		return false, errors.Join(r.file.transition(cv, m, Planned, clearNotifier), ignoring(err, pace.ErrHeldBack))
	}
	r.requests.count()
	return true, nil
}
