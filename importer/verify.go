package importer

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"kommo-import/internal/kommo"
	"kommo-import/internal/web"
)

// Progress returns how far the verifier is. It may be called while Verify runs.
func (v *Verifier) Progress() Progress {
	now := time.Now()
	p := v.progress.now(now)
	p.Done, p.Total = int(v.messages.done.Load()), int(v.messages.total.Load())
	p.PausedFor = max(p.PausedFor, time.UnixMilli(v.resting.Load()).Sub(now))
	p.Remaining = max(p.Remaining, p.PausedFor)
	return p
}

// Verify goes on with an interrupted verification of the same conversations, or begins a new one. When ctx ends it
// lets the requests under way finish, records them, and returns the cause. The report is valid also with an error. To
// verify the rest, run it again.
func (v *Verifier) Verify(ctx context.Context) (VerifyReport, error) {
	started := time.Now()
	r := &verifyRun{verifier: v, file: v.File, wait: cmp.Or(v.Wait, defaultWait), requests: newRequester(v.Pace, v.Log)}
	if err := r.begin(); err != nil {
		return VerifyReport{}, err
	}
	err := r.rounds(ctx)
	report, reportErr := v.File.lastVerification()
	report.Requests, report.SlowDowns = r.requests.counts()
	report.Elapsed = time.Since(started)
	return report, errors.Join(err, reportErr)
}

// begin checks that the chats are those of this scope, selects the chats to read, and counts them.
func (r *verifyRun) begin() error {
	v := r.verifier
	if err := loadedSomething(r.file.Reader); err != nil {
		return r.file.Explain(err)
	}
	if err := (Selection{Only: v.Only}).check(r.file.Reader); err != nil {
		return r.file.Explain(err)
	}
	if err := r.file.CheckScope(v.Client.ScopeID, v.Composer.Prefix); err != nil {
		return err
	}
	if err := r.file.beginVerification(verifySelection{Only: v.Only, Sample: v.Sample}); err != nil {
		return err
	}
	pages, messages, err := r.file.countReadbacks()
	v.messages.done.Store(0)
	v.messages.total.Store(int64(messages))
	v.progress.begin(pages, v.Pace)
	return err
}

// rounds reads the selected chats, then those with missing messages again, until every message has a verdict.
func (r *verifyRun) rounds(ctx context.Context) error {
	for {
		next, open, err := r.file.nextReadback()
		if err != nil || !open {
			return err
		}
		r.verifier.resting.Store(next.UnixMilli())
		if err := web.Sleep(ctx, time.Until(next)); err != nil {
			return err
		}
		if err := r.round(ctx, time.Now()); err != nil {
			return err
		}
	}
}

// round reads the chats whose time has come, some at a time. It does not return the end of ctx as an error: all
// chats may be done.
func (r *verifyRun) round(ctx context.Context, now time.Time) error {
	group, running := errgroup.WithContext(ctx)
	group.SetLimit(cmp.Or(r.verifier.Workers, defaultWorkers))
	var readErr error
	for rb, err := range r.file.pendingReadbacks(now) {
		if readErr = err; err != nil || running.Err() != nil {
			break
		}
		group.Go(func() error {
			if err := r.chat(running, rb); err != nil {
				return fmt.Errorf("conversation %s: %w", rb.conversation.externalID, err)
			}
			return nil
		})
	}
	err := group.Wait()
	cause := context.Cause(ctx)
	if err = errors.Join(ignoring(err, cause), ignoring(readErr, cause)); err != nil {
		return errors.Join(cause, err)
	}
	if cause != nil {
		return nil
	}
	return r.giveUpUnread()
}

// unreadable reports whether err is about this one chat: Kommo refused the request, or answered every time with a
// body that cannot be decoded. why is err without the request.
func unreadable(err error) (why error, ok bool) {
	if refused, ok := errors.AsType[*kommo.RefusedError](err); ok {
		return refused, true
	}
	if unknown, ok := errors.AsType[*kommo.UnknownOutcomeError](err); ok && unknown.Status/100 == 2 {
		return unknown, true
	}
	return nil, false
}

// couldNotRead sets a chat aside. After several in a row, a ping shows whether Kommo denies those chats only; if not,
// the run stops.
func (r *verifyRun) couldNotRead(ctx context.Context, rb *readback, why error) error {
	r.requests.log.Warn("a chat cannot be read", "conversation", rb.conversation.externalID, "why", why)
	unread := r.setAside(unreadChat{rb, why})
	if unread < maxRefusals {
		return nil
	}
	if err := r.requests.turn(ctx); err != nil {
		return err
	}
	if _, err := r.verifier.Client.Ping(ctx); err != nil {
		return &StoppedError{fmt.Sprintf("%d chats in a row could not be read, the last", unread), why}
	}
	return r.giveUpUnread()
}

// setAside returns how many chats in a row could not be read.
func (r *verifyRun) setAside(chat unreadChat) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unread = append(r.unread, chat)
	return len(r.unread)
}

// giveUpUnread records the chats that could not be read to their end, and judges the entries that they have shown. This
// verification does not read them again.
func (r *verifyRun) giveUpUnread() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.unread) == 0 {
		return nil
	}
	err := r.file.Update(func(tx *sql.Tx) error {
		for _, chat := range r.unread {
			_, err := tx.Exec(`INSERT INTO finding (conversation, kind, identity, client_id, remote_id, time, reason) VALUES (?, 'unread', x'', '', '', 0, ?)
				ON CONFLICT DO NOTHING`, chat.rb.conversation.id, "its chat could not be read: "+chat.why.Error())
			if err := errors.Join(err, chat.rb.judge(tx)); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		r.unread = nil
	}
	return err
}
