package commands

import (
	"context"
	"slices"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
	"kommo-import/internal/migration"
	"kommo-import/sources"
)

func (p *program) status() *cli.Command {
	return p.command("status", "show where the migration stands",
		`Use it whenever you want to know what is done and what is left, also while load or send runs.

  kommo-import status
  kommo-import status --json   for a program to read`,
		func(_ context.Context, v *values) error {
			var status importer.Status
			next := ""
			err := p.readFile(v, "Counting the messages", func(file *importer.File) (err error) {
				if status, err = file.Status(); err == nil {
					next, err = nextAfter(v, file, status)
				}
				return err
			})
			if err != nil {
				return err
			}
			if v.on("json") {
				return p.writeJSON(status)
			}
			p.writeStatus(v, status)
			if holder, running := migration.HolderOf(v.text("migration")); running {
				p.ui.info("kommo-import %s is working with this migration file (process %d).", printable(holder.Command), holder.PID)
				return nil
			}
			p.printNext(v, next)
			return nil
		})
}

func (p *program) writeStatus(v *values, s importer.Status) {
	m := s.Messages
	p.writef("Conversations: %s of %s done\n\n", number(s.Conversations.Done), number(s.Conversations.Total))
	p.writef("%12s  messages read, which are:\n", number(m.Read))
	for _, row := range []struct {
		count         int
		name, meaning string
	}{
		{m.Duplicate, "duplicate", "the same message again; not sent twice"},
		{m.Skipped, "skipped", "left out; see failures"},
		{m.Invalid, "invalid", "could not be read; see failures"},
		{m.Planned, "planned", "to be sent"},
		{m.Sending, "sending", "in doubt: its chat is read before it is sent again"},
		{m.Accepted, "accepted", "Kommo has it"},
		{m.Verified, "verified", "read back from Kommo"},
		{m.Refused, "refused", "Kommo refused it; see failures"},
	} {
		if row.count > 0 {
			p.writef("%12s  %-9s  %s\n", number(row.count), row.name, row.meaning)
		}
	}
	sum := m.Duplicate + m.Skipped + m.Invalid + m.Planned + m.Sending + m.Accepted + m.Verified + m.Refused
	p.writef("%12s  in all\n", number(sum))
	for _, source := range s.Sources {
		if !source.Finished {
			p.writeLine("Not read to its end: %s. Run its load again: kommo-import load %s", printable(source.Name), v.flagOf(source))
		}
	}
	if s.Unsure > 0 {
		p.writeLine("It is not known what was sent of %s: records are missing. send reads their chats before it sends anything.",
			plural(s.Unsure, "conversation"))
	}
	if s.Silent == importer.SilentAll {
		p.writeLine("Nobody is notified: the last send was with --silent=all, which holds for the next.")
	}
	if since, ok := s.Silent.Since(); ok {
		p.writeLine("Only conversations with a message since %s notify: the last send was with --notify-since, which holds for the next.", moment(since))
	}
	if s.MediaUnknown > 0 {
		p.writeLine("%s did not answer. Run the load again to ask once more.", plural(s.MediaUnknown, "media link"))
	}
}

// printNext prints the next command, unless the output is JSON for a program.
func (p *program) printNext(v *values, command string) {
	if command != "" && !v.on("json") {
		p.ui.info("Next: kommo-import %s%s", command, v.migrationFlag())
	}
}

// nextAfter returns the command to run next on a migration with this status. Once verify has compared everything that
// was sent, it is no longer verify.
func nextAfter(v *values, file *importer.File, s importer.Status) (string, error) {
	step := nextStep(v, s)
	if step != "verify" {
		return step, nil
	}
	last, err := file.LastVerification()
	if err != nil || last == nil {
		return step, err
	}
	return nextVerified(s, *last), nil
}

// nextVerified returns the command to run next after a verification, when everything was sent.
func nextVerified(s importer.Status, last importer.VerifyReport) string {
	if !isWhole(s, last) || last.Missing > 0 { // a missing message may have been late, or sent again since
		return "verify"
	}
	return "report"
}

// isWhole reports whether a verification has compared everything that was sent, but for chats that cannot be read.
func isWhole(s importer.Status, last importer.VerifyReport) bool {
	return last.Open == 0 && last.Messages+last.UnreadMessages >= s.Messages.Accepted+s.Messages.Verified
}

// nextOfSend returns the command to run next after a send. A send that only set chats aside is not proposed again.
func nextOfSend(v *values, file *importer.File, s importer.Status, r importer.SendReport) (string, error) {
	if r.SetAside == 0 || r.Accepted+r.Refused > 0 {
		return nextAfter(v, file, s)
	}
	last, err := file.LastVerification()
	if s.Messages.Accepted > 0 && (last == nil || !isWhole(s, *last)) {
		return "verify", err
	}
	return "failures", err
}

// nextStep returns the command to run next on a migration with this status, "" if nothing is left to do.
func nextStep(v *values, s importer.Status) string {
	for _, source := range s.Sources {
		if !source.Finished {
			return "load " + v.flagOf(source)
		}
	}
	m := s.Messages
	switch {
	case m.Accepted+m.Verified+m.Refused+m.Sending == 0 && m.Planned > 0:
		return "preview"
	case m.Planned+m.Sending > 0:
		return "send"
	case m.Accepted > 0:
		return "verify"
	case m.Verified > 0:
		return "report"
	case m.Refused+m.Invalid > 0:
		return "failures"
	}
	return ""
}

// onlyGreenAPI reports whether Green-API is the only source. Nobody can correct anything there.
func onlyGreenAPI(s importer.Status) bool {
	return len(s.Sources) > 0 && !slices.ContainsFunc(s.Sources, func(source importer.SourceStatus) bool { return source.Family != sources.GreenAPI })
}

// printNextOfFailures prints the next step after failures; states is the number of failures in each state.
func (p *program) printNextOfFailures(v *values, states map[string]int, s importer.Status) {
	if v.on("json") {
		return
	}
	p.ui.note(states[string(importer.Sending)], "message", "In doubt: %s. send looks for each again; kommo-import failures%s --refuse ID gives one up.",
		v.migrationFlag())
	p.ui.note(states["refused"], "message", "Kommo refused %s. When the cause is fixed, plan them again: kommo-import failures --retry%s", v.migrationFlag())
	if states["invalid"] > 0 && !onlyGreenAPI(s) {
		p.ui.info("Next: correct in the source what is invalid, and load it again.")
	}
}
