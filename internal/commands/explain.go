package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kommo-import/importer"
	"kommo-import/sources"
	"kommo-import/sources/csvfile"
)

// An explanationReport is the output of load --explain as JSON.
type explanationReport struct {
	*csvfile.Explanation
	Questions []string `json:"questions"`
	Command   string   `json:"command"`
}

// explain prints how a table would be understood, and the command that loads it.
func (p *program) explain(ctx context.Context, v *values) error {
	if v.tablePath() == "" {
		return usage("--explain counts for tables; name one with --xlsx FILE, --csv FILE or --jsonl FILE")
	}
	remove, err := p.makeTempFolder(v)
	if err != nil {
		return err
	}
	defer remove()
	name, err := v.sourceName()
	if err != nil {
		return err
	}
	if err := p.takeSettingsOver(v, name); err != nil {
		return err
	}
	table, err := p.tableSource(v)
	if err != nil {
		return err
	}
	defer p.ui.notifyIfSlow("Reading the table")()
	explained, err := table.Explain(ctx)
	if err != nil {
		return v.withTableHint(ctx, err, table)
	}
	command, questions := v.proposal(explained)
	if v.on("json") {
		return p.writeJSON(explanationReport{explained, slices.Concat([]string{}, questions), command})
	}
	p.writeExplanation(explained)
	for _, question := range questions {
		p.writef("\n%s\n", printable(question))
	}
	p.writef("\nTo load it so:\n  %s\n", printable(command))
	return nil
}

// writeExplanation prints how a table would be understood.
func (p *program) writeExplanation(e *csvfile.Explanation) {
	p.writef("%s, %s; the header is line %d; %s\n\nColumns:\n", e.Encoding, e.Delimiter, e.Line, plural(e.Rows, "row"))
	for _, column := range e.Columns {
		as := strings.Join(column.As, ", ")
		if as == "" {
			as = "not read"
		}
		p.writef("  %-24s %s\n", printable(column.Name), as)
	}
	if len(e.Directions) > 0 {
		p.writef("\nDirections:\n")
	}
	for _, use := range e.Directions[:min(len(e.Directions), 20)] {
		as := use.As
		if as == "" {
			as = "in no list"
		}
		p.writef("  %-24s %8s  %s\n", oneLine(printable(use.Value), 60), number(use.Rows), as)
	}
	for _, reading := range e.Times {
		p.writef("\nTimes: %q fits %s\n", reading.Format, plural(reading.Rows, "row"))
	}
	p.writeOutcome(e)
}

// writeOutcome prints what would become of the rows of a table.
func (p *program) writeOutcome(e *csvfile.Explanation) {
	p.writef("\nSo it would be %s, %s skipped, and invalid:", plural(e.Planned, "message"), number(e.Skipped))
	if len(e.Invalid) == 0 {
		p.writef(" none")
	}
	p.writef("\n")
	for _, reason := range e.Invalid[:min(len(e.Invalid), 5)] {
		p.writef("  %s: %s\n    %s\n", plural(reason.Rows, "row"), printable(oneLine(reason.Reason, 200)), printable(oneLine(reason.Example, 200)))
	}
	if len(e.Messages) > 0 {
		p.writef("\nThe first messages:\n")
	}
	for _, m := range e.Messages {
		p.writef("  %s %s %s: %s\n", m.Time.Local().Format("2006-01-02 15:04:05 -07:00"), m.Direction,
			printable(oneLine(strings.TrimSpace(m.Conversation.ID+" "+m.Conversation.Client.Name), 60)), printable(oneLine(contentOf(m), 100)))
	}
}

// contentOf returns the text of a message, or the kind of its content.
func contentOf(m sources.Message) string {
	if m.Kind == sources.KindText {
		return m.Text
	}
	return strings.TrimSpace("[" + string(m.Kind) + "] " + m.Text)
}

