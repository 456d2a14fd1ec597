package importer

import (
	"context"
	"database/sql"
	"errors"

	"kommo-import/internal/kommo"
)

// An adoption reads a chat for messages of the plan that were sent without a record: by an earlier import, or by one whose
// records are lost. They become accepted. Whether that import notified is not known, so no message of the conversation
// notifies any more.
type adoption struct {
	run *run
	cv  *conversation
	m   *outgoing // a message of the conversation that is being sent; or nil

	found      int // messages that became accepted
	pending    int // of these, messages that were to be sent
	unknown    int // messages of kommo-import that the plan does not have
	duplicates map[identity]int64
}

// read reads the chat to its end. The error is an [unreadError] if it concerns this chat alone.
func (a *adoption) read(ctx context.Context) (*search, error) {
	s := &search{reader: a.run.history, cv: a.cv, each: a.see}
	err := s.readChat(ctx, true)
	if a.found > 0 {
		a.run.requests.log.Info("the chat shows messages that are not known as sent; they count as accepted",
			"conversation", a.cv.externalID, "messages", a.found)
		a.run.count(func(report *SendReport) {
			report.Found += a.found
			report.FoundConversations = appendListed(report.FoundConversations, a.cv.externalID)
		})
	}
	return s, err
}

// see accepts the message of the plan that an entry of the chat shows, unless it was accepted before.
func (a *adoption) see(shown *kommo.HistoryMessage) (known bool, err error) {
	file := a.run.file
	m, err := recognise(file.Reader, a.cv, &shown.Message)
	if id, ours := parseMsgid(shown.Message.ClientID); err == nil && m == nil && ours {
		if m, err = a.exchangeDuplicate(id); err == nil && m == nil {
			a.unknown++
			return true, nil
		}
	}
	if err != nil || m == nil || m.state == Accepted || m.state == Verified {
		return m != nil, file.Explain(err)
	}
	if a.m != nil && m.identity == a.m.identity {
		m = a.m
	}
	pending := m.state == Planned || m.state == Sending
	err = file.transition(a.cv, m, Accepted, func(cv *conversation, m *outgoing) {
		m.remoteID = shown.Message.ID
		if !cv.notifier.Valid {
			cv.notifier = sql.NullInt64{Int64: m.place, Valid: true}
		}
	})
	if err != nil {
		return true, err
	}
	a.found++
	a.pending += btoi(pending)
	a.run.noteAdopted(a.cv, m)
	return true, nil
}

// adopt reads the chat of m at the first refusal of the conversation in this run: messages that are there already may be
// the reason. A chat that cannot be read shows nothing. first reports whether this is the first refusal.
func (r *run) adopt(ctx context.Context, cv *conversation, m *outgoing) (first bool, err error) {
	if r.wasRefused(cv) {
		return false, nil
	}
	_, err = (&adoption{run: r, cv: cv, m: m}).read(ctx)
	if _, unread := errors.AsType[*unreadError](err); unread {
		return true, nil
	}
	return true, err
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

// noteAdopted remembers that m was accepted because its chat shows it. The messages that are to be sent are read from the
// plan some at a time, so it may come up once more.
func (r *run) noteAdopted(cv *conversation, m *outgoing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Accepted++
	if adopted := r.adopted[cv.id]; adopted != nil {
		adopted[m.identity] = true
	}
}

// wasAdopted reports whether m was accepted since it was read from the plan, because its chat shows it.
func (r *run) wasAdopted(cv *conversation, m *outgoing) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.adopted[cv.id][m.identity]
}
