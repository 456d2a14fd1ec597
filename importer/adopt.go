package importer

import (
	"context"
	"database/sql"
	"errors"

	"kommo-import/internal/kommo"
)

// adopt reads the chat of m at the first refusal of the conversation in this run. Messages of the plan that the chat shows
// become accepted: an earlier import has sent them, whose migration file is lost. Whether that import notified is not
// known, so no message of the conversation notifies any more.
//
// A chat that cannot be read shows nothing.
func (r *run) adopt(ctx context.Context, cv *conversation, m *outgoing) error {
	if r.wasRefused(cv) {
		return nil
	}
	if cv.chatID == "" {
		if _, err := r.history.askChat(ctx, cv); err != nil {
			return ignoringUnread(r.history.blame(ctx, err))
		}
	}
	s := &search{reader: r.history, cv: cv, m: m, each: func(shown *kommo.HistoryMessage) error { return r.adoptShown(cv, m, shown) }}
	err := s.read(ctx, true)
	if isNotFound(err) {
		return nil
	}
	return ignoringUnread(r.history.blame(ctx, err))
}

// wasRefused reports whether a message of the conversation was refused before in this run.
func (r *run) wasRefused(cv *conversation) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.adopted == nil {
		r.adopted = make(map[int64]map[identity]bool)
	}
	_, was := r.adopted[cv.id]
	if !was {
		r.adopted[cv.id] = make(map[identity]bool)
	}
	return was
}

// adoptShown accepts the message of the plan that an entry of a chat shows, unless it was accepted before.
func (r *run) adoptShown(cv *conversation, m *outgoing, shown *kommo.HistoryMessage) error {
	known, err := recognise(r.file.Reader, cv, &shown.Message)
	if err != nil || known == nil || known.state == Accepted || known.state == Verified {
		return r.file.Explain(err)
	}
	if known.identity == m.identity {
		known = m
	}
	err = r.file.transition(cv, known, Accepted, func(cv *conversation, known *outgoing) {
		known.remoteID = shown.Message.ID
		if !cv.notifier.Valid {
			cv.notifier = sql.NullInt64{Int64: known.place, Valid: true}
		}
	})
	if err != nil {
		return err
	}
	r.requests.log.Info("the chat shows a message that is not known as sent; it counts as accepted", "conversation", cv.externalID)
	r.count(func(report *SendReport) {
		r.adopted[cv.id][known.identity] = true
		report.Accepted++
		report.Settled++
	})
	return nil
}

// wasAdopted reports whether m was accepted since it was read from the plan, because its chat shows it.
func (r *run) wasAdopted(cv *conversation, m *outgoing) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.adopted[cv.id][m.identity]
}

// ignoringUnread returns err, or nil if err concerns one chat alone.
func ignoringUnread(err error) error {
	if _, unread := errors.AsType[*unreadError](err); unread {
		return nil
	}
	return err
}
