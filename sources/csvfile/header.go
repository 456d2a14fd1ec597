package csvfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gocarina/gocsv"

	"kommo-import/sources"
)

// A record is a row as the file spells it. All fields are text, because gocsv reads the number 010 as 8.
type record struct {
	ConversationID string `csv:"conversation_id"` // required
	Timestamp      string `csv:"timestamp"`       // required: unix seconds or milliseconds, RFC 3339, or local time
	Direction      string `csv:"direction"`       // required: in, out or one of their synonyms
	Text           string `csv:"text"`
	MessageID      string `csv:"message_id"` // without it, the order distinguishes identical messages

	ClientID     string `csv:"client_id"` // default: the conversation's id
	ClientName   string `csv:"client_name"`
	ClientPhone  string `csv:"client_phone"` // default: the phone in the id of a WhatsApp chat
	ClientEmail  string `csv:"client_email"`
	ClientAvatar string `csv:"client_avatar"` // URL

	AuthorID   string `csv:"author_id"`
	AuthorName string `csv:"author_name"`

	Type         string `csv:"type"` // default: the kind that the fields below suggest
	MediaURL     string `csv:"media_url"`
	FileName     string `csv:"file_name"`
	FileSize     string `csv:"file_size"` // bytes
	Latitude     string `csv:"latitude"`  // degrees
	Longitude    string `csv:"longitude"`
	ContactName  string `csv:"contact_name"`
	ContactPhone string `csv:"contact_phone"`

	ReplyTo string `csv:"reply_to"` // message_id of a message in the same conversation

	PostID               string `csv:"post_id"`
	PostURL              string `csv:"post_url"` // required with post_id
	PostPreviewURL       string `csv:"post_preview_url"`
	PostPreviewPermalink string `csv:"post_preview_permalink"`
	PostUsername         string `csv:"post_username"`
	PostCaption          string `csv:"post_caption"`

	Broken string `csv:"#broken"` // see [Broken]
	Raw    string `csv:"#raw"`
}

// Columns in which [File.Text] can say why a row is no message, and what stands in the file in its place. They are not
// shown.
const (
	Broken = "#broken"
	Raw    = "#raw"
)

// columns returns the names of all columns, in the order of record.
func columns() []string {
	fields := reflect.VisibleFields(reflect.TypeFor[record]())
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = field.Tag.Get("csv")
	}
	return names
}

// requiredColumns returns the names of the columns that a file must have.
func requiredColumns() []string {
	return []string{"conversation_id", "timestamp", "direction"}
}

// readHeader reads the names of the columns from the beginning of the file and prepares the scan for the rows. An error
// says why the file is not a table of conversations and how to mend it.
func (s *scan) readHeader() error {
	text, err := s.text()
	if err != nil {
		return err
	}
	s.lines, s.legacy, s.encoding = newLines(text), text.legacy, text.encoding
	if s.noHeaderLine {
		s.lines.line--
	}
	start, _ := s.lines.src.Peek(64 << 10) // less at the end of the file
	delimiters := ",;\t|"
	if s.open != nil {
		delimiters = ","
	}
	s.layout = findLayout(start, delimiters, rankColumns(s.settings.Map))
	s.converter.html = s.settings.HTML
	s.converter.decimalComma = s.layout.delimiter != ','
	names, err := s.headerRow()
	if err != nil {
		return err
	}
	s.columns = newHeader(names)
	if s.plan, err = planColumns(s.columns, &s.settings, s.name); err != nil {
		return err
	}
	if s.converter.sides, err = newSides(&s.settings); err != nil {
		return err
	}
	if s.settings.TimeFormat != "" {
		if s.converter.format, err = parseTimeFormat(s.settings.TimeFormat); err != nil {
			return fmt.Errorf("--time-format %w", err)
		}
	}
	if missing := s.missingRequired(); len(missing) > 0 && !s.lenient {
		return &ColumnsError{missing, s.columns.shown()}
	}
	// gocsv gets a header of our own making, because it compares every name with every field, rune by rune.
	delimiter := string(rune(s.layout.delimiter))
	feed := &struct{ io.Reader }{strings.NewReader(strings.Join(s.plan.names, delimiter) + "\n")}
	rows := csv.NewReader(feed)
	rows.ReuseRecord = true
	rows.Comma = rune(s.layout.delimiter)
	s.rows, err = gocsv.NewUnmarshaller(rows, &record{})
	feed.Reader = s.lines
	s.width = len(names)
	return err
}

