package importer

import (
	"database/sql"
	"encoding/json"
	"errors"
	"iter"
	"kommo-import/internal/migration"
	"slices"
	"time"

	"kommo-import/internal/kommo"
)

// A verification is which chats are read back. Stored as a setting it is the last one:
//
//	{"number":3,"only":["79001234567@c.us"],"sample":10}
type verification struct {
	Number int      `json:"number"` // from 1
	Only   []string `json:"only,omitempty"`
	Sample int      `json:"sample,omitempty"`
}

// maxPasses is more than the passes over a chat that one verification makes.
const maxPasses = 16

// serial numbers all passes over a chat, upwards, through all verifications; pass 0 stands before the first.
func (v verification) serial(pass int) int64 { return int64(v.Number)*maxPasses + int64(pass) }

// beginVerification goes on with the last verification if there is something left of it and it chose the same;
// otherwise it begins a new one and forgets what that one found.
func (f *File) beginVerification(wanted verification) (v verification, err error) {
	err = f.Update(func(tx *sql.Tx) error {
		if _, err := migration.Setting(tx, settingVerification, &v); err != nil {
			return err
		}
		var open bool
		if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM readback WHERE ended = 0)`).Scan(&open); err != nil {
			return err
		}
		if open && slices.Equal(v.Only, wanted.Only) && v.Sample == wanted.Sample {
			return v.reopen(tx)
		}
		wanted.Number = v.Number + 1
		v = wanted
		for _, table := range []string{"finding", "readback"} {
			if _, err := tx.Exec(`DELETE FROM ` + table); err != nil {
				return err
			}
		}
		return errors.Join(migration.SetSetting(tx, settingVerification, v), v.choose(tx))
	})
	return v, err
}

// choose plans to read back every chosen conversation of which Kommo has accepted something. A sample is spread
// evenly; where it begins changes from one verification to the next.
func (v verification) choose(tx *sql.Tx) error {
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

// reopen lets what was sent since the verification was interrupted take part in it: chats that were read to their end
// before are read again, and new ones join.
func (v verification) reopen(tx *sql.Tx) error {
	for _, statement := range []string{
		`UPDATE readback SET ended = 0, pass = 1, next = 0, trail = '', due = 0, missed = 0
			WHERE ended = 1 AND NOT EXISTS (SELECT 1 FROM finding WHERE conversation = readback.conversation AND kind = 'unread')
			AND (SELECT accepted + verified FROM conversation WHERE id = readback.conversation) >
				met + (SELECT count(*) FROM finding WHERE conversation = readback.conversation AND kind = 'missing')`,
		`DELETE FROM finding WHERE kind = 'missing' AND conversation IN (SELECT conversation FROM readback WHERE ended = 0)`,
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

// countReadbacks returns how many pages there are to be read, about, and how many messages to be found.
func (f *File) countReadbacks() (pages, messages int, err error) {
	err = f.Reader.QueryRow(`SELECT coalesce(sum(iif(r.pass = 1, max(1, (c.accepted + c.verified - r.next) / ?1 + 1), 1)), 0),
			coalesce(sum(c.accepted + c.verified - r.met), 0)
		FROM readback r JOIN conversation c ON c.id = r.conversation WHERE r.ended = 0`, kommo.PageSize).
		Scan(&pages, &messages)
	return pages, messages, f.Explain(err)
}

// nextReadback returns when a chat is to be read next, and whether any is.
func (f *File) nextReadback() (due time.Time, open bool, err error) {
	var earliest sql.NullInt64
	err = f.Reader.QueryRow(`SELECT min(due) FROM readback WHERE ended = 0`).Scan(&earliest)
	return fromMillis(earliest.Int64), earliest.Valid, f.Explain(err)
}

// A readback is a chat that is read back, and how far that is.
type readback struct {
	conversation
	pass, next, met int
	trail           trail
	missed          int64 // when the first pass ended with messages missing, 0 if it did not
	judged          int   // messages that this run has come to a verdict on
}

// dueReadbacks yields the chats that are to be read by now. It reads some at a time, so that they may change
// meanwhile.
func (f *File) dueReadbacks(now time.Time) iter.Seq2[*readback, error] {
	return func(yield func(*readback, error) bool) {
		for last := int64(0); ; {
			page, err := dueAfter(f.Reader, now, last)
			if err != nil {
				yield(nil, f.Explain(err))
				return
			}
			for _, rb := range page {
				if !yield(rb, nil) {
					return
				}
				last = rb.id
			}
			if len(page) == 0 {
				return
			}
		}
	}
}

func dueAfter(q migration.Querier, now time.Time, last int64) (page []*readback, err error) {
	rows, err := q.Query(`SELECT c.id, c.external_id, c.kind, c.client_id, c.chat_id, r.pass, r.next, r.met, r.trail, r.missed
		FROM readback r JOIN conversation c ON c.id = r.conversation
		WHERE r.ended = 0 AND r.due <= ? AND r.conversation > ? ORDER BY r.conversation LIMIT 100`, now.UnixMilli(), last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		rb := new(readback)
		var stored []byte
		if err := rows.Scan(&rb.id, &rb.externalID, &rb.kind, &rb.client.ID, &rb.chatID, &rb.pass, &rb.next, &rb.met,
			&stored, &rb.missed); err != nil {
			return nil, err
		}
		if rb.trail, err = readTrail(stored); err != nil {
			return nil, err
		}
		page = append(page, rb)
	}
	return page, rows.Err()
}
