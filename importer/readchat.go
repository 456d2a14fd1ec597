package importer

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"time"

	"kommo-import/internal/kommo"
)

// chat reads a chat once, or the rest of a reading that was interrupted. Trouble with this chat alone ends its reading.
func (r *verifyRun) chat(ctx context.Context, rb *readback) error {
	err := r.history.blame(ctx, r.read(ctx, rb))
	if why, ok := errors.AsType[*unreadError](err); ok {
		r.requests.log.Warn("a chat cannot be read", "conversation", rb.conversation.externalID, "why", why)
		return r.giveUp(rb, why)
	}
	return err
}

// read reads the pages of a chat, up to the end of a pass. Unknown to Kommo, or empty, the chat may be another by now:
// Kommo is asked for it.
func (r *verifyRun) read(ctx context.Context, rb *readback) error {
	cv := &rb.conversation
	plan, err := r.file.plannedIn(cv)
	if err != nil {
		return err
	}
	if cv.chatID == "" {
		if _, err := r.history.askChat(ctx, cv); err != nil {
			return err
		}
	}
	rb.beginLastPass(time.Now(), r.wait)
	pages, moves := pager{plan: plan}, 0
	for {
		page, err := r.history.page(ctx, cv, rb.offset)
		if rb.offset == 0 && len(page) == 0 && (err == nil || isNotFound(err)) {
			moved, askErr := r.history.askChat(ctx, cv)
			if moves += btoi(moved); askErr != nil || moves > 1 {
				return cmp.Or(askErr, errManyChats)
			}
			if moved {
				continue
			}
		}
		if err != nil {
			return err
		}
		if ended, err := r.takePage(ctx, rb, &pages, page); ended || err != nil {
			return err
		}
	}
}

// takePage stores a page. ended is false if another page follows.
func (r *verifyRun) takePage(ctx context.Context, rb *readback, pages *pager, page []kommo.HistoryMessage) (ended bool, err error) {
	rb.proves = rb.proves || r.history.ids.any()
	if rb.pass >= lastPass && !rb.proves && rb.offset == 0 {
		if rb.proves, err = r.proves(ctx, rb, page); err != nil {
			return false, err
		}
	}
	offset := rb.offset
	stored, err := r.storePage(rb, page)
	if err != nil {
		return false, err
	}
	r.verifier.progress.done(rb.conversation.id)
	r.verifier.messages.done.Add(int64(stored.judged))
	if stored.ended {
		return true, nil
	}
	return false, pages.check(offset, len(page), stored.news)
}

// proves reports whether a chat that is read to its end proves that it lacks a message: some chat shows ids of messages
// that Kommo accepted, or this one is empty and there is no other to look into.
func (r *verifyRun) proves(ctx context.Context, rb *readback, page []kommo.HistoryMessage) (bool, error) {
	tried, err := r.history.lookForIDs(ctx, &rb.conversation)
	return r.history.ids.any() || !tried && rb.offset+len(page) == 0, err
}

// A storedPage is what came of a page of a chat.
type storedPage struct {
	news   int  // entries that no page of this pass has shown before
	judged int  // messages of the plan that got a verdict
	ended  bool // the pass has ended
}

// storePage stores a page, and compares the chat with the plan if the chat ends with it.
func (r *verifyRun) storePage(rb *readback, page []kommo.HistoryMessage) (stored storedPage, err error) {
	next := *rb
	err = r.file.Update(func(tx *sql.Tx) error {
		if next.offset == 0 {
			next.oldestFirst = showsOldestFirst(page)
		}
		if stored, err = r.storeEntries(tx, &next, page); err != nil {
			return err
		}
		next.offset += len(page)
		if stored.ended, err = next.atEnd(tx, page); err != nil {
			return err
		}
		if stored.ended {
			missing, err := next.endPass(tx, time.Now(), r.wait)
			stored.judged += missing
			if err != nil || next.ended {
				return err
			}
		}
		return next.store(tx)
	})
	if err == nil {
		*rb = next
	}
	return stored, err
}

// atEnd reports whether a pass ends with a page: at the end of the chat, behind a short page if nothing is missing, or
// where the chat cannot show any more of the missing messages that a later pass looks for.
//
// A short page is not the end: a deleted message may have counted, or the server may give less than it is asked for.
func (rb *readback) atEnd(tx *sql.Tx, page []kommo.HistoryMessage) (bool, error) {
	if len(page) == 0 {
		return true, nil
	}
	if rb.pass > 1 {
		var order newestFirst
		for i := range page {
			order.add(page[i].Time())
		}
		if order.past(fromMillis(rb.oldestMissing).Add(-timeMargin)) {
			return true, nil
		}
	}
	if len(page) >= kommo.PageSize {
		return false, nil
	}
	missing, _, err := rb.missing(tx)
	return missing == 0, err
}
