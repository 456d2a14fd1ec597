package importer

import (
	"fmt"

	"kommo-import/internal/migration"
)

// A MatchedMinutesError means that [Filter.MatchMinutes] cannot be taken back: the messages of a source were left out because
// Kommo has equal ones of another source, at another second of the minute. They would be sent beside them.
type MatchedMinutesError struct {
	Messages int
}

func (e *MatchedMinutesError) Error() string {
	return fmt.Sprintf("--match-minutes cannot be taken back: %s that were sent would be sent a second time", countOf(e.Messages, "message"))
}

// matchedMinutes returns a [MatchedMinutesError] if rows are duplicates of messages of another source, or of another conversation
// of the chat, that were sent with another second.
func matchedMinutes(q migration.Querier) error {
	e := new(MatchedMinutesError)
	err := q.QueryRow(`SELECT count(*) FROM duplicate d JOIN message m ON m.conversation = d.conversation AND m.identity = d.identity
		JOIN staging s ON s.id = d.staging WHERE s.time / 1000 <> m.time / 1000 AND s.identity <> m.identity
		AND (d.source <> m.source OR s.conversation <> (SELECT conversation FROM staging WHERE id = m.staging)) AND ` + wasSent).Scan(&e.Messages)
	if err == nil && e.Messages > 0 {
		return e
	}
	return err
}
