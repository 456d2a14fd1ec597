package greenapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
)

const (
	firstCount  = 1_000         // messages in the first question for a chat
	countFactor = 10            // growth of each further question
	largeCount  = 1_000_000_000 // more messages than any chat has
)

// A readChat is the result of reading a chat: its history, or an error.
type readChat struct {
	chat    Chat
	history *history // must be closed
	info    ContactInfo
	notice  string // may be empty
	err     error
}

// read reads the whole history of a chat. It asks for the contact only if no other source has a name.
func (s *scan) read(ctx context.Context, c Chat) (read readChat) {
	read.chat = c
	if read.history, read.notice, read.err = s.readHistory(ctx, c.ID); read.err != nil {
		return read
	}
	client := clientOf(c, s.contacts[c.ID], ContactInfo{}, &read.history.index)
	if client.Name != "" || !isPerson(c.ID) || read.history.len() == 0 {
		return read
	}
	if read.info, read.err = s.Client.ContactInfo(ctx, c.ID); noName(read.err) {
		read.err = nil
	}
	if read.err != nil {
		read.history.close()
		read.history = nil
	}
	return read
}

// noName reports whether getContactInfo has no name to give because of err. A name is only useful: it is not worth a
// month of waiting, or the chat, if a later call would fail too.
func noName(err error) bool {
	_, quota := errors.AsType[*QuotaError](err)
	denied, isDenied := errors.AsType[*DeniedError](err)
	return quota || isDenied && denied.Status == http.StatusNotFound || ofOneChat(err)
}

// readHistory asks for more messages until the answer is shorter than asked: Green-API documents neither a cursor nor a
// maximum of count, so the end of a chat has no other sign. If a larger question brings no more messages, the earlier
// answer stays. The history must be closed unless there is an error.
func (s *scan) readHistory(ctx context.Context, id string) (all *history, notice string, err error) {
	most := cmp.Or(s.CountMax, largeCount)
	for count := min(firstCount, most); ; count = min(count*countFactor, most) {
		more, err := s.ask(ctx, id, count)
		if err != nil {
			all.close()
			return nil, "", err
		}
		if all != nil && more.len() <= all.len() {
			more.close()
			return all, growthNotice(id, all.len(), more.len()), nil
		}
		all.close()
		if all = more; all.len() < count || count == most {
			return all, "", nil
		}
	}
}

// growthNotice returns a notice about a larger question that brought no more messages.
func growthNotice(id string, before, after int) string {
	if after < before {
		return fmt.Sprintf("%s: Green-API gave %d messages, and only %d when more were asked for. It may hold more than it gives.", id, before, after)
	}
	return fmt.Sprintf("%s: Green-API gave exactly %d messages, also when more were asked for. It may hold more than it gives.", id, before)
}

// ask asks for the newest count messages of a chat. The history must be closed unless there is an error.
func (s *scan) ask(ctx context.Context, id string, count int) (*history, error) {
	h, err := newHistory()
	if err != nil {
		return nil, err
	}
	h.index.chat, h.index.own = id, s.own
	if err := s.Client.History(ctx, id, count, h.take); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}
