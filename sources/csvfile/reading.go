package csvfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gocarina/gocsv"

	"kommo-import/sources"
)

// maxBatch bounds the bytes of a file that become one batch.
const maxBatch = 4 << 20

// A reading is one pass over a file.
type reading struct {
	file      *os.File
	lines     *lines
	rows      *gocsv.Unmarshaller
	width     int      // how many columns the header has
	unknown   []string // those of them that csvfile does not know
	converter *converter
	zone      string // of times without one
	fromStart bool   // no batch was read yet, and the reading began at the beginning
}

// open begins a reading at the cursor or, if that is not valid any more, at the beginning.
func (f *File) open(text string) (*reading, error) {
	file, size, err := openRegular(f.Path)
	if broken, ok := errors.AsType[*fs.PathError](err); ok {
		err = broken.Err // f.Path is said anyway
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	r := &reading{file: file, converter: newConverter(f.Location, f.now())}
	if f.Location != nil {
		r.zone = f.Location.String()
	}
	if err := r.start(parseCursor(text), size); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	return r, nil
}

func (f *File) now() time.Time {
	if f.Now == nil {
		return time.Now()
	}
	return f.Now()
}

func openRegular(path string) (file *os.File, size int64, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if info.IsDir() {
		return nil, 0, errors.New("is a directory: name the CSV file in it")
	}
	if !info.Mode().IsRegular() {
		return nil, 0, errors.New("is not a regular file: save it to disk first")
	}
	file, err = os.Open(path)
	return file, info.Size(), err
}

// start reads the header and goes to c, unless the times before c were read in another zone.
func (r *reading) start(c cursor, size int64) error {
	if err := r.readHeader(); err != nil {
		return err
	}
	if r.zone == "" || r.zone == c.Zone {
		resumed, err := r.lines.seek(c, size)
		if err != nil || resumed {
			return err
		}
	}
	if _, err := r.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r.fromStart = true
	return r.readHeader()
}

func (r *reading) close() {
	r.file.Close() // only read from: there is nothing to lose
}

// batch reads up to limit rows. It returns io.EOF when no row is left, but for the first batch of a reading from the
// start, which there always is.
func (r *reading) batch(limit int) (sources.Batch, error) {
	b := sources.Batch{FromStart: r.fromStart}
	first := r.lines.offset
	for len(b.Messages)+len(b.Invalid) < limit && r.lines.offset-first < maxBatch {
		err := r.row(&b)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return sources.Batch{}, fmt.Errorf("%s: %w", r.position(), err)
		}
	}
	if len(b.Messages)+len(b.Invalid) == 0 && !b.FromStart {
		return sources.Batch{}, io.EOF
	}
	r.fromStart = false
	place := r.lines.cursor()
	place.Zone = r.zone
	b.Cursor = place.String()
	return b, nil
}

// row adds the next row to b.
func (r *reading) row(b *sources.Batch) error {
	err := r.lines.begin()
	if errors.Is(err, io.EOF) {
		return err
	}
	position := r.position()
	var rec *record
	if err == nil {
		rec, err = r.decode()
	}
	if err != nil {
		reason, ok := r.reason(err)
		if !ok {
			return err
		}
		b.Invalid = append(b.Invalid, sources.Invalid{Position: position, Reason: reason, Raw: excerpt(r.lines.firstLine())})
		return r.lines.reject()
	}
	message, err := r.message(rec)
	if err != nil {
		b.Invalid = append(b.Invalid, sources.Invalid{Position: position, Reason: err.Error(), Raw: excerpt(r.lines.row())})
	} else {
		message.Position = position
		b.Messages = append(b.Messages, message)
	}
	r.lines.accept()
	return nil
}

// position returns where the current row begins, e.g. "chats.csv:17".
func (r *reading) position() string {
	return filepath.Base(r.file.Name()) + ":" + strconv.Itoa(r.lines.line)
}

// decode returns the current row, which [lines.begin] has found to be there.
func (r *reading) decode() (*record, error) {
	out, err := r.rows.Read()
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	return out.(*record), nil
}

// message converts the current row, unless its bytes are not text.
func (r *reading) message(rec *record) (sources.Message, error) {
	switch raw := r.lines.row(); {
	case !utf8.Valid(raw):
		return sources.Message{}, errors.New(`not UTF-8: save the file as "CSV UTF-8"`)
	case bytes.IndexByte(raw, 0) >= 0:
		return sources.Message{}, errors.New("holds a NUL byte, which no text has")
	}
	return r.converter.message(rec)
}

// reason says what is wrong with the form of the current row; ok is false if err means something else.
func (r *reading) reason(err error) (reason string, ok bool) {
	if errors.Is(err, errRowTooLong) {
		return err.Error(), true
	}
	broken, ok := errors.AsType[*csv.ParseError](err)
	if !ok {
		return "", false
	}
	if errors.Is(broken, csv.ErrFieldCount) {
		return fmt.Sprintf("%d fields where the header has %d", countFields(r.lines.row()), r.width), true
	}
	return quoteReason(broken), true
}

// quoteReason says what is wrong with the quotes of a row.
func quoteReason(err *csv.ParseError) string {
	if errors.Is(err, csv.ErrBareQuote) && err.Line == err.StartLine {
		return `a field has a quote (") but does not begin with one: put it in quotes and double those inside`
	}
	return `a quoted field is never closed, or a quote (") inside it is not doubled`
}

func countFields(row []byte) int {
	c := csv.NewReader(bytes.NewReader(row))
	fields, err := c.Read()
	if err != nil {
		return 0
	}
	return len(fields)
}

// excerpt returns raw without its line end, as UTF-8, cut after [sources.MaxRaw] bytes.
func excerpt(raw []byte) string {
	raw = bytes.TrimRight(raw, "\r\n")
	s := strings.ToValidUTF8(string(raw[:min(len(raw), sources.MaxRaw)]), "\ufffd")
	for len(s) > sources.MaxRaw {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
