package csvfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gocarina/gocsv"
)

// readHeader reads the names of the columns from the beginning of the file, and prepares for the rows. Its errors
// say why this is no file of conversations and what to do about it.
func (r *reading) readHeader() error {
	r.lines = newLines(r.file)
	if err := sniff(r.lines); err != nil {
		return err
	}
	header, err := headerRow(r.lines)
	if err != nil {
		return err
	}
	names, unknown, err := recognise(header)
	if err != nil {
		return err
	}
	// gocsv gets a header of our own making, because it compares every name with every field, rune by rune.
	rows := csv.NewReader(&headed{strings.NewReader(strings.Join(names, ",") + "\n"), r.lines})
	rows.ReuseRecord = true
	r.rows, err = gocsv.NewUnmarshaller(rows, &record{})
	r.unknown, r.width = unknown, len(names)
	return err
}

// headed is a header followed by lines. Unlike an [io.MultiReader] it goes on after an io.EOF, behind which lines may
// be put back.
type headed struct {
	header *strings.Reader
	lines  *lines
}

func (h *headed) Read(p []byte) (int, error) {
	if h.header.Len() > 0 {
		return h.header.Read(p)
	}
	return h.lines.Read(p)
}

// sniff refuses files that are no text.
func sniff(l *lines) error {
	for _, format := range []struct{ magic, what string }{
		{"PK\x03\x04", "is an Excel workbook (or another zip archive)"},
		{"\xd0\xcf\x11\xe0", "is an old Excel workbook"},
		{"\xff\xfe", `is UTF-16, which Excel calls "Unicode text"`},
		{"\xfe\xff", `is UTF-16, which Excel calls "Unicode text"`},
	} {
		if start, _ := l.src.Peek(len(format.magic)); string(start) == format.magic {
			return fmt.Errorf(`%s, not a CSV file: save it as "CSV UTF-8"`, format.what)
		}
	}
	return nil
}

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
	fields, err := csv.NewReader(l).Read()
	switch row := l.buf; {
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

// otherDelimiter returns what separates the columns of a header instead of commas, or "". The fields are what the
// header consists of when split at commas.
func otherDelimiter(line string, fields []string) string {
	if recognised(fields) {
		return ""
	}
	line = strings.TrimPrefix(strings.TrimSpace(line), "sep=")
	for _, delimiter := range []struct{ char, name string }{
		{";", "semicolons"}, {"\t", "tabs"}, {"|", "vertical bars"},
	} {
		parts := strings.Split(line, delimiter.char)
		if len(parts) > 1 && (len(fields) <= 1 || recognised(parts)) {
			return delimiter.name
		}
	}
	return ""
}

// recognised reports whether any of names is a column of record.
func recognised(names []string) bool {
	known := columns()
	return slices.ContainsFunc(names, func(name string) bool {
		return slices.Contains(known, canonical(strings.Trim(name, `"`)))
	})
}

// canonical returns the name of a column as record has it: " Message-ID " is message_id.
func canonical(name string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return '_'
		}
		return r
	}, strings.ToLower(strings.TrimSpace(name)))
}

// recognise returns the columns of a header by their names in record, "" for those that record does not have, and
// the names of these as the header has them.
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
			return nil, nil, fmt.Errorf("column %s is there twice: rename or remove one", name)
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

// list joins names for people, but not more than fit on a screen.
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
