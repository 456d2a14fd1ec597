package sheet

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// sheetName is the name of the sheet in a workbook.
const sheetName = "Sheet1"

// maxRows is how many rows a sheet of Excel has, with the header.
const maxRows = excelize.TotalRows

// A workbook is a workbook that is being written.
type workbook struct {
	file    *excelize.File
	out     *excelize.StreamWriter
	columns []Column

	header, headerToFill int // styles
	text, textToFill     int
	moment               int
}

func writeWorkbook(w io.Writer, columns []Column, rows iter.Seq2[[]any, error]) (count int, err error) {
	b := &workbook{file: excelize.NewFile(), columns: columns}
	defer func() { err = errors.Join(err, b.file.Close()) }() // removes its temporary files
	if err := b.begin(); err != nil {
		return 0, err
	}
	for row, err := range rows {
		if err != nil {
			return count, err
		}
		if count+2 > maxRows {
			return count, fmt.Errorf("a workbook has no room for more than %d rows: write a file that ends in .csv", maxRows-1)
		}
		if err := b.write(count+2, row); err != nil {
			return count, err
		}
		count++
	}
	if err := b.finish(count + 1); err != nil {
		return count, err
	}
	return count, b.file.Write(w)
}

// begin writes the header.
func (b *workbook) begin() (err error) {
	if err := b.makeStyles(); err != nil {
		return err
	}
	if b.out, err = b.file.NewStreamWriter(sheetName); err != nil {
		return err
	}
	for i, column := range b.columns {
		if err := b.out.SetColWidth(i+1, i+1, column.Width); err != nil {
			return err
		}
	}
	if err := b.out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	names := make([]any, len(b.columns))
	for i, column := range b.columns {
		style := b.header
		if column.ToFill {
			style = b.headerToFill
		}
		names[i] = excelize.Cell{StyleID: style, Value: column.Name}
	}
	return b.out.SetRow("A1", names)
}

// makeStyles makes the styles of cells. The format @ keeps a spreadsheet from taking a text for a number, also if somebody
// changes it.
func (b *workbook) makeStyles() (err error) {
	fill := func(color string) excelize.Fill {
		return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}}
	}
	momentFormat := "yyyy-mm-dd hh:mm"
	const asText = 49 // the built-in format @
	bold := &excelize.Font{Bold: true}
	for _, s := range []struct {
		id    *int
		style excelize.Style
	}{
		{&b.header, excelize.Style{NumFmt: asText, Font: bold, Fill: fill("D9D9D9")}},
		{&b.headerToFill, excelize.Style{NumFmt: asText, Font: bold, Fill: fill("FFC000")}},
		{&b.text, excelize.Style{NumFmt: asText}},
		{&b.textToFill, excelize.Style{NumFmt: asText, Fill: fill("FFF2CC")}},
		{&b.moment, excelize.Style{CustomNumFmt: &momentFormat}},
	} {
		if *s.id, err = b.file.NewStyle(&s.style); err != nil {
			return err
		}
	}
	return nil
}

// write writes a row.
func (b *workbook) write(number int, row []any) error {
	cells := make([]any, len(row))
	for i, cell := range row {
		style := b.text
		if b.columns[i].ToFill {
			style = b.textToFill
		}
		switch value := cell.(type) {
		case string:
			if value != "" || b.columns[i].ToFill {
				cells[i] = excelize.Cell{StyleID: style, Value: orNil(value)}
			}
		case time.Time:
			if !value.IsZero() {
				cells[i] = excelize.Cell{StyleID: b.moment, Value: value.Local()}
			}
		default:
			cells[i] = value
		}
	}
	name, err := excelize.CoordinatesToCellName(1, number)
	if err != nil {
		return err
	}
	return b.out.SetRow(name, cells)
}

// orNil returns nil for "", so that the cell is empty for a spreadsheet's filters.
func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// finish writes what comes behind the rows: the filter, and the lists of choices. last is the number of the last row.
func (b *workbook) finish(last int) error {
	corner, err := excelize.CoordinatesToCellName(len(b.columns), last)
	if err != nil {
		return err
	}
	if err := b.file.AutoFilter(sheetName, "A1:"+corner, nil); err != nil {
		return err
	}
	for i, column := range b.columns {
		if !column.ToFill || last < 2 {
			continue
		}
		letter, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		if err := b.file.AddDataValidation(sheetName, validation(column, fmt.Sprintf("%s2:%[1]s%d", letter, last))); err != nil {
			return err
		}
	}
	return b.out.Flush()
}

// validation returns the hint and the choices of the cells of a column.
func validation(column Column, cells string) *excelize.DataValidation {
	v := excelize.NewDataValidation(true)
	v.Sqref = cells
	v.SetInput(column.Name, column.Hint)
	if column.Choices != nil {
		// The list is short. It can only be too long.
		_ = v.SetDropList(column.Choices)
		v.SetError(excelize.DataValidationErrorStyleWarning, column.Name, "want "+strings.Join(column.Choices, " or ")+", or nothing")
	}
	return v
}
