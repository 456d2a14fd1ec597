// Package csvfile reads conversations from a CSV file: UTF-8, commas, a header row, one message per row.
//
// The columns conversation_id, timestamp and direction are required; the others are the fields of record. They may
// come in any order, and so may the rows. What is wrong with a row is reported with its line, and the others go on;
// a file that cannot be what it should be, e.g. an Excel workbook, is refused as a whole.
//
//	source := &csvfile.File{Path: "chats.csv", Location: madrid}
//	for batch, err := range source.Batches(ctx, cursor) { … }
package csvfile

import (
	"cmp"
	"context"
	"errors"
	"io"
	"iter"
	"path/filepath"
	"time"

	"kommo-import/sources"
)

// A File is a CSV file as a source of conversations. A File has no state: it can be read any number of times, and
// its memory does not grow with the size of the file.
type File struct {
	Path string
	// Location is where times without a zone were written down. With nil, rows with such times are invalid.
	Location *time.Location
	// Now is the clock that future times are found with; nil is time.Now.
	Now func() time.Time
	// BatchRows is how many rows a batch has at most; 0 is 4096. A batch ends earlier after 4 MiB.
	BatchRows int
	// Unknown, if not nil, is called at the beginning of each reading of a file that has columns csvfile does not
	// know, with their names as they stand in the header. Columns without a name are not among them.
	Unknown func(columns []string)
}

// Name returns "csv:" and the path, cleaned and with forward slashes.
func (f *File) Name() string {
	return "csv:" + filepath.ToSlash(filepath.Clean(f.Path))
}

// Batches yields the rows behind cursor in the order of the file. Rows that were added at the end of a file follow
// the old cursor. A file is read again from its beginning if any byte before the cursor has changed, or if its last
// row may have been half-written: it had no line end or an open quote, and the file has grown since.
//
// An error says why the file as a whole cannot be read and what to do about it. When ctx is done, the sequence ends
// before the next batch with the cause.
func (f *File) Batches(ctx context.Context, cursor string) iter.Seq2[sources.Batch, error] {
	return func(yield func(sources.Batch, error) bool) {
		r, err := f.open(cursor)
		if err != nil {
			yield(sources.Batch{}, err)
			return
		}
		defer r.close()
		if f.Unknown != nil && len(r.unknown) > 0 {
			f.Unknown(r.unknown)
		}
		for {
			if ctx.Err() != nil {
				yield(sources.Batch{}, context.Cause(ctx))
				return
			}
			batch, err := r.batch(cmp.Or(f.BatchRows, 4096))
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(batch, err) || err != nil {
				return
			}
		}
	}
}
