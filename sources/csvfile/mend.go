package csvfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
)

// mend reads the current row again in another form after reading has failed with err. It returns err if there is no
// other form.
func (s *scan) mend(err error) (*record, error) {
	first := s.lines.firstLine()
	line := first
	if errors.Is(err, csv.ErrBareQuote) {
		found := false
		if line, found = quoteFormulas(first, s.layout.delimiter); !found {
			return nil, err
		}
		s.lines.retry(len(first), line)
		var rec *record
		if rec, err = s.read(); err == nil {
			return rec, nil
		}
	}
	if !errors.Is(err, csv.ErrFieldCount) {
		return nil, err
	}
	fields := s.fields(line, s.lines.row()[len(first):])
	if s.found = len(fields); !s.fits(fields) {
		return nil, err
	}
	fitted := make([]string, s.width)
	copy(fitted, fields)
	s.lines.retry(s.lines.end, s.encode(fitted))
	return s.read()
}

// fields returns the fields of a row, however many there are.
func (s *scan) fields(lines ...[]byte) []string {
	row := bytes.Join(lines, nil)
	for bytes.Contains(row, []byte("\r\r")) { // as lines.Read leaves them out
		row = bytes.ReplaceAll(row, []byte("\r\r"), []byte("\r"))
	}
	rows := csv.NewReader(bytes.NewReader(row))
	rows.Comma = rune(s.layout.delimiter)
	fields, _ := rows.Read() // was read before
	return fields
}

// fits reports whether a row with another number of fields than the header is one. Missing fields are empty. Fields more
// than that must be empty: else a comma in a text has shifted the columns.
func (s *scan) fits(fields []string) bool {
	return len(fields) < s.width || strings.TrimSpace(strings.Join(fields[s.width:], "")) == ""
}

func (s *scan) encode(fields []string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma = rune(s.layout.delimiter)
	w.Write(fields)
	w.Flush() // a Buffer never fails
	return b.Bytes()
}

// quoteFormulas returns line with quotes around each cell of the form ="text", which is no CSV though spreadsheets write
// and read it. It reports whether there is such a cell.
func quoteFormulas(line []byte, delimiter byte) (quoted []byte, found bool) {
	text := strings.TrimRight(string(line), "\r\n")
	cells := strings.Split(text, string(rune(delimiter)))
	for i, cell := range cells {
		cell = strings.TrimSpace(cell)
		inner, ok := strings.CutPrefix(cell, `="`)
		inner, closed := strings.CutSuffix(inner, `"`)
		if ok && closed && !strings.Contains(inner, `"`) {
			cells[i], found = `"=""`+inner+`"""`, true
		}
	}
	return []byte(strings.Join(cells, string(rune(delimiter))) + "\n"), found
}
