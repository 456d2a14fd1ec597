package sheet

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Table is a table that is read. It must be closed.
type Table struct {
	Header []string // the names of its columns, in their order

	path   string
	info   os.FileInfo // before the reading
	rows   rowReader
	places []int // of the wanted columns
}

// A rowReader reads the rows of a file one by one. The error after the last row is io.EOF. A later row may take the place of
// an earlier one in memory.
type rowReader interface {
	next() (cells []string, number int, err error)
	Close() error
}

// A Row is a row of a table.
type Row struct {
	Number int      // in the file, from 1; in a CSV file the line
	Cells  []string // of the wanted columns, in their order, without blanks around them
}

// A MissingError means that a table has not all columns that it needs, or one of them twice.
type MissingError struct {
	Missing []string // empty if a column is there twice
	Twice   string
	Wanted  []string
	Header  []string // the first row of the file
}

func (e *MissingError) Error() string {
	if e.Twice != "" {
		return fmt.Sprintf("the column %s is there twice", e.Twice)
	}
	missing := "the column " + e.Missing[0] + " is"
	if len(e.Missing) > 1 {
		missing = "the columns " + listed(e.Missing) + " are"
	}
	return fmt.Sprintf("%s missing from its first row, which must have %s", missing, listed(e.Wanted))
}

// listed returns names as a list: "a, b and c".
func listed(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// errChanged means that somebody wrote the file meanwhile.
var errChanged = errors.New("was changed while it was read: save it, and run the command again")

// Open opens the table in a file and reads its header, which must have the wanted columns, in letters of any case. The form
// of the file is found by its content. The error may be a [MissingError].
func Open(path string, wanted ...string) (*Table, error) {
	t, err := open(path, wanted)
	if broken, ok := errors.AsType[*fs.PathError](err); ok {
		err = broken.Err // without the path, which follows
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

func open(path string, wanted []string) (*Table, error) {
	if name, isLock := strings.CutPrefix(filepath.Base(path), "~$"); isLock {
		return nil, fmt.Errorf("is a file by which Excel notes that %s is open: name that one", name)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("is a folder: name the file in it")
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a regular file: save it to disk first")
	case info.Size() == 0:
		return nil, errors.New("is empty")
	}
	start, err := startOf(path)
	if err != nil {
		return nil, err
	}
	t := &Table{path: path, info: info}
	switch {
	case strings.HasPrefix(start, "PK\x03\x04"):
		return t, t.openWorkbook(wanted)
	case strings.HasPrefix(start, "\xd0\xcf\x11\xe0"):
		return nil, errors.New("is an old workbook, or has a password: save it as .xlsx without a password")
	}
	if t.rows, err = openText(path, wanted); err != nil {
		return nil, err
	}
	if err := t.readHeader(wanted); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// startOf returns the first four bytes of a file, fewer if it has no more.
func startOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	start := make([]byte, 4)
	n, err := io.ReadFull(file, start)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return string(start[:n]), err
}

// readHeader reads the first row that is not blank, and finds the wanted columns in it.
func (t *Table) readHeader(wanted []string) error {
	header, _, err := t.rows.next()
	for err == nil && isBlank(header) {
		header, _, err = t.rows.next()
	}
	if errors.Is(err, io.EOF) {
		return errEmpty
	}
	if err != nil {
		return err
	}
	t.Header = make([]string, len(header))
	for i, name := range header {
		t.Header[i] = strings.TrimSpace(name)
	}
	return t.find(wanted)
}

var errEmpty = errors.New("is empty")

// find finds the wanted columns in the header.
func (t *Table) find(wanted []string) error {
	missing := &MissingError{Wanted: wanted, Header: t.Header}
	t.places = nil
	for _, name := range wanted {
		isIt := func(cell string) bool { return strings.EqualFold(cell, name) }
		place := slices.IndexFunc(t.Header, isIt)
		switch {
		case place < 0:
			missing.Missing = append(missing.Missing, name)
		case slices.ContainsFunc(t.Header[place+1:], isIt):
			return &MissingError{Twice: name, Wanted: wanted, Header: t.Header}
		}
		t.places = append(t.places, place)
	}
	if len(missing.Missing) > 0 {
		return missing
	}
	return nil
}

func isBlank(cells []string) bool {
	return !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" })
}

// Rows yields the rows behind the header, without blank ones. The last pair has an error if the file was changed meanwhile.
func (t *Table) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for {
			cells, number, err := t.rows.next()
			atEnd := errors.Is(err, io.EOF)
			if atEnd {
				err = t.checkUnchanged()
			}
			if err != nil {
				yield(Row{}, fmt.Errorf("%s: %w", t.path, err))
			}
			if err != nil || atEnd {
				return
			}
			if !isBlank(cells) && !yield(Row{number, t.wanted(cells)}, nil) {
				return
			}
		}
	}
}

// wanted returns the wanted cells of a row.
func (t *Table) wanted(cells []string) []string {
	row := make([]string, len(t.places))
	for i, place := range t.places {
		if place < len(cells) {
			row[i] = strings.TrimSpace(cells[place])
		}
	}
	return row
}

func (t *Table) checkUnchanged() error {
	now, err := os.Stat(t.path)
	if err != nil || !os.SameFile(t.info, now) || !now.ModTime().Equal(t.info.ModTime()) || now.Size() != t.info.Size() {
		return errChanged
	}
	return nil
}

// Close closes the file. Nothing was written to it.
func (t *Table) Close() error { return t.rows.Close() }
