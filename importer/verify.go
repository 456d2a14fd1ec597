package importer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"kommo-import/internal/pace"
	"kommo-import/internal/web"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"kommo-import/internal/kommo"
)

// A Verifier reads the chats at Kommo back and compares them with what was sent. It posts nothing.
//
// Each chat is read once from end to end, a page at a time, and every page is written down with all that it says
// about the plan, so that an interrupted verification goes on behind it. What is missing then may only be late: it is
// looked for again until Kommo has had its time. What was found as it was sent becomes verified; the rest is told by
// [File.Findings].
type Verifier struct {
	File     *File
	Client   *kommo.Client
	Composer Composer // as it was for sending
	Only     []string // ids of conversations at the source; empty: all
	Sample   int      // of those so many, spread over all and others each time; 0: all
	Pace     *pace.Pace
	Workers  int           // chats at a time; 0 means 4
	Wait     time.Duration // what Kommo is given to show what is missing; 0 means 2 min
	Log      *slog.Logger  // what an administrator should know while it runs; nil: silence

	progress progress // in pages
	messages struct{ done, total atomic.Int64 }
	resting  atomic.Int64 // until when nothing is to be done, in Unix milliseconds
}

const defaultWait = 2 * time.Minute

// A VerifyReport tells what a verification found so far, in all of its runs. What is compared are the messages that
// Kommo has accepted.
type VerifyReport struct {
	Conversations int           `json:"conversations"` // read to their end
	Open          int           `json:"open"`          // chosen, and not read to their end yet
	Messages      int           `json:"messages"`      // with a verdict: there, missing or differs
	There         int           `json:"there"`         // as they were sent
	Missing       int           `json:"missing"`
	Differs       int           `json:"differs"`
	Doubled       int           `json:"doubled"`      // copies too many
	OutOfOrder    int           `json:"out_of_order"` // messages
	Foreign       int           `json:"foreign"`      // in the chats, and not of this migration
	Unsent        int           `json:"unsent"`       // in the chats, and not sent as far as the plan knows
	Unread        int           `json:"unread"`       // conversations whose chat cannot be read
	Requests      int           `json:"requests"`     // of this run
	SlowDowns     int           `json:"slowdowns"`    // of this run: answers that asked to slow down
	Elapsed       time.Duration `json:"-"`            // of this run
}

// Differences returns how much is otherwise than it should be. What is foreign or unsent is not.
func (r VerifyReport) Differences() int {
	return r.Missing + r.Differs + r.Doubled + r.OutOfOrder + r.Unread
}

// Progress returns how far the verifier is. It may be called while Verify runs.
func (v *Verifier) Progress() Progress {
	now := time.Now()
	p := v.progress.now(now)
	p.Done, p.Total = int(v.messages.done.Load()), int(v.messages.total.Load())
	p.PausedFor = max(p.PausedFor, time.UnixMilli(v.resting.Load()).Sub(now))
	p.Remaining = max(p.Remaining, p.PausedFor)
	return p
}

// Verify goes on with the verification that was interrupted, if it was one of the same conversations, and begins a new
// one otherwise. When ctx ends it lets the requests under way finish, records them, and returns the cause. The
// report is true also with an error. To verify the rest, run it again.
func (v *Verifier) Verify(ctx context.Context) (VerifyReport, error) {
	started := time.Now()
	r := &verifying{Verifier: v, wait: cmp.Or(v.Wait, defaultWait)}
	r.pace, r.log = v.Pace, v.Log
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if err := r.begin(); err != nil {
		return VerifyReport{}, err
	}
	err := r.rounds(ctx)
	report, failure := v.File.lastVerification()
	report.Requests, report.SlowDowns = int(r.requests.Load()), int(r.slowDowns.Load())
	report.Elapsed = time.Since(started)
	return report, errors.Join(err, failure)
}

