package commands

import (
	"context"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
)

func (p *program) status() *cli.Command {
	return p.command("status", "tell where the migration stands",
		`Use it whenever you want to know what is done and what is left, also while load or send runs.

  kommo-import status
  kommo-import status --json   for a program to read`,
		func(_ context.Context, v *values) error {
			var status importer.Status
			next := ""
			err := p.readFile(v, "Counting the messages", func(file *importer.File) (err error) {
				if status, err = file.Status(); err == nil {
					next, err = nextAfter(file, status)
				}
				return err
			})
			if err != nil {
				return err
			}
			if v.on("json") {
				return p.writeJSON(status)
			}
			p.writeStatus(status)
			p.printNext(v, next)
			return nil
		})
}

func (p *program) writeStatus(s importer.Status) {
	m := s.Messages
	p.writef("Conversations: %s of %s done\n\n", number(s.Conversations.Done), number(s.Conversations.Total))
	p.writef("%12s  messages read, which are:\n", number(m.Read))
	for _, row := range []struct {
		count         int
		name, meaning string
	}{
		{m.Duplicate, "duplicate", "the same message again; not sent twice"},
		{m.Skipped, "skipped", "left out, see failures"},
		{m.Invalid, "invalid", "could not be understood, see failures"},
		{m.Planned, "planned", "to be sent"},
		{m.Sending, "sending", "in doubt: asked for before it is sent again"},
		{m.Accepted, "accepted", "Kommo has it"},
		{m.Verified, "verified", "read back from Kommo"},
		{m.Refused, "refused", "Kommo did not want it, see failures"},
	} {
		if row.count > 0 {
			p.writef("%12s  %-9s  %s\n", number(row.count), row.name, row.meaning)
		}
	}
	sum := m.Duplicate + m.Skipped + m.Invalid + m.Planned + m.Sending + m.Accepted + m.Verified + m.Refused
	p.writef("%12s  in all\n", number(sum))
	for _, source := range s.Sources {
		if !source.Finished {
			p.writeLine("Not read to its end: %s (%s so far). Run its load again: kommo-import load %s", printable(source.Name),
				plural(s.Unplanned, "message"), flagOf(source.Name))
		}
	}
	if s.MediaUnknown > 0 {
		p.writeLine("%s did not answer. Run the load again to ask once more.", plural(s.MediaUnknown, "media link"))
	}
}
