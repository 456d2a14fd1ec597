package commands

import (
	"bufio"
	"regexp"
	"strings"
)

// byteOrderMark begins a CSV file of ours. Without it Excel takes UTF-8 for another encoding.
const byteOrderMark = "\ufeff"

// writeRow writes a row of CSV. Every cell is quoted, and no spreadsheet runs one as a formula.
func writeRow(out *bufio.Writer, cells []string) error {
	for i, cell := range cells {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(`"` + strings.ReplaceAll(escapeFormula(cell), `"`, `""`) + `"`)
	}
	return out.WriteByte('\n') // fails if anything before has failed
}

// formulaSign matches a sign that begins a formula: at the beginning of a cell, and behind what a spreadsheet with other
// settings takes for the end of a cell. East Asian spreadsheets take full-width signs too.
var formulaSign = regexp.MustCompile(`((?:^|[;,|\t\r\n])"*)([=+\-@＝＋－＠])`)

// escapeFormula returns a cell that no spreadsheet runs as a formula, whatever separates its cells.
func escapeFormula(cell string) string {
	if cell != "" && strings.IndexByte("\t\r\n", cell[0]) >= 0 {
		cell = "'" + cell
	}
	return formulaSign.ReplaceAllString(cell, "$1'$2")
}
