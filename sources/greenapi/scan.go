package greenapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"time"

	"kommo-import/sources"
)

const (
	batchPart   = 2_000 // messages in each part of a chat's batch
	maxBadChats = 3     // chats in a row on which Green-API may fail; more are a fault of the server
	maxUnread   = 20    // chats in a row that may be unreadable for any reason; more are not a fault of the chats

	maxParallel = 6  // chats that are read at a time, so that slow answers do not slow down the scan
	maxAhead    = 32 // chats that are begun and not yet yielded, so that few chats wait for a slow one
)

// A scan reads the remaining chats once.
type scan struct {
	*Source
	at       cursor
	left     []Chat
	total    int
	account  string // the account's main id
	own      *ownIDs
	contacts map[string]Contact
	begun    time.Time
	bad      int // chats in a row on which Green-API failed
	unread   int // chats in a row that were unreadable
}

// batches yields the remaining chats.
func (s *scan) batches(ctx context.Context, yield func(sources.Batch, error) bool) {
	s.begun = time.Now()
	fresh := s.at.After == ""
	done := 0
	s.progress(done)
	for read := range s.readahead(ctx) {
		if err := s.judge(ctx, read); err != nil {
			yield(sources.Batch{}, err)
			return
		}
		if read.notice != "" {
			s.notice("%s", read.notice)
		}
		done++
		s.at.After, s.at.Done = read.chat.ID, done == len(s.left)
		if !s.yieldChat(read, fresh, yield) {
			return
		}
		fresh = false
		s.progress(done)
	}
	if done < len(s.left) { // ctx has ended
		yield(sources.Batch{}, context.Cause(ctx))
	}
}

// readahead yields the chats in order and reads some of them ahead. All its goroutines have ended when the loop ends.
func (s *scan) readahead(ctx context.Context) iter.Seq[readChat] {
	return func(yield func(readChat) bool) {
		ctx, cancel := context.WithCancel(ctx)
		begun := make(chan chan readChat, maxAhead-maxParallel)
		go s.start(ctx, begun)
		defer func() {
			cancel()
			for result := range begun {
				read := <-result
				read.history.close()
			}
		}()
		for result := range begun {
			if !yield(<-result) {
				return
			}
		}
	}
}

// start begins to read the chats in order, and sends to begun the channel of each result. When ctx ends, the last
// result has its cause.
func (s *scan) start(ctx context.Context, begun chan<- chan readChat) {
	defer close(begun)
	parallel := make(chan struct{}, maxParallel)
	for _, c := range s.left {
		result := make(chan readChat, 1)
		select {
		case parallel <- struct{}{}:
			go func() {
				result <- s.read(ctx, c)
				<-parallel
			}()
		case <-ctx.Done():
			result <- readChat{chat: c, err: context.Cause(ctx)}
		}
		begun <- result
		if ctx.Err() != nil {
			return
		}
	}
}

// progress reports the progress. The estimate is one request for each remaining chat, or longer if the chats so far took
// longer.
func (s *scan) progress(done int) {
	if s.Progress == nil {
		return
	}
	left := len(s.left) - done
	remaining := time.Duration(float64(left) / cmp.Or(s.Client.HistoryRate, defaultHistoryRate) * float64(time.Second))
	if elapsed := time.Since(s.begun); done >= 10 {
		remaining = max(remaining, elapsed/time.Duration(done)*time.Duration(left))
	}
	s.Progress(s.total-left, s.total, remaining)
}

// judge returns the error that ends the scan. It returns nil if only this chat is unreadable: Green-API does not know it,
// or fails on it alone. Many such chats in a row end the scan too.
func (s *scan) judge(ctx context.Context, read readChat) error {
	if read.err == nil {
		s.bad, s.unread = 0, 0
		return nil
	}
	if s.unread++; s.unread >= maxUnread && ofOneChat(read.err) {
		return fmt.Errorf("%d chats in a row could not be read, the last of them %s: %w", s.unread, read.chat.ID, read.err)
	}
	if _, refused := errors.AsType[*RefusedError](read.err); refused {
		return nil
	}
	stop := read.err
	if _, unavailable := errors.AsType[*UnavailableError](stop); unavailable {
		stop = fmt.Errorf("%s: %w", read.chat.ID, stop)
	}
	if !ofOneChat(read.err) {
		return stop
	}
	if !errors.Is(read.err, errInvalidJSON) { // a fault of this history alone
		if s.bad++; s.bad > maxBadChats {
			return stop
		}
	}
	if _, err := s.Client.State(ctx); err != nil {
		return cmp.Or(context.Cause(ctx), stop)
	}
	return nil
}

// ofOneChat reports whether calls about other chats may succeed after err.
func ofOneChat(err error) bool {
	if _, refused := errors.AsType[*RefusedError](err); refused {
		return true
	}
	unavailable, ok := errors.AsType[*UnavailableError](err)
	return ok && (unavailable.Status == http.StatusInternalServerError || unavailable.Status/100 == 2)
}

// yieldChat yields a chat as a batch, in parts if it is long, and reports whether to continue.
func (s *scan) yieldChat(read readChat, fresh bool, yield func(sources.Batch, error) bool) bool {
	text, err := json.Marshal(s.at)
	if err != nil {
		yield(sources.Batch{}, err)
		return false
	}
	more := s.at.Done && s.at.Rest != nil
	batch := sources.Batch{FromStart: fresh}
	if read.err != nil {
		batch.Invalid = []sources.Invalid{{Conversation: read.chat.ID, Position: read.chat.ID,
			Reason: "the chat cannot be read: " + read.err.Error()}}
		batch.Cursor, batch.More = string(text), more
		return yield(batch, nil)
	}
	defer read.history.close()
	c := s.converter(read)
	for one, err := range c.converted(read.history) {
		if err != nil {
			yield(sources.Batch{}, err)
			return false
		}
		if len(batch.Messages)+len(batch.Invalid) == batchPart {
			batch.Continued, batch.Repairs = true, c.takeRepairs()
			if !yield(batch, nil) {
				return false
			}
			batch = sources.Batch{}
		}
		if one.invalid != nil {
			batch.Invalid = append(batch.Invalid, *one.invalid)
		} else {
			batch.Messages = append(batch.Messages, one.message)
		}
	}
	batch.Cursor, batch.More, batch.Repairs = string(text), more, c.takeRepairs()
	return yield(batch, nil)
}

func (s *scan) converter(read readChat) *chat {
	id := read.chat.ID
	return &chat{
		conversation: sources.Conversation{ID: id, Kind: sources.KindOfConversation(id),
			Client: clientOf(read.chat, s.contacts[id], read.info, &read.history.index)},
		account: s.account,
		name:    s.nameOf,
		index:   &read.history.index,
		now:     s.now(),
	}
}

// nameOf returns the name of a participant in the account's contacts, or "".
func (s *scan) nameOf(id string) string {
	contact := s.contacts[id]
	return firstName(id, contact.ContactName, contact.Name)
}

// addContact stores a contact under one of its ids. A contact with a name in the phone's contacts comes first.
func (s *scan) addContact(id string, contact Contact) {
	if known, found := s.contacts[id]; id != "" && (!found || s.nameOf(id) == "" || known.ContactName == "" && contact.ContactName != "") {
		s.contacts[id] = contact
	}
}
