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
}

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
	s.lines = newLines(s.file)
	if err := refuseBinary(s.lines); err != nil {
		return err
	}
	header, err := headerRow(s.lines)
	if err != nil {
		return err
	}
	names, unknown, err := recognise(header)
	if err != nil {
		return err
	}
	// gocsv gets a header of our own making, because it compares every name with every field, rune by rune.
	feed := &struct{ io.Reader }{strings.NewReader(strings.Join(names, ",") + "\n")}
	rows := csv.NewReader(feed)
	rows.ReuseRecord = true
	s.rows, err = gocsv.NewUnmarshaller(rows, &record{})
	feed.Reader = s.lines
	s.unknown, s.width = unknown, len(names)
	return err
}

// refuseBinary returns an error for workbooks and for UTF-16.
func refuseBinary(l *lines) error {
	for _, format := range []struct{ magic, name string }{
		{"PK\x03\x04", "is an Excel workbook (or another zip archive)"},
		{"\xd0\xcf\x11\xe0", "is an old Excel workbook"},
		{"\xff\xfe", `is UTF-16, which Excel calls "Unicode text"`},
		{"\xfe\xff", `is UTF-16, which Excel calls "Unicode text"`},
	} {
		if start, _ := l.src.Peek(len(format.magic)); string(start) == format.magic {
			return fmt.Errorf(`%s, not a CSV file: save it as "CSV UTF-8"`, format.name)
		}
	}
	return nil
}

// maxColumns is the largest number of columns, which is Excel's. It bounds the memory that each row needs.
const maxColumns = 16_384

var errManyColumns = errors.New("the header has more than 16,384 columns, which is Excel's limit: remove those without a name")

// headerRow returns the fields of the first row.
func headerRow(l *lines) ([]string, error) {
	err := l.begin()
	if err == nil && bytes.EqualFold(bytes.TrimSpace(l.row()), []byte("sep=,")) {
		l.accept()
		err = l.begin()
	}
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the file is empty: its first line must name the columns, at least %s", list(requiredColumns()))
	}
	if bytes.Count(l.firstLine(), []byte(",")) >= maxColumns {
		return nil, errManyColumns
	}
	fields, err := csv.NewReader(l).Read()
	switch row := l.buf; {
	case len(fields) > maxColumns:
		return nil, errManyColumns
	case bytes.IndexByte(row, 0) >= 0:
		return nil, errors.New("holds binary data, it is not a CSV file")
	case !utf8.Valid(row):
		return nil, errors.New(`the header is not UTF-8: save the file as "CSV UTF-8"`)
	case bytes.IndexByte(bytes.TrimRight(l.firstLine(), "\r\n"), '\r') >= 0:
		return nil, errors.New(`the lines end like those of old Macs (CR): save the file as "CSV UTF-8"`)
	}
	if delimiter := otherDelimiter(string(l.firstLine()), fields); delimiter != "" {
		return nil, fmt.Errorf("the columns are separated by %s: save the file with commas", delimiter)
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

// otherDelimiter returns the name of the delimiter that a header has instead of commas, or "". The fields are those of
// the line split at commas.
func otherDelimiter(line string, fields []string) string {
	if anyKnown(fields) {
		return ""
	}
	line = strings.TrimPrefix(strings.TrimSpace(line), "sep=")
	for _, delimiter := range []struct{ char, name string }{
		{";", "semicolons"}, {"\t", "tabs"}, {"|", "vertical bars"},
	} {
		parts := strings.Split(line, delimiter.char)
		if len(parts) > 1 && (len(fields) <= 1 || anyKnown(parts)) {
			return delimiter.name
		}
	}
	return ""
}

// anyKnown reports whether any of names is a column of record.
func anyKnown(names []string) bool {
	known := columns()
	return slices.ContainsFunc(names, func(name string) bool {
		return slices.Contains(known, canonical(strings.Trim(name, `"`)))
	})
}

// canonical returns the name of a column as record spells it: " Message-ID " is message_id.
func canonical(name string) string {
	name = strings.ToLower(sources.CleanID(name))
	return strings.ReplaceAll(strings.ReplaceAll(name, " ", "_"), "-", "_")
}

// recognise returns the columns of a header by their names in record. A column that record does not have gets the name
// "", and unknown lists it as the header spells it.
func recognise(header []string) (names, unknown []string, err error) {
	known := columns()
	for _, field := range header {
		name := canonical(field)
		switch {
		case !slices.Contains(known, name):
			name = ""
			if field = strings.TrimSpace(field); field != "" {
				unknown = append(unknown, field)
			}
		case slices.Contains(names, name):
			return nil, nil, fmt.Errorf("column %s appears twice: rename or remove one", name)
		}
		names = append(names, name)
	}
	missing := slices.DeleteFunc(requiredColumns(), func(name string) bool { return slices.Contains(names, name) })
	if len(missing) == 1 {
		return nil, nil, fmt.Errorf("column %s is missing: found %s", missing[0], list(header))
	}
	if len(missing) > 1 {
		return nil, nil, fmt.Errorf("columns %s are missing: found %s", list(missing), list(header))
	}
	return names, unknown, nil
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
