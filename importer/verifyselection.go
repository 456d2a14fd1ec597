package importer

import (
	"database/sql"
	"errors"
	"slices"

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

// choose adds a readback for every selected conversation of which a message was sent or is in doubt. A sample is spread
// evenly; where it begins changes from one verification to the next.
func (v verifySelection) choose(tx *sql.Tx) error {
	_, err := tx.Exec(`INSERT INTO readback (conversation)
		SELECT id FROM (
			SELECT id, (row_number() OVER (ORDER BY first) - 1) AS n, count(*) OVER () AS total
			FROM conversation WHERE accepted + verified + sending > 0
				AND (?1 = 0 OR external_id IN (`+chatsOf("?2")+`)))
		WHERE ?3 = 0 OR ?3 >= total
			OR (n * ?3 + ?4 % total) / total <> ((n + 1) * ?3 + ?4 % total) / total
		ON CONFLICT DO NOTHING`,
		len(v.Only), jsonList(v.Only), v.Sample, v.Number*7919)
	return err
}

// reopen adds messages that were sent since the verification was interrupted: a finished chat with new messages is
// read again from its beginning, and new chats join.
func (v verifySelection) reopen(tx *sql.Tx) error {
	for _, statement := range []string{
		`UPDATE readback SET ended = 0, pass = 1, offset = 0, next_at = 0, missing_since = 0, oldest_missing = 0, found = 0
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
