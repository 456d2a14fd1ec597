// Package sources describes the old world: the conversations a company had before it came to Kommo, and what it
// takes to read them. Each place they are read from is a package below this one.
//
// A [Source] yields batches. Whoever stores them stores each batch together with the cursor that follows it, in one
// transaction, and begins there the next time:
//
//	for batch, err := range source.Batches(ctx, cursor) {
//		if err != nil {
//			return err
//		}
//		store(batch.Messages, batch.Invalid, batch.Cursor)
//	}
package sources

import (
	"context"
	"errors"
	"iter"
)

// A Source reads the conversations that one place holds.
type Source interface {
	// Name identifies the place, e.g. "csv:chats.csv" or "green-api:7105000000". What stands before the colon is
	// the kind of source; it is part of the identity of every message.
	Name() string
	// Batches yields what lies behind cursor; "" begins at the beginning. A place that was read whole and has not
	// changed yields nothing. One that has changed before cursor is read again from its beginning, and its first
	// batch says so.
	// An error ends the sequence. What is wrong with one message is reported in its batch and ends nothing.
	Batches(ctx context.Context, cursor string) iter.Seq2[Batch, error]
}

// A Batch is what a source read in one go.
type Batch struct {
	// FromStart is set on the first batch of a reading that begins at the beginning: the first ever, or one of a
	// place that has changed since. Messages known from an earlier reading may follow again.
	FromStart bool
	// Only, on the first batch of a reading, names the conversations that the reading is confined to; empty: all.
	// That it does not hold the others says nothing about them.
	Only     []string
	Messages []Message
	Invalid  []Invalid
	// Continued says that the next batch is the rest of this one: the two are stored together or not at all. Such a
	// batch has no cursor.
	Continued bool
	// Cursor is where the next batch begins. It means something to its source only.
	Cursor string
}

var (
	// ErrMediaGone means that a source cannot make a new link to a file: it has been deleted there.
	ErrMediaGone = errors.New("the file is no longer there")
	// ErrUnavailable means that a source was asked several times and did not answer. Another time it may.
	ErrUnavailable = errors.New("no answer")
)

// Invalid is a part of the source that could not be understood as a message.
type Invalid struct {
	Conversation string // id at the source; "" if it is not known
	Position     string // "chats.csv:17"
	Reason       string // what is wrong and with which value, lower case, no full stop
	Raw          string // the text as it stands in the source, made valid UTF-8 and cut after [MaxRaw] bytes
}

// MaxRaw is how much of an invalid entry is kept, in bytes.
const MaxRaw = 4096
