package importer

import (
	"database/sql"
	"iter"
	"time"

	"kommo-import/internal/migration"
)

// A Failure is a message that is not or will not be in Kommo, or that is in doubt, and why; or a conversation that was set
// aside without a message in doubt.
type Failure struct {
	State        string    `json:"state"`                  // invalid, duplicate, skipped, refused, sending, or planned: its chat was set aside
	Position     string    `json:"position"`               // in the source, "chats.csv:17"
	Conversation string    `json:"conversation,omitempty"` // id at the source, if known
	Time         time.Time `json:"time,omitzero"`          // zero for invalid messages and duplicates
	MsgID        string    `json:"msgid,omitempty"`        // of a message in doubt, for [Decider.Refuse]
	Reason       string    `json:"reason"`
	Text         string    `json:"text"` // of the message; of an invalid message, the source's text
}

// asideReason is why messages of a conversation are not sent that has no message in doubt.
const asideReason = "its chat was set aside, and nothing more of the conversation is sent: "

// doubtReason is why a message in doubt is among the failures. Nothing more of its conversation is sent meanwhile.
const doubtReason = "in doubt: it was sent, and it is not known whether Kommo has it; the rest of its conversation waits"

// Failures yields the invalid, skipped and refused messages, those in doubt, and the duplicates whose content differs from
// the message with the same id. Invalid messages come first, in the order of the source; the others by conversation and
// time. A message whose answer is still awaited is not in doubt; one that a killed process has left is listed when a send has
// looked for it.
func (f *File) Failures() iter.Seq2[Failure, error] {
	return migration.Rows(f.File, scanFailure, `SELECT state, position, conversation, time, identity, reason, text FROM (
		SELECT 0 AS part, 'invalid' AS state, position, conversation, 0 AS time, NULL AS identity, reason, raw AS text,
			id AS a, 0 AS b, 0 AS c FROM invalid WHERE NOT pending
		UNION ALL
		SELECT 1, 'duplicate', coalesce(s.content ->> '$.position', ''), v.external_id, s.time, NULL,
			'its id was there before in the same conversation, and it says something else', coalesce(s.content ->> '$.text', ''), v.first, s.time, s.id
		FROM duplicate d JOIN staging s ON s.id = d.staging JOIN conversation v ON v.id = d.conversation WHERE d.differs
		UNION ALL
		SELECT 2, m.state, coalesce(s.content ->> '$.position', ''), v.external_id, m.time,
			iif(m.state = 'sending', m.identity, NULL), iif(m.state = 'sending', '`+doubtReason+`' || iif(v.aside = '', '', ': ' || v.aside), m.reason),
			coalesce(s.content ->> '$.text', ''), v.first, m.time, m.place
		FROM message m JOIN staging s ON s.id = m.staging JOIN conversation v ON v.id = m.conversation
		WHERE m.state IN ('skipped', 'refused') OR m.state = 'sending' AND m.may_exist
		UNION ALL
		SELECT 3, 'planned', (SELECT coalesce(content ->> '$.position', '') FROM staging WHERE id = v.first), v.external_id, 0, NULL,
			'`+asideReason+`' || v.aside, '', v.first, 0, 0
		FROM conversation v WHERE v.aside <> '' AND v.sending = 0 AND v.planned > 0
	) ORDER BY part, a, b, c`)
}

func scanFailure(rows *sql.Rows) (failure Failure, err error) {
	var written int64
	var id []byte
	err = rows.Scan(&failure.State, &failure.Position, &failure.Conversation, &written, &id, &failure.Reason, &failure.Text)
	if len(id) > 0 {
		failure.MsgID = identity(id).msgid()
	}
	if written != 0 {
		failure.Time = fromMillis(written)
	}
	return failure, err
}
