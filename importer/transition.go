package importer

import (
	"database/sql"
	"fmt"
)

// transition takes m to another state in one transaction, with the changes that change makes to m and cv. Both are
// changed only if the transaction was committed. A nil change changes the state alone.
func (f *File) transition(cv *conversation, m *outgoing, to State, change func(*conversation, *outgoing)) error {
	nextCV, next := *cv, *m
	next.state = to
	if change != nil {
		change(&nextCV, &next)
	}
	err := f.Update(func(tx *sql.Tx) error {
		moved, err := moveMessages(tx, cv.id, m.state, to, `, reason = ?, as_text = ?, quote_as_text = ?, may_exist = ?, sent_at = ?, remote_id = ?`,
			`time = ? AND place = ?`, next.reason, next.asText, next.quoteAsText, next.mayExist, next.sentAt, next.remoteID, m.time, m.place)
		if err == nil && moved != 1 {
			err = fmt.Errorf("message %s is no longer %s: is another program changing the migration file?", m.identity.msgid(), m.state)
		}
		if err != nil {
			return err
		}
		return updateConversation(tx, cv, &nextCV)
	})
	if err == nil {
		*cv, *m = nextCV, next
	}
	return err
}

// keepDoubt records that the outcome of m is not known. m stays in the state sending.
func (f *File) keepDoubt(cv *conversation, m *outgoing) error {
	err := f.Update(func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE message SET may_exist = 1 WHERE conversation = ? AND time = ? AND place = ?`, cv.id, m.time, m.place)
		return err
	})
	m.mayExist = m.mayExist || err == nil
	return err
}

// setChat records the chat's id at Kommo, and nothing else of cv. The own chat of a conversation that has joined another is not
// recorded.
func (f *File) setChat(cv *conversation, id string) error {
	err := f.Update(func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE conversation SET chat_id = ? WHERE id = ? AND external_id = ?`, id, cv.id, cv.externalID)
		return err
	})
	if err == nil {
		cv.chatID = id
	}
	return err
}

// setAside records why a conversation is set aside; "" means that it no longer is.
func (f *File) setAside(cv *conversation, why string) error {
	err := f.Update(func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE conversation SET aside = ? WHERE id = ?`, why, cv.id)
		return err
	})
	if err == nil {
		cv.aside = why
	}
	return err
}

// updateConversation records what sending has changed of a conversation.
func updateConversation(tx *sql.Tx, before, after *conversation) error {
	if *before == *after {
		return nil
	}
	_, err := tx.Exec(`UPDATE conversation SET chat_id = ?, notifier = ?, no_avatar = ?, aside = ? WHERE id = ?`,
		after.chatID, after.notifier, after.noAvatar, after.aside, after.id)
	return err
}

// clearNotifier forgets that m was sent with silent=false, because Kommo did not accept it. Another message may then
// notify. A message that may exist keeps its role: it may still appear, and would then be the second to notify.
func clearNotifier(cv *conversation, m *outgoing) {
	if cv.notifier.Int64 == m.place && !m.mayExist {
		cv.notifier = sql.NullInt64{}
	}
}
