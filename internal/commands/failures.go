package commands

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
	"kommo-import/internal/sheet"
)

func (p *program) failures() *cli.Command {
	return p.command("failures", "show what did not arrive or is in doubt, and why",
		`Lists the invalid, skipped, refused and set-aside messages, each with its place in the source and the reason, and a
message in doubt with its id.

  kommo-import failures
  kommo-import failures --out failures.xlsx   for a spreadsheet; or .csv
  kommo-import failures --retry               plan again what Kommo refused
  kommo-import failures --refuse ki1-...      give up the message in doubt with this id`,
		func(ctx context.Context, v *values) error {
			switch {
			case v.on("retry") && v.text("refuse") != "":
				return usage("--retry and --refuse exclude each other")
			case v.text("out") != "" && (v.on("retry") || v.text("refuse") != ""):
				return usage("--out writes the list; run it without --retry and --refuse")
			case v.on("retry"):
				return p.retryRefused(v)
			case v.text("refuse") != "":
				return p.refuseInDoubt(ctx, v)
			}
			return p.readFile(v, "Collecting the failures", func(file *importer.File) error {
				if v.text("out") != "" {
					return p.writeFailuresTable(ctx, v, file)
				}
				return p.writeFailures(ctx, v, file)
			})
		})
}

func (p *program) retryRefused(v *values) error {
	file, err := p.openExisting(v)
	if err != nil {
		return err
	}
	planned, err := file.RetryRefused()
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if v.on("json") {
		return p.writeJSON(map[string]int{"planned": planned})
	}
	p.ui.info("Planned again: %s. Next: kommo-import send%s", plural(planned, "message"), v.migrationFlag())
	return nil
}

// writeFailures prints a line for each failure: JSON, or for people.
func (p *program) writeFailures(ctx context.Context, v *values, file *importer.File) error {
	asJSON := v.on("json")
	out := bufio.NewWriter(p.stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	columns := lineLength(p.stdout)
	states := make(map[string]int)
	for failure, err := range until(ctx, file.Failures()) {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		states[failure.State]++
		if asJSON {
			err = encoder.Encode(failure)
		} else {
			_, err = fmt.Fprintln(out, fit(lineOf(failure), columns, "         "))
		}
		if err != nil {
			return err
		}
	}
	if len(states) == 0 && !asJSON {
		p.ui.info("There are no failures.")
	}
	status, err := file.Status()
	if err := errors.Join(err, out.Flush()); err != nil {
		return err
	}
	p.printNextOfFailures(v, states, status)
	return nil
}

func lineOf(f importer.Failure) string {
	line := fmt.Sprintf("%-8s %s: %s", f.State, oneLine(f.Position, 80), oneLine(f.Reason, 300))
	if f.Conversation == "" {
		return line
	}
	line += " (conversation " + oneLine(f.Conversation, 80)
	if !f.Time.IsZero() {
		line += ", " + moment(f.Time)
	}
	if f.MsgID != "" {
		line += ", " + f.MsgID
	}
	return line + ")"
}

func failureColumns() []sheet.Column {
	return []sheet.Column{{Name: "state", Width: 10}, {Name: "position", Width: 24}, {Name: "conversation_id", Width: 28},
		{Name: "time", Width: 17}, {Name: "msgid", Width: 38}, {Name: "reason", Width: 60}, {Name: "text", Width: 60}}
}

// writeFailuresTable writes the failures to a file for a spreadsheet.
func (p *program) writeFailuresTable(ctx context.Context, v *values, file *importer.File) error {
	count, err := v.writeTable("list of failures", failureColumns(), func(string) error { return nil }, failureRows(until(ctx, file.Failures())))
	if err != nil {
		return err
	}
	if v.on("json") {
		return p.writeJSON(map[string]int{"failures": count})
	}
	p.ui.info("Wrote %s to %s", plural(count, "failure"), printable(v.text("out")))
	return nil
}

// failureRows returns failures as rows of a table.
func failureRows(failures iter.Seq2[importer.Failure, error]) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for f, err := range failures {
			if !yield([]any{f.State, f.Position, f.Conversation, f.Time, f.MsgID, f.Reason, f.Text}, err) {
				return
			}
		}
	}
}
