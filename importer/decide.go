package importer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"kommo-import/internal/kommo"
	"kommo-import/internal/migration"
	"kommo-import/internal/pace"
)

// A Decider ends the doubt about a message by the decision of an administrator, so that the rest of its conversation can
// be sent.
type Decider struct {
	File     *File
	Client   *kommo.Client
	Composer Composer // as it was for sending
	Pace     *pace.Pace
	Settle   time.Duration // how long Kommo is given to show a message in its history; 0 means 5 s
	Log      *slog.Logger  // receives the events that concern an administrator; nil discards them
}

// Refuse reads the chat of a message in doubt once more, when Kommo has had its time to show the message. The message
// becomes accepted if its chat shows it, else refused, also if the chat cannot be read. Refuse returns its state.
//
// A refused message may still appear in its chat. It keeps the notifying role if it had that role, and its chat is read
// again before it is ever posted again.
func (d *Decider) Refuse(ctx context.Context, msgid string) (State, error) {
	cv, m, err := d.File.inDoubt(msgid)
	if err != nil {
		return "", d.File.Explain(err)
	}
	if err := d.File.CheckScope(d.Client.ScopeID, d.Composer.Prefix); err != nil {
		return m.state, err
	}
	requests, err := newRequester(d.File, d.Pace, d.Log)
	if err != nil {
		return m.state, err
	}
	r := newRun(d.File, d.Client, d.Composer, d.Settle, requests)
	err = r.seek(ctx, cv, m, fromMillis(m.sentAt.Int64))
	reason := "it was in doubt, its chat does not show it, and an administrator decided to refuse it"
	if why, ok := errors.AsType[*unreadError](err); ok {
		reason = fmt.Sprintf("it was in doubt, and an administrator decided to refuse it: %s", why)
		err = nil
	}
	if err != nil || m.state == Accepted {
		return m.state, err
	}
	err = d.File.transition(cv, m, Refused, func(cv *conversation, m *outgoing) {
		m.reason, m.mayExist, cv.aside = reason, true, ""
	})
	return m.state, err
}

// A NotInDoubtError means that no message in doubt has a msgid.
type NotInDoubtError struct {
	msgid, why string
}

func (e *NotInDoubtError) Error() string { return fmt.Sprintf("message %q: %s", e.msgid, e.why) }

// inDoubt returns the message with that msgid, and its conversation. The error may be a [NotInDoubtError].
func (f *File) inDoubt(msgid string) (*conversation, *outgoing, error) {
	id, ok := parseMsgid(msgid)
	if !ok {
		return nil, nil, &NotInDoubtError{msgid, "not a message id of kommo-import"}
	}
	conversations, err := migration.All(f.Reader, scanConversation, conversationColumns+` FROM conversation
		WHERE EXISTS (SELECT 1 FROM message WHERE conversation = conversation.id AND identity = ?)`, id[:])
	if err != nil {
		return nil, nil, err
	}
	for _, cv := range conversations {
		messages, err := migration.All(f.Reader, scanOutgoing, outgoingColumns+` FROM message WHERE conversation = ? AND identity = ?`, cv.id, id[:])
		if err != nil {
			return nil, nil, err
		}
		for _, m := range messages {
			if m.state != Sending {
				return nil, nil, &NotInDoubtError{msgid, "it is not in doubt, but " + string(m.state)}
			}
			return cv, m, readContent(f.Reader, cv, m)
		}
	}
	return nil, nil, &NotInDoubtError{msgid, "there is no such message in the migration file"}
}
