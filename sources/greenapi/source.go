package greenapi

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"

	"kommo-import/sources"
)

// A Source reads the chats of an account through its Green-API instance. Each chat is one batch, in parts if it is long.
// Green-API does not show which chats have changed, so each reading asks for every chat.
type Source struct {
	Client *Client
	// Only has the ids of the chats to be read; empty: all.
	Only []string
	// CountMax is the largest number of messages of a chat, the newest; 0: all.
	CountMax int
	// Force reads despite problems that [Source.Preflight] found.
	Force bool
	// Progress, if not nil, gets the number of chats read, the number of all chats, and the time for the others.
	Progress func(done, total int, remaining time.Duration)
	// Notice, if not nil, gets sentences for the administrator.
	Notice func(text string)
	// Now is the clock against which times in the future are invalid; nil: time.Now.
	Now func() time.Time
}

var _ sources.Source = (*Source)(nil)

// Family returns [sources.GreenAPI].
func (s *Source) Family() sources.Family { return sources.GreenAPI }

// Name returns "green-api:" and the id of the instance.
func (s *Source) Name() string { return "green-api:" + s.Client.Instance }

// A cursor is the position and the scope of a reading. As JSON:
//
//	{"after":"79001234567@c.us","done":false,"chats":["79001234567@c.us"],"count_max":1000}
type cursor struct {
	After string `json:"after"` // the chats up to this id are read, in the order of ids
	Done  bool   `json:"done,omitempty"`
	scope
	// Rest is an interrupted reading of all chats that goes on after this reading, or nil.
	Rest *cursor `json:"rest,omitempty"`
}

// A scope says which chats and messages a reading covers. It stays the same from the beginning of a reading to its end.
type scope struct {
	Only     []string `json:"chats,omitempty"`
	CountMax int      `json:"count_max,omitempty"`
}

func (s *Source) scope() scope {
	return scope{slices.Compact(slices.Sorted(slices.Values(s.Only))), s.CountMax}
}

func (a scope) equal(b scope) bool {
	return slices.Equal(a.Only, b.Only) && a.CountMax == b.CountMax
}

// Batches reads the chats after the cursor, in the order of their ids. After the last chat it yields nothing, although
// chats may have grown: begin with "" to read them again. A cursor of another scope begins a new reading.
func (s *Source) Batches(ctx context.Context, text string) iter.Seq2[sources.Batch, error] {
	return func(yield func(sources.Batch, error) bool) {
		at, err := s.parse(text)
		if err != nil {
			yield(sources.Batch{}, err)
			return
		}
		if at.Done {
			return
		}
		run, err := s.begin(ctx, at)
		if err != nil {
			yield(sources.Batch{}, err)
			return
		}
		run.batches(ctx, yield)
	}
}

// parse returns where a reading begins. The position of an interrupted reading of all chats is kept while some chats are
// read, and the next reading of all chats goes on there.
func (s *Source) parse(text string) (cursor, error) {
	fresh := cursor{scope: s.scope()}
	if text == "" {
		return fresh, nil
	}
	var at cursor
	if err := json.Unmarshal([]byte(text), &at); err != nil {
		return at, fmt.Errorf("the migration file has an invalid position in %s: %q", s.Name(), text)
	}
	same := at.scope.equal(fresh.scope)
	if same && (!at.Done || at.Rest == nil) {
		return at, nil
	}
	rest := at.Rest
	if !at.Done && len(at.Only) == 0 {
		rest = &at
	}
	if rest != nil && rest.scope.equal(fresh.scope) {
		return *rest, nil
	}
	if len(fresh.Only) > 0 {
		fresh.Rest = rest
	}
	if !at.Done && fresh.Rest == nil {
		s.notice("An earlier load of other chats or messages was interrupted; this load starts from the beginning.")
	}
	return fresh, nil
}

// begin asks for the account, its chats and its contacts.
func (s *Source) begin(ctx context.Context, at cursor) (*scan, error) {
	account, err := s.Preflight(ctx)
	if err != nil {
		return nil, err
	}
	chats, err := s.chats(ctx)
	if err != nil {
		return nil, err
	}
	contacts, err := s.Client.Contacts(ctx)
	if isMissing(err) {
		s.notice("Names from the phone's contacts are missing: %v.", err)
	} else if err != nil {
		return nil, err
	}
	run := &scan{Source: s, at: at, total: len(chats), account: account.ID, own: newOwnIDs(account.IDs, contacts),
		contacts: make(map[string]Contact, len(contacts))}
	for _, contact := range contacts {
		for _, id := range []string{contact.ID, contact.OtherID, contact.LID} {
			run.addContact(id, contact)
		}
	}
	run.left = slices.DeleteFunc(chats, func(c Chat) bool { return at.After != "" && c.ID <= at.After })
	return run, nil
}

// chats returns the chats to be read, in the order of their ids.
func (s *Source) chats(ctx context.Context) ([]Chat, error) {
	chats, err := s.Client.Chats(ctx)
	if err != nil {
		return nil, err
	}
	if len(chats) == 0 {
		return nil, ErrEmptyAccount
	}
	chats = merged(chats)
	for _, id := range s.Only {
		if !slices.ContainsFunc(chats, func(c Chat) bool { return c.ID == id }) {
			return nil, &UnknownChatError{id, len(chats)}
		}
	}
	if len(s.Only) > 0 {
		chats = slices.DeleteFunc(chats, func(c Chat) bool { return !slices.Contains(s.Only, c.ID) })
	}
	return chats, nil
}

func (s *Source) notice(format string, args ...any) {
	if s.Notice != nil {
		s.Notice(fmt.Sprintf(format, args...))
	}
}

func (s *Source) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}
