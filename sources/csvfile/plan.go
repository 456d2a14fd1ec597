package csvfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A plan is how the rows of a table become records.
type plan struct {
	names    []string // for gocsv: a column of record, "#3" for a column that computed needs, "" for one that nothing needs
	computed []computed
	sided    bool // some of computed depend on the direction
	filters  []filter
	unknown  []string // columns that nothing needs, as the header spells them
	missing  []string // columns of record that the table does not have
}

// planColumns returns the plan for a table.
func planColumns(h *header, s *Settings, file string) (*plan, error) {
	p := &plan{names: make([]string, len(h.normal))}
	uses := make(map[int]int)
	for i, name := range columns() {
		c := computed{field: i, name: name}
		if err := c.find(h, s.Map, file); err != nil {
			return nil, err
		}
		if len(c.parts) == 0 && c.outgoing == nil {
			p.missing = append(p.missing, name)
			continue
		}
		p.computed = append(p.computed, c)
		p.sided = p.sided || c.outgoing != nil
		for _, at := range c.columns() {
			uses[at]++
		}
	}
	var err error
	if p.filters, err = parseFilters(h, s.SkipWhere); err != nil {
		return nil, err
	}
	for _, f := range p.filters {
		uses[f.column] += 2 // gocsv must not take it for a column of record
	}
	p.nameColumns(h, uses)
	return p, nil
}

// find finds what makes the column: what the mapping says, else the column of its name.
func (c *computed) find(h *header, m Mapping, file string) error {
	if spec, isMapped := m[c.name]; isMapped {
		if err := c.parse(h, spec, file); err != nil {
			return fmt.Errorf("--map %s=%s: %w", c.name, spec, err)
		}
		return nil
	}
	at, err := h.find(c.name)
	if at >= 0 {
		c.parts = []piece{{column: at}}
	}
	return err
}

// nameColumns gives the columns their names for gocsv. A column with a single use, as it is, gets the name in record.
func (p *plan) nameColumns(h *header, uses map[int]int) {
	p.computed = slices.DeleteFunc(p.computed, func(c computed) bool {
		if len(c.parts) != 1 || c.outgoing != nil {
			return false
		}
		at := c.parts[0].column
		if at < 0 || uses[at] > 1 {
			return false
		}
		p.names[at] = c.name
		return true
	})
	for i, name := range h.spelled {
		switch name = strings.TrimSpace(name); {
		case p.names[i] != "":
		case uses[i] > 0:
			p.names[i] = cellName(i)
		case name != "":
			p.unknown = append(p.unknown, name)
		}
	}
}

// cellName is the name of the n-th column of a table, from 0, among those that gocsv does not match.
func cellName(n int) string { return "#" + strconv.Itoa(n+1) }

// A header holds the names of the columns of a table.
type header struct {
	spelled []string
	normal  []string // see [canonical]
}

func newHeader(names []string) *header {
	h := &header{spelled: names}
	for _, name := range names {
		h.normal = append(h.normal, canonical(name))
	}
	return h
}

// shown returns the names without those of hidden columns.
func (h *header) shown() []string { return slices.DeleteFunc(slices.Clone(h.spelled), isHidden) }

func isHidden(name string) bool { return name == Broken || name == Raw }

// find returns the place of a column, -1 if there is no such column.
func (h *header) find(name string) (int, error) {
	want := canonical(name)
	at := slices.Index(h.normal, want)
	if number, isNumber := strings.CutPrefix(want, "#"); at < 0 && isNumber {
		if n, err := strconv.Atoi(number); err == nil && n >= 1 && n <= len(h.normal) {
			return n - 1, nil
		}
	}
	if at >= 0 {
		if again := slices.Index(h.normal[at+1:], want); again >= 0 {
			return -1, fmt.Errorf("column %s appears twice: rename one, or name the one to read by its number, as in --map text=#%d", want, at+1)
		}
	}
	return at, nil
}

// mustFind returns the place of a column. It is an error if there is no such column.
func (h *header) mustFind(name string) (int, error) {
	at, err := h.find(name)
	if err == nil && at < 0 {
		err = fmt.Errorf("there is no column %q: found %s", strings.TrimSpace(name), list(h.shown()))
	}
	return at, err
}
