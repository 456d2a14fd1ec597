package commands

import (
	"slices"
	"strings"

	"github.com/rivo/uniseg"
)

// A textTable is a table of text for a terminal. Its cells are as wide as the terminal shows them, also those in Chinese or
// with combining characters.
type textTable struct {
	rows  [][]string // first the header
	right []bool     // columns that are aligned to the right
	spare int        // a column that is left out where the lines are too long; 0: none
}

const (
	widestCell   = 40 // of every column
	narrowestCut = 6  // to which cells are cut
	columnGap    = 2
)

func newTextTable(header ...string) *textTable {
	return &textTable{rows: [][]string{header}, right: make([]bool, len(header))}
}

// add adds a row of texts from outside.
func (t *textTable) add(cells ...string) {
	for i, cell := range cells {
		cells[i] = cut(oneLine(cell, 4*widestCell), widestCell)
	}
	t.rows = append(t.rows, cells)
}

// text returns the table. Columns without a cell are left out. Where the lines have more columns of the terminal than there
// are, the spare column is left out, then the widest cells are cut, at last the lines; with 0 columns no line is too long.
func (t *textTable) text(columns int) string {
	widths := t.widths(columns)
	var text strings.Builder
	for _, row := range t.rows {
		line := ""
		for i, cell := range row {
			if widths[i] == 0 {
				continue
			}
			cell = cut(cell, widths[i])
			space := strings.Repeat(" ", widths[i]-uniseg.StringWidth(cell))
			if t.right[i] {
				cell, space = space+cell, ""
			}
			line += cell + space + strings.Repeat(" ", columnGap)
		}
		line = strings.TrimRight(line, " ")
		if columns > 0 {
			line = cut(line, columns)
		}
		text.WriteString(line + "\n")
	}
	return text.String()
}

// widths returns the widths of the columns.
func (t *textTable) widths(columns int) []int {
	widths := make([]int, len(t.right))
	for _, row := range t.rows[1:] {
		for i, cell := range row {
			if cell != "" {
				widths[i] = max(widths[i], uniseg.StringWidth(cell), uniseg.StringWidth(t.rows[0][i]))
			}
		}
	}
	total := -columnGap
	for _, width := range widths {
		if width > 0 {
			total += width + columnGap
		}
	}
	if columns > 0 && total > columns && t.spare > 0 && widths[t.spare] > 0 {
		total -= widths[t.spare] + columnGap
		widths[t.spare] = 0
	}
	for columns > 0 && total > columns && slices.Max(widths) > narrowestCut {
		widths[slices.Index(widths, slices.Max(widths))]--
		total--
	}
	return widths
}

// cut returns the beginning of a text that takes at most so many columns of a terminal, with an ellipsis if that is not all.
func cut(text string, columns int) string {
	if uniseg.StringWidth(text) <= columns {
		return text
	}
	kept, used := 0, 1 // the ellipsis
	for characters := uniseg.NewGraphemes(text); characters.Next(); {
		if used += characters.Width(); used > columns {
			break
		}
		_, kept = characters.Positions()
	}
	return text[:kept] + "…"
}
