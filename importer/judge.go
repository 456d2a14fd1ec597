package importer

import (
	"database/sql"
	"errors"
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

// endPass ends a pass: either the chat is compared with the plan, or another pass will look for the missing messages.
// judged is how many messages turned out to be missing.
func (rb *readback) endPass(tx *sql.Tx, now time.Time, wait time.Duration) (judged int, err error) {
	var oldest sql.NullInt64
	err = tx.QueryRow(`SELECT count(*), min(msec) FROM message WHERE conversation = ? AND `+isMissing, rb.conversation.id).
		Scan(&rb.missing, &oldest)
	if err != nil {
		return 0, err
	}
	if rb.missing == 0 || rb.pass >= lastPass {
		return rb.judge(tx, "it is not in the chat")
	}
	if rb.missingSince == 0 {
		rb.missingSince = now.UnixMilli()
	}
	rb.pass, rb.offset, rb.repeats, rb.oldestMissing = rb.pass+1, 0, 0, oldest.Int64
	rb.nextAt = fromMillis(rb.missingSince).Add(wait >> (lastPass - rb.pass)).UnixMilli()
	return 0, nil
}

const (
	// isMissing selects messages that Kommo accepted and that no entry shows.
	isMissing = `state IN ('accepted', 'verified') AND NOT EXISTS (SELECT 1 FROM entry e
		WHERE e.conversation = message.conversation AND e.identity = message.identity)`

	// shown numbers the entries of accepted messages in the order of the chat. The newest pass comes first: it has read
	// the chat from its beginning, and the entries that it did not reach keep their places of an earlier pass. copy is 1
	// for the entry of a message that counts, the one with the id of Kommo's answer if there are several.
	shown = `WITH shown AS (
		SELECT e.remote_id, e.difference, e.moved, m.identity, m.time, m.msec,
			row_number() OVER (ORDER BY e.pass DESC, e.place) AS n,
			row_number() OVER (PARTITION BY e.identity ORDER BY e.remote_id = m.remote_id DESC, e.pass DESC, e.place) AS copy
		FROM entry e JOIN message m ON m.conversation = e.conversation AND m.identity = e.identity
		WHERE e.conversation = ?1 AND m.state IN ('accepted', 'verified'))
	`

	// misplaced selects from a table in_order (n, msec, identity, time) the messages that are out of order. Two
	// neighbours are in order if msec rises, or falls where the chat shows the newest messages first. Of two neighbours
	// that are not in order, the message whose removal restores the order is misplaced; both if either removal would,
	// or neither.
	misplaced = `neighbours AS (
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
)

// judge compares the entries of a chat with the plan. It records the findings and the states, and deletes the
// entries. judged is how many messages are missing; reason says why.
func (rb *readback) judge(tx *sql.Tx, reason string) (judged int, err error) {
	id := rb.conversation.id
	const find = `INSERT INTO finding (conversation, kind, msgid, remote_id, time, reason) `
	judged, err = affected(tx.Exec(find+`SELECT conversation, 'missing', lower(hex(identity)), '', time, ?2 FROM message
		WHERE conversation = ?1 AND `+isMissing, id, reason))
	if err != nil {
		return 0, err
	}
	for _, statement := range []struct {
		query string
		args  []any
	}{
		{find + shown + `SELECT ?1, 'differs', lower(hex(identity)), remote_id, time, difference FROM shown
			WHERE copy = 1 AND difference <> ''`, []any{id}},
		{find + shown + `SELECT ?1, 'doubled', lower(hex(identity)), remote_id, time, 'it is in the chat more than once' FROM shown
			WHERE copy > 1`, []any{id}},
		{find + shown + `, in_order AS (SELECT * FROM shown WHERE copy = 1 AND NOT moved), ` + misplaced +
			`SELECT ?1, 'out_of_order', lower(hex(identity)), '', time, 'Kommo shows it at another place than it was sent to'
			FROM misplaced`, []any{id, rb.oldestFirst}},
		{find + `SELECT ?1, 'unsent', lower(hex(m.identity)), e.remote_id, m.time, 'it is in the chat, although the plan has it as ' || m.state
			FROM entry e JOIN message m ON m.conversation = e.conversation AND m.identity = e.identity
			WHERE e.conversation = ?1 AND m.state NOT IN ('accepted', 'verified', 'sending')`, []any{id}}, // sending: in doubt
		{find + `SELECT ?1, 'foreign', client_id, remote_id, time, 'it is not of this migration' FROM entry
			WHERE conversation = ?1 AND identity IS NULL`, []any{id}},
	} {
		if _, err := tx.Exec(statement.query, statement.args...); err != nil {
			return 0, err
		}
	}
	return judged, errors.Join(rb.setStates(tx), rb.end(tx))
}

// setStates makes the messages verified that the chat shows as they were sent. All other accepted messages are not, or
// no longer, verified.
func (rb *readback) setStates(tx *sql.Tx) error {
	const asSent = `identity IN (` + shown + `SELECT identity FROM shown WHERE copy = 1 AND difference = '')`
	id := rb.conversation.id
	_, err := moveMessages(tx.Exec, id, Verified, Accepted, "", "NOT "+asSent, id)
	if err != nil {
		return err
	}
	_, err = moveMessages(tx.Exec, id, Accepted, Verified, "", asSent, id)
	return err
}

// end ends the reading of a chat for this verification.
func (rb *readback) end(tx *sql.Tx) error {
	rb.ended = true
	_, err := tx.Exec(`DELETE FROM entry WHERE conversation = ?`, rb.conversation.id)
	return errors.Join(err, rb.store(tx))
}

// judgeWithoutChat counts all accepted messages of a conversation as missing, because its chat at Kommo is not known.
// Kommo is not asked for the chat: that might create one.
func (f *File) judgeWithoutChat(rb *readback) (judged int, err error) {
	err = f.Update(func(tx *sql.Tx) error {
		judged, err = rb.judge(tx, "Kommo has not told in which chat it is")
		return err
	})
	return judged, err
}
