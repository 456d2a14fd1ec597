package sheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// headerSize is within how many bytes of a CSV file its header ends.
const headerSize = 64 << 10

// A textRows reads the rows of a CSV file.
type textRows struct {
	file *os.File
	csv  *csv.Reader
}

// openText opens a CSV file. A byte order mark says that it is UTF-16, as Excel saves Unicode text.
func openText(path string, wanted []string) (*textRows, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(transform.NewReader(file, unicode.BOMOverride(transform.Nop)), headerSize)
	delimiter, err := findDelimiter(in, wanted)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &textRows{file, csvReader(in, delimiter)}, nil
}

// csvReader returns a reader of rows that takes what spreadsheets write.
func csvReader(in io.Reader, delimiter rune) *csv.Reader {
	rows := csv.NewReader(in)
	rows.Comma, rows.FieldsPerRecord, rows.LazyQuotes, rows.ReuseRecord = delimiter, -1, true, true
	return rows
}

func (r *textRows) next() (cells []string, number int, err error) {
	if cells, err = r.csv.Read(); err != nil {
		return nil, 0, err
	}
	number, _ = r.csv.FieldPos(0)
	for i, cell := range cells {
		cells[i] = unescapeFormula(cell)
	}
	return cells, number, nil
}

func (r *textRows) Close() error { return r.file.Close() }

// findDelimiter returns what separates the columns of a text: the delimiter with which the header has the most wanted names.
// A first line such as sep=; names it, and is passed over.
func findDelimiter(in *bufio.Reader, wanted []string) (rune, error) {
	start, err := in.Peek(headerSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	line, _, _ := bytes.Cut(start, []byte("\n"))
	named := strings.Trim(string(line), "\"\r; ,\t")
	if rest, ok := strings.CutPrefix(strings.ToLower(named), "sep="); ok && len(rest) <= 1 {
		_, err := in.Discard(min(len(line)+1, len(start)))
		start = start[min(len(line)+1, len(start)):]
		if err != nil {
			return 0, err
		}
	}
	best, most := ',', 0
	for _, delimiter := range ",;\t" {
		header, err := csvReader(bytes.NewReader(start), delimiter).Read()
		if err != nil {
			continue
		}
		known := 0
		for _, name := range header {
			if slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(strings.TrimSpace(name), w) }) {
				known++
			}
		}
		if known > most {
			best, most = delimiter, known
		}
	}
	return best, nil
}
