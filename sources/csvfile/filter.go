package csvfile

import (
	"fmt"
	"slices"
	"strings"

	"kommo-import/sources"
)

// A filter leaves out the rows that have one of some values in a column.
type filter struct {
	column int
	name   string
	values []string // in lower case
}

// parseFilters reads settings such as Type=Note,System. A comma separates values, or begins another column.
func parseFilters(h *header, texts []string) (filters []filter, err error) {
	for _, text := range texts {
		first := len(filters)
		for piece := range strings.SplitSeq(text, ",") {
			name, value, isNamed := strings.Cut(piece, "=")
			if !isNamed && len(filters) == first {
				return nil, fmt.Errorf("--skip-where %s: want COLUMN=VALUES, such as Type=Note,System", text)
			}
			if isNamed {
				at, err := h.mustFind(name)
				if err != nil {
					return nil, fmt.Errorf("--skip-where %s: %w", text, err)
				}
				filters = append(filters, filter{column: at, name: strings.TrimSpace(name)})
				piece = value
			}
			last := &filters[len(filters)-1]
			last.values = append(last.values, strings.ToLower(strings.TrimSpace(piece)))
		}
	}
	return filters, nil
}

// leftOut returns the reason why a row is left out, "" if it is not.
func (p *plan) leftOut(cells map[string]string) string {
	for _, f := range p.filters {
		cell := sources.CleanID(cells[cellName(f.column)])
		if slices.Contains(f.values, strings.ToLower(cell)) {
			return leftOutBy(f.name, cell)
		}
	}
	return ""
}

func leftOutBy(column, value string) string {
	return fmt.Sprintf("left out by --skip-where %s=%s", column, value)
}
