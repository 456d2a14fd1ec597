package importer

import (
	"database/sql"
	"iter"
	"time"
)

// A Failure is a message that does not arrive in Kommo, and why.
type Failure struct {
	State        string    `json:"state"`                  // invalid, skipped, refused
	Position     string    `json:"position"`               // in the source, "chats.csv:17"
	Conversation string    `json:"conversation,omitempty"` // id at the source; not known of what is invalid
	Time         time.Time `json:"time,omitzero"`          // likewise
	Reason       string    `json:"reason"`
	Text         string    `json:"text"` // of the message, or what stands in the source
}

// Failures yields what was invalid, skipped or refused: first what was invalid, in the order of the source, then the
// messages by conversation and time.
func (f *File) Failures() iter.Seq2[Failure, error] {
	return func(yield func(Failure, error) bool) {
		rows, err := f.read.Query(`SELECT state, position, conversation, time, reason, text FROM (
				SELECT 0 AS part, 'invalid' AS state, position, '' AS conversation, 0 AS time, reason, raw AS text,
					id AS a, 0 AS b, 0 AS c FROM invalid
				UNION ALL
				SELECT 1, m.state, coalesce(s.content ->> '$.position', ''), v.external_id, m.time, m.reason,
					coalesce(s.content ->> '$.text', ''), v.first, m.time, m.spool
				FROM message m JOIN spool s ON s.id = m.spool JOIN conversation v ON v.id = m.conversation
				WHERE m.state IN ('skipped', 'refused')
			) ORDER BY part, a, b, c`)
		if err != nil {
			yield(Failure{}, f.explain(err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			failure, err := scanFailure(rows)
			if !yield(failure, f.explain(err)) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(Failure{}, f.explain(err))
		}
	}
}

func scanFailure(rows *sql.Rows) (failure Failure, err error) {
	var written int64
	err = rows.Scan(&failure.State, &failure.Position, &failure.Conversation, &written, &failure.Reason, &failure.Text)
	if written != 0 {
		failure.Time = fromMillis(written)
	}
	return failure, err
}

// RetryRefused plans again what Kommo refused, and returns how many messages that are. Media that were refused are
// tried as media again.
func (f *File) RetryRefused() (planned int, err error) {
	err = f.update(func(tx *sql.Tx) error {
		result, err := tx.Exec(`UPDATE message SET state = 'planned', reason = '', as_text = 0 WHERE state = 'refused'`)
		if err != nil {
			return err
		}
		changed, err := result.RowsAffected()
		if err != nil {
			return err
		}
		planned = int(changed)
		_, err = tx.Exec(`UPDATE conversation SET planned = planned + refused, refused = 0 WHERE refused > 0`)
		return err
	})
	return planned, err
}
