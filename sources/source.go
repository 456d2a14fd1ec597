// Package sources describes the old world: messages and conversations, and the sources from which they are read. Each
// source is a package below this one. [kommo-import/sources/sourcetest] checks that it keeps its promises.
//
// A [Source] yields batches. The caller stores each batch together with the cursor that follows it, in one
// transaction. The next reading begins at the stored cursor, so it can be interrupted at any time:
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

// A Family is a group of sources whose messages have the same identity if they have the same ids: a workbook after a
// CSV file of the same conversations brings no message a second time.
type Family string

// The families of sources.
const (
	Table    Family = "table"     // files with a row per message. A new reading replaces the reading before
	GreenAPI Family = "green-api" // WhatsApp accounts. They forget old messages, so a new reading only adds
)

// A Source reads the conversations of one place, such as a file or an account.
type Source interface {
	Family() Family
	// Batches yields everything after cursor; "" is the beginning. A place that was read to its end and has not changed
	// yields nothing. A place that has changed before cursor is read again from its beginning, and the first batch
	// says so with FromStart.
	//
	// An error comes with an empty batch and ends the sequence. Trouble with a single message is reported in its batch
	// and ends nothing. When ctx is done, the sequence ends with the cause of ctx; batches that were read before may
	// still come first.
	Batches(ctx context.Context, cursor string) iter.Seq2[Batch, error]
}

// A Batch is a part of a source. It is stored together with its cursor.
type Batch struct {
	// FromStart is set on the first batch of a reading from the beginning. That is the first reading, or the reading of
	// a place that has changed since. Messages of an earlier reading may follow again. The last cursors of two readings
	// are equal only if the place is the same, byte for byte.
	FromStart bool
	Messages  []Message
	Invalid   []Invalid
	// Repairs are the changes that the source made to contents of this batch. The caller adds up their counts.
	Repairs []Repair
	// Continued says that the next batch is the rest of this batch: both are stored together or not at all. Such a
	// batch has no cursor.
	Continued bool
	// More says, on the last batch of a reading, that the place holds more: the reading covered a part of it, and an
	// interrupted reading of all goes on after it.
	More bool
	// Cursor is where the next batch begins. Only the source that made it can read it.
	Cursor string
}

// A Repair says how often a source changed content of one kind before it became a message.
type Repair struct {
	What    string `json:"what"`    // the change as a noun phrase, such as "apostrophes before a cell, removed"; the same text for each count
	Count   int    `json:"count"`   // the number of messages
	Example string `json:"example"` // the first change with its place: `chats.csv:17: client_phone "'79001234567" is 79001234567`
}

var (
	// ErrMediaGone means that a source cannot make a new link to a file, because the file was deleted there.
	ErrMediaGone = errors.New("the file is no longer there")
	// ErrUnavailable means that a source was asked several times and did not answer. A later attempt may succeed.
	ErrUnavailable = errors.New("no answer")
)

// Invalid is a part of a source that could not be understood as a message.
type Invalid struct {
	Conversation string // id at the source; "" if unknown
	Position     string // "chats.csv:17"
	Reason       string // the trouble and the value that causes it, in lower case, without a full stop
	Raw          string // the text in the source, made valid UTF-8 and cut to [MaxRaw] bytes
}

// MaxRaw is the largest length of Invalid.Raw, in bytes.
const MaxRaw = 4096
