package importer

import (
	"context"
	"database/sql"
	"fmt"

	"kommo-import/internal/migration"
)

// RetryRefused plans again the messages that Kommo refused, unless the settings of the last load leave them out, and
// returns how many messages were planned. Refused media are sent as media again.
func (f *File) RetryRefused() (planned int, err error) {
	err = f.Update(func(tx *sql.Tx) error {
		p := newPlanner(tx, f.Reader, Filter{}, new(LoadReport))
		if _, err := migration.Setting(tx, settingFilter, &p.filter); err != nil {
			return err
		}
		conversations, err := migration.All(tx, scanID, `SELECT id FROM conversation WHERE refused > 0`)
		for _, conversation := range conversations {
			if err == nil {
				var moved int
				moved, err = moveMessages(p.tx, conversation, Refused, Planned, `, reason = '', as_text = 0, quote_as_text = 0`, "TRUE")
				planned += moved
			}
		}
		if err == nil {
			err = p.planConversations(context.Background(), "refused > 0", func(LoadPhase, int, int) {})
		}
		if err == nil {
			err = p.conclude(false)
		}
		if err != nil {
			return fmt.Errorf("planning refused messages again: %w", err)
		}
		planned -= p.report.Dropped
		return nil
	})
	return planned, err
}

// RetryMissing hands the messages that the last verification found missing to the next send, and returns how many they are.
// Each of them may still appear late, so they are in doubt since they were sent: send reads their chats to the end before
// it posts them again.
//
// If the notifying message is missing, it is not known whether it notified; it keeps that role.
func (f *File) RetryMissing() (handed int, err error) {
	err = f.Update(func(tx *sql.Tx) error {
		conversations, err := migration.All(tx, scanID, `SELECT DISTINCT conversation FROM finding WHERE kind = 'missing' AND NOT retried`)
		if err != nil {
			return err
		}
		for _, conversation := range conversations {
			moved, err := moveMessages(tx, conversation, Accepted, Sending, `, may_exist = 1`,
				`identity IN (SELECT identity FROM finding WHERE conversation = ? AND kind = 'missing' AND NOT retried)`, conversation)
			if err != nil {
				return err
			}
			handed += moved
		}
		for _, statement := range []string{
			`UPDATE finding SET retried = 1 WHERE kind = 'missing'`,
			`DELETE FROM entry`, // the next verification is a new one
			`DELETE FROM readback WHERE ended = 0`,
		} {
			if _, err := tx.Exec(statement); err != nil {
				return err
			}
		}
		return nil
	})
	return handed, err
}
