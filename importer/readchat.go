package importer

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"time"

	"kommo-import/internal/kommo"
	"kommo-import/internal/migration"
)

// chat reads a chat once, or the rest of a reading that was interrupted.
func (r *verifyRun) chat(ctx context.Context, rb *readback) error {
	messages := &r.verifier.messages.done
	if rb.conversation.chatID == "" {
		judged, err := r.file.judgeWithoutChat(rb)
		messages.Add(int64(judged))
		return err
	}
	rb.beginLastPass(time.Now(), r.wait)
	for {
		page, err := r.page(ctx, rb)
		if why, ok := unreadable(err); ok {
			return r.couldNotRead(ctx, rb, why)
		}
		if err != nil {
			return err
		}
		if err := r.giveUpUnread(); err != nil { // this chat can be read, so the trouble is with those before
			return err
		}
		judged, ended, err := r.storePage(rb, page)
		if err != nil {
			return err
		}
		r.verifier.progress.done()
		messages.Add(int64(judged))
		if ended {
			return nil
		}
	}
}

// page reads the next page of a chat. Failures are retried.
func (r *verifyRun) page(ctx context.Context, rb *readback) ([]kommo.HistoryMessage, error) {
	if rb.repeats >= maxRepeats {
		return nil, &kommo.UnknownOutcomeError{Status: http.StatusOK, Err: errors.New("the chat's history gives the same page for ever")}
	}
	for tries := new(tries); ; {
		if err := r.requests.turn(ctx); err != nil {
			return nil, err
		}
		departed := time.Now()
		page, err := r.verifier.Client.HistoryPage(context.WithoutCancel(ctx), rb.conversation.chatID, rb.offset)
		if err == nil {
			r.requests.pace.Accepted()
			return page, nil
		}
		if err := r.requests.retry(ctx, tries, departed, err); err != nil {
			return nil, err
		}
	}
}

// maxRepeats is how many full pages in a row may bring nothing new. A page does so if as many new messages as it
// holds arrive between two requests; a server that ignores the offset would do so for ever.
const maxRepeats = 10

// storePage stores a page, and compares the chat with the plan if the chat ends with it. judged is how many messages
// of the plan got a verdict. ended is false if another page follows.
func (r *verifyRun) storePage(rb *readback, page []kommo.HistoryMessage) (judged int, ended bool, err error) {
	next := *rb
	err = r.file.Update(func(tx *sql.Tx) error {
		if next.offset == 0 {
			next.oldestFirst = showsOldestFirst(page)
		}
		if judged, err = r.storeEntries(tx, &next, page); err != nil {
			return err
		}
		next.offset += len(page)
		if ended = next.atEnd(page); ended {
			missing, err := next.endPass(tx, time.Now(), r.wait)
			judged += missing
			if err != nil || next.ended {
				return err
			}
		}
		return next.store(tx)
	})
	if err == nil {
		*rb = next
	}
	return judged, ended, err
}

// storeEntries stores the entries of a page and returns how many messages of the plan it shows for the first time.
func (r *verifyRun) storeEntries(tx *sql.Tx, rb *readback, page []kommo.HistoryMessage) (found int, err error) {
	statements := migration.NewStatements(tx)
	defer statements.Close()
	news := 0
	for i := range page {
		if rb.pass > 1 {
			known, err := rb.storePlace(statements, page[i].Message.ID, rb.offset+i)
			if err != nil {
				return 0, err
			}
			if known > 0 {
				news++
				continue
			}
		}
		e, first, err := r.compare(statements, rb, &page[i])
		if err != nil {
			return 0, err
		}
		e.place = rb.offset + i
		stored, err := e.store(statements, rb)
		if err != nil {
			return 0, err
		}
		news += stored
		found += btoi(first)
	}
	if rb.repeats++; news > 0 || len(page) < kommo.PageSize {
		rb.repeats = 0
	}
	return found, nil
}

// atEnd reports whether a pass ends with a page: at the end of the chat, or where the chat cannot show any more of the
// missing messages that a later pass looks for.
func (rb *readback) atEnd(page []kommo.HistoryMessage) bool {
	if len(page) < kommo.PageSize {
		return true
	}
	if rb.pass == 1 {
		return false
	}
	var order newestFirst
	for i := range page {
		order.add(page[i].Time())
	}
	return order.past(fromMillis(rb.oldestMissing).Add(-timeMargin))
}

// An entry is a message of a chat as Kommo shows it, and how it compares with the plan.
type entry struct {
	remoteID, clientID string // at Kommo; clientID only if the plan does not have the message
	identity           []byte // of the message of the plan; nil if the plan does not have it
	place              int    // in the history
	time               int64  // as Kommo shows it, 0 if it shows none
	difference         string // from what was sent, "" for none
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
	m, err := messageByMsgID(q, cv, e.clientID)
	if err != nil || m == nil {
		return e, false, err
	}
	e.identity, e.clientID = m.identity[:], ""
	e.moved = !sameTime(m.msec, history)
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
	e.difference, err = r.verifier.Composer.differences(cv, m, history)
	return e, first, err
}

// messageByMsgID returns the message of the plan that has a msgid, without its content; nil if there is none.
func messageByMsgID(q migration.Querier, cv *conversation, msgid string) (*outgoing, error) {
	id, ok := parseMsgid(msgid)
	if !ok {
		return nil, nil
	}
	for m, err := range migration.Query(q, scanOutgoing, outgoingColumns+` FROM message WHERE conversation = ? AND identity = ?`, cv.id, id[:]) {
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
	return affected(statements.Exec(`INSERT INTO entry (conversation, remote_id, client_id, identity, pass, place, time, difference, moved)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		rb.conversation.id, e.remoteID, e.clientID, e.identity, rb.pass, e.place, e.time, e.difference, e.moved))
}
