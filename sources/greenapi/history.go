package greenapi

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"sync"
)

// History asks for the newest count entries of a chat and passes them to take while they arrive, newest first
// (documented). An entry is any JSON value, as it stands in the answer but without the token; take may keep it. An
// answer that is null or an empty array has no entries. No maximum of count is documented.
//
// If the answer breaks off, is not valid JSON or has an entry of more than 16 MB, the sequence ends with an error. Take
// should return that error, wrapped or not, and undo its work: if there is another try, History calls take again, from
// the newest entry. If take stops early, the rest of the answer is not read. Any other error of take ends History and is
// returned as it is. The sequence is not valid after take returns.
//
// A second call for the same chat waits until the first has returned, since Green-API answers 429 to two at once (seen
// in code). So take must not ask for the history of the same chat.
func (c *Client) History(ctx context.Context, chatID string, count int, take func(entries iter.Seq2[json.RawMessage, error]) error) error {
	unlock, err := c.chatLocks.lock(ctx, chatID)
	if err != nil {
		return err
	}
	defer unlock()
	return c.do(ctx, call{getChatHistory, chatRequest{ChatID: chatID, Count: count}}, func(a *answer) error {
		entries := a.array()
		err := take(entries.all)
		if entries.err != nil && (err == nil || errors.Is(err, entries.err)) {
			return entries.err
		}
		return err
	})
}

// A keyedMutex is a mutex for each key. The zero value is ready to use.
type keyedMutex struct {
	mu    sync.Mutex
	slots map[string]chan struct{} // a slot is full while its key is locked
}

// lock waits until key is not locked, or ctx ends. The caller must call unlock once.
func (m *keyedMutex) lock(ctx context.Context, key string) (unlock func(), err error) {
	slot := m.slot(key)
	select {
	case slot <- struct{}{}:
		return func() { <-slot }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (m *keyedMutex) slot(key string) chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.slots == nil {
		m.slots = map[string]chan struct{}{}
	}
	if m.slots[key] == nil {
		m.slots[key] = make(chan struct{}, 1)
	}
	return m.slots[key]
}