// proposal returns the command that loads a table with the settings that it suggests, and what only its owner can answer.
// Words in capitals stand for the answers.
func (v *values) proposal(e *csvfile.Explanation) (command string, questions []string) {
	s := e.Proposal
	changed := map[string][]string{"explain": {}}
	for _, name := range e.Missing {
		switch {
		case name == "direction" && len(e.Authors) > 0:
			changed["me"] = []string{"NAMES"}
			questions = append(questions, "NAMES: who of the authors is the company? "+valuesText(e.Authors))
		case name == "conversation_id":
			s.Map = withColumn(s.Map, name)
			questions = append(questions, "COLUMN: which one says to which conversation a message belongs? '{file}' if the file is one conversation")
		default:
			s.Map = withColumn(s.Map, name)
			questions = append(questions, "COLUMN: which one is "+name+"? docs/csv.md shows what can stand for a column")
		}
	}
	if len(s.Map) > 0 {
		changed["map"] = []string{s.Map.String()}
	}
	if s.Preset != "" {
		changed["preset"] = []string{s.Preset}
	}
	if s.HTML {
		changed["html"] = []string{"true"}
	}
	for name, list := range map[string][]string{"incoming": s.Incoming, "outgoing": s.Outgoing, "skip": s.Skip} {
		if len(list) > 0 {
			changed[name] = []string{strings.Join(list, ",")}
		}
	}
	questions = append(questions, v.askDirections(e, changed)...)
	questions = append(questions, v.askTimes(e, changed)...)
	if e.NeedsCountry {
		changed["country"] = []string{"CODE"}
		questions = append(questions, "CODE: the country of the phones that have no country code, in two letters, such as ES, BR or RU")
	}
	return v.commandWith(changed), questions
}

// withColumn returns a mapping in which a word stands for the column that makes name.
func withColumn(m csvfile.Mapping, name string) csvfile.Mapping {
	copied := csvfile.Mapping{name: "COLUMN"}
	for known, spec := range m {
		copied[known] = spec
	}
	return copied
}

// askDirections asks for the values of the direction column that no list names.
func (v *values) askDirections(e *csvfile.Explanation, changed map[string][]string) []string {
	unlisted := slices.DeleteFunc(slices.Clone(e.Directions), func(use csvfile.ValueUse) bool { return use.As != "" })
	if len(unlisted) == 0 || len(v.list("me")) > 0 {
		return nil
	}
	if len(unlisted) == len(e.Directions) {
		changed["incoming"], changed["outgoing"] = []string{"VALUES"}, []string{"VALUES"}
	}
	return []string{"VALUES: which of these directions are the client's (--incoming), the company's (--outgoing), or to be left out " +
		"(--skip)? " + valuesText(unlisted)}
}

// askTimes asks for the form and the zone of times, as far as the table does not say them.
func (v *values) askTimes(e *csvfile.Explanation, changed map[string][]string) (questions []string) {
	if e.Proposal.TimeFormat != "" {
		changed["time-format"] = []string{e.Proposal.TimeFormat}
	} else if len(e.Times) > 1 {
		changed["time-format"] = []string{"FORMAT"}
		for _, reading := range e.Times {
			questions = append(questions, fmt.Sprintf("FORMAT: %q reads %s as %s", reading.Format, reading.Example,
				reading.Reading.Format("2 January 2006 15:04")))
		}
	}
	if e.NeedsZone && v.text("timezone") == "" {
		changed["timezone"] = []string{"Local"}
		questions = append(questions, "Local is the time zone of this computer, now "+time.Now().Format("-07:00")+
			". Was the table written in another one? Name that, such as Europe/Madrid")
	}
	return questions
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

// adviseOnTable prints once why nearly all rows of a table are invalid, and the command that reads them.
func (p *program) adviseOnTable(ctx context.Context, v *values, table *csvfile.File) {
	explained, err := table.Explain(ctx)
	if err != nil || explained.Rows == 0 {
		return
	}
	command, questions := v.proposal(explained)
	p.ui.info("Nearly no row was understood. With the settings below, %s would be. Try:\n  %s", plural(explained.Planned, "message"), command)
	for _, question := range questions {
		p.ui.info("  %s", printable(question))
	}
	if explained.Planned == 0 && len(explained.Invalid) > 0 {
		p.ui.info("  The reason is: %s", printable(oneLine(explained.Invalid[0].Example, 300)))
	}
}
