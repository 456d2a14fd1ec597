package commands

import (
	"github.com/urfave/cli/v2"

	"kommo-import/importer"
)

// tellNext says in a line what to do next. Beside JSON, which programs read, it says nothing.
func (d *desk) tellNext(c *cli.Context, command string) {
	if command != "" && !c.Bool("json") {
		d.talk.tell("Next: kommo-import %s%s", command, migrationFlag(c))
	}
}

// nextStep returns the command to run next on a migration that stands like that, "" if nothing is left to do.
func nextStep(s importer.Status) string {
	for _, source := range s.Sources {
		if !source.Finished {
			return "load " + flagOf(source.Name)
		}
	}
	m := s.Messages
	switch {
	case m.Accepted+m.Verified+m.Refused+m.Sending == 0 && m.Planned > 0:
		return "preview"
	case m.Planned+m.Sending > 0:
		return "send"
	case m.Refused > 0:
		return "failures"
	case m.Accepted > 0:
		return "verify"
	case m.Invalid > 0:
		return "failures"
	case m.Verified > 0:
		return "report"
	}
	return ""
}

// tellNextOfFailures says what to do about failures, of which there are so many by state.
func (d *desk) tellNextOfFailures(c *cli.Context, states map[string]int) {
	switch {
	case states["refused"] > 0:
		d.tellNext(c, "failures --retry")
	case states["invalid"] > 0 && !c.Bool("json"):
		d.talk.tell("Next: correct in the source what is invalid, and load it again.")
	}
}
