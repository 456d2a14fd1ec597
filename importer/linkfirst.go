package importer

import (
	"context"
	"errors"
	"fmt"

	"kommo-import/internal/migration"
)

// A LinkDeniedError means that Kommo does not let the integration of the token link chats.
type LinkDeniedError struct{ Err error }

func (e *LinkDeniedError) Error() string {
	return "Kommo does not let this token link chats: " + e.Err.Error()
}

func (e *LinkDeniedError) Unwrap() error { return e.Err }

// A LinkRefusedError means that Kommo refuses to link a chat to a contact that exists, and that it has accepted no link in this run.
type LinkRefusedError struct {
	Conversation string
	Contact      int64
	Err          error
}

func (e *LinkRefusedError) Error() string {
	return fmt.Sprintf("the chat of %s cannot be linked to contact %d: %v", e.Conversation, e.Contact, e.Err)
}

func (e *LinkRefusedError) Unwrap() error { return e.Err }

// A NoTokenError means that chats are to be linked to contacts, and that the sender has no client for the account.
type NoTokenError struct{ Chats int }

func (e *NoTokenError) Error() string {
	return fmt.Sprintf("%s to be linked to contacts, and there is no token of the account", countOf(e.Chats, "chat"))
}

// checkLinks returns an [UnmatchedError] if match was interrupted, and a [NoTokenError] if chats of the selection are to be linked
// without a client for the account.
func (s *Sender) checkLinks() error {
	var state contactsState
	known, err := migration.Setting(s.File.Reader, settingContacts, &state)
	if err != nil {
		return s.File.Explain(err)
	}
	if known && !state.Matched {
		return new(UnmatchedError)
	}
	if s.Account != nil {
		return nil
	}
	due, err := s.File.countToLink(s.Selection)
	if err == nil && due > 0 {
		return &NoTokenError{due}
	}
	return err
}

// countToLink returns how many chats of the selection are to be linked, or have a link in doubt.
func (f *File) countToLink(selection Selection) (chats int, err error) {
	condition, args := selection.where()
	err = f.Reader.QueryRow(`SELECT count(*) FROM conversation WHERE `+isToLink+` AND `+condition, args...).Scan(&chats)
	return chats, f.Explain(err)
}

// linkFirst links chats before anything is sent, until Kommo accepts a link: a token that may not link stops the run before any
// message. Chats that belong to a contact already prove nothing.
func (r *run) linkFirst(ctx context.Context, selection Selection) error {
	due, err := r.file.countToLink(selection)
	if err != nil || due == 0 || r.account == nil {
		return err
	}
	if _, err := readAccount(ctx, r.requests, r.account, r.client.ScopeID); err != nil {
		return err
	}
	var refused *LinkRefusedError
	failed := 0
	for cv, err := range longestFirst(r.file.Reader, selection) {
		if err != nil || r.mayLink.Load() {
			return err
		}
		if failed == maxAside {
			break
		}
		link, err := r.file.linkOf(cv)
		if err == nil && link.due {
			err = r.prepare(ctx, cv)
		}
		_, unread := errors.AsType[*unreadError](err) // the conversation comes to that again
		again, ok := errors.AsType[*LinkRefusedError](err)
		if ok {
			refused = again
		}
		if err != nil && !unread && !ok {
			return err
		}
		failed += btoi(err != nil)
	}
	if refused != nil {
		return refused
	}
	return nil
}

// prepare reads the chat of an unsure conversation, and links the chat to its contact.
func (r *run) prepare(ctx context.Context, cv *conversation) error {
	if cv.unsure {
		if err := r.lookFirst(ctx, cv); err != nil {
			return err
		}
	}
	return r.link(ctx, cv)
}
