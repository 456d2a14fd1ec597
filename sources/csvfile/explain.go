package csvfile

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"kommo-import/sources"
)

// An Explanation is how a table would be understood, and the settings that would make it understood.
type Explanation struct {
	Encoding  string      `json:"encoding"`
	Delimiter string      `json:"delimiter"`
	Line      int         `json:"header_line"`
	Rows      int         `json:"rows"`
	Columns   []ColumnUse `json:"columns"`
	Missing   []string    `json:"missing"` // required columns for which there is no proposal
	// Directions are the values of the direction column, and Authors those of the authors, the most frequent first.
	Directions []ValueUse `json:"directions"`
	Authors    []ValueUse `json:"authors"`
	// Times are the formats that fit the most times; none if the times need no format. Of several, somebody must choose.
	Times     []TimeReading `json:"times"`
	NeedsZone bool          `json:"needs_timezone"`
	// NeedsCountry says that ids of chats cannot be made from some phones without their country.
	NeedsCountry bool `json:"needs_country"`
	// Proposal are the settings of the File with those that the table suggests. The counts and messages below are with them.
	Proposal Settings          `json:"-"`
	Messages []sources.Message `json:"-"` // the first three
	Planned  int               `json:"planned"`
	Skipped  int               `json:"skipped"`
	Invalid  []ReasonCount     `json:"invalid"` // the most frequent first
}

// A ColumnUse is a column of the table with the columns of docs/csv.md that are made from it.
type ColumnUse struct {
	Name string   `json:"name"`
	As   []string `json:"as"`
}

// A ValueUse is a value with the number of its rows, and what becomes of them: incoming, outgoing, skipped, or "" if no
// list names it.
type ValueUse struct {
	Value string `json:"value"`
	Rows  int    `json:"rows"`
	As    string `json:"as"`
}

// A ReasonCount is a reason for which rows are invalid, without the values.
type ReasonCount struct {
	Reason  string `json:"reason"`
	Rows    int    `json:"rows"`
	Example string `json:"example"` // the first, with its place
}

// Explain reads the whole file twice: once to see what its columns hold, and once as it would be read with the settings
// that this suggests. It decides nothing; the settings count when load is run with them.
func (f *File) Explain(ctx context.Context) (*Explanation, error) {
	probe := *f
	probe.lenient, probe.Unknown = true, nil
	s, err := probe.open("")
	if err != nil {
		return nil, err
	}
	s.close()
	probe.suggestColumns(s)
	if s, err = probe.open(""); err != nil {
		return nil, err
	}
	defer s.file.Close()
	survey := newSurvey(s)
	if err := survey.read(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	e := survey.explanation(probe.Settings)
	return e, probe.tryOut(ctx, e)
}

// suggestColumns adds the preset or the mapping that the header of a table suggests to the settings. A table in which
// nothing is missing needs none.
func (f *File) suggestColumns(s *scan) {
	needed := append(requiredColumns(), "text")
	if !slices.ContainsFunc(needed, func(name string) bool { return slices.Contains(s.plan.missing, name) }) {
		return
	}
	if name := recognised(s.columns); name != "" && f.Preset == "" && len(f.Map) == 0 {
		f.Preset = name
		return
	}
	mapping := propose(s.columns, s.settings.Map)
	maps.Copy(mapping, f.Map)
	f.Map = mapping
	if _, isGiven := s.settings.Map["direction"]; !isGiven && mapping["direction"] != "" {
		f.suggestDirection(s.columns)
	}
}

// suggestDirection takes the column whose values say most about the side, of those whose names would do: some tables have a
// column for the type of a message, and another one for its side.
func (f *File) suggestDirection(h *header) {
	most, first := -1, f.Map["direction"]
	best := first
	for _, name := range plainNames("direction") {
		at := h.findPlain(name)
		if at < 0 || canonical(first) != h.normal[at] && slices.Contains(f.Map.sourceColumns(), h.normal[at]) {
			continue
		}
		f.Map["direction"] = h.spelled[at]
		if known := f.knownSides(); known > most {
			most, best = known, strings.TrimSpace(h.spelled[at])
		}
	}
	f.Map["direction"] = best
}

// knownSides returns in how many of the first rows the direction says a side.
func (f *File) knownSides() (known int) {
	s, err := f.open("")
	if err != nil {
		return 0
	}
	defer s.close()
	plain := proposedSides()
	for range 200 {
		rec, err := s.decode()
		if err != nil {
			return known
		}
		s.converter.compute(rec, s.plan, s.cells, "")
		word := strings.ToLower(s.converter.plain("direction", rec.Direction))
		if _, isKnown := s.converter.sides.words[word]; isKnown || plain[word] != "" && plain[word] != "skipped" {
			known++
		}
		s.lines.accept()
	}
	return known
}

// tryOut reads the file with the proposed settings, and counts what becomes of its rows. Times without a zone are those
// of this computer, if no zone is set.
func (f *File) tryOut(ctx context.Context, e *Explanation) error {
	e.Invalid = []ReasonCount{}
	f.Settings = e.Proposal
	if f.Location == nil {
		f.Location = time.Local
	}
	reasons := make(map[string]*ReasonCount)
	for batch, err := range f.Batches(ctx, "") {
		if err != nil {
			return err
		}
		for _, m := range batch.Messages {
			if m.Skip != "" {
				e.Skipped++
				continue
			}
			if e.Planned++; e.Planned <= 3 {
				e.Messages = append(e.Messages, m)
			}
		}
		for _, i := range batch.Invalid {
			countReason(reasons, i)
			e.NeedsCountry = e.NeedsCountry || strings.Contains(i.Reason, errNoCountry.Error())
		}
	}
	for _, reason := range reasons {
		e.Invalid = append(e.Invalid, *reason)
	}
	slices.SortFunc(e.Invalid, func(a, b ReasonCount) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Reason, b.Reason))
	})
	return nil
}

// countReason counts an invalid row by its reason, without the value that the reason begins with.
func countReason(reasons map[string]*ReasonCount, i sources.Invalid) {
	reason := i.Reason
	if column, rest, isQuoted := strings.Cut(reason, ` "`); isQuoted {
		if value, err := strconv.QuotedPrefix(`"` + rest); err == nil {
			reason = column + reason[len(column)+1+len(value):]
		}
	}
	count := reasons[reason]
	if count == nil {
		if len(reasons) == most {
			return
		}
		count = &ReasonCount{Reason: reason, Example: i.Position + ": " + i.Reason}
		reasons[reason] = count
	}
	count.Rows++
}
