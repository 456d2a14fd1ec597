package importer

import (
	"context"
	"errors"
	"time"

	"kommo-import/internal/kommo"
	"kommo-import/internal/web"
)

// looks is how often a chat is read for a message in doubt. Kommo's 200 means "accepted for processing", so an
// accepted message appears some time later. That time is not documented.
const looks = 3

// resolve finds out the outcome of m, which is in the state sending: accepted if its chat shows it; planned again if
// the chat lacks it, which takes a proof. Without a proof m stays in doubt, and the error is an [unreadError]. since is
// when the doubt began.
func (r *run) resolve(ctx context.Context, cv *conversation, m *outgoing, since time.Time) error {
	if err := r.file.keepDoubt(cv, m); err != nil {
		return err
	}
	if err := r.seek(ctx, cv, m, since); err != nil || m.state == Accepted {
		return err
	}
	r.requests.log.Info("a message in doubt is not in its chat; it is sent again", "conversation", cv.externalID)
	return r.file.transition(cv, m, Planned, nil)
}

// seek looks for m in its chat until it is found, which makes it accepted, or until the last look. By default the
// looks come after 5, 10 and 20 more seconds, counted from since; of those that are due already, only the last is
// made. A chat that has waited behind the others is looked into once more, after 40 more seconds.
//
// No error means that m was found, or that the last look proves that the chat lacks it.
func (r *run) seek(ctx context.Context, cv *conversation, m *outgoing, since time.Time) (err error) {
	n, last := 0, looks-1
	if r.hasWaited() {
		n, last = looks, looks
	}
	for ; n <= last; n++ {
		if n < last && !time.Now().Before(r.due(since, n+1)) {
			continue
		}
		if err := web.Sleep(ctx, min(time.Until(r.due(since, n)), r.settle<<n)); err != nil {
			return err
		}
		err = r.look(ctx, cv, m, n == last)
		if _, unread := errors.AsType[*unreadError](err); err != nil && !unread || m.state == Accepted {
			return err
		}
	}
	return err
}

// due returns when the n-th look may begin, from 0.
func (r *run) due(since time.Time, n int) time.Time { return since.Add(r.settle<<(n+1) - r.settle) }

// look reads the chat of m. If that shows m, m becomes accepted. The last look reads the chat to its end, and returns an
// [unreadError] if that does not prove that the chat lacks m.
func (r *run) look(ctx context.Context, cv *conversation, m *outgoing, last bool) error {
	s := &search{reader: r.history, cv: cv, m: m}
	if err := s.readChat(ctx, last); err != nil {
		return err
	}
	return r.conclude(ctx, s, last)
}

// conclude accepts the message that was searched for, if its chat shows it. Else the last look wants a proof that the
// chat lacks it.
func (r *run) conclude(ctx context.Context, s *search, last bool) error {
	if s.found == nil && last {
		if err := s.prove(ctx); err != nil {
			return err
		}
	}
	if s.found == nil {
		return nil
	}
	return r.accept(s.cv, s.m, kommo.Accepted{ChatID: s.cv.chatID, MessageID: s.found.Message.ID}, true)
}