// A verifying is one run of a Verifier.
type verifying struct {
	*Verifier
	traffic
	verification verification
	wait         time.Duration

	mu     sync.Mutex
	unread []unreadChat // in a row
}

// begin makes sure that the chats are those of this scope, finds out what there is to do, and counts it.
func (r *verifying) begin() error {
	if err := loadedSomething(r.File.Reader); err != nil {
		return r.File.Explain(err)
	}
	if err := (Selection{Only: r.Only}).check(r.File.Reader); err != nil {
		return r.File.Explain(err)
	}
	if err := r.File.bound(r.Client.ScopeID, r.Composer.Prefix); err != nil {
		return err
	}
	var err error
	if r.verification, err = r.File.beginVerification(verification{Only: r.Only, Sample: r.Sample}); err != nil {
		return err
	}
	pages, messages, err := r.File.countReadbacks()
	r.messages.done.Store(0)
	r.messages.total.Store(int64(messages))
	r.progress.begin(pages, r.Pace)
	return err
}

// rounds reads the chats, then those again where something is missing, until there is a verdict on every message.
func (r *verifying) rounds(ctx context.Context) error {
	for {
		due, open, err := r.File.nextReadback()
		if err != nil || !open {
			return err
		}
		r.resting.Store(due.UnixMilli())
		if err := web.Sleep(ctx, time.Until(due)); err != nil {
			return err
		}
		if err := r.round(ctx, time.Now()); err != nil {
			return err
		}
	}
}

// round reads the chats that are due by now, a few at a time. That ctx has ended is no error of it: all may be done.
func (r *verifying) round(ctx context.Context, now time.Time) error {
	group, running := errgroup.WithContext(ctx)
	group.SetLimit(cmp.Or(r.Workers, defaultWorkers))
	var reading error
	for rb, err := range r.File.dueReadbacks(now) {
		if reading = err; err != nil || running.Err() != nil {
			break
		}
		group.Go(func() error {
			if err := r.chat(running, rb); err != nil {
				return fmt.Errorf("conversation %s: %w", rb.externalID, err)
			}
			return nil
		})
	}
	err := group.Wait()
	cause := context.Cause(ctx)
	if cause != nil {
		err, reading = unless(err, cause), unless(reading, cause)
	}
	if err != nil || reading != nil {
		return errors.Join(cause, err, reading)
	}
	if cause != nil {
		return nil
	}
	return r.giveUpUnread()
}

// chat makes one pass over a chat, or the rest of one that was interrupted.
func (r *verifying) chat(ctx context.Context, rb *readback) error {
	if rb.chatID == "" {
		err := r.File.concludeWithoutChat(r.verification, rb)
		r.messages.done.Add(int64(rb.judged))
		return err
	}
	rb.overdue(time.Now(), r.wait)
	for {
		page, err := r.page(ctx, rb)
		if why, ok := unreadable(err); ok {
			return r.couldNotRead(ctx, rb, why)
		}
		if err != nil {
			return err
		}
		if err := r.giveUpUnread(); err != nil { // so it was about those chats
			return err
		}
		ended, err := r.keepPage(rb, page)
		if err != nil {
			return err
		}
		r.progress.done()
		r.messages.done.Add(int64(rb.judged))
		rb.judged = 0
		if ended {
			return nil
		}
	}
}

// page reads the next page of a pass. What keeps it from reading is tried again.
func (r *verifying) page(ctx context.Context, rb *readback) ([]kommo.HistoryMessage, error) {
	for tries := new(tries); ; {
		if err := r.turn(ctx); err != nil {
			return nil, err
		}
		departed := time.Now()
		page, err := r.Client.HistoryPage(context.WithoutCancel(ctx), rb.chatID, rb.next)
		if err == nil {
			r.pace.Accepted()
			err = rb.trail.repeated(page)
		}
		if err == nil {
			return page, nil
		}
		if err := r.again(ctx, tries, departed, err); err != nil {
			return nil, err
		}
	}
}
