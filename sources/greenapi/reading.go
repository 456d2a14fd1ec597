package greenapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"kommo-import/sources"
)

const (
	firstCount  = 1_000         // messages that a chat is asked for first
	moreCount   = 10            // times as many it is asked for when there are more
	largeCount  = 1_000_000_000 // there is no chat of so many
	batchPart   = 2_000         // messages of a chat that are handed over at a time
	maxBadChats = 3             // in a row on which Green-API fails; then it is the server
	maxUnread   = 20            // chats in a row that cannot be read for whatever reason; then it is not the chats
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
	bad      int // chats in a row on which Green-API failed
	unread   int // chats in a row that could not be read
}

// A chatHistory is what came of reading one chat: its history, or why there is none.
type chatHistory struct {
	chat    Chat
	history *history // to be closed, if it is not nil
	info    ContactInfo
	notice  string // "" if there is nothing to notice
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
		if read.notice != "" {
			r.notice("%s", read.notice)
		}
		done++
		r.at.After, r.at.Done = read.chat.ID, done == len(r.left)
		if !r.yieldChat(read, fresh, yield) {
			return
		}
		fresh = false
		r.progress(done)
	}
	if done < len(r.left) { // ctx has ended, and all that was read ahead had been read by then
		yield(sources.Batch{}, context.Cause(ctx))
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
// not know it, or fails on it alone. So many in a row are not only this chat.
func (r *reading) judge(ctx context.Context, read chatHistory) error {
	if read.err == nil {
		r.bad, r.unread = 0, 0
		return nil
	}
	if r.unread++; r.unread >= maxUnread && ofOneChat(read.err) {
		return fmt.Errorf("%d chats in a row could not be read, the last of them %s: %w", r.unread, read.chat.ID, read.err)
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
	if r.bad++; r.bad > maxBadChats {
		return stop
	}
	if _, err := r.Client.State(ctx); err != nil {
		return cmp.Or(context.Cause(ctx), stop)
	}
	return nil
}

// ofOneChat reports whether calls about other chats may fare better than one that ended in err.
func ofOneChat(err error) bool {
	if _, refused := errors.AsType[*RefusedError](err); refused {
		return true
	}
	unavailable, ok := errors.AsType[*UnavailableError](err)
	return ok && (unavailable.Status == http.StatusInternalServerError || unavailable.Status/100 == 2)
}

// yieldChat yields a chat in one batch of one or more parts, and reports whether to go on.
func (r *reading) yieldChat(read chatHistory, fresh bool, yield func(sources.Batch, error) bool) bool {
	text, err := json.Marshal(r.at)
	if err != nil {
		yield(sources.Batch{}, err)
		return false
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
	for one, err := range c.converted(read.history) {
		if err != nil {
			yield(sources.Batch{}, err)
			return false
		}
		if len(batch.Messages)+len(batch.Invalid) == batchPart {
			batch.Continued = true
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
	return firstName(id, contact.ContactName, contact.Name)
}

// read reads the whole history of a chat, and who the chat is with if nothing else tells.
func (r *reading) read(ctx context.Context, c Chat) (read chatHistory) {
	read.chat = c
	if read.history, read.notice, read.err = r.readHistory(ctx, c.ID); read.err != nil {
		return read
	}
	client := clientOf(c, r.contacts[c.ID], ContactInfo{}, &read.history.survey)
	if client.Name != "" || !isPerson(c.ID) || read.history.len() == 0 {
		return read
	}
	if read.info, read.err = r.Client.ContactInfo(ctx, c.ID); nameless(read.err) {
		read.err = nil
	}
	if read.err != nil {
		read.history.close()
		read.history = nil
	}
	return read
}

// nameless reports whether err of getContactInfo means that there is no name to be had. A name is welcome, and nothing
// else depends on it: what would end in the same another time, or a month of waiting, is not worth more.
func nameless(err error) bool {
	_, quota := errors.AsType[*QuotaError](err)
	denied, isDenied := errors.AsType[*DeniedError](err)
	return quota || isDenied && denied.Status == http.StatusNotFound || ofOneChat(err)
}

// readHistory asks for more until the answer is shorter than asked: there is no other way to know its end (documented
// are neither a cursor nor a maximum of count). The history is to be closed unless there is an error. An answer that is
// shorter than the one to a smaller question is not the whole history, and not taken.
func (r *reading) readHistory(ctx context.Context, id string) (all *history, notice string, err error) {
	most := cmp.Or(r.CountMax, largeCount)
	for count := min(firstCount, most); ; count = min(count*moreCount, most) {
		more, err := r.ask(ctx, id, count)
		if err != nil {
			all.close()
			return nil, "", err
		}
		if all != nil && more.len() <= all.len() {
			more.close()
			return all, lessThanAsked(id, all.len(), more.len()), nil
		}
		all.close()
		if all = more; all.len() < count || count == most {
			return all, "", nil
		}
	}
}

// lessThanAsked says what is strange about an answer of so many entries that comes after one of before entries to a
// smaller question.
func lessThanAsked(id string, before, entries int) string {
	if entries < before {
		return fmt.Sprintf("%s: Green-API gave %d messages, and only %d when more were asked for. It may hold more than it gives.", id, before, entries)
	}
	return fmt.Sprintf("%s: Green-API gave exactly %d messages, also when more were asked for. It may hold more than it gives.", id, before)
}

// ask asks for the newest messages of a chat, so many. The history is to be closed unless there is an error.
func (r *reading) ask(ctx context.Context, id string, count int) (*history, error) {
	h, err := newHistory()
	if err != nil {
		return nil, err
	}
	if err := r.Client.History(ctx, id, count, h.take); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}
