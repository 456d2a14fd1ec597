package importer

import (
	"database/sql"
	"iter"
	"time"

	"kommo-import/internal/kommo"
	"kommo-import/internal/migration"
)

// A readback is a chat that is read back, and how far that is.
type readback struct {
	conversation  conversation
	pass          int   // 1 reads the whole chat, later passes look for missing messages
	offset        int   // entries of the chat before the next page
	oldestFirst   bool  // the chat shows its oldest messages first
	found         int   // messages of the plan that the chat shows; 0 until ended
	oldestMissing int64 // msec_timestamp of the oldest message that the present pass looks for
	missingSince  int64 // when the first pass ended with messages missing, 0 if it did not; Unix milliseconds
	nextAt        int64 // when the present pass may begin, in Unix milliseconds
	ended         bool  // the reading of the chat has ended for this verification
	proves        bool  // some chat has shown ids, so that this one, read to its end, proves that it lacks a message
}

// store records how far the reading is.
func (rb *readback) store(tx *sql.Tx) error {
	_, err := tx.Exec(`UPDATE readback SET pass = ?, offset = ?, oldest_first = ?, found = ?,
		oldest_missing = ?, missing_since = ?, next_at = ?, proves = ?, ended = ? WHERE conversation = ?`,
		rb.pass, rb.offset, rb.oldestFirst, rb.found,
		rb.oldestMissing, rb.missingSince, rb.nextAt, rb.proves, rb.ended, rb.conversation.id)
	return err
}

// countReadbacks returns about how many pages are to be read, and how many messages to be found.
func (f *File) countReadbacks() (pages, messages int, err error) {
	err = f.Reader.QueryRow(`SELECT coalesce(sum(iif(r.pass = 1, max(1, (c.accepted + c.verified - r.offset) / ?1 + 1), 1)), 0),
			coalesce(sum(c.accepted + c.verified -
				(SELECT count(*) FROM entry WHERE conversation = c.id AND identity IS NOT NULL)), 0)
		FROM readback r JOIN conversation c ON c.id = r.conversation WHERE r.ended = 0`, kommo.PageSize).
		Scan(&pages, &messages)
	return pages, messages, f.Explain(err)
}

// nextReadback returns when the next chat may be read, and whether any chat is left.
func (f *File) nextReadback() (next time.Time, open bool, err error) {
	var at sql.NullInt64
	err = f.Reader.QueryRow(`SELECT min(next_at) FROM readback WHERE ended = 0`).Scan(&at)
	return fromMillis(at.Int64), at.Valid, f.Explain(err)
}

// pendingReadbacks yields the chats that may be read by now. Their rows may change during the loop.
func (f *File) pendingReadbacks(now time.Time) iter.Seq2[*readback, error] {
	key := func(rb *readback) int64 { return rb.conversation.id }
	return migration.Paged(0, key, func(after int64) ([]*readback, error) {
		page, err := migration.All(f.Reader, scanReadback, `SELECT c.id, c.external_id, c.kind, c.first, c.client_id, c.client_name,
				c.client_phone, c.client_email, c.client_avatar, c.chat_id, c.notifier, r.pass, r.offset, r.oldest_first,
				r.found, r.oldest_missing, r.missing_since, r.next_at, r.proves
			FROM readback r JOIN conversation c ON c.id = r.conversation
			WHERE r.ended = 0 AND r.next_at <= ? AND r.conversation > ? ORDER BY r.conversation LIMIT 100`, now.UnixMilli(), after)
		return page, f.Explain(err)
	})
}

func scanReadback(rows *sql.Rows) (*readback, error) {
	rb := new(readback)
	cv, c := &rb.conversation, &rb.conversation.client
	err := rows.Scan(&cv.id, &cv.externalID, &cv.kind, &cv.first, &c.ID, &c.Name, &c.Phone, &c.Email, &c.Avatar, &cv.chatID, &cv.notifier,
		&rb.pass, &rb.offset, &rb.oldestFirst, &rb.found, &rb.oldestMissing, &rb.missingSince, &rb.nextAt, &rb.proves)
	return rb, err
}
