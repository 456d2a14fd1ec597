package importer

import (
	"context"
	"kommo-import/internal/web"
	"time"

	"kommo-import/internal/kommo"
)

// looks is how often history is asked for a message in doubt. Kommo's yes means "accepted for processing", so a
// message that it took shows up some time later. That time is not documented.
const looks = 3

// timeMargin is how far a time in history may be from the time that was sent: a documented sample differs by one
// second.
const timeMargin = 2 * time.Second

// settleDoubt finds out what came of m, which is in the state sending: there, it is accepted; not there after the
// last look, it is planned again.
func (r *run) settleDoubt(ctx context.Context, cv *conversation, m *outgoing, tries *tries) error {
	taken, err := r.seek(ctx, cv, m, tries)
	if err != nil || taken {
		return err
	}
	r.Log.Info("a message in doubt is not in its chat; it is sent again", "conversation", cv.externalID)
	return r.File.markPlanned(cv, m)
}

// seek looks for m in its chat and reports whether it is there; then it is recorded as accepted. It looks when the
// time that Kommo is given has passed, then after twice that time, then after twice that again. The time runs from now,
// when it becomes known that the outcome is not known: nobody knows how long before that Kommo took the message.
func (r *run) seek(ctx context.Context, cv *conversation, m *outgoing, tries *tries) (bool, error) {
	for look := range looks {
		if err := web.Sleep(ctx, r.settle<<look); err != nil {
			return false, err
		}
		if taken, err := r.look(ctx, cv, m, tries); err != nil || taken {
			return taken, err
		}
	}
	return false, nil
}

// look reports whether m is in its chat's history, and records it as accepted if so. What keeps it from reading is
// tried again.
func (r *run) look(ctx context.Context, cv *conversation, m *outgoing, tries *tries) (bool, error) {
	for {
		departed := time.Now()
		found, err := r.findAnywhere(ctx, cv, m)
		if err == nil && found != nil {
			return true, r.accept(cv, m, kommo.Accepted{ChatID: cv.chatID, MessageID: found.Message.ID}, true)
		}
		if err == nil {
			return false, nil
		}
		if err := r.again(ctx, tries, departed, err); err != nil {
			return false, err
		}
	}
}

// findAnywhere finds m in its chat. If that chat's history is empty, Kommo is asked whether the conversation has
// another chat by now.
func (r *run) findAnywhere(ctx context.Context, cv *conversation, m *outgoing) (*kommo.HistoryMessage, error) {
	known := cv.chatID
	if known == "" {
		if err := r.askChat(ctx, cv); err != nil {
			return nil, err
		}
	}
	found, empty, err := r.find(ctx, cv, m)
	if err != nil || !empty || known == "" {
		return found, err
	}
	if err := r.askChat(ctx, cv); err != nil || cv.chatID == known {
		return nil, err
	}
	found, _, err = r.find(ctx, cv, m)
	return found, err
}

// find returns the message of the chat's history that has the msgid of m, nil if there is none, and whether there is
// nothing at all. It reads, newest messages first, until they are older than m.
func (r *run) find(ctx context.Context, cv *conversation, m *outgoing) (found *kommo.HistoryMessage, empty bool, err error) {
	empty = true
	var order newestFirst
	for page, err := range r.Client.History(context.WithoutCancel(ctx), cv.chatID, func(context.Context) error { return r.turn(ctx) }) {
		if err != nil {
			return nil, false, err
		}
		for i := range page {
			empty = false
			if page[i].Message.ClientID == m.identity.msgid() {
				return &page[i], false, nil
			}
			order.add(page[i].Time())
		}
		if order.past(fromMillis(m.msec).Add(-timeMargin)) {
			break
		}
	}
	return nil, empty, nil
}

// newestFirst tells whether history comes newest messages first, as samples show and nobody promises. Where it does
// not, all of it has to be read.
type newestFirst struct {
	first, last time.Time
	broken      bool
}

func (o *newestFirst) add(t time.Time) {
	if o.first.IsZero() {
		o.first, o.last = t, t
	}
	o.broken = o.broken || t.IsZero() || t.After(o.last) // no time is not an old time
	o.last = t
}

// past reports whether what follows can only be older than t.
func (o *newestFirst) past(t time.Time) bool {
	return !o.broken && o.last.Before(t) && o.first.After(o.last)
}

// askChat asks Kommo for the id of the conversation's chat. For a known conversation_id the existing chat is returned
// (documented).
func (r *run) askChat(ctx context.Context, cv *conversation) error {
	if err := r.turn(ctx); err != nil {
		return err
	}
	id, err := r.Client.CreateChat(context.WithoutCancel(ctx), kommo.NewChat{
		ConversationID: r.Composer.Prefix + cv.externalID, User: client(cv),
	})
	if err != nil || id == cv.chatID {
		return err
	}
	return r.File.setChat(cv, id)
}
