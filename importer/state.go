package importer

import (
	"database/sql"
	"fmt"
	"strings"
)

// A State is the state of a message. Duplicates and invalid entries have tables of their own; together with them, the
// messages in all states are the messages that were read.
type State string

// The states of a message. mayFollow lists the ways from one to another.
//
//	skipped ◄──► planned ──► sending ──► accepted ◄──► verified
//	                ▲           │  └───► refused
//	                └───────────┘ known not to have been accepted
const (
	Skipped  State = "skipped"  // it has no form in Kommo, or a filter left it out
	Planned  State = "planned"  // it will be sent
	Sending  State = "sending"  // a request with it may have left; found at the start of a run, it is in doubt
	Accepted State = "accepted" // Kommo answered 200, or its chat shows the message
	Verified State = "verified" // the last verification found it as it was sent
	Refused  State = "refused"  // Kommo rejects it
)

// mayFollow reports whether a message may go from one state to another.
func mayFollow(from, to State) bool {
	switch from {
	case Planned:
		return to == Skipped || to == Sending || to == Accepted // accepted: its chat shows it
	case Skipped:
		return to == Planned || to == Accepted // accepted: its chat shows it
	case Sending:
		return to == Planned || to == Accepted || to == Refused
	case Accepted:
		return to == Verified || to == Sending // sending: verify --retry puts it in doubt
	case Verified:
		return to == Accepted
	case Refused:
		return to == Planned || to == Accepted
	}
	return false
}

// moveMessages takes the messages of a conversation that are in the state from, and that the condition selects, to
// another state. Every state changes here, together with the numbers that the conversation keeps. set is appended to
// the SET clause: `, reason = ”`. args belong to set and to the condition. It returns how many messages were moved.
func moveMessages(tx *sql.Tx, conversation int64, from, to State, set, condition string, args ...any) (int, error) {
	if !mayFollow(from, to) {
		return 0, fmt.Errorf("a message cannot go from %s to %s", from, to)
	}
	if isPending(from) != isPending(to) {
		if err := movePending(tx, conversation, from, isPending(to), condition, args[strings.Count(set, "?"):]); err != nil {
			return 0, err
		}
	}
	result, err := tx.Exec(fmt.Sprintf(`UPDATE message SET state = '%s' %s WHERE state = '%s' AND %s AND conversation = ?`,
		to, set, from, condition), append(args, conversation)...)
	if err != nil {
		return 0, err
	}
	moved, err := result.RowsAffected()
	if err != nil || moved == 0 {
		return 0, err
	}
	_, err = tx.Exec(fmt.Sprintf(`UPDATE conversation SET %[1]s = %[1]s - ?1, %[2]s = %[2]s + ?1 WHERE id = ?2`, from, to),
		moved, conversation)
	return int(moved), err
}

func isPending(s State) bool { return s == Planned || s == Sending }

// addPending returns the statement that adds the messages that a condition selects to the table pending, or with the sign "-"
// takes them away.
func addPending(sign, condition string) string {
	return fmt.Sprintf(`INSERT INTO pending SELECT conversation, kind, direction, coalesce(author, 0), %[1]s count(*), %[1]s sum(length > %[2]d)
		FROM message WHERE %[3]s GROUP BY conversation, kind, direction, author
		ON CONFLICT DO UPDATE SET messages = messages + excluded.messages, long = long + excluded.long`, sign, LongTextLength, condition)
}

// movePending adds the messages that moveMessages is about to move to the table pending, or takes them away.
func movePending(tx *sql.Tx, conversation int64, from State, add bool, condition string, args []any) error {
	sign := "-"
	if add {
		sign = ""
	}
	_, err := tx.Exec(addPending(sign, fmt.Sprintf(`state = '%s' AND %s AND conversation = ?`, from, condition)),
		append(args[:len(args):len(args)], conversation)...)
	return err
}

// countPending counts the messages of a conversation that are to be sent anew.
func (c *conversationPlan) countPending() error {
	if _, err := c.tx.Exec(`DELETE FROM pending WHERE conversation = ?`, c.id); err != nil {
		return err
	}
	_, err := c.tx.Exec(addPending("", `conversation = ? AND state IN ('planned', 'sending')`), c.id)
	return err
}
