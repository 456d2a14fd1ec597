package importer

import (
	"database/sql"
	"time"
)

// Links says which of the selected chats belong to a contact, as far as match and the sheet know.
type Links struct {
	Matched   bool `json:"matched"`   // match has read the account's contacts, or the sheet names some
	ToLink    int  `json:"to_link"`   // chats that are linked to a contact before their first message
	Made      int  `json:"made"`      // chats that were linked before
	Ambiguous int  `json:"ambiguous"` // chats with several contacts: they are sent without a link
	Unmatched int  `json:"unmatched"` // chats of persons without a contact: they are sent without a link
	// Older is how many of the chats have messages that are older than 24 hours. By the documents of amoCRM, the card of a lead
	// shows only the messages from 24 hours before the lead was made on.
	Older int `json:"older"`
}

// linkRequests is how many requests the link of a chat takes: for the chat's id, its link before, and the link itself.
const linkRequests = 3

// knowsContacts reports whether match has read the account's contacts, or the sheet names some, or chats were linked.
func knowsContacts(tx *sql.Tx) (knows bool, err error) {
	err = tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM contact) OR EXISTS (SELECT 1 FROM decision WHERE contact > 0)
		OR EXISTS (SELECT 1 FROM link)`).Scan(&knows)
	return knows, err
}

func readLinks(tx *sql.Tx, selection Selection) (l Links, err error) {
	if l.Matched, err = knowsContacts(tx); err != nil || !l.Matched {
		return l, err
	}
	condition, args := selection.where()
	args = append([]any{time.Now().Add(-24 * time.Hour).UnixMilli()}, args...)
	err = tx.QueryRow(`SELECT count(*) FILTER (WHERE due), count(*) FILTER (WHERE made), count(*) FILTER (WHERE ambiguous AND NOT due AND NOT made),
			count(*) FILTER (WHERE kind = 'person' AND NOT ambiguous AND NOT due AND NOT made), count(*) FILTER (WHERE older) FROM (
		SELECT kind, `+isToLink+` AS due, EXISTS (SELECT 1 FROM link WHERE link.conversation = external_id AND state IN ('linked', 'elsewhere')) AS made,
			EXISTS (SELECT 1 FROM matched WHERE matched.conversation = external_id AND contact = 0) AS ambiguous,
			coalesce((SELECT time FROM message WHERE conversation = conversation.id AND state <> 'skipped' ORDER BY time LIMIT 1) < ?, FALSE) AS older
		FROM conversation WHERE `+condition+`)`, args...).Scan(&l.ToLink, &l.Made, &l.Ambiguous, &l.Unmatched, &l.Older)
	return l, err
}
