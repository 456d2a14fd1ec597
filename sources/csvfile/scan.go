package csvfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gocarina/gocsv"

	"kommo-import/sources"
)

// maxBatch is the number of bytes of a file after which a batch ends.
const maxBatch = 4 << 20

// A scan is one pass over a file.
type scan struct {
	file         *os.File
	name         string                                   // of the file, without its folder
	open         func(path string) (io.ReadCloser, error) // see [File.Text]
	opened       io.Closer                                // what open returned
	noHeaderLine bool
	settings     Settings
	lenient      bool // required columns may be missing
	layout       layout
	encoding     string // of the file
	legacy       string // see [text]
	lines        *lines
	rows         *gocsv.Unmarshaller
	header       []byte  // as the file has it, without white space around it
	columns      *header // its names
	headerLine   int
	plan         *plan             // of the columns
	cells        map[string]string // of the current row, for computed columns
	width        int               // number of columns in the header
	converter    *converter
	found        int  // number of fields of the current row if the header has another number, else 0
	fromStart    bool // the scan began at the beginning, and its first batch was not read yet
	size         int  // number of messages in the batch before
}

// batch reads up to limit rows. It returns io.EOF when no row is left. The first batch of a scan from the start always
// exists, even if it is empty.
func (s *scan) batch(limit int) (sources.Batch, error) {
	b := sources.Batch{FromStart: s.fromStart}
	first, isEnd := s.lines.offset, false
	for len(b.Messages)+len(b.Invalid) < limit && s.lines.offset-first < maxBatch {
		err := s.row(&b)
		if isEnd = errors.Is(err, io.EOF); isEnd {
			break
		}
		if err != nil {
			return sources.Batch{}, fmt.Errorf("%s: %w", s.position(), err)
		}
	}
	if isEnd && len(b.Messages)+len(b.Invalid) == 0 && !b.FromStart {
		return sources.Batch{}, io.EOF
	}
	s.fromStart, s.size = false, len(b.Messages)
	b.Cursor = s.cursor().String()
	b.Repairs = s.converter.take()
	return b, nil
}

// cursor returns the place before the next row.
func (s *scan) cursor() cursor {
	c := s.lines.cursor()
	c.Layout = s.layout.String()
	return c
}

// row adds the next row to b, as messages or as invalid. It returns io.EOF if there is no other row.
func (s *scan) row(b *sources.Batch) error {
	rec, err := s.decode()
	if errors.Is(err, io.EOF) {
		return err
	}
	if err != nil {
		reason, ok := s.formError(err)
		if !ok {
			return err
		}
		b.Invalid = append(b.Invalid, sources.Invalid{Position: s.position(), Reason: reason, Raw: excerpt(s.lines.firstLine())})
		return s.lines.reject()
	}
	s.add(b, rec)
	s.lines.accept()
	return nil
}

// add converts the current row and adds it to b.
func (s *scan) add(b *sources.Batch, rec *record) {
	position := s.position()
	message, more, err := s.message(rec)
	if err != nil && message.Skip != "" { // a line of the table that was never a message
		s.converter.forget()
		s.converter.note(rowPassedOver, "the row", message.Skip, "no message")
		s.converter.accept(position)
		return
	}
	if err != nil {
		s.converter.forget()
		raw := s.lines.row()
		if rec.Broken != "" {
			raw = []byte(rec.Raw)
		}
		b.Invalid = append(b.Invalid, sources.Invalid{Conversation: message.Conversation.ID, Position: position, Reason: err.Error(), Raw: excerpt(raw)})
		return
	}
	s.converter.accept(position)
	message.Position = position
	if b.Messages == nil { // most batches are as large as the batch before
		b.Messages = make([]sources.Message, 0, s.size)
	}
	b.Messages = append(b.Messages, message)
	for i, file := range more {
		b.Messages = append(b.Messages, part(message, i+2, file))
	}
}

// position returns where the current row begins, e.g. "chats.csv:17".
func (s *scan) position() string {
	return s.name + ":" + strconv.Itoa(s.lines.line)
}

