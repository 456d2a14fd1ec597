package greenapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"kommo-import/sources"
)

const (
	firstCount  = 1_000         // messages that a chat is asked for first
	moreCount   = 10            // times as many it is asked for when there are more
	largeCount  = 1_000_000_000 // there is no chat of so many
	batchPart   = 2_000         // messages of a chat that are handed over at a time
	maxBadChats = 3             // in a row; then it is the server
)

// A reading is one run over the chats that are left.
type reading struct {
	*Source
	at       cursor
	left     []Chat
	total    int
	own      string // the account's own id
	contacts map[string]Contact
	begun    time.Time
	bad      int // chats in a row that could not be read
}

// A chatHistory is what came of reading one chat: its history, or why there is none.
type chatHistory struct {
	chat    Chat
	history *history // to be closed, if it is not nil
	info    ContactInfo
	err     error
}

// batches yields the chats that are left.
func (r *reading) batches(ctx context.Context, yield func(sources.Batch, error) bool) {
	r.begun = time.Now()
	fresh := r.at.After == ""
	done := 0
	r.progress(done)
	for read := range r.ahead(ctx) {
		if err := r.judge(ctx, read); err != nil {
			yield(sources.Batch{}, err)
			return
		}
		done++
		r.at.After, r.at.Done = read.chat.ID, done == len(r.left)
		if !r.yieldChat(read, fresh, yield) {
			return
		}
		fresh = false
		r.progress(done)
	}
	if err := context.Cause(ctx); err != nil && done < len(r.left) {
		yield(sources.Batch{}, err)
	}
}

// progress tells how far the reading is. What is left takes a request each at least, and no less than what was read so
// far suggests.
func (r *reading) progress(done int) {
	if r.Progress == nil {
		return
	}
	left := len(r.left) - done
	remaining := time.Duration(float64(left) / cmp.Or(r.Client.HistoryRate, 1) * float64(time.Second))
	if elapsed := time.Since(r.begun); done >= 10 {
		remaining = max(remaining, elapsed/time.Duration(done)*time.Duration(left))
	}
	r.Progress(r.total-left, r.total, remaining)
}

// judge returns the error that ends the reading, or nil if it was only this chat that could not be read: Green-API does
// not know it, or fails on it alone.
func (r *reading) judge(ctx context.Context, read chatHistory) error {
	if read.err == nil {
		r.bad = 0
		return nil
	}
	if _, refused := errors.AsType[*RefusedError](read.err); refused {
		return nil
	}
	unavailable, ok := errors.AsType[*UnavailableError](read.err)
	if !ok || unavailable.Status != 500 && unavailable.Status/100 != 2 {
		return read.err
	}
	if r.bad++; r.bad > maxBadChats {
		return read.err
	}
	if _, err := r.Client.State(ctx); err != nil {
		return read.err
	}
	return nil
}

// yieldChat yields a chat in one batch of one or more parts.
func (r *reading) yieldChat(read chatHistory, fresh bool, yield func(sources.Batch, error) bool) bool {
	text, err := json.Marshal(r.at)
	if err != nil {
		return yield(sources.Batch{}, err)
	}
	batch := sources.Batch{FromStart: fresh}
	if fresh {
		batch.Only = r.at.Only
	}
	if read.err != nil {
		batch.Invalid = []sources.Invalid{{Conversation: read.chat.ID, Position: read.chat.ID,
			Reason: "the chat cannot be read: " + read.err.Error()}}
		batch.Cursor = string(text)
		return yield(batch, nil)
	}
	defer read.history.close()
	c := r.chat(read)
	number := 0
	for entry, err := range read.history.oldestFirst() {
		if err != nil {
			return yield(sources.Batch{}, err)
		}
		if len(batch.Messages)+len(batch.Invalid) == batchPart {
			batch.Continued = true
			if !yield(batch, nil) {
				return false
			}
			batch = sources.Batch{}
		}
		number++
		if message, invalid := r.Client.withoutToken(c.convert(entry, number)); invalid != nil {
			batch.Invalid = append(batch.Invalid, *invalid)
		} else {
			batch.Messages = append(batch.Messages, message)
		}
	}
	batch.Cursor = string(text)
	return yield(batch, nil)
}

// chat returns what is known of a chat.
func (r *reading) chat(read chatHistory) *chat {
	id := read.chat.ID
	return &chat{
		conversation: sources.Conversation{ID: id, Kind: sources.KindOfConversation(id),
			Client: clientOf(read.chat, r.contacts[id], read.info, &read.history.survey)},
		own:            r.own,
		name:           r.nameOf,
		survey:         &read.history.survey,
		includeDeleted: r.IncludeDeleted,
		now:            r.now(),
	}
}

// nameOf returns the name of somebody in the account's contacts, or "".
func (r *reading) nameOf(id string) string {
	contact := r.contacts[id]
	return cmp.Or(contact.ContactName, contact.Name)
}

// read reads the whole history of a chat, and who the chat is with if nothing else tells.
func (r *reading) read(ctx context.Context, c Chat) (read chatHistory) {
	read.chat = c
	if read.history, read.err = newHistory(); read.err != nil {
		return read
	}
	if read.err = r.readHistory(ctx, c.ID, read.history); read.err != nil {
		read.history.close()
		read.history = nil
		return read
	}
	if client := clientOf(c, r.contacts[c.ID], ContactInfo{}, &read.history.survey); client.Name == "" && isPerson(c.ID) && read.history.len() > 0 {
		read.info, _ = r.Client.ContactInfo(ctx, c.ID) // a name is welcome, and nothing depends on it
	}
	return read
}

// readHistory asks for more until the answer is shorter than asked: there is no other way to know its end (documented
// are neither a cursor nor a maximum of count).
func (r *reading) readHistory(ctx context.Context, id string, h *history) error {
	before := 0
	for count := firstCount; ; count = min(count*moreCount, largeCount) {
		if r.CountMax > 0 {
			count = min(count, r.CountMax)
		}
		if err := r.Client.History(ctx, id, count, h.take); err != nil {
			return err
		}
		if h.len() < count || count == r.CountMax || count == largeCount {
			if h.len() == before {
				r.notice("%s: Green-API gave exactly %d messages, also when more were asked for. It may hold more than it gives.", id, h.len())
			}
			return nil
		}
		before = h.len()
	}
}
