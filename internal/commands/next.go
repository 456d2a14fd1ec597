package commands

import (
	"slices"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
)

// tellNext says in a line what to do next. Beside JSON, which programs read, it says nothing.
func (d *desk) tellNext(c *cli.Context, command string) {
	if command != "" && !c.Bool("json") {
		d.talk.tell("Next: kommo-import %s%s", command, migrationFlag(c))
	}
}

// nextAfter returns the command to run next on a migration that stands like that. It is verify no longer when that has
// compared all that was sent.
func nextAfter(file *importer.File, s importer.Status) (string, error) {
	step := nextStep(s)
	if step != "verify" {
		return step, nil
	}
	last, err := file.LastVerification()
	if err != nil || last == nil {
		return step, err
	}
	return nextVerified(s, *last), nil
}

// nextVerified returns the command to run next when everything was sent, and verify has found that.
func nextVerified(s importer.Status, last importer.VerifyReport) string {
	isWhole := last.Messages >= s.Messages.Accepted+s.Messages.Verified ||
		last.Unread > 0 && last.Conversations >= s.Conversations.Done
	switch {
	case last.Open > 0 || !isWhole:
		return "verify"
	case last.Missing > 0:
		return "verify --retry"
	case s.Messages.Invalid > 0:
		return "failures"
	}
	return "report"
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

// onlyGreenAPI reports whether everything was read from Green-API, where nobody can correct anything.
func onlyGreenAPI(s importer.Status) bool {
	return len(s.Sources) > 0 && !slices.ContainsFunc(s.Sources, func(source importer.SourceStatus) bool { return !isGreenAPI(source.Name) })
}

// tellNextOfFailures says what to do about failures, of which there are so many by state.
func (d *desk) tellNextOfFailures(c *cli.Context, states map[string]int, s importer.Status) {
	switch {
	case states["refused"] > 0:
		d.tellNext(c, "failures --retry")
	case states["invalid"] > 0 && !onlyGreenAPI(s) && !c.Bool("json"):
		d.talk.tell("Next: correct in the source what is invalid, and load it again.")
	}
}
