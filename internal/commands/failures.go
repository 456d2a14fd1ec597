package commands

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
)

func (p *program) failures() *cli.Command {
	return p.command("failures", "show what did not arrive or is in doubt, and why",
		`Lists the invalid, skipped, refused and set-aside messages, each with its place in the source and the reason, and a
message in doubt with its id.

  kommo-import failures
  kommo-import failures --csv failures.csv    for a spreadsheet
  kommo-import failures --retry               plan again what Kommo refused
  kommo-import failures --refuse ki1-...      give up the message in doubt with this id`,
		func(ctx context.Context, v *values) error {
			switch {
			case v.on("retry") && v.text("refuse") != "":
				return usage("--retry and --refuse exclude each other")
			case v.on("retry"):
				return p.retryRefused(v)
			case v.text("refuse") != "":
				return p.refuseInDoubt(ctx, v)
			}
			return p.readFile(v, "Collecting the failures", func(file *importer.File) error {
				if v.text("csv") != "" {
					return p.writeFailuresCSV(ctx, v, file)
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

func failureColumns() []string {
	return []string{"state", "position", "conversation_id", "time", "msgid", "reason", "text"}
}

// writeFailuresCSV writes the failures to a file for a spreadsheet. It replaces only an earlier file of its kind.
func (p *program) writeFailuresCSV(ctx context.Context, v *values, file *importer.File) error {
	path, count := v.text("csv"), 0
	err := checkReplaceable(v.text("migration"), path, "list of failures", isFailuresFile)
	if err == nil {
		err = replaceFile(path, func(out *bufio.Writer) (err error) {
			count, err = encodeFailures(until(ctx, file.Failures()), out)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("--csv: %w", err)
	}
	if v.on("json") {
		return p.writeJSON(map[string]int{"failures": count})
	}
	p.ui.info("Wrote %s to %s", plural(count, "failure"), printable(path))
	return nil
}

// isFailuresFile reports whether content is an earlier list of failures, or empty.
func isFailuresFile(content io.Reader) bool {
	text := bufio.NewReader(content)
	if mark, _ := text.Peek(len(byteOrderMark)); string(mark) == byteOrderMark {
		_, _ = text.Discard(len(byteOrderMark))
	}
	header, err := csv.NewReader(text).Read()
	return errors.Is(err, io.EOF) || slices.Equal(header, failureColumns())
}

// encodeFailures writes failures as CSV and returns their number.
func encodeFailures(failures iter.Seq2[importer.Failure, error], out *bufio.Writer) (count int, err error) {
	out.WriteString(byteOrderMark) // an error stays with the writer, here and below
	writeRow(out, failureColumns())
	for f, err := range failures {
		if err != nil {
			return count, err
		}
		written := ""
		if !f.Time.IsZero() {
			written = f.Time.Format(time.RFC3339)
		}
		if err := writeRow(out, []string{f.State, f.Position, f.Conversation, written, f.MsgID, f.Reason, f.Text}); err != nil {
			return count, err
		}
		count++
	}
	return count, nil
}
