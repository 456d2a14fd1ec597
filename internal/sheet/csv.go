package sheet

import (
	"bufio"
	"io"
	"iter"
	"regexp"
	"strings"
)

// byteOrderMark begins a CSV file. Without it Excel takes UTF-8 for another encoding.
const byteOrderMark = "\ufeff"

func writeCSV(w io.Writer, columns []Column, rows iter.Seq2[[]any, error]) (count int, err error) {
	out := bufio.NewWriter(w)
	out.WriteString(byteOrderMark) // an error stays with the writer, here and below
	names := make([]any, len(columns))
	for i, column := range columns {
		names[i] = column.Name
	}
	writeRow(out, names)
	for row, err := range rows {
		if err != nil {
			return count, err
		}
		if err := writeRow(out, row); err != nil {
			return count, err
		}
		count++
	}
	return count, out.Flush()
}

// writeRow writes a row. Every cell is quoted, and no spreadsheet runs one as a formula.
func writeRow(out *bufio.Writer, cells []any) error {
	for i, cell := range cells {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(`"` + strings.ReplaceAll(escapeFormula(textOf(cell)), `"`, `""`) + `"`)
	}
	return out.WriteByte('\n') // fails if anything before has failed
}

// formulaSign matches a sign that begins a formula: at the beginning of a cell, and behind what a spreadsheet with other
// settings takes for the end of a cell. East Asian spreadsheets take full-width signs too. Apostrophes before the sign are
// ours, or of a text that already has some.
var formulaSign = regexp.MustCompile(`((?:^|[;,|\t\r\n])"*)('*)([=+\-@＝＋－＠])`)

// leadingBlank matches a control character that begins a cell.
var leadingBlank = regexp.MustCompile(`^('*)([\t\r\n])`)

// escapeFormula returns a cell that no spreadsheet runs as a formula, whatever separates its cells. unescapeFormula undoes
// it.
func escapeFormula(cell string) string {
	return formulaSign.ReplaceAllString(leadingBlank.ReplaceAllString(cell, "'$1$2"), "$1'$2$3")
}

// unescapeFormula returns the text of a cell that escapeFormula has written. Another program may have removed the
// apostrophes.
func unescapeFormula(cell string) string {
	cell = formulaSign.ReplaceAllStringFunc(cell, func(sign string) string { return strings.Replace(sign, "'", "", 1) })
	return leadingBlank.ReplaceAllStringFunc(cell, func(blank string) string { return strings.Replace(blank, "'", "", 1) })
}