// decode reads the next row. It passes over rows of empty cells, and over headers between the rows of files that were
// joined. It returns io.EOF only if there is no other row.
func (s *scan) decode() (*record, error) {
	for {
		if err := s.lines.begin(); err != nil {
			return nil, err
		}
		s.found = 0
		rec, err := s.read()
		if err != nil {
			rec, err = s.mend(err)
		}
		if errors.Is(err, io.EOF) {
			return nil, io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		if !s.blank() && !s.isHeader(rec) {
			return rec, nil
		}
		s.lines.accept()
	}
}

// read reads the next row with gocsv.
func (s *scan) read() (rec *record, err error) {
	var out any
	if len(s.plan.computed)+len(s.plan.filters) == 0 {
		out, err = s.rows.Read()
	} else {
		out, s.cells, err = s.rows.ReadUnmatched()
	}
	if err != nil {
		return nil, err
	}
	return out.(*record), nil
}

// blank reports whether the current row is a line of empty cells.
func (s *scan) blank() bool {
	row := s.lines.row()
	if len(bytes.Trim(row, string(rune(s.layout.delimiter))+"\" \t\r\n")) > 0 || bytes.IndexByte(row[:len(row)-1], '\n') >= 0 {
		return false
	}
	return strings.TrimSpace(strings.Join(s.fields(row), "")) == ""
}

// isHeader reports whether the current row repeats the header, or the names of the required columns.
func (s *scan) isHeader(rec *record) bool {
	return bytes.Equal(bytes.TrimSpace(s.lines.row()), s.header) || strings.Contains(rec.ConversationID, "onversation") && slices.Equal(requiredColumns(),
		[]string{canonical(rec.ConversationID), canonical(rec.Timestamp), canonical(rec.Direction)})
}

// message converts the current row. It refuses a row whose bytes are not text.
func (s *scan) message(rec *record) (m sources.Message, more []file, err error) {
	switch raw := s.lines.row(); {
	case !utf8.Valid(raw):
		return m, nil, errors.New("not UTF-8; a file in another encoding needs --encoding, e.g. --encoding windows-1252")
	case s.legacy != "" && bytes.ContainsRune(raw, utf8.RuneError):
		return m, nil, fmt.Errorf("holds bytes that are not %s; name the encoding of the file with --encoding", s.legacy)
	case rec.Broken != "":
		return m, nil, errors.New(rec.Broken)
	case bytes.IndexByte(raw, 0) >= 0:
		return m, nil, errors.New("holds a NUL byte, which no text has")
	}
	m, more, err = s.converter.message(row{rec, s.plan, s.cells, s.plan.leftOut(s.cells)})
	if err != nil && s.found > 0 && s.found < s.width {
		err = fmt.Errorf("%w (the row has %d of %d fields)", err, s.found, s.width)
	}
	return m, more, err
}

// formError returns the reason why the current row is not a row of CSV. If ok is false, err is not about the row.
func (s *scan) formError(err error) (reason string, ok bool) {
	if errors.Is(err, errRowTooLong) {
		return err.Error(), true
	}
	broken, ok := errors.AsType[*csv.ParseError](err)
	if !ok {
		return "", false
	}
	if errors.Is(broken, csv.ErrFieldCount) {
		return fmt.Sprintf("%d fields where the header has %d", s.found, s.width), true
	}
	return quoteReason(broken), true
}

// quoteReason returns the reason of an error about the quotes of a row.
func quoteReason(err *csv.ParseError) string {
	if errors.Is(err, csv.ErrBareQuote) && err.Line == err.StartLine {
		return `a field has a quote (") but does not begin with one: put it in quotes and double those inside`
	}
	return `a quoted field is never closed, or a quote (") inside it is not doubled`
}

// excerpt returns raw without its line end, as UTF-8 of at most [sources.MaxRaw] bytes.
func excerpt(raw []byte) string {
	raw = bytes.TrimRight(raw, "\r\n")
	s := strings.ToValidUTF8(string(raw[:min(len(raw), sources.MaxRaw)]), "\ufffd")
	for len(s) > sources.MaxRaw {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
