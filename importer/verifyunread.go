package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"kommo-import/internal/kommo"
)

// An unreadChat is one that Kommo does not want to show, or of which it shows what nobody can read.
type unreadChat struct {
	rb  *readback
	why error
}

// unreadable reports whether err is about this one chat, and returns what it says: Kommo refused the request, or
// answered every time what cannot be read.
func unreadable(err error) (why error, ok bool) {
	if refused, ok := errors.AsType[*kommo.RefusedError](err); ok {
		return refused, true
	}
	if unknown, ok := errors.AsType[*kommo.UnknownOutcomeError](err); ok && unknown.Status/100 == 2 {
		return unknown, true
	}
	return nil, false
}

// couldNotRead puts a chat aside. When there are many in a row, Kommo is asked for a chat that does not exist: if it
// answers as it should, it is about those chats, and otherwise about all of them, so that going on makes no sense.
func (r *verifying) couldNotRead(ctx context.Context, rb *readback, why error) error {
	r.log.Warn("a chat cannot be read", "conversation", rb.externalID, "why", why)
	if unread := r.putAside(unreadChat{rb, why}); unread < maxRefusals {
		return nil
	} else if err := r.turn(ctx); err != nil {
		return err
	} else if _, err := r.Client.Ping(ctx); err != nil {
		return &StoppedError{fmt.Sprintf("%d chats in a row could not be read, the last", unread), why}
	}
	return r.giveUpUnread()
}

// putAside returns how many chats in a row could not be read.
func (r *verifying) putAside(chat unreadChat) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unread = append(r.unread, chat)
	return len(r.unread)
}

// giveUpUnread writes down which chats could not be read, and that this verification leaves them alone.
func (r *verifying) giveUpUnread() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.unread) == 0 {
		return nil
	}
	err := r.File.Update(func(tx *sql.Tx) error {
		for _, chat := range r.unread {
			err := addFinding(tx, chat.rb.id, finding{kind: ChatUnread, reason: "its chat could not be read: " + chat.why.Error()})
			if err != nil {
				return err
			}
			if _, err := tx.Exec(`UPDATE readback SET ended = 1 WHERE conversation = ?`, chat.rb.id); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		r.unread = nil
	}
	return err
}
