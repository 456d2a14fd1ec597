package importer

import (
	"database/sql"
	"iter"
	"kommo-import/internal/migration"
	"time"

	"kommo-import/sources"
)

// A Failure is a message that does not arrive in Kommo, and why.
type Failure struct {
	State        string    `json:"state"`                  // invalid, duplicate, skipped, refused
	Position     string    `json:"position"`               // in the source, "chats.csv:17"
	Conversation string    `json:"conversation,omitempty"` // id at the source; not known of what is invalid
	Time         time.Time `json:"time,omitzero"`          // likewise
	Reason       string    `json:"reason"`
	Text         string    `json:"text"` // of the message, or what stands in the source
}

// Failures yields what was invalid, skipped or refused, and duplicates that are none by their words: first what was
// invalid, in the order of the source, then the messages by conversation and time.
func (f *File) Failures() iter.Seq2[Failure, error] {
	return migration.Rows(f.File, scanFailure, `SELECT state, position, conversation, time, reason, text FROM (
		SELECT 0 AS part, 'invalid' AS state, position, conversation, 0 AS time, reason, raw AS text,
			id AS a, 0 AS b, 0 AS c FROM invalid
		UNION ALL
		SELECT 1, 'duplicate', d.position, v.external_id, 0,
			'its id was there before in the same conversation, and it says something else', '', v.first, 0, d.copy
		FROM duplicate d JOIN conversation v ON v.id = d.conversation WHERE d.differs
		UNION ALL
		SELECT 2, m.state, coalesce(s.content ->> '$.position', ''), v.external_id, m.time, m.reason,
			coalesce(s.content ->> '$.text', ''), v.first, m.time, m.spool
		FROM message m JOIN spool s ON s.id = m.spool JOIN conversation v ON v.id = m.conversation
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

// RetryRefused plans again what Kommo refused and the filters of the last load do not leave out, and returns how many
// messages that are. Media that were refused are tried as media again.
func (f *File) RetryRefused() (planned int, err error) {
	err = f.Update(func(tx *sql.Tx) error {
		a := &arranger{tx: tx, report: new(LoadReport)}
		defer a.statements.close()
		if err := a.statements.prepare(tx); err != nil {
			return err
		}
		if _, err := migration.Setting(tx, settingFilter, &a.filter); err != nil {
			return err
		}
		again, err := refusedConversations(tx)
		if err != nil {
			return err
		}
		for _, cv := range again {
			if err := a.retry(cv); err != nil {
				return err
			}
			planned += cv.refused
		}
		planned -= a.report.Dropped
		return nil
	})
	return planned, err
}

// A refusedConversation has messages that Kommo refused.
type refusedConversation struct {
	id         int64
	externalID string
	kind       sources.ConversationKind
	refused    int
}

func refusedConversations(tx *sql.Tx) (found []refusedConversation, err error) {
	rows, err := tx.Query(`SELECT id, external_id, kind, refused FROM conversation WHERE refused > 0`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var cv refusedConversation
		if err := rows.Scan(&cv.id, &cv.externalID, &cv.kind, &cv.refused); err != nil {
			return nil, err
		}
		found = append(found, cv)
	}
	return found, rows.Err()
}

// retry plans the refused messages of a conversation again, as far as the filters let them.
func (a *arranger) retry(cv refusedConversation) error {
	_, err := a.tx.Exec(`UPDATE message SET state = 'planned', reason = '', as_text = 0
		WHERE conversation = ? AND state = 'refused'`, cv.id)
	if err != nil {
		return err
	}
	if _, err := a.tx.Exec(`UPDATE conversation SET refused = 0 WHERE id = ?`, cv.id); err != nil {
		return err
	}
	return a.rearrange(cv.id, a.filter.conversation(cv.externalID, cv.kind))
}
