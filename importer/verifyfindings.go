package importer

import (
	"database/sql"
	"iter"
	"kommo-import/internal/migration"
	"time"
)

// A Finding is something in a chat that is otherwise than it was sent.
type Finding struct {
	Kind         FindingKind `json:"kind"`
	MsgID        string      `json:"msgid,omitempty"`    // as Kommo tells it; "" for what was written in Kommo, and for ChatUnread
	Conversation string      `json:"conversation"`       // id at the source
	Position     string      `json:"position,omitempty"` // in the source, "chats.csv:17"; "" if it is not of this migration
	Time         time.Time   `json:"time,omitzero"`
	Reason       string      `json:"reason"`
	RemoteID     string      `json:"remote_id,omitempty"` // of the message at Kommo
	Retried      bool        `json:"retried,omitempty"`   // it was missing, and has been planned again since
}

// FindingKind says what is wrong.
type FindingKind string

// The kinds of findings.
const (
	MessageMissing    FindingKind = "missing"      // Kommo accepted it, and does not show it
	MessageDiffers    FindingKind = "differs"      // in its kind, its text, the side it is from, or its time
	MessageDoubled    FindingKind = "doubled"      // a copy too many
	MessageOutOfOrder FindingKind = "out_of_order" // it stands at another place in the chat
	MessageForeign    FindingKind = "foreign"      // it is not of this migration; nothing is wrong with that
	MessageUnsent     FindingKind = "unsent"       // it is there, and the plan does not have it as sent
	ChatUnread        FindingKind = "unread"       // the whole chat: it cannot be read
)

// Findings yields what the last verification found, by conversation and time.
func (f *File) Findings() iter.Seq2[Finding, error] {
	return migration.Rows(f.File, scanFinding, `SELECT f.kind, f.msgid, c.external_id, coalesce(s.content ->> '$.position', ''), f.time, f.reason,
		f.remote_id, f.retried
	FROM finding f JOIN conversation c ON c.id = f.conversation
	LEFT JOIN message m ON m.conversation = f.conversation AND m.identity = unhex(f.msgid)
	LEFT JOIN spool s ON s.id = m.spool
	ORDER BY c.first, f.time, m.spool, f.kind, f.msgid, f.remote_id`)
}

func scanFinding(rows *sql.Rows) (found Finding, err error) {
	var written int64
	err = rows.Scan(&found.Kind, &found.MsgID, &found.Conversation, &found.Position, &written, &found.Reason,
		&found.RemoteID, &found.Retried)
	if written != 0 {
		found.Time = fromMillis(written)
	}
	return found, err
}

// A finding is a row of the table of that name.
type finding struct {
	kind            FindingKind
	msgid, remoteID string
	time            int64
	reason          string
}

// addFinding writes a finding down, unless it is known.
func addFinding(tx *sql.Tx, conversation int64, f finding) error {
	_, err := tx.Exec(`INSERT INTO finding (conversation, kind, msgid, remote_id, time, reason) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, conversation, f.kind, f.msgid, f.remoteID, f.time, f.reason)
	return err
}

// lastVerification returns what the last verification found so far.
func (f *File) lastVerification() (r VerifyReport, err error) {
	err = f.Reader.QueryRow(`SELECT coalesce(sum(ended), 0), coalesce(sum(1 - ended), 0), coalesce(sum(met), 0) FROM readback`).
		Scan(&r.Conversations, &r.Open, &r.There)
	if err != nil {
		return r, f.Explain(err)
	}
	rows, err := f.Reader.Query(`SELECT kind, count(*) FROM finding GROUP BY kind`)
	if err != nil {
		return r, f.Explain(err)
	}
	defer rows.Close()
	counts := map[FindingKind]*int{MessageMissing: &r.Missing, MessageDiffers: &r.Differs, MessageDoubled: &r.Doubled, MessageOutOfOrder: &r.OutOfOrder,
		MessageForeign: &r.Foreign, MessageUnsent: &r.Unsent, ChatUnread: &r.Unread}
	for rows.Next() {
		var kind FindingKind
		var n int
		if err := rows.Scan(&kind, &n); err != nil {
			return r, f.Explain(err)
		}
		if count := counts[kind]; count != nil {
			*count = n
		}
	}
	r.Messages = r.There + r.Missing
	r.There -= r.Differs
	return r, f.Explain(rows.Err())
}
