package importer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

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
	requests, err := newRequester(v.File, v.Pace, v.Log)
	if err != nil {
		return VerifyReport{}, err
	}
	r := &verifyRun{verifier: v, file: v.File, wait: cmp.Or(v.Wait, defaultWait), requests: requests}
	r.history = &historyReader{file: v.File, client: v.Client, requests: r.requests, composer: v.Composer}
	if err := r.begin(); err != nil {
		return VerifyReport{}, err
	}
	if err = r.rounds(ctx); err == nil {
		err = r.checkLinks(ctx)
	}
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
	return nil
}
