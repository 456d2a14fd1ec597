// Package jsonlfile reads JSON lines as the text of a CSV file, which csvfile then reads:
//
//	source := &csvfile.File{Path: "chats.jsonl", Text: jsonlfile.Text, NoHeaderLine: true}
//
// The keys of a line are the columns of docs/csv.md. A key within an object is named with a dot, such as key.remoteJid; the
// elements of an array are separated by line ends. So JSON lines, CSV files and workbooks of the same conversations have the
// same messages.
package jsonlfile

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"kommo-import/sources"
	"kommo-import/sources/csvfile"
)

const (
	maxKeys = 1000    // different keys of a file; others are not read
	maxLine = 4 << 20 // bytes
)

// Text returns the lines of a file as the text of a CSV file: a header with all keys, for which the file is read once
// before, then a line for each line. A line that is no JSON object becomes a row that says why.
func Text(path string) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	t := &text{file: file, lines: bufio.NewReaderSize(file, 64<<10)}
	t.csv = csv.NewWriter(&t.buf)
	if err = csvfile.CheckForm(file, "jsonl"); err == nil {
		err = t.start()
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return t, nil
}

// A text is a file of JSON lines as the text of a CSV file.
type text struct {
	file    *os.File
	lines   *bufio.Reader
	columns []string
	csv     *csv.Writer
	buf     bytes.Buffer // what was not read yet
}

// start finds the columns and writes the header to the buffer.
func (t *text) start() error {
	keys, objects, lines := make(map[string]bool), 0, 0
	for isFirst := true; ; isFirst = false {
		line, err := t.line()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, errTooLong) {
			return err
		}
		if isFirst && bytes.HasPrefix(bytes.TrimSpace(line), []byte("[")) {
			return errors.New(`is a JSON array, not JSON lines; make lines of it: jq -c ".[]" FILE > chats.jsonl`)
		}
		values, err := parse(line)
		if lines++; err == nil {
			objects++
		}
		for key := range values {
			if len(keys) < maxKeys {
				keys[key] = true
			}
		}
	}
	if objects == 0 {
		return noObjects(lines)
	}
	keys[csvfile.Broken], keys[csvfile.Raw] = true, true
	t.columns = slices.Sorted(maps.Keys(keys))
	t.write(t.columns)
	_, err := t.file.Seek(0, io.SeekStart)
	t.lines.Reset(t.file)
	return err
}

func noObjects(lines int) error {
	if lines == 0 {
		return errors.New("the file is empty")
	}
	return errors.New("no line is a JSON object: is it a CSV file? then load it with --csv")
}

func (t *text) write(cells []string) {
	t.csv.Write(cells)
	t.csv.Flush() // a Buffer never fails
}

func (t *text) Read(p []byte) (int, error) {
	for t.buf.Len() == 0 {
		t.buf.Reset()
		line, err := t.line()
		if err != nil && !errors.Is(err, errTooLong) {
			return 0, err
		}
		t.row(line, err)
	}
	return t.buf.Read(p)
}

// row writes the row of a line to the buffer.
func (t *text) row(line []byte, err error) {
	if err == nil && len(bytes.TrimSpace(line)) == 0 {
		t.buf.WriteByte('\n')
		return
	}
	values, parseErr := parse(line)
	if err = errors.Join(err, parseErr); err != nil {
		values = map[string]string{csvfile.Broken: err.Error(), csvfile.Raw: strings.ToValidUTF8(string(line[:min(len(line), sources.MaxRaw)]), "\ufffd")}
	}
	cells := make([]string, len(t.columns))
	for i, column := range t.columns {
		cells[i] = strings.NewReplacer("\r\n", "\r", "\n", "\r").Replace(values[column])
	}
	t.write(cells)
}

var errTooLong = errors.New("the line is longer than 4 MiB")

// line returns the next line. Of a line that is too long it returns the beginning, with errTooLong.
func (t *text) line() ([]byte, error) {
	var line []byte
	for {
		piece, err := t.lines.ReadSlice('\n')
		if len(line) <= maxLine {
			line = append(line, piece...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) > 0, err == nil:
			line = bytes.TrimPrefix(bytes.TrimRight(line, "\r\n"), []byte("\ufeff"))
			if len(line) > maxLine {
				return line, errTooLong
			}
			return line, nil
		}
		return nil, err
	}
}

func (t *text) Close() error { return t.file.Close() }

// parse returns the values of an object by their keys.
func parse(line []byte) (map[string]string, error) {
	if !utf8.Valid(line) {
		return nil, errors.New("not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		if other, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return nil, fmt.Errorf("not a JSON object, but a JSON %s", other.Value)
		}
		return nil, fmt.Errorf("not a JSON object: %w", err)
	}
	if object == nil {
		return nil, errors.New("not a JSON object, but null")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("not one JSON object, but more behind it")
	}
	values := make(map[string]string)
	flatten(values, "", object)
	return values, nil
}

// flatten adds a value, or the values in it.
func flatten(values map[string]string, key string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			flatten(values, strings.TrimPrefix(key+"."+name, "."), inner)
		}
	case []any:
		var texts []string
		for _, element := range value {
			texts = append(texts, textOf(element))
		}
		values[key] = strings.Join(texts, "\n")
	default:
		values[key] = textOf(value)
	}
}

// textOf returns a value as a cell.
func textOf(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	case json.Number:
		return value.String()
	}
	text, _ := json.Marshal(value) // was JSON before
	return string(text)
}
