package csvfile

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"kommo-import/sources"
)

// most is the largest number of different values that a survey counts. It bounds its memory.
const most = 1000

// A survey looks at what the columns of a table hold.
type survey struct {
	*scan
	rows       int
	texts      int // that are not empty
	html       int // of texts, those that are HTML
	times      *timeSurvey
	directions map[string]int
	authors    map[string]int
}

func newSurvey(s *scan) *survey {
	return &survey{scan: s, times: newTimeSurvey(), directions: make(map[string]int), authors: make(map[string]int)}
}

// read looks at all rows that the settings do not leave out.
func (s *survey) read(ctx context.Context) error {
	for ctx.Err() == nil {
		rec, err := s.decode()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			if _, ok := s.formError(err); !ok {
				return err
			}
			if err := s.lines.reject(); err != nil {
				return err
			}
			continue
		}
		if s.plan.leftOut(s.cells) == "" {
			s.look(rec)
		}
		s.lines.accept()
	}
	return context.Cause(ctx)
}

// look looks at a row.
func (s *survey) look(rec *record) {
	c := s.converter
	s.rows++
	c.compute(rec, s.plan, s.cells, "") // what fails is seen when the table is tried out
	direction := c.plain("direction", rec.Direction)
	count(s.directions, direction)
	for _, author := range []string{c.plain("author_id", rec.AuthorID), c.name("author_name", rec.AuthorName)} {
		count(s.authors, author)
	}
	if known := c.sides.words[strings.ToLower(direction)]; known.skip == "" {
		s.times.add(c.plain("timestamp", rec.Timestamp))
	}
	if rec.Text != "" {
		s.texts++
	}
	if isHTML(rec.Text) {
		s.html++
	}
	c.forget()
}

func count(values map[string]int, value string) {
	if _, isThere := values[value]; value != "" && (isThere || len(values) < most) {
		values[strings.ToValidUTF8(value, "\ufffd")]++
	}
}

// explanation returns what the survey found, and the given settings with those that it suggests.
func (s *survey) explanation(given Settings) *Explanation {
	e := &Explanation{Encoding: s.encoding, Line: s.headerLine, Rows: s.rows, Proposal: given,
		Missing: s.missingRequired(), Times: s.times.best(), NeedsZone: s.times.zoneless, Authors: ranked(s.authors)}
	if s.open == nil {
		e.Delimiter = s.layout.name()
	}
	if !s.hasContent() {
		e.Missing = append(e.Missing, "text")
	}
	e.Columns = s.plan.uses(s.columns)
	if len(e.Times) > 0 && !s.fitsFormat(e.Times[0].Example) { // a given format fits less
		e.Proposal.TimeFormat = ""
		if len(e.Times) == 1 {
			e.Proposal.TimeFormat = e.Times[0].Format
		}
	}
	e.Proposal.HTML = given.HTML || !s.settings.HTML && s.html*2 > s.texts
	e.Directions = ranked(s.directions)
	s.proposeSides(e)
	return e
}

// hasContent reports whether the table has a column that fills messages.
func (s *survey) hasContent() bool {
	return slices.ContainsFunc([]string{"text", "media_url", "file_name", "latitude", "contact_phone"}, func(name string) bool {
		return !slices.Contains(s.plan.missing, name)
	})
}

// fitsFormat reports whether the given format of times fits a value.
func (s *survey) fitsFormat(value string) bool {
	if s.converter.format == nil {
		return false
	}
	_, ok := s.converter.format.parse(value)
	return ok
}

// ranked returns values with their numbers, the most frequent first.
func ranked(values map[string]int) (uses []ValueUse) {
	for value, rows := range values {
		uses = append(uses, ValueUse{Value: value, Rows: rows})
	}
	slices.SortFunc(uses, func(a, b ValueUse) int { return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Value, b.Value)) })
	return uses
}

// proposeSides says what becomes of the values of the direction column, and proposes an outcome for values that no list
// names but that plainly say one.
func (s *survey) proposeSides(e *Explanation) {
	plain := proposedSides(s.settings.Map["direction"])
	for i := range e.Directions {
		use := &e.Directions[i]
		word := strings.ToLower(use.Value)
		known, isKnown := s.converter.sides.words[word]
		switch as := plain[word]; {
		case isKnown && known.skip != "":
			use.As = "skipped"
		case isKnown:
			use.As = string(known.direction)
		case as == "skipped":
			e.Proposal.Skip, use.As = append(slices.Clone(e.Proposal.Skip), use.Value), as
		case as == string(sources.Incoming):
			e.Proposal.Incoming, use.As = append(slices.Clone(e.Proposal.Incoming), use.Value), as
		case as == string(sources.Outgoing):
			e.Proposal.Outgoing, use.As = append(slices.Clone(e.Proposal.Outgoing), use.Value), as
		}
	}
}

// uses returns the columns of a table with the columns of record that are made from them.
func (p *plan) uses(h *header) (uses []ColumnUse) {
	for i, name := range h.spelled {
		use := ColumnUse{Name: strings.TrimSpace(name), As: []string{}}
		if p.names[i] != "" && !strings.HasPrefix(p.names[i], "#") {
			use.As = append(use.As, p.names[i])
		}
		for j := range p.computed {
			if slices.Contains(p.computed[j].columns(), i) {
				use.As = append(use.As, p.computed[j].name)
			}
		}
		if !isHidden(name) {
			uses = append(uses, use)
		}
	}
	return uses
}
