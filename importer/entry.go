package importer

import (
	"cmp"
	"database/sql"
	"strings"

	"kommo-import/internal/kommo"
	"kommo-import/internal/migration"
)

// An entry is a message of a chat as Kommo shows it, and how it compares with the plan.
type entry struct {
	remoteID, clientID string // at Kommo; clientID only if the plan does not have the message
	identity           []byte // of the message of the plan; nil if the plan does not have it
	place              int    // in the history
	time               int64  // as Kommo shows it, or 0
	difference         string // from the message as it was sent, or ""
	shownAs            string // the same content as another kind, "" if it is not
	moved              bool   // its time is not the one that was sent, so its place says nothing
}

// storeEntries stores the entries of a page. A message counts as judged when the chat shows it for the first time. An
// entry without an id is left out.
func (r *verifyRun) storeEntries(tx *sql.Tx, rb *readback, page []kommo.HistoryMessage) (stored storedPage, err error) {
	for i := range page {
		id := cmp.Or(page[i].Message.ID, page[i].Message.ClientID)
		if id == "" {
			continue
		}
		if rb.pass > 1 {
			known, err := rb.storePlace(tx, id, rb.offset+i)
			if err != nil {
				return stored, err
			}
			if known > 0 {
				stored.news++
				continue
			}
		}
		e, first, err := r.compare(tx, rb, &page[i])
		if err != nil {
			return stored, err
		}
		e.remoteID, e.place = id, rb.offset+i
		news, err := e.store(tx, rb)
		if err != nil {
			return stored, err
		}
		stored.news += news
		stored.judged += btoi(first)
	}
	return stored, nil
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
// the message for which Kommo answered with its id, or nil.
func recognise(q migration.Querier, cv *conversation, shown *kommo.HistoryContent) (*outgoing, error) {
	if id, ok := parseMsgid(shown.ClientID); ok {
		m, err := messageWhere(q, ` WHERE conversation = ? AND identity = ?`, cv.id, id[:])
		if err != nil || m != nil {
			return m, err
		}
	}
	return messageWhere(q, ` INDEXED BY message_remote WHERE conversation = ? AND remote_id = ? AND remote_id <> ''`, cv.id, shown.ID)
}

func messageWhere(q migration.Querier, where string, args ...any) (*outgoing, error) {
	for m, err := range migration.Query(q, scanOutgoing, outgoingColumns+` FROM message`+where, args...) {
		return m, err
	}
	return nil, nil
}

// storePlace records that this pass shows an entry of an earlier pass. It returns 0 if no earlier pass has shown it.
func (rb *readback) storePlace(tx *sql.Tx, remoteID string, place int) (known int, err error) {
	return affected(tx.Exec(`UPDATE entry SET pass = ?, place = ? WHERE conversation = ? AND remote_id = ? AND pass < ?`,
		rb.pass, place, rb.conversation.id, remoteID, rb.pass))
}

// store stores an entry. It returns 0 if this pass has shown it already: messages that arrive during the reading push
// others onto the next page. The later place counts, because it fits those of the entries around it.
func (e *entry) store(tx *sql.Tx, rb *readback) (stored int, err error) {
	stored, err = affected(tx.Exec(`INSERT INTO entry (conversation, remote_id, client_id, identity, pass, place, time, difference, shown_as, moved)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		rb.conversation.id, e.remoteID, e.clientID, e.identity, rb.pass, e.place, e.time, e.difference, e.shownAs, e.moved))
	if err == nil && stored == 0 {
		_, err = tx.Exec(`UPDATE entry SET place = ? WHERE conversation = ? AND remote_id = ?`, e.place, rb.conversation.id, e.remoteID)
	}
	return stored, err
}
