package csvfile

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// A Mapping says for columns of docs/csv.md from which columns of a table they are made. The forms of a value are
//
//	MESSAGE           the column MESSAGE
//	Day+Hour          several columns, joined by a space
//	{phone}@c.us      a template; {file} is the name of the file without its extension
//	From|To           From of an incoming message, To of an outgoing message; each can have any of these forms
//	=text             the constant "text"
//	(empty)           nothing, even if the table has a column of that name
//
// #3 is the third column, for tables with unnamed columns or several of one name.
type Mapping map[string]string

// ParseMapping reads pairs such as text=MESSAGE, of which a text may hold several, separated by commas.
func ParseMapping(texts []string) (Mapping, error) {
	m := make(Mapping)
	for _, text := range texts {
		last := ""
		for piece := range strings.SplitSeq(text, ",") {
			name, value, isPair := strings.Cut(piece, "=")
			name = canonical(name)
			switch isKnown := slices.Contains(columns(), name); {
			case isPair && isKnown && m[name] != "":
				return nil, fmt.Errorf("%s is there twice", name)
			case isPair && isKnown:
				m[name], last = strings.TrimSpace(value), name
			case last == "":
				return nil, fmt.Errorf("%q: want COLUMN=VALUE, such as text=MESSAGE; the columns are %s",
					piece, strings.Join(slices.DeleteFunc(columns(), isHidden), ", "))
			default: // a comma in a name or a constant
				m[last] += "," + piece
			}
		}
	}
	return m, nil
}

// String returns the mapping as ParseMapping reads it, in the order of docs/csv.md.
func (m Mapping) String() string {
	var pairs []string
	for _, name := range columns() {
		if spec, isMapped := m[name]; isMapped {
			pairs = append(pairs, name+"="+spec)
		}
	}
	return strings.Join(pairs, ",")
}

// A piece is a part of a value: a column of the table, or else a text.
type piece struct {
	column int // -1 for a text
	text   string
}

// A computed column is made from others.
type computed struct {
	field  int // of record
	name   string
	parts  []piece
	joined bool // the parts are joined by spaces, and empty parts are left out
	// outgoing is the column for outgoing messages, if it differs.
	outgoing *computed
}

// columns returns the columns of the table that c is made from.
func (c *computed) columns() (columns []int) {
	for ; c != nil; c = c.outgoing {
		for _, part := range c.parts {
			if part.column >= 0 {
				columns = append(columns, part.column)
			}
		}
	}
	return columns
}

// parse reads the value of a mapped column.
func (c *computed) parse(h *header, spec, file string) error {
	text, isConstant := strings.CutPrefix(spec, "=")
	switch {
	case spec == "":
		return nil
	case isConstant:
		c.parts = []piece{{column: -1, text: text}}
		return nil
	}
	if at, err := h.find(spec); err != nil || at >= 0 {
		c.parts = []piece{{column: at}}
		return err
	}
	if incoming, outgoing, isSided := strings.Cut(spec, "|"); isSided {
		return c.parseSides(h, incoming, outgoing, file)
	}
	if strings.Contains(spec, "{") {
		return c.parseTemplate(h, spec, file)
	}
	c.joined = true
	for name := range strings.SplitSeq(spec, "+") {
		at, err := h.mustFind(name)
		if err != nil {
			return err
		}
		c.parts = append(c.parts, piece{column: at})
	}
	return nil
}

func (c *computed) parseSides(h *header, incoming, outgoing, file string) error {
	if c.name == "direction" || strings.HasPrefix(c.name, "author_") {
		return errors.New("| chooses by the direction, so the direction and the author cannot be made with it")
	}
	c.outgoing = &computed{field: c.field, name: c.name}
	return errors.Join(c.parse(h, incoming, file), c.outgoing.parse(h, outgoing, file))
}

func (c *computed) parseTemplate(h *header, spec, file string) error {
	for spec != "" {
		text, rest, found := strings.Cut(spec, "{")
		if text != "" {
			c.parts = append(c.parts, piece{column: -1, text: text})
		}
		if !found {
			return nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return fmt.Errorf("{%s: want a } behind the name of the column", rest)
		}
		spec = after
		if name == "file" {
			c.parts = append(c.parts, piece{column: -1, text: strings.TrimSuffix(file, filepath.Ext(file))})
			continue
		}
		at, err := h.mustFind(name)
		if err != nil {
			return err
		}
		c.parts = append(c.parts, piece{column: at})
	}
	return nil
}

// sourceColumns returns the names of the columns that the mapping may mean, in the normal form.
func (m Mapping) sourceColumns() (names []string) {
	for _, spec := range m {
		names = append(names, canonical(spec))
		for _, name := range strings.FieldsFunc(spec, func(r rune) bool { return strings.ContainsRune("+|{}", r) }) {
			names = append(names, canonical(name))
		}
	}
	return names
}
