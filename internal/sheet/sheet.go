// Package sheet writes tables for people who work with spreadsheets, and reads them back as Excel, LibreOffice and others
// save them. A table is an Excel workbook or a CSV file, by the name of its file:
//
//	format, ok := sheet.FormatOf("clients.xlsx")
//	count, err := format.Write(out, columns, rows)
//
//	table, err := sheet.Open("clients.xlsx", "id", "import")
//	for row, err := range table.Rows() { … }
//
// The texts of a table may be of strangers. No spreadsheet runs one of them as a formula, and none turns a long number that
// is an id into 7.9E+10.
package sheet

import (
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"
	"time"
)

// A Column is a column of a table that is written.
type Column struct {
	Name  string
	Width float64 // in characters, in a workbook
	// ToFill marks a column that people fill in. Hint is what a workbook says of its cells, and Choices are the values that a
	// list offers there; empty: it offers no list.
	ToFill  bool
	Hint    string
	Choices []string
}

// A Format is the form of the file of a table.
type Format string

// The formats.
const (
	Workbook Format = ".xlsx"
	CSV      Format = ".csv"
)

// FormatOf returns the format that the name of a file stands for. ok is false for a name with neither ending.
func FormatOf(path string) (format Format, ok bool) {
	format = Format(strings.ToLower(filepath.Ext(path)))
	return format, format == Workbook || format == CSV
}

// Write writes a table and returns the number of its rows. A cell is a string, an int or a [time.Time]; the zero time is an
// empty cell. A workbook shows times by the clock of this computer, CSV as RFC 3339 in UTC.
func (f Format) Write(out io.Writer, columns []Column, rows iter.Seq2[[]any, error]) (count int, err error) {
	if f == Workbook {
		return writeWorkbook(out, columns, rows)
	}
	return writeCSV(out, columns, rows)
}

// textOf returns a cell as the text of a CSV file.
func textOf(cell any) string {
	switch cell := cell.(type) {
	case time.Time:
		if cell.IsZero() {
			return ""
		}
		return cell.UTC().Format(time.RFC3339)
	case string:
		return cell
	}
	return fmt.Sprint(cell)
}
