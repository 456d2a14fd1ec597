package csvfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode"
)

// headerRows is the number of rows among which the header is looked for.
const headerRows = 20

// A layout is how a text holds a table: what separates its columns, and how many rows come before the header.
type layout struct {
	delimiter byte
	preamble  int
}

// String returns the layout for cursors. A file that is still short may get another layout when it grows.
func (l layout) String() string { return string(rune(l.delimiter)) + strings.Repeat("#", l.preamble) }

// name returns the name of the delimiter.
func (l layout) name() string {
	return map[byte]string{',': "commas", ';': "semicolons", '\t': "tabs", '|': "vertical bars"}[l.delimiter]
}

// A candidate is a layout with what speaks for it.
type candidate struct {
	layout
	known  int // the rank of its header among rows of names
	fields int // the usual number of columns
}

// findLayout returns the layout of the table at the beginning of a text. Its header is the row with the most names that
// rank above 0. If there is no such row, it is the first row with the usual number of columns, and of columns that are not
// empty. There must be more columns than with any other delimiter.
func findLayout(start []byte, delimiters string, rank func(name string) int) layout {
	best := candidate{layout: layout{delimiter: ','}, fields: 1}
	for _, delimiter := range []byte(delimiters) {
		c := inspect(start, delimiter, rank)
		if c.known > best.known || best.known == 0 && c.known == 0 && c.fields > best.fields {
			best = c
		}
	}
	return best.layout
}

// inspect reads the first rows with a delimiter. A first row such as sep=; excludes all other delimiters.
func inspect(start []byte, delimiter byte, rank func(name string) int) candidate {
	c := candidate{layout: layout{delimiter: delimiter}}
	l := newLines(&text{Reader: bytes.NewReader(start), file: &counter{}})
	l.delimiter = delimiter
	var counts, filled []int
	for i := range headerRows {
		fields, named, err := l.preambleRow()
		if errors.Is(err, io.EOF) || named != 0 && named != delimiter {
			break
		}
		known := rankOf(fields, rank)
		counts, filled = append(counts, len(fields)), append(filled, countFilled(fields))
		if known > c.known {
			c.known, c.preamble = known, i
		}
	}
	if len(counts) == 0 {
		return c
	}
	c.fields = median(counts)
	for usual := median(filled); c.known == 0 && c.preamble < len(counts)-1; c.preamble++ {
		if counts[c.preamble] >= c.fields && filled[c.preamble] >= usual {
			break
		}
	}
	return c
}

func median(numbers []int) int { return slices.Sorted(slices.Values(numbers))[len(numbers)/2] }

func countFilled(cells []string) (filled int) {
	for _, cell := range cells {
		if strings.TrimSpace(cell) != "" {
			filled++
		}
	}
	return filled
}

// rankOf returns the sum of the ranks of names. A name that comes twice counts once. A row with a time or a phone is no
// header, though one or two of its words may be names too, such as client.
func rankOf(names []string, rank func(string) int) (sum int) {
	met := make(map[string]bool)
	for _, name := range names {
		if name = canonical(name); !met[name] {
			met[name] = true
			sum += rank(name)
		}
	}
	if sum < 3 && slices.ContainsFunc(names, isValue) {
		return 0
	}
	return sum
}

// isValue reports whether a cell holds a time, a phone or another long number, and hardly a name.
func isValue(cell string) bool {
	digits, letters := 0, 0
	for _, r := range cell {
		switch {
		case unicode.IsDigit(r):
			digits++
		case unicode.IsLetter(r):
			letters++
		}
	}
	return digits >= 6 && digits > letters
}

// preambleRow reads a row that may come before the header and passes over it. named is the delimiter that a row such as
// sep=; names, else 0. A row that is not CSV has no fields. The error is io.EOF after the last row.
func (l *lines) preambleRow() (fields []string, named byte, err error) {
	if err = l.begin(); err != nil {
		if errors.Is(err, errRowTooLong) {
			return nil, 0, l.reject()
		}
		return nil, 0, err
	}
	if named = namedDelimiter(l.row()); named != 0 {
		l.accept()
		return nil, named, nil
	}
	rows := csv.NewReader(l)
	rows.Comma = rune(l.delimiter)
	if fields, err = rows.Read(); err != nil {
		return nil, 0, l.reject()
	}
	l.accept()
	return fields, 0, nil
}

// namedDelimiter returns the delimiter in a line such as sep=; which tells Excel how to read the file, else 0.
func namedDelimiter(line []byte) byte {
	s := strings.Trim(string(bytes.TrimRight(line[:min(len(line), 16)], "\r\n")), ` "`)
	if len(s) == len("sep=;") && strings.EqualFold(s[:4], "sep=") {
		return s[4]
	}
	return 0
}
