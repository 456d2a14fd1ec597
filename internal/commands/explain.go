package commands

import (
	"context"
	"slices"
	"strings"

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
	proposal := v.proposal(explained)
	if v.on("json") {
		return p.writeJSON(explanationReport{explained, slices.Concat([]string{}, proposal.questions, proposal.notes), proposal.command})
	}
	p.writeExplanation(explained)
	for _, text := range slices.Concat(proposal.questions, proposal.notes) {
		p.writef("\n%s\n", printable(text))
	}
	p.writef("\nTo load it so:\n  %s\n", printable(proposal.command))
	return nil
}

// writeExplanation prints how a table would be understood.
func (p *program) writeExplanation(e *csvfile.Explanation) {
	if e.Encoding != "" {
		p.writef("%s, %s; ", e.Encoding, e.Delimiter)
	}
	if e.Line > 0 {
		p.writef("the header is line %d; ", e.Line)
	}
	p.writef("%s\n\nColumns:\n", plural(e.Rows, "row"))
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
