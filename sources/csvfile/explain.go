package csvfile

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"kommo-import/sources"
)

// An Explanation is how a table would be understood, and the settings that would make it understood.
type Explanation struct {
	Encoding  string      `json:"encoding"`    // of a CSV file; else ""
	Delimiter string      `json:"delimiter"`   // of a CSV file; else ""
	Line      int         `json:"header_line"` // 0 in JSON lines
	Rows      int         `json:"rows"`
	Columns   []ColumnUse `json:"columns"`
	Missing   []string    `json:"missing"` // required columns for which there is no proposal, and text if nothing has a content
	// ByName is the column of names that the mapping proposes for the conversation, "" if it proposes another column, or no column.
	ByName string `json:"by_name"`
	// Directions are the values of the direction column, and Authors those of the authors, the most frequent first.
	Directions []ValueUse `json:"directions"`
	Authors    []ValueUse `json:"authors"`
	// Times are the formats that fit the most times; empty if the times need no format. Of several, somebody must choose.
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
	if id := e.Proposal.Map["conversation_id"]; f.Map["conversation_id"] == "" && namesClients(plainForm(id)) {
		e.ByName = id
	}
	return e, probe.tryOut(ctx, e)
}

// tryOut reads the file with the proposed settings, and counts what becomes of its rows. Times without a zone are those
// of this computer, if no zone is set.
func (f *File) tryOut(ctx context.Context, e *Explanation) error {
	e.Invalid = []ReasonCount{}
	f.Settings = e.Proposal
	if f.Location == nil {
		f.Location = time.Local
	}
	reasons, skips := make(map[string]*ReasonCount), make(map[string]bool)
	for batch, err := range f.Batches(ctx, "") {
		if err != nil {
			return err
		}
		for _, m := range batch.Messages {
			if m.Skip != "" {
				e.Skipped++
				skips[strings.ToLower(m.Skip)] = true
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
	e.pruneNotes(skips)
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
	reason, _, _ := strings.Cut(i.Reason, " (the row has ")
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
