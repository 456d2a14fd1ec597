// Package csvfile reads conversations from a CSV file: a header, one message per row.
//
// The delimiter and the place of the header are recognised; an encoding other than UTF-8 and UTF-16 must be named. The columns conversation_id, timestamp and direction are required; all columns are the fields of record. Columns and
// rows may come in any order. A bad row is reported with its line, and reading goes on with the next row. A file that
// is no such table at all, e.g. an Excel workbook, is refused as a whole.
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
	"time"

	"kommo-import/sources"
)

// Settings are how a table is read where that differs from docs/csv.md.
type Settings struct {
	Preset   string // one of Presets, or ""
	Encoding string // as web pages name it, such as windows-1251; "" is UTF-8, or what a byte order mark says
	Map      Mapping
	// Incoming, Outgoing and Skip are values of the direction column. The rows of Skip are left out. Values that neither
	// these lists nor docs/csv.md name make invalid rows. Each element may hold several values, separated by commas.
	Incoming, Outgoing, Skip []string
	// Me are names, ids and phones of the company. If there are any, a message is outgoing if its author is among them.
	Me []string
	// TimeFormat is the form of times, such as DD.MM.YYYY HH:MM; "" are the forms of docs/csv.md.
	TimeFormat string
	HTML       bool     // texts are HTML
	SkipWhere  []string // values of other columns whose rows are left out, such as Type=Note,System
}

// A File is a CSV file as a source of conversations. A File has no state: it can be read any number of times, and
// the memory needed does not grow with the size of the file.
type File struct {
	Path string
	Settings
	// Text, if not nil, opens the file as UTF-8 text with commas, whatever it is: a sheet of a workbook, for example.
	Text func(path string) (io.ReadCloser, error)
	// NoHeaderLine says that the header in Text is no line of the file.
	NoHeaderLine bool
	// Location is the time zone of timestamps that name no zone. With nil, rows with such timestamps are invalid.
	Location *time.Location
	// Country is the ISO 3166 code of the country of phones without a country code, from which ids of chats are made, such as
	// {phone}@c.us in a mapping. With "", rows with such phones are invalid. See [Settings.UsesCountry].
	Country string
	// Now is the clock that decides which times are in the future; nil means time.Now.
	Now func() time.Time
	// BatchRows is the largest number of rows in a batch; 0 means 4096. A batch ends earlier after 4 MiB.
	BatchRows int
	// Unknown, if not nil, is called at the beginning of each scan of a file with columns that csvfile does not know.
	// It gets their names as the header spells them. Columns without a name are left out.
	Unknown func(columns []string)
	// Unlisted, if not nil, is called at the end of a scan with the directions that no list names, of at most 1000 different
	// ones, the most frequent first. Their rows were invalid.
	Unlisted func(directions []ValueUse)
	lenient  bool // required columns may be missing
}

// Family returns [sources.Table].
func (f *File) Family() sources.Family { return sources.Table }

// Batches yields the rows after cursor in the order of the file. Rows that were added at the end of a file follow
// the old cursor. The file is read again from its beginning if any byte before the cursor has changed. It is also
// read again if it has grown and its last row may have been half-written: without a line end, or with an open quote.
//
// An error says why the file as a whole cannot be read and how to mend it. When ctx is done, the sequence ends
// before the next batch with the cause.
func (f *File) Batches(ctx context.Context, cursor string) iter.Seq2[sources.Batch, error] {
	return func(yield func(sources.Batch, error) bool) {
		s, err := f.open(cursor)
		if err != nil {
			yield(sources.Batch{}, err)
			return
		}
		defer s.close()
		if f.Unknown != nil && len(s.plan.unknown) > 0 {
			f.Unknown(s.plan.unknown)
		}
		for {
			if ctx.Err() != nil {
				yield(sources.Batch{}, context.Cause(ctx))
				return
			}
			batch, err := s.batch(cmp.Or(f.BatchRows, 4096))
			if errors.Is(err, io.EOF) {
				if f.Unlisted != nil && len(s.converter.unlisted) > 0 {
					f.Unlisted(ranked(s.converter.unlisted))
				}
				return
			}
			if !yield(batch, err) || err != nil {
				return
			}
		}
	}
}
