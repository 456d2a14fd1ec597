package importer

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"kommo-import/internal/kommo"
	"kommo-import/internal/migration"
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
	if rb.pass >= lastPass && !rb.proves {
		if rb.proves, err = r.proves(ctx, rb, page); err != nil {
			return false, err
		}
	}
	offset := rb.offset
	stored, err := r.storePage(rb, page)
	if err != nil {
		return false, err
	}
	r.verifier.progress.done()
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

// storeEntries stores the entries of a page. A message counts as judged when the chat shows it for the first time. An
// entry without an id is left out.
func (r *verifyRun) storeEntries(tx *sql.Tx, rb *readback, page []kommo.HistoryMessage) (stored storedPage, err error) {
	statements := migration.NewStatements(tx)
	defer statements.Close()
	for i := range page {
		id := cmp.Or(page[i].Message.ID, page[i].Message.ClientID)
		if id == "" {
			continue
		}
		if rb.pass > 1 {
			known, err := rb.storePlace(statements, id, rb.offset+i)
			if err != nil {
				return stored, err
			}
			if known > 0 {
				stored.news++
				continue
			}
		}
		e, first, err := r.compare(statements, rb, &page[i])
		if err != nil {
			return stored, err
		}
		e.remoteID, e.place = id, rb.offset+i
		news, err := e.store(statements, rb)
		if err != nil {
			return stored, err
		}
		stored.news += news
		stored.judged += btoi(first)
	}
	return stored, nil
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

// An entry is a message of a chat as Kommo shows it, and how it compares with the plan.
type entry struct {
	remoteID, clientID string // at Kommo; clientID only if the plan does not have the message
	identity           []byte // of the message of the plan; nil if the plan does not have it
	place              int    // in the history
	time               int64  // as Kommo shows it, 0 if it shows none
	difference         string // from what was sent, "" for none
	shownAs            string // the same content as another kind, "" if it is not
	moved              bool   // its time is not the one that was sent, so its place says nothing
}

// compare returns the entry for a message of the history. first reports whether it shows a message that Kommo accepted
// and that no other entry showed before.
func (r *verifyRun) compare(q migration.Querier, rb *readback, history *kommo.HistoryMessage) (e entry, first bool, err error) {
	e = entry{remoteID: history.Message.ID, clientID: history.Message.ClientID}
	if at := history.Time(); !at.IsZero() {
		e.time = at.UnixMilli()
	}
	cv := &rb.conversation
	m, err := recognise(q, cv, &history.Message)
	if err != nil || m == nil {
		return e, false, err
	}
	e.identity, e.clientID = m.identity[:], ""
	e.moved = !sameTime(m.msec, history, timeTolerance)
	if m.state == Skipped {
		return e, false, nil
	}
	err = q.QueryRow(`SELECT ? AND NOT EXISTS (SELECT 1 FROM entry WHERE conversation = ? AND identity = ?)`,
		m.state == Accepted || m.state == Verified, cv.id, e.identity).Scan(&first)
	if err != nil {
		return e, false, err
	}
	if err := readContent(q, cv, m); err != nil {
		return e, false, err
	}
	result, err := r.verifier.Composer.compare(cv, m, history)
	e.difference, e.shownAs = strings.Join(result.differences, "; "), result.shownAs
	return e, first, err
}

// recognise returns the message of the plan that an entry shows, without its content: the message with its msgid, else
// the message for which Kommo answered with its id; nil if there is none.
func recognise(q migration.Querier, cv *conversation, shown *kommo.HistoryContent) (*outgoing, error) {
	if id, ok := parseMsgid(shown.ClientID); ok {
		m, err := messageWhere(q, `identity = ?`, cv.id, id[:])
		if err != nil || m != nil {
			return m, err
		}
	}
	return messageWhere(q, `remote_id = ? AND remote_id <> ''`, cv.id, shown.ID)
}

func messageWhere(q migration.Querier, condition string, args ...any) (*outgoing, error) {
	for m, err := range migration.Query(q, scanOutgoing, outgoingColumns+` FROM message WHERE conversation = ? AND `+condition, args...) {
		return m, err
	}
	return nil, nil
}

// storePlace records that this pass shows an entry of an earlier pass. It returns 0 if no earlier pass has shown it.
func (rb *readback) storePlace(statements *migration.Statements, remoteID string, place int) (known int, err error) {
	return affected(statements.Exec(`UPDATE entry SET pass = ?, place = ? WHERE conversation = ? AND remote_id = ? AND pass < ?`,
		rb.pass, place, rb.conversation.id, remoteID, rb.pass))
}

// store stores an entry. It returns 0 if this pass has shown it already: messages that arrive during the reading push
// others onto the next page.
func (e *entry) store(statements *migration.Statements, rb *readback) (stored int, err error) {
	return affected(statements.Exec(`INSERT INTO entry (conversation, remote_id, client_id, identity, pass, place, time, difference, shown_as, moved)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		rb.conversation.id, e.remoteID, e.clientID, e.identity, rb.pass, e.place, e.time, e.difference, e.shownAs, e.moved))
}
