package importer

import (
	"database/sql"
	"iter"
	"time"

	"kommo-import/internal/migration"
)

// A Finding is a difference between a chat and the plan.
type Finding struct {
	Kind         FindingKind `json:"kind"`
	MsgID        string      `json:"msgid,omitempty"`    // as Kommo shows it; "" for messages written in Kommo, and for whole chats
	Conversation string      `json:"conversation"`       // id at the source
	Position     string      `json:"position,omitempty"` // in the source, "chats.csv:17"; "" for a foreign message
	Time         time.Time   `json:"time,omitzero"`
	Reason       string      `json:"reason"`
	RemoteID     string      `json:"remote_id,omitempty"` // of the message at Kommo
	Retried      bool        `json:"retried,omitempty"`   // it was missing and was planned again since
}

// FindingKind is the kind of a difference.
type FindingKind string

// The kinds of findings.
const (
	MessageMissing    FindingKind = "missing"      // Kommo accepted it, but does not show it
	MessageDiffers    FindingKind = "differs"      // in its kind, its text, the side it is from, or its time
	MessageDoubled    FindingKind = "doubled"      // an extra copy
	MessageOutOfOrder FindingKind = "out_of_order" // it is at another place in the chat
	MessageShownAs    FindingKind = "shown_as"     // Kommo shows it as another kind, which is no fault
	MessageForeign    FindingKind = "foreign"      // it is not of this migration, which is no fault
	MessageUnsent     FindingKind = "unsent"       // the chat shows it, but the plan does not have it as sent
	ChatUnread        FindingKind = "unread"       // the whole chat: it cannot be read
	ChatUnlinked      FindingKind = "unlinked"     // the whole chat: it does not belong to the contact to which it was linked
)

// Findings yields the findings of the last verification, by conversation and time.
func (f *File) Findings() iter.Seq2[Finding, error] {
	return migration.Rows(f.File, scanFinding, `SELECT f.kind, f.identity, f.client_id, c.external_id, coalesce(s.content ->> '$.position', ''), f.time, f.reason,
		f.remote_id, f.retried
	FROM finding f JOIN conversation c ON c.id = f.conversation
	LEFT JOIN message m ON m.conversation = f.conversation AND m.identity = f.identity
	LEFT JOIN staging s ON s.id = m.staging
	ORDER BY c.first, f.time, m.place, f.kind, f.client_id, f.remote_id`)
}

func scanFinding(rows *sql.Rows) (found Finding, err error) {
	var id []byte
	var written int64
	err = rows.Scan(&found.Kind, &id, &found.MsgID, &found.Conversation, &found.Position, &written, &found.Reason,
		&found.RemoteID, &found.Retried)
	if len(id) > 0 {
		found.MsgID = identity(id).msgid()
	}
	if written != 0 {
		found.Time = fromMillis(written)
	}
	return found, err
}

// lastVerification returns the report of the last verification so far.
func (f *File) lastVerification() (r VerifyReport, err error) {
	err = f.Reader.QueryRow(`SELECT coalesce(sum(ended), 0), coalesce(sum(1 - ended), 0), coalesce(sum(found), 0) FROM readback`).
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
		MessageShownAs: &r.ShownAs, MessageForeign: &r.Foreign, MessageUnsent: &r.Unsent, ChatUnread: &r.Unread, ChatUnlinked: &r.Unlinked}
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
	if err := rows.Err(); err != nil {
		return r, f.Explain(err)
	}
	r.Conversations -= r.Unread
	r.Messages = r.There + r.Missing
	r.There -= r.Differs
	err = f.Reader.QueryRow(`SELECT coalesce(sum(accepted + verified - found), 0) FROM readback r JOIN conversation c ON c.id = r.conversation
		WHERE EXISTS (SELECT 1 FROM finding WHERE conversation = c.id AND kind = 'unread')`).Scan(&r.UnreadMessages)
	return r, f.Explain(err)
}

// A ReadChat is a chat that the last verification has read to its end.
type ReadChat struct {
	Conversation string `json:"conversation"` // id at the source
	There        int    `json:"there"`        // messages of the plan that the chat shows
	Differences  int    `json:"differences"`  // findings that are faults
}

// ReadChats yields the chats that the last verification has read to their end, in the order in which they were sent.
func (f *File) ReadChats() iter.Seq2[ReadChat, error] {
	return migration.Rows(f.File, scanReadChat, `SELECT c.external_id, r.found, (SELECT count(*) FROM finding
		WHERE conversation = c.id AND kind NOT IN ('foreign', 'unsent', 'shown_as') AND NOT retried)
	FROM readback r JOIN conversation c ON c.id = r.conversation WHERE r.ended ORDER BY c.first`)
}

func scanReadChat(rows *sql.Rows) (chat ReadChat, err error) {
	err = rows.Scan(&chat.Conversation, &chat.There, &chat.Differences)
	return chat, err
}
