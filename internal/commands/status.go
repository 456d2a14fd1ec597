package commands

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
)

func (d *desk) status() *cli.Command {
	return &cli.Command{
		Name:  "status",
		Usage: "tell where the migration stands",
		Description: `Use it whenever you want to know what is done and what is left, also while load or send runs.

  kommo-import status
  kommo-import status --json   for a program to read`,
		Action: func(c *cli.Context) error {
			file, err := importer.OpenReadOnly(c.String("migration"))
			if err != nil {
				return err
			}
			defer d.talk.meanwhile("Counting the messages")()
			status, err := file.Status()
			next := ""
			if err == nil {
				next, err = nextAfter(file, status)
			}
			if err := errors.Join(err, file.Close()); err != nil {
				return err
			}
			if c.Bool("json") {
				return d.writeJSON(status)
			}
			d.writeStatus(status)
			d.tellNext(c, next)
			return nil
		},
	}
}

func (d *desk) writeJSON(value any) error {
	encoder := json.NewEncoder(d.stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func (d *desk) writeStatus(s importer.Status) {
	m := s.Messages
	d.writef("Conversations: %s of %s done\n\n", number(s.Conversations.Done), number(s.Conversations.Total))
	for _, row := range []struct {
		name, meaning string
		count         int
	}{
		{"read", "", m.Read},
		{"duplicate", "the same message again; not sent twice", m.Duplicate},
		{"skipped", "left out, see failures", m.Skipped},
		{"invalid", "could not be understood, see failures", m.Invalid},
		{"planned", "to be sent", m.Planned},
		{"sending", "in doubt: asked for before it is sent again", m.Sending},
		{"accepted", "Kommo has it", m.Accepted},
		{"verified", "read back from Kommo", m.Verified},
		{"refused", "Kommo did not want it, see failures", m.Refused},
	} {
		if row.name == "read" {
			d.writef("%12s  messages read, which are:\n", number(row.count))
			continue
		}
		if row.count > 0 {
			d.writef("%12s  %-9s  %s\n", number(row.count), row.name, row.meaning)
		}
	}
	sum := m.Duplicate + m.Skipped + m.Invalid + m.Planned + m.Sending + m.Accepted + m.Verified + m.Refused
	d.writef("%12s  in all\n", number(sum))
	for _, source := range s.Sources {
		if !source.Finished {
			d.writeLine("\nNot read to its end: %s (%s so far). Run its load again: kommo-import load %s", printable(source.Name),
				plural(s.Unplanned, "message"), flagOf(source.Name))
		}
	}
	if s.MediaUnknown > 0 {
		d.writeLine("\n%s did not answer. Run the load again to ask once more.", plural(s.MediaUnknown, "media link"))
	}
}

// writeLine prints a line, broken between words where the terminal ends.
func (d *desk) writeLine(format string, args ...any) {
	text := strings.TrimPrefix(fmt.Sprintf(format, args...), "\n")
	if strings.HasPrefix(format, "\n") {
		d.writef("\n")
	}
	d.writef("%s\n", fit(text, columnsOf(d.stdout), "  "))
}

func (d *desk) writef(format string, args ...any) { fmt.Fprintf(d.stdout, format, args...) }
