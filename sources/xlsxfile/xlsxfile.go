// Package xlsxfile reads a sheet of an Excel workbook as the text of a CSV file, which csvfile then reads:
//
//	source := &csvfile.File{Path: "chats.xlsx", Text: xlsxfile.Sheet("Chats").Text}
//
// So a workbook and a CSV file of the same conversations have the same messages, and everything that csvfile promises
// holds for workbooks too. The rows are read one by one; large sheets are unpacked into temporary files.
package xlsxfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"kommo-import/sources/csvfile"
)

// unzipLimit is the size of a part of a workbook, in bytes, from which on it is unpacked into a temporary file.
const unzipLimit = 16 << 20

// A Sheet is the name of a sheet; "" is the first one that is not empty.
type Sheet string

// Text returns the sheet as the text of a CSV file with commas, a line per row. Dates and times are written as
// 2023-04-11 10:00:00, numbers with all their digits, and formulas as their results. A line end within a cell is a carriage
// return, so that the n-th line is the n-th row. A
// row has as many cells as the longest row before it.
func (s Sheet) Text(path string) (io.ReadCloser, error) { return s.TextIn("")(path) }

// TextIn returns Text with a folder for what is unpacked; "" is that of the system. A program that is killed leaves its files
// there.
func (s Sheet) TextIn(folder string) func(path string) (io.ReadCloser, error) {
	return func(path string) (io.ReadCloser, error) {
		return s.read(path, excelize.Options{UnzipXMLSizeLimit: unzipLimit, TmpDir: folder})
	}
}

func (s Sheet) read(path string, options excelize.Options) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	err = csvfile.CheckForm(file, "xlsx")
	if file.Close(); err != nil {
		return nil, err
	}
	book, err := excelize.OpenFile(path, options)
	if err != nil {
		return nil, fmt.Errorf("is not a workbook that can be read: open it in Excel and save it anew as .xlsx (%w)", err)
	}
	t := &text{file: book}
	if t.epoch, err = epoch(book); err == nil {
		t.rows, err = s.open(book)
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	t.csv = csv.NewWriter(&t.buf)
	return t, nil
}

// open returns the rows of the sheet.
func (s Sheet) open(file *excelize.File) (*excelize.Rows, error) {
	name, names := string(s), file.GetSheetList()
	if name == "" {
		name = firstFilled(file, names)
	}
	if index, err := file.GetSheetIndex(name); err != nil || index < 0 {
		return nil, fmt.Errorf("there is no sheet %q: found %s", name, strings.Join(names, ", "))
	}
	if err := plainFormats(file); err != nil {
		return nil, err
	}
	return file.Rows(name)
}

// Sheets returns the names of all sheets of a workbook.
func Sheets(path string) ([]string, error) {
	file, err := excelize.OpenFile(path, excelize.Options{UnzipXMLSizeLimit: unzipLimit})
	if err != nil {
		return nil, err
	}
	return file.GetSheetList(), file.Close()
}

// firstFilled returns the name of the first sheet with a row that is not empty.
func firstFilled(file *excelize.File, names []string) string {
	for _, name := range names {
		rows, err := file.Rows(name)
		for err == nil && rows.Next() {
			if cells, _ := rows.Columns(); strings.Join(cells, "") != "" {
				rows.Close()
				return name
			}
		}
	}
	return strings.Join(names[:min(len(names), 1)], "")
}

// A text is a sheet as the text of a CSV file.
type text struct {
	file  *excelize.File
	rows  *excelize.Rows
	csv   *csv.Writer
	buf   bytes.Buffer // what was not read yet
	epoch time.Time    // see [epoch]
	most  int          // cells of a row so far
}

func (t *text) Read(p []byte) (int, error) {
	for t.buf.Len() == 0 {
		if !t.rows.Next() {
			if err := t.rows.Error(); err != nil {
				return 0, err
			}
			return 0, io.EOF
		}
		if err := t.row(); err != nil {
			return 0, err
		}
	}
	return t.buf.Read(p)
}

// row writes the next row to the buffer.
func (t *text) row() error {
	cells, err := t.rows.Columns()
	if err != nil {
		return err
	}
	for i, cell := range cells {
		if cell = t.time(cell); strings.ContainsRune(cell, '\n') {
			cell = strings.NewReplacer("\r\n", "\r", "\n", "\r").Replace(cell)
		}
		cells[i] = cell
	}
	t.most = max(t.most, len(cells))
	cells = append(cells, make([]string, t.most-len(cells))...) // a row ends at its last cell that is not empty
	t.buf.Reset()
	t.csv.Write(cells)
	t.csv.Flush() // a Buffer never fails
	return nil
}

// Close removes the temporary files.
func (t *text) Close() error {
	var err error
	if t.rows != nil {
		err = t.rows.Close()
	}
	return errors.Join(err, t.file.Close())
}
