package importer

import (
	"cmp"
	"context"

	"kommo-import/internal/kommo"
)

// A search is a reading of a chat for a message in doubt, or for all messages of the plan.
type search struct {
	reader *historyReader
	cv     *conversation
	m      *outgoing // nil: all messages of the plan

	// each gets the entries if m is nil, and reports whether an entry is a message of the plan.
	each func(*kommo.HistoryMessage) (known bool, err error)

	found        *kommo.HistoryMessage // it has an id of m, or is the only one that can be m
	empty        bool                  // the chat shows nothing
	unrecognised int                   // entries without an id of the plan, or of somebody else
	alike        []kommo.HistoryMessage
}

// readChat reads the chat as read does. Unknown to Kommo, or empty, the chat may be another by now: Kommo is asked for it.
// The error is an [unreadError] if it concerns this chat alone.
func (s *search) readChat(ctx context.Context, whole bool) error {
	if s.cv.chatID == "" {
		if _, err := s.reader.askChat(ctx, s.cv); err != nil {
			return s.reader.blame(ctx, err)
		}
	}
	for range 2 {
		err := s.read(ctx, whole)
		if err != nil && !isNotFound(err) || err == nil && !s.empty {
			return s.reader.blame(ctx, err)
		}
		moved, askErr := s.reader.askChat(ctx, s.cv)
		if !moved {
			return s.reader.blame(ctx, cmp.Or(askErr, err))
		}
	}
	return errManyChats
}

// read reads the chat until it shows an id of the message. A whole reading goes on to the end of the chat; another stops
// where the chat, newest messages first, is older than the message.
func (s *search) read(ctx context.Context, whole bool) error {
	plan, err := s.reader.file.plannedIn(s.cv)
	if err != nil {
		return err
	}
	pages, order, seen := pager{plan: plan}, newestFirst{}, make(map[string]bool)
	for offset := 0; ; {
		page, err := s.reader.page(ctx, s.cv, offset)
		if err != nil || len(page) == 0 {
			s.empty = err == nil && offset == 0
			return err
		}
		news := 0
		for i := range page {
			entry := &page[i]
			order.add(entry.Time())
			id := cmp.Or(entry.Message.ID, entry.Message.ClientID)
			if id == "" {
				s.unrecognised++
				continue
			}
			if seen[id] {
				continue
			}
			seen[id] = true
			news++
			if err := s.add(entry); err != nil || s.found != nil {
				return err
			}
		}
		if err := pages.check(offset, len(page), news); err != nil {
			return err
		}
		if !whole && order.past(fromMillis(s.m.msec).Add(-timeMargin)) {
			return nil
		}
		offset += len(page)
	}
}

// add looks at an entry of the chat.
func (s *search) add(entry *kommo.HistoryMessage) error {
	id := &entry.Message
	if s.m == nil {
		known, err := s.each(entry)
		s.unrecognised += btoi(!known && id.ClientID == "")
		return err
	}
	if id.ClientID == s.m.identity.msgid() || id.ID != "" && id.ID == s.m.remoteID {
		s.found = entry
		return nil
	}
	if id.ClientID != "" {
		return nil
	}
	known, err := hasRemoteID(s.reader.file.Reader, s.cv, id.ID, "")
	if err != nil || known {
		return err
	}
	s.unrecognised++
	same, err := s.reader.composer.alike(s.cv, s.m, entry)
	if same {
		s.alike = append(s.alike, *entry)
	}
	return err
}

// prove returns an [unreadError] unless the chat, read to its end, proves that it lacks the message, or all messages that
// it did not show. Where Kommo shows no msgids, the only entry that can be the message is taken for it.
func (s *search) prove(ctx context.Context) error {
	if s.empty {
		return s.proveEmpty(ctx)
	}
	ids := &s.reader.ids
	if _, err := s.reader.lookForIDs(ctx, s.cv); err != nil {
		return err
	}
	if ids.msgids.Load() || s.m != nil && s.m.remoteID != "" && ids.remoteIDs.Load() {
		return nil
	}
	if len(s.alike) == 1 {
		ambiguous, err := s.isAmbiguous()
		if err == nil && !ambiguous {
			s.found = &s.alike[0]
		}
		if err != nil || s.found != nil {
			return err
		}
	}
	if ids.remoteIDs.Load() && s.unrecognised == 0 {
		return nil
	}
	return unread("Kommo shows no message ids of ours, so that a message cannot be recognised among %d", s.unrecognised)
}

// proveEmpty returns an [unreadError] unless an empty chat, for which Kommo has named the same id again, proves that it
// lacks the message: messages that Kommo accepted are shown elsewhere, or there are none yet.
func (s *search) proveEmpty(ctx context.Context) error {
	var accepted int
	err := s.reader.file.Reader.QueryRow(`SELECT accepted + verified FROM conversation WHERE id = ?`, s.cv.id).Scan(&accepted)
	if err != nil {
		return s.reader.file.Explain(err)
	}
	if accepted > 0 {
		return unread("its history is empty, although Kommo has accepted %d of its messages", accepted)
	}
	tried, err := s.reader.lookForIDs(ctx, s.cv)
	if err != nil || !tried || s.reader.ids.any() {
		return err
	}
	return unread("its history is empty, and that of other chats shows no message ids of ours")
}

// isAmbiguous reports whether the plan has a sent message that cannot be told from the one in doubt where no ids are shown.
func (s *search) isAmbiguous() (ambiguous bool, err error) {
	if s.reader.ids.remoteIDs.Load() {
		return false, nil
	}
	q := s.reader.file.Reader
	err = q.QueryRow(`SELECT EXISTS (SELECT 1 FROM message m JOIN message t USING (conversation)
		WHERE m.conversation = ?1 AND m.identity = ?2 AND t.identity <> m.identity
			AND t.direction = m.direction AND t.kind = m.kind AND t.words = m.words
			AND t.state IN ('accepted', 'verified', 'sending') AND abs(t.msec - m.msec) <= ?3)`,
		s.cv.id, s.m.identity[:], 2*timeMargin.Milliseconds()).Scan(&ambiguous)
	return ambiguous, err
}
