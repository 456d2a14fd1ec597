package importer

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kommo-import/internal/kommo"
)

// markSending writes down that a request with m is about to leave.
func (f *File) markSending(cv *conversation, m *outgoing, now time.Time) error {
	return f.move(cv, m, Planned, Sending, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE message SET sent_at = ? WHERE conversation = ? AND time = ? AND spool = ?`,
			now.UnixMilli(), cv.id, m.time, m.spool)
		if err != nil || !m.loud {
			return err
		}
		cv.loud = sql.NullInt64{Int64: m.spool, Valid: true}
		_, err = tx.Exec(`UPDATE conversation SET loud = ? WHERE id = ?`, m.spool, cv.id)
		return err
	})
}

// markAccepted writes down that Kommo has m, under which id and in which chat. It was sending, or planned again and
// then found.
func (f *File) markAccepted(cv *conversation, m *outgoing, accepted kommo.Accepted) error {
	return f.move(cv, m, m.state, Accepted, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE message SET remote_id = ? WHERE conversation = ? AND time = ? AND spool = ?`,
			accepted.MessageID, cv.id, m.time, m.spool)
		if err != nil || accepted.ChatID == "" || accepted.ChatID == cv.chatID {
			return err
		}
		return keepChat(tx, cv, accepted.ChatID)
	})
}

// markPlanned writes down that Kommo does not have m, so that it will be sent again.
func (f *File) markPlanned(cv *conversation, m *outgoing) error {
	return f.move(cv, m, Sending, Planned, func(tx *sql.Tx) error { return quieten(tx, cv, m) })
}

// markAsText writes down that Kommo does not want the media of m, so that its text form will be sent.
func (f *File) markAsText(cv *conversation, m *outgoing) error {
	m.asText = true
	return f.move(cv, m, Sending, Planned, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE message SET as_text = 1 WHERE conversation = ? AND time = ? AND spool = ?`,
			cv.id, m.time, m.spool)
		if err != nil {
			return err
		}
		return quieten(tx, cv, m)
	})
}

// markRefused writes down that Kommo does not want m, and its words. One whose outcome was not known before may be
// there all the same, only too late for anybody to see; if it was the one to notify, it stays that one.
func (f *File) markRefused(cv *conversation, m *outgoing, words string) error {
	return f.move(cv, m, Sending, Refused, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE message SET reason = ? WHERE conversation = ? AND time = ? AND spool = ?`,
			words, cv.id, m.time, m.spool)
		if err != nil || m.doubtful {
			return err
		}
		return quieten(tx, cv, m)
	})
}

// markDoubtful writes down that nobody knows what came of m. It stays in the state sending.
func (f *File) markDoubtful(cv *conversation, m *outgoing) error {
	m.doubtful = true
	return f.Update(func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE message SET doubtful = 1 WHERE conversation = ? AND time = ? AND spool = ?`,
			cv.id, m.time, m.spool)
		return err
	})
}

// setChat writes down the chat's id at Kommo.
func (f *File) setChat(cv *conversation, id string) error {
	return f.Update(func(tx *sql.Tx) error { return keepChat(tx, cv, id) })
}

func keepChat(tx *sql.Tx, cv *conversation, id string) error {
	cv.chatID = id
	_, err := tx.Exec(`UPDATE conversation SET chat_id = ? WHERE id = ?`, id, cv.id)
	return err
}

// quieten forgets that m went out with silent=false, because it did not arrive.
func quieten(tx *sql.Tx, cv *conversation, m *outgoing) error {
	if cv.loud.Int64 == m.spool {
		cv.loud = sql.NullInt64{}
	}
	_, err := tx.Exec(`UPDATE conversation SET loud = NULL WHERE id = ? AND loud = ?`, cv.id, m.spool)
	return err
}

// move takes m from one state to another, together with the conversation's numbers and with what also does, in one
// transaction.
func (f *File) move(cv *conversation, m *outgoing, from, to State, also func(*sql.Tx) error) error {
	err := f.Update(func(tx *sql.Tx) error {
		result, err := tx.Exec(`UPDATE message SET state = ? WHERE conversation = ? AND time = ? AND spool = ? AND state = ?`,
			to, cv.id, m.time, m.spool, from)
		if err != nil {
			return err
		}
		if moved, err := result.RowsAffected(); err != nil || moved != 1 {
			return errors.Join(err, fmt.Errorf("message %s is no longer %s: is another program changing the migration file?", m.identity.msgid(), from))
		}
		_, err = tx.Exec(fmt.Sprintf(`UPDATE conversation SET %[1]s = %[1]s - 1, %[2]s = %[2]s + 1 WHERE id = ?`, from, to), cv.id)
		if err != nil {
			return err
		}
		return also(tx)
	})
	if err == nil {
		m.state = to
	}
	return err
}
