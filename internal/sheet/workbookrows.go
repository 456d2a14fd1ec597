package sheet

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"
)

// unzipLimit is the size of a part of a workbook, in bytes, from which on it is unpacked into a temporary file.
const unzipLimit = 16 << 20

// A workbookRows reads the rows of a sheet of a workbook. A number has all its digits, whatever its format.
type workbookRows struct {
	file   *excelize.File
	rows   *excelize.Rows
	number int // of the last row
}

// openWorkbook opens a workbook at the first sheet that has the wanted columns, and reads the header.
func (t *Table) openWorkbook(wanted []string) error {
	raw := excelize.Options{UnzipXMLSizeLimit: unzipLimit, RawCellValue: true}
	file, err := excelize.OpenFile(t.path, raw)
	if err != nil {
		return fmt.Errorf("is not a workbook that can be read: save it as .xlsx, without a password (%w)", err)
	}
	var first error
	for _, name := range file.GetSheetList() {
		rows, err := file.Rows(name)
		if err != nil {
			continue // a chart
		}
		t.rows = &workbookRows{file: file, rows: rows}
		if err = t.readHeader(wanted); err == nil {
			return nil
		}
		if rows.Close(); first == nil || errors.Is(first, errEmpty) {
			first = err
		}
	}
	return errors.Join(cmp.Or(first, errEmpty), file.Close())
}

func (r *workbookRows) next() (cells []string, number int, err error) {
	if !r.rows.Next() {
		return nil, 0, cmp.Or(r.rows.Error(), io.EOF)
	}
	r.number++
	cells, err = r.rows.Columns()
	return cells, r.number, err
}

func (r *workbookRows) Close() error { return errors.Join(r.rows.Close(), r.file.Close()) }
