package importer

import (
	"database/sql"
	"iter"
	"kommo-import/internal/migration"
)

// A ReadChat is a chat that the last verification has read to its end.
type ReadChat struct {
	Conversation string `json:"conversation"` // id at the source
	There        int    `json:"there"`        // messages of the plan that were found in it
	Differences  int    `json:"differences"`  // what is otherwise than it was sent; what is foreign or unsent is not
}

// ReadChats yields the chats that the last verification has read to their end, in the order in which they were sent.
func (f *File) ReadChats() iter.Seq2[ReadChat, error] {
	return migration.Rows(f.File, scanReadChat, `SELECT c.external_id, r.met, (SELECT count(*) FROM finding
		WHERE conversation = c.id AND kind NOT IN ('foreign', 'unsent') AND NOT retried)
	FROM readback r JOIN conversation c ON c.id = r.conversation WHERE r.ended ORDER BY c.first`)
}

func scanReadChat(rows *sql.Rows) (chat ReadChat, err error) {
	err = rows.Scan(&chat.Conversation, &chat.There, &chat.Differences)
	return chat, err
}