// missingRequired returns the columns that the table must have and does not. With --me an author stands for the direction.
func (s *scan) missingRequired() []string {
	required := requiredColumns()
	if len(s.settings.Me) > 0 {
		required[2] = "author_name"
		if !slices.Contains(s.plan.missing, "author_id") {
			required = required[:2]
		}
	}
	return slices.DeleteFunc(required, func(name string) bool { return !slices.Contains(s.plan.missing, name) })
}

// maxColumns is the largest number of columns, which is Excel's. It bounds the memory that each row needs.
const maxColumns = 16_384

var errManyColumns = errors.New("the header has more than 16,384 columns, which is Excel's limit: remove those without a name")

// A ColumnsError means that a table lacks required columns, under their own names.
type ColumnsError struct {
	Missing []string
	Found   []string // the names of the columns that it has
}

// HasNames reports whether the table has a line that names its columns. Else the line that was taken for it holds values.
func (e *ColumnsError) HasNames() bool { return !slices.ContainsFunc(e.Found, isValue) }

func (e *ColumnsError) Error() string {
	if !e.HasNames() {
		return fmt.Sprintf("no line names the columns: the first row is %s", list(e.Found))
	}
	if len(e.Missing) == 1 {
		return fmt.Sprintf("column %s is missing: found %s", e.Missing[0], list(e.Found))
	}
	return fmt.Sprintf("columns %s are missing: found %s", list(e.Missing), list(e.Found))
}

// headerRow returns the fields of the header.
func (s *scan) headerRow() ([]string, error) {
	l := s.lines
	l.delimiter = s.layout.delimiter
	for range s.layout.preamble {
		if _, _, err := l.preambleRow(); err != nil {
			return nil, err
		}
	}
	err := l.begin()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the file is empty: its first line must name the columns, at least %s", list(requiredColumns()))
	}
	if bytes.Count(l.firstLine(), []byte{l.delimiter}) >= maxColumns {
		return nil, errManyColumns
	}
	rows := csv.NewReader(l)
	rows.Comma = rune(l.delimiter)
	fields, err := rows.Read()
	s.headerLine = l.line
	s.header = bytes.Clone(bytes.TrimSpace(l.row()))
	switch row := l.buf; {
	case len(fields) > maxColumns:
		return nil, errManyColumns
	case isWide(row):
		return nil, errors.New("is UTF-16 without a byte order mark: add --encoding utf-16le, or utf-16be")
	case bytes.IndexByte(row, 0) >= 0:
		return nil, errBinary
	case !utf8.Valid(row):
		return nil, errors.New("the header is not UTF-8: name the encoding of the file with --encoding, e.g. --encoding windows-1252")
	case bytes.IndexByte(bytes.TrimRight(l.firstLine(), "\r\n"), '\r') >= 0:
		return nil, errors.New(`the lines end like those of old Macs (CR): save the file as "CSV UTF-8"`)
	}
	if broken, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, fmt.Errorf("header: %s", quoteReason(broken))
	}
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	l.accept()
	return fields, nil
}

// canonical returns the name of a column as record spells it: " Message-ID " is message_id.
func canonical(name string) string {
	name = strings.ToLower(sources.CleanID(name))
	return strings.ReplaceAll(strings.ReplaceAll(name, " ", "_"), "-", "_")
}

// list joins names with commas. It shows at most twelve of them.
func list(names []string) string {
	const most = 12
	shown := make([]string, 0, most)
	for _, name := range names[:min(len(names), most)] {
		shown = append(shown, cut(strings.TrimSpace(name), 40))
	}
	s := strings.Join(shown, ", ")
	if more := len(names) - most; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}
