package importer

import (
	"database/sql"
	"iter"
	"time"

	"kommo-import/internal/migration"
)

// A Failure is a message that is not or will not be in Kommo, and why.
type Failure struct {
	State        string    `json:"state"`                  // invalid, duplicate, skipped or refused
	Position     string    `json:"position"`               // in the source, "chats.csv:17"
	Conversation string    `json:"conversation,omitempty"` // id at the source, if known
	Time         time.Time `json:"time,omitzero"`          // zero for invalid messages and duplicates
	Reason       string    `json:"reason"`
	Text         string    `json:"text"` // of the message; of an invalid message, the source's text
}

// Failures yields the invalid, skipped and refused messages, and the duplicates whose content differs from the message
// with the same id. Invalid messages come first, in the order of the source; the others by conversation and time.
func (f *File) Failures() iter.Seq2[Failure, error] {
	return migration.Rows(f.File, scanFailure, `SELECT state, position, conversation, time, reason, text FROM (
		SELECT 0 AS part, 'invalid' AS state, position, conversation, 0 AS time, reason, raw AS text,
			id AS a, 0 AS b, 0 AS c FROM invalid WHERE NOT pending
		UNION ALL
		SELECT 1, 'duplicate', coalesce(s.content ->> '$.position', ''), v.external_id, s.time,
			'its id was there before in the same conversation, and it says something else', coalesce(s.content ->> '$.text', ''), v.first, s.time, s.id
		FROM duplicate d JOIN staging s ON s.id = d.staging JOIN conversation v ON v.id = d.conversation WHERE d.differs
		UNION ALL
		SELECT 2, m.state, coalesce(s.content ->> '$.position', ''), v.external_id, m.time, m.reason,
			coalesce(s.content ->> '$.text', ''), v.first, m.time, m.place
		FROM message m JOIN staging s ON s.id = m.staging JOIN conversation v ON v.id = m.conversation
		WHERE m.state IN ('skipped', 'refused')
	) ORDER BY part, a, b, c`)
}

func scanFailure(rows *sql.Rows) (failure Failure, err error) {
	var written int64
	err = rows.Scan(&failure.State, &failure.Position, &failure.Conversation, &written, &failure.Reason, &failure.Text)
	if written != 0 {
		failure.Time = fromMillis(written)
	}
	return failure, err
}
