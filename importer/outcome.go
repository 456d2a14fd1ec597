package importer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"kommo-import/internal/kommo"
	"kommo-import/sources"
)

// maxRefusals is how many refusals in a row stop a run, and how many of one sender without an acceptance.
const maxRefusals = 10

// A tally counts the outcomes of one run.
type tally struct {
	refusedInARow int
	bySender      map[string]*senderTally
}

// A senderTally counts the outcomes of the messages of one sender.
type senderTally struct{ accepted, refused int }

// of returns the tally of a sender.
func (t *tally) of(sender string) *senderTally {
	if t.bySender == nil {
		t.bySender = make(map[string]*senderTally)
	}
	if t.bySender[sender] == nil {
		t.bySender[sender] = new(senderTally)
	}
	return t.bySender[sender]
}

// senderOf returns the sender of m for people: the clients, the bot or a Kommo user. A wrong bot id concerns all messages of
// the bot.
func (c Composer) senderOf(m *outgoing) string {
	if m.direction == sources.Incoming {
		return "clients"
	}
	if user := c.user(m.content.Author); user != "" {
		return "the Kommo user " + user
	}
	return "the bot"
}

// accept records that Kommo has m. resolved says that the chat showed m after an unknown outcome.
func (r *run) accept(cv *conversation, m *outgoing, accepted kommo.Accepted, resolved bool) error {
	err := r.file.transition(cv, m, Accepted, func(cv *conversation, m *outgoing) {
		m.remoteID = cmp.Or(accepted.MessageID, m.remoteID)
		cv.noAvatar, cv.aside = cv.noAvatar || m.noAvatar, ""
		cv.chatID = cmp.Or(r.composer.believed(cv, accepted.ChatID), cv.chatID)
	})
	if err != nil {
		return err
	}
	r.count(func(report *SendReport) {
		r.tally.refusedInARow, r.aside = 0, 0
		r.tally.of(r.composer.senderOf(m)).accepted++
		report.Accepted++
		report.Notified += btoi(cv.notifier.Valid && cv.notifier.Int64 == m.place && (m.notifies || resolved))
		report.Settled += btoi(resolved)
		if m.rungs != nil || m.quoteAsText || m.asText && !r.filter.asText(m.content.Kind) { // by this run, or by one that was killed
			report.Reformed++
			report.ReformedMessages = appendListed(report.ReformedMessages, m.content.Position+": "+m.form.difference())
		}
	})
	return nil
}

// refuse handles a 400. A message that may exist already is looked for first: its id may be the reason, as it may be for all
// messages of a chat that an earlier import has sent. Then the message is planned in its next form of the ladder, and
// refused after the last one.
func (r *run) refuse(ctx context.Context, cv *conversation, m *outgoing, refused *kommo.RefusedError) error {
	if m.mayExist {
		if err := r.seek(ctx, cv, m, time.Now()); err != nil || m.state == Accepted {
			return err
		}
	}
	if _, err := r.adopt(ctx, cv, m); err != nil || m.state == Accepted {
		return err
	}
	if m.rungs == nil {
		m.whole, m.rungs = m.form, ladder(cv, m)
	}
	if len(m.rungs) == 0 {
		m.form = m.whole
		return r.reject(cv, m, refused.Detail, refused)
	}
	next := m.rungs[0]
	r.requests.log.Warn("Kommo refused a message; sending it in another form", "conversation", cv.externalID,
		"form", next.difference(), "why", refused)
	return r.file.transition(cv, m, Planned, func(cv *conversation, m *outgoing) {
		m.form, m.rungs = next, m.rungs[1:]
		clearNotifier(cv, m)
	})
}

// judge handles a status that may be about m alone or about all messages. If a ping shows that Kommo grants access, m is
// refused. Otherwise m is planned again, and the error of the ping ends the run.
func (r *run) judge(ctx context.Context, cv *conversation, m *outgoing, unclear *kommo.UnclearError, size int) error {
	if unclear.Status == http.StatusConflict {
		err := r.findConflicting(ctx, cv, m)
		if m.state == Accepted {
			return err
		}
		if _, unread := errors.AsType[*unreadError](err); err != nil && !unread {
			return errors.Join(err, r.file.transition(cv, m, Planned, clearNotifier))
		}
	}
	if err := r.requests.ping(ctx, r.client); err != nil {
		return errors.Join(err, r.file.transition(cv, m, Planned, clearNotifier))
	}
	return r.reject(cv, m, fmt.Sprintf("%s (the message has %d bytes)", unclear, size), unclear)
}

// findConflicting looks for m in its chat after a 409, which may say that Kommo has m already.
func (r *run) findConflicting(ctx context.Context, cv *conversation, m *outgoing) error {
	read, err := r.adopt(ctx, cv, m)
	switch {
	case err != nil || m.state == Accepted:
		return err
	case m.mayExist:
		return r.seek(ctx, cv, m, time.Now())
	case read:
		return nil
	}
	return r.look(ctx, cv, m, false)
}

// reject records that Kommo refuses m. It returns an error if further messages would probably be refused, too.
func (r *run) reject(cv *conversation, m *outgoing, reason string, cause error) error {
	err := r.file.transition(cv, m, Refused, func(cv *conversation, m *outgoing) {
		m.reason = reason
		clearNotifier(cv, m)
	})
	if err != nil {
		return err
	}
	sender := r.composer.senderOf(m)
	var inARow int
	var ofSender senderTally
	r.count(func(report *SendReport) {
		r.tally.refusedInARow++
		r.tally.of(sender).refused++
		inARow, ofSender = r.tally.refusedInARow, *r.tally.of(sender)
		report.Refused++
		if m.notifies && !m.mayExist {
			report.Unnotified = appendListed(report.Unnotified, cv.externalID)
		}
	})
	switch {
	case inARow >= maxRefusals:
		return &StoppedError{fmt.Sprintf("Kommo refused %d messages in a row, the last with", inARow), cause}
	case ofSender.refused >= maxRefusals && ofSender.accepted == 0:
		return &StoppedError{fmt.Sprintf("Kommo refused %d messages from %s and accepted none of them, the last with", ofSender.refused, sender), cause}
	}
	return nil
}
