package commands

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"kommo-import/importer"
	"kommo-import/sources/csvfile"
)

// A proposal is how a table can be loaded, as far as it shows that itself.
type proposal struct {
	command   string
	questions []string // what its owner must fill in; words in capitals stand for the answers
	notes     []string // what its owner must know
}

// proposal returns the command that loads a table with the settings that it suggests.
func (v *values) proposal(e *csvfile.Explanation) proposal {
	var p proposal
	changed := map[string][]string{"explain": {}}
	s := e.Proposal
	s.Map = p.askColumns(e, changed)
	if len(s.Map) > 0 {
		changed["map"] = []string{s.Map.String()}
	}
	if s.Preset != "" {
		changed["preset"] = []string{s.Preset}
	}
	if s.HTML {
		changed["html"] = []string{"true"}
	}
	for name, list := range map[string][]string{"incoming": s.Incoming, "outgoing": s.Outgoing, "skip": s.Skip, "skip-where": s.SkipWhere} {
		if len(list) > 0 {
			changed[name] = []string{strings.Join(list, ",")}
		}
	}
	if len(v.list("me")) == 0 {
		p.askDirections(e, changed)
	}
	p.askTimes(e, changed)
	if e.NeedsZone && v.text("timezone") == "" {
		changed["timezone"] = []string{"Local"}
		p.notes = append(p.notes, "Local is the time zone of this computer, now "+time.Now().Format("-07:00")+
			". Was the table written in another one? Name that, such as Europe/Madrid")
	}
	if e.NeedsCountry {
		changed["country"] = []string{"CODE"}
		p.questions = append(p.questions, "CODE: the country of the phones that have no country code, in two letters, such as ES, BR or RU")
	}
	if e.ByName != "" {
		p.notes = append(p.notes, printable(e.ByName)+" tells the conversations apart: clients of the same name would be in one chat")
	}
	p.command = v.commandWith(changed)
	return p
}

// askColumns asks for the columns that a table must have and that no name shows. It returns the mapping with words for them.
func (p *proposal) askColumns(e *csvfile.Explanation, changed map[string][]string) csvfile.Mapping {
	mapping := maps.Clone(e.Proposal.Map)
	if mapping == nil {
		mapping = make(csvfile.Mapping)
	}
	asked := len(p.questions)
	for _, missing := range []struct{ column, word, question string }{
		{"conversation_id", "CHAT", "the column that says to which conversation a message belongs; {file} if the file is one conversation"},
		{"timestamp", "TIME", "the column with the time of a message; two columns as in Day+Hour"},
		{"direction", "SIDE", "the column that says whether the client or the company wrote"},
		{"text", "TEXT", "the column with the text of a message"},
	} {
		if !slices.Contains(e.Missing, missing.column) {
			continue
		}
		if missing.column == "direction" && len(e.Authors) > 1 {
			changed["me"] = []string{"NAMES"}
			p.questions = append(p.questions, "NAMES: who of the authors is the company? "+valuesText(e.Authors))
			continue
		}
		mapping[missing.column] = missing.word
		p.questions = append(p.questions, missing.word+": "+missing.question)
		asked++
	}
	if len(p.questions) > 0 && asked > 0 {
		p.notes = append(p.notes, "A table without such a column cannot be loaded: each message needs its conversation, time, side and text")
	}
	return mapping
}

// askDirections asks for the values of the direction column that no list names.
func (p *proposal) askDirections(e *csvfile.Explanation, changed map[string][]string) {
	unlisted := slices.DeleteFunc(slices.Clone(e.Directions), func(use csvfile.ValueUse) bool { return use.As != "" })
	switch {
	case len(unlisted) == 0:
	case len(unlisted) == len(e.Directions):
		changed["incoming"], changed["outgoing"] = []string{"VALUES"}, []string{"VALUES"}
		p.questions = append(p.questions, "VALUES: which of these did the client write (--incoming), and which the company (--outgoing)? "+
			"--skip leaves out: "+valuesText(unlisted))
	default:
		p.notes = append(p.notes, "Add these to --incoming (the client wrote them), --outgoing (the company) or --skip (to be left out): "+valuesText(unlisted))
	}
}

// askTimes asks for the form of times if several fit.
func (p *proposal) askTimes(e *csvfile.Explanation, changed map[string][]string) {
	if format := e.Proposal.TimeFormat; format != "" {
		changed["time-format"] = []string{format}
		if !strings.Contains(strings.ToUpper(format), "H") {
			p.notes = append(p.notes, "The times are days without an hour. If another column has the hour, join them: timestamp=Day+Hour")
		}
		return
	}
	if len(e.Times) > 1 {
		changed["time-format"] = []string{"FORMAT"}
		for _, reading := range e.Times {
			p.questions = append(p.questions, fmt.Sprintf("FORMAT: %q reads %s as %s", reading.Format, reading.Example,
				reading.Reading.Format("2 January 2006 15:04")))
		}
	}
}

// text returns the proposal in lines, each with the indentation.
func (p *proposal) text(indentation string) string {
	lines := slices.Concat([]string{p.command}, p.questions, p.notes)
	return indentation + strings.Join(lines, "\n"+indentation)
}

// valuesText returns the most frequent values with their numbers.
func valuesText(uses []csvfile.ValueUse) string {
	var texts []string
	for _, use := range uses[:min(len(uses), 10)] {
		texts = append(texts, fmt.Sprintf("%s (%s)", oneLine(use.Value, 40), plural(use.Rows, "row")))
	}
	if len(uses) > 10 {
		texts = append(texts, "and more")
	}
	return strings.Join(texts, ", ")
}

// isMostlyInvalid reports whether a load understood nearly nothing of a table.
func isMostlyInvalid(r importer.LoadReport) bool {
	return r.Invalid > 0 && r.Invalid*10 >= 9*(r.Read+r.Invalid)
}

// adviceOnTable says once why nearly all rows of a table are invalid, and returns the command that reads them.
func (v *values) adviceOnTable(ctx context.Context, table *csvfile.File) string {
	defer v.ui.notifyIfSlow("Reading the table")()
	explained, err := table.Explain(ctx)
	if err != nil || explained.Rows == 0 {
		return ""
	}
	proposal := v.proposal(explained)
	switch {
	case explained.Planned > 0:
		return fmt.Sprintf("Nearly no row was understood. With the settings below, %s would be. Next:\n%s",
			plural(explained.Planned, "message"), proposal.text("  "))
	case len(proposal.questions) > 0:
		return "Nearly no row was understood. Next: replace the words in capitals and run\n" + proposal.text("  ")
	}
	return "Nearly no row was understood: " + oneLine(explained.Invalid[0].Example, 300)
}
