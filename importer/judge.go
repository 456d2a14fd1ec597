package importer

import (
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// lastPass is the pass that ends the search for missing messages: it begins when Kommo has had its time. The second
// pass begins after an eighth of that time, the third after a quarter, the fourth after a half.
const lastPass = 5

// beginLastPass makes a pass that begins when Kommo has had its time the last.
func (rb *readback) beginLastPass(now time.Time, wait time.Duration) {
	if rb.missingSince > 0 && rb.offset == 0 && !now.Before(fromMillis(rb.missingSince).Add(wait)) {
		rb.pass = lastPass
	}
}

// missing returns how many messages that Kommo accepted no entry shows, and the oldest msec_timestamp of these.
func (rb *readback) missing(tx *sql.Tx) (messages int, oldest int64, err error) {
	err = tx.QueryRow(`SELECT count(*), coalesce(min(msec), 0) FROM message WHERE conversation = ? AND `+isMissing, rb.conversation.id).
		Scan(&messages, &oldest)
	return messages, oldest, err
}

// endPass ends a pass: either the chat is compared with the plan, or another pass will look for the missing messages.
// judged is how many messages turned out to be missing. Where their absence proves nothing, the chat counts as unread.
func (rb *readback) endPass(tx *sql.Tx, now time.Time, wait time.Duration) (judged int, err error) {
	missing, oldest, err := rb.missing(tx)
	if err != nil {
		return 0, err
	}
	switch {
	case missing == 0 || rb.pass >= lastPass && rb.proves:
		return rb.judgeWhole(tx)
	case rb.pass >= lastPass:
		return 0, rb.judgeUnread(tx, fmt.Sprintf("Kommo shows no ids in it by which %d messages could be recognised", missing))
	}
	if err := errors.Join(rb.collectShown(tx), rb.judgeOrder(tx)); err != nil {
		return 0, err
	}
	if rb.missingSince == 0 {
		rb.missingSince = now.UnixMilli()
	}
	rb.pass, rb.offset, rb.oldestMissing = rb.pass+1, 0, oldest
	rb.nextAt = fromMillis(rb.missingSince).Add(wait >> (lastPass - rb.pass)).UnixMilli()
	return 0, nil
}

// isMissing selects messages that Kommo accepted and that no entry shows.
const isMissing = `state IN ('accepted', 'verified') AND NOT EXISTS (SELECT 1 FROM entry e
	WHERE e.conversation = message.conversation AND e.identity = message.identity)`

// insertFinding begins a statement that inserts findings. Each pass finds the same disorder again.
const insertFinding = `INSERT OR IGNORE INTO finding (conversation, kind, identity, client_id, remote_id, time, reason) `

// judgeWhole compares a chat that was read to its end with the plan, and ends its reading. judged is how many messages
// are missing.
func (rb *readback) judgeWhole(tx *sql.Tx) (judged int, err error) {
	judged, err = affected(tx.Exec(insertFinding+`SELECT conversation, 'missing', identity, '', '', time, 'it is not in the chat' FROM message
		WHERE conversation = ? AND `+isMissing, rb.conversation.id))
	if err != nil {
		return 0, err
	}
	if _, err := moveMessages(tx, rb.conversation.id, Verified, Accepted, "", isMissing); err != nil {
		return 0, err
	}
	return judged, errors.Join(rb.collectShown(tx), rb.judgeOrder(tx), rb.judge(tx))
}

// giveUp records that a chat could not be read to its end, and judges the entries that it has shown. This verification
// does not read it again.
func (r *verifyRun) giveUp(rb *readback, why error) error {
	return r.file.Update(func(tx *sql.Tx) error {
		return rb.judgeUnread(tx, "its chat could not be read: "+why.Error())
	})
}

// judgeUnread records that a chat could not be read, and why. An entry that was not recognised may be one of the messages
// that were sent, and is not called foreign. The places of a part of a chat that grows say nothing about the order.
func (rb *readback) judgeUnread(tx *sql.Tx, reason string) error {
	_, err := tx.Exec(insertFinding+`VALUES (?, 'unread', x'', '', '', 0, ?)`, rb.conversation.id, reason)
	if err == nil {
		_, err = tx.Exec(`DELETE FROM entry WHERE conversation = ? AND identity IS NULL`, rb.conversation.id)
	}
	return errors.Join(err, rb.judge(tx))
}

// judge compares the entries of a chat with the plan: it records the findings and the states, deletes the entries, and
// ends the reading of the chat. It says nothing about messages that no entry shows.
func (rb *readback) judge(tx *sql.Tx) error {
	id := rb.conversation.id
	if err := errors.Join(rb.collectShown(tx), rb.judgeStates(tx)); err != nil {
		return err
	}
	for _, query := range []string{
		`SELECT ?1, 'differs', identity, '', remote_id, time, difference FROM shown WHERE copy = 1 AND difference <> ''`,
		`SELECT ?1, 'shown_as', identity, '', remote_id, time, 'Kommo shows it as another kind: ' || shown_as FROM shown WHERE copy = 1 AND shown_as <> ''`,
		`SELECT ?1, 'doubled', identity, '', remote_id, time, 'it is in the chat more than once' FROM shown WHERE copy > 1`,
		`SELECT ?1, 'unsent', m.identity, '', e.remote_id, m.time, 'it is in the chat, although the plan has it as ' || m.state
			FROM entry e JOIN message m ON m.conversation = e.conversation AND m.identity = e.identity
			WHERE e.conversation = ?1 AND m.state NOT IN ('accepted', 'verified', 'sending')`, // sending: in doubt
		`SELECT ?1, 'foreign', x'', client_id, remote_id, time, 'it is not of this migration' FROM entry
			WHERE conversation = ?1 AND identity IS NULL`,
	} {
		if _, err := tx.Exec(insertFinding+query, id); err != nil {
			return err
		}
	}
	err := tx.QueryRow(`SELECT count(*) FROM shown WHERE copy = 1`).Scan(&rb.found)
	if err != nil {
		return err
	}
	rb.ended = true
	_, err = tx.Exec(`DELETE FROM entry WHERE conversation = ?`, id)
	return errors.Join(err, rb.store(tx))
}

// collectShown fills the table shown with the entries of accepted messages. copy is 1 for the entry of a message that
// counts: the one with the id of Kommo's answer, if there are several.
func (rb *readback) collectShown(tx *sql.Tx) error {
	for _, statement := range []string{
		`CREATE TEMP TABLE IF NOT EXISTS shown (remote_id, difference, shown_as, moved, pass, place, identity, time, msec, copy)`,
		`DELETE FROM shown`,
	} {
		if _, err := tx.Exec(statement); err != nil {
			return err
		}
	}
	_, err := tx.Exec(`INSERT INTO shown SELECT e.remote_id, e.difference, e.shown_as, e.moved, e.pass, e.place, m.identity, m.time, m.msec,
			row_number() OVER (PARTITION BY e.identity ORDER BY e.remote_id = m.remote_id DESC, e.pass DESC, e.place)
		FROM entry e JOIN message m ON m.conversation = e.conversation AND m.identity = e.identity
		WHERE e.conversation = ? AND m.state IN ('accepted', 'verified')`, rb.conversation.id)
	return err
}

// misplaced selects from a table in_order (n, msec, identity, time) the messages that are out of order. Two neighbours
// are in order if msec rises, or falls where the chat shows the newest messages first. Of two neighbours that are not in
// order, the message whose removal restores the order is misplaced; both if either removal would, or neither.
const misplaced = `neighbours AS (
		SELECT identity, time, key, lag(key, 2) OVER w AS before2, lag(key) OVER w AS before1,
			lead(key) OVER w AS after1, lead(key, 2) OVER w AS after2
		FROM (SELECT *, iif(?2, msec, -msec) AS key FROM in_order) WINDOW w AS (ORDER BY n)),
	broken AS (
		SELECT identity, time, before1 > key AS behind, key > after1 AS ahead,
			coalesce(before2 <= key, TRUE) AS without_before, coalesce(before1 <= after1, TRUE) AS without_self,
			coalesce(key <= after2, TRUE) AS without_after
		FROM neighbours),
	misplaced AS (
		SELECT identity, time FROM broken
		WHERE behind AND (without_self OR NOT without_before) OR ahead AND (without_self OR NOT without_after))
`

// judgeOrder records the messages that are out of order in the part of the chat that the present pass has read.
func (rb *readback) judgeOrder(tx *sql.Tx) error {
	_, err := tx.Exec(insertFinding+`WITH in_order AS (
			SELECT place AS n, msec, identity, time FROM shown WHERE copy = 1 AND NOT moved AND pass = ?3), `+misplaced+`
		SELECT ?1, 'out_of_order', identity, '', '', time, 'Kommo shows it at another place than it was sent to'
		FROM misplaced`, rb.conversation.id, rb.oldestFirst, rb.pass)
	return err
}

// judgeStates makes the shown messages verified that are as they were sent, and the others not, or no longer.
func (rb *readback) judgeStates(tx *sql.Tx) error {
	const shownWith = `identity IN (SELECT identity FROM shown WHERE copy = 1 AND difference `
	_, err := moveMessages(tx, rb.conversation.id, Verified, Accepted, "", shownWith+`<> '')`)
	if err != nil {
		return err
	}
	_, err = moveMessages(tx, rb.conversation.id, Accepted, Verified, "", shownWith+`= '')`)
	return err
}
