package importer

import (
	"context"
	"time"

	"kommo-import/internal/kommo"
	"kommo-import/internal/web"
)

// looks is how often a chat is read for a message in doubt. Kommo's 200 means "accepted for processing", so an
// accepted message appears some time later. That time is not documented.
const looks = 3

// resolve finds out the outcome of m, which is in the state sending: accepted if its chat shows it; planned again if
// the last look does not.
func (r *run) resolve(ctx context.Context, cv *conversation, m *outgoing, tries *tries) error {
	if err := r.file.keepDoubt(cv, m); err != nil {
		return err
	}
	if err := r.seek(ctx, cv, m, tries); err != nil || m.state == Accepted {
		return err
	}
	r.requests.log.Info("a message in doubt is not in its chat; it is sent again", "conversation", cv.externalID)
	return r.file.transition(cv, m, Planned, nil)
}

// seek looks for m in its chat until it is found, which makes it accepted, or until the last look. By default the
// looks come after 5, 10 and 20 more seconds. The time runs from now, when the doubt becomes known: Kommo may have
// accepted the message at any moment before.
func (r *run) seek(ctx context.Context, cv *conversation, m *outgoing, tries *tries) error {
	for n := range looks {
		if err := web.Sleep(ctx, r.settle<<n); err != nil {
			return err
		}
		if err := r.look(ctx, cv, m, tries); err != nil || m.state == Accepted {
			return err
		}
	}
	return nil
}

// look reads the history of the chat of m. If that shows m, m becomes accepted. Failures to read are retried.
func (r *run) look(ctx context.Context, cv *conversation, m *outgoing, tries *tries) error {
	for {
		departed := time.Now()
		found, err := r.findAnywhere(ctx, cv, m)
		switch {
		case err == nil && found == nil:
			return nil
		case err == nil:
			return r.accept(cv, m, kommo.Accepted{ChatID: cv.chatID, MessageID: found.Message.ID}, true)
		}
		if err := r.requests.retry(ctx, tries, departed, err); err != nil {
			return err
		}
	}
}

// findAnywhere finds m in its chat. If the history of that chat is empty, Kommo is asked whether the conversation has
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

// find returns the message of the chat's history with the msgid of m, nil if the history has no such message. empty
// reports whether the history has no messages at all. find reads, newest messages first, until they are older than m.
func (r *run) find(ctx context.Context, cv *conversation, m *outgoing) (found *kommo.HistoryMessage, empty bool, err error) {
	empty = true
	var order newestFirst
	for page, err := range r.client.History(context.WithoutCancel(ctx), cv.chatID, func(context.Context) error { return r.requests.turn(ctx) }) {
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

// askChat asks Kommo for the id of the conversation's chat. For a known conversation_id Kommo returns the existing
// chat (documented).
func (r *run) askChat(ctx context.Context, cv *conversation) error {
	if err := r.requests.turn(ctx); err != nil {
		return err
	}
	id, err := r.client.CreateChat(context.WithoutCancel(ctx), kommo.NewChat{
		ConversationID: r.composer.Prefix + cv.externalID, User: client(cv),
	})
	if err != nil || id == cv.chatID {
		return err
	}
	return r.file.setChat(cv, id)
}
