package commands

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"kommo-import/internal/sheet"
)

// This file is about files for a spreadsheet, which --out names.

// writeTable writes a table to the file that --out names. It replaces an earlier table of its kind, if check allows it, and
// no other file.
func (v *values) writeTable(kind string, columns []sheet.Column, check func(path string) error, rows iter.Seq2[[]any, error]) (count int, err error) {
	path := v.text("out")
	format, ok := sheet.FormatOf(path)
	if !ok {
		return 0, usage("--out %s: want a name that ends in .xlsx or .csv", path)
	}
	err = checkReplaceable(v.text("migration"), path, kind, func(io.Reader) bool { return isTable(path, columns) })
	if err == nil {
		err = checkClosed(path)
	}
	if err == nil {
		err = check(path)
	}
	var read error
	if err == nil {
		err = replaceFile(path, func(out *bufio.Writer) (err error) {
			count, err = format.Write(out, columns, remember(rows, &read))
			return err
		})
	}
	if read != nil { // it is not about the file
		return 0, read
	}
	if err != nil {
		return 0, fmt.Errorf("--out: %w", err)
	}
	return count, nil
}

// remember yields the rows, and stores their error.
func remember(rows iter.Seq2[[]any, error], stored *error) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for row, err := range rows {
			*stored = err
			if !yield(row, err) {
				return
			}
		}
	}
}

// isTable reports whether the file at path is empty, or a table with all these columns.
func isTable(path string, columns []sheet.Column) bool {
	if info, err := os.Stat(path); err == nil && info.Size() == 0 {
		return true
	}
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = column.Name
	}
	table, err := sheet.Open(path, names...)
	if err != nil {
		return false
	}
	return table.Close() == nil
}

// checkClosed returns an error if a spreadsheet program has the file at path open: it would write its own copy over the new
// one, and on Windows the file cannot be replaced. Excel and LibreOffice put a file beside it meanwhile.
func checkClosed(path string) error {
	for _, name := range []string{"~$" + filepath.Base(path), ".~lock." + filepath.Base(path) + "#"} {
		lock := filepath.Join(filepath.Dir(path), name)
		if _, err := os.Lstat(lock); err == nil {
			return errors.New(path + " is open in a spreadsheet: close it there. If it is not open, remove " + lock)
		}
	}
	return nil
}
