package importer

import (
	"database/sql"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"time"

	"kommo-import/internal/kommo"
	"kommo-import/internal/migration"
)

// A verifySelection says which chats a verification reads back. Stored as a setting it is the last verification:
//
//	{"number":3,"only":["79001234567@c.us"],"sample":10}
type verifySelection struct {
	Number int      `json:"number"` // from 1
	Only   []string `json:"only,omitempty"`
	Sample int      `json:"sample,omitempty"`
}

// beginVerification goes on with the last verification if it was interrupted and selected the same chats. Otherwise it
// begins a new one, and forgets the findings of the last.
func (f *File) beginVerification(wanted verifySelection) error {
	return f.Update(func(tx *sql.Tx) error {
		var last verifySelection
		if _, err := migration.Setting(tx, settingVerification, &last); err != nil {
			return err
		}
		var open bool
		if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM readback WHERE ended = 0)`).Scan(&open); err != nil {
			return err
		}
		if open && slices.Equal(last.Only, wanted.Only) && last.Sample == wanted.Sample {
			return last.reopen(tx)
		}
		wanted.Number = last.Number + 1
		for _, table := range []string{"finding", "entry", "readback"} {
			if _, err := tx.Exec(`DELETE FROM ` + table); err != nil {
				return err
			}
		}
		return errors.Join(migration.SetSetting(tx, settingVerification, wanted), wanted.choose(tx))
	})
}

// choose adds a readback for every selected conversation of which Kommo has accepted a message. A sample is spread
// evenly; where it begins changes from one verification to the next.
func (v verifySelection) choose(tx *sql.Tx) error {
	only, err := json.Marshal(v.Only)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO readback (conversation)
		SELECT id FROM (
			SELECT id, (row_number() OVER (ORDER BY first) - 1) AS n, count(*) OVER () AS total
			FROM conversation WHERE accepted + verified > 0
				AND (?1 = 0 OR external_id IN (SELECT value FROM json_each(?2))))
		WHERE ?3 = 0 OR ?3 >= total
			OR (n * ?3 + ?4 % total) / total <> ((n + 1) * ?3 + ?4 % total) / total
		ON CONFLICT DO NOTHING`,
		len(v.Only), string(only), v.Sample, v.Number*7919)
	return err
}

// reopen adds messages that were sent since the verification was interrupted: a finished chat with new messages is
// read again from its beginning, and new chats join.
func (v verifySelection) reopen(tx *sql.Tx) error {
	for _, statement := range []string{
		`UPDATE readback SET ended = 0, pass = 1, offset = 0, repeats = 0, missing = 0, next_at = 0, missing_since = 0, oldest_missing = 0, found = 0
			WHERE ended = 1 AND NOT EXISTS (SELECT 1 FROM finding WHERE conversation = readback.conversation AND kind = 'unread')
			AND (SELECT accepted + verified FROM conversation WHERE id = readback.conversation) >
				found + (SELECT count(*) FROM finding WHERE conversation = readback.conversation AND kind = 'missing')`,
		`DELETE FROM finding WHERE conversation IN (SELECT conversation FROM readback WHERE ended = 0)`,
	} {
		if _, err := tx.Exec(statement); err != nil {
			return err
		}
	}
	if v.Sample > 0 {
		return nil
	}
	return v.choose(tx)
}

// A readback is a chat that is read back, and how far that is.
type readback struct {
	conversation  conversation
	pass          int   // 1 reads the whole chat, later passes look for missing messages
	offset        int   // entries of the chat before the next page
	repeats       int   // full pages in a row that brought nothing new
	oldestFirst   bool  // the chat shows its oldest messages first
	found         int   // messages of the plan that the chat has shown
	missing       int   // messages that the present pass looks for
	oldestMissing int64 // msec_timestamp of the oldest of them
	missingSince  int64 // when the first pass ended with messages missing, 0 if it did not; Unix milliseconds
	nextAt        int64 // when the present pass may begin, in Unix milliseconds
	ended         bool  // every message has a verdict
}

// store records how far the reading is.
func (rb *readback) store(tx *sql.Tx) error {
	_, err := tx.Exec(`UPDATE readback SET pass = ?, offset = ?, repeats = ?, oldest_first = ?, found = ?, missing = ?,
		oldest_missing = ?, missing_since = ?, next_at = ?, ended = ? WHERE conversation = ?`,
		rb.pass, rb.offset, rb.repeats, rb.oldestFirst, rb.found, rb.missing,
		rb.oldestMissing, rb.missingSince, rb.nextAt, rb.ended, rb.conversation.id)
	return err
}

// countReadbacks returns about how many pages are to be read, and how many messages to be found.
func (f *File) countReadbacks() (pages, messages int, err error) {
	err = f.Reader.QueryRow(`SELECT coalesce(sum(iif(r.pass = 1, max(1, (c.accepted + c.verified - r.offset) / ?1 + 1), 1)), 0),
			coalesce(sum(c.accepted + c.verified - r.found), 0)
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
	return migration.Paged(func(last **readback) ([]*readback, error) {
		after := int64(0)
		if last != nil {
			after = (*last).conversation.id
		}
		page, err := migration.All(f.Reader, scanReadback, `SELECT c.id, c.external_id, c.kind, c.first, c.client_id, c.client_name,
				c.client_phone, c.client_email, c.client_avatar, c.chat_id, c.notifier, r.pass, r.offset, r.repeats, r.oldest_first,
				r.found, r.missing, r.oldest_missing, r.missing_since, r.next_at
			FROM readback r JOIN conversation c ON c.id = r.conversation
			WHERE r.ended = 0 AND r.next_at <= ? AND r.conversation > ? ORDER BY r.conversation LIMIT 100`, now.UnixMilli(), after)
		return page, f.Explain(err)
	})
}

func scanReadback(rows *sql.Rows) (*readback, error) {
	rb := new(readback)
	cv, c := &rb.conversation, &rb.conversation.client
	err := rows.Scan(&cv.id, &cv.externalID, &cv.kind, &cv.first, &c.ID, &c.Name, &c.Phone, &c.Email, &c.Avatar, &cv.chatID, &cv.notifier,
		&rb.pass, &rb.offset, &rb.repeats, &rb.oldestFirst, &rb.found, &rb.missing, &rb.oldestMissing, &rb.missingSince, &rb.nextAt)
	return rb, err
}
