package commands

import (
	"slices"

	"kommo-import/importer"
)

// printNext prints the next command, unless the output is JSON for a program.
func (p *program) printNext(v *values, command string) {
	if command != "" && !v.on("json") {
		p.ui.info("Next: kommo-import %s%s", command, v.migrationFlag())
	}
}

// nextAfter returns the command to run next on a migration with this status. Once verify has compared everything that
// was sent, it is no longer verify.
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

// nextVerified returns the command to run next after a verification, when everything was sent.
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

// nextStep returns the command to run next on a migration with this status, "" if nothing is left to do.
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

// onlyGreenAPI reports whether Green-API is the only source. Nobody can correct anything there.
func onlyGreenAPI(s importer.Status) bool {
	return len(s.Sources) > 0 && !slices.ContainsFunc(s.Sources, func(source importer.SourceStatus) bool { return !isGreenAPI(source.Name) })
}

// printNextOfFailures prints the next step after failures; states is the number of failures in each state.
func (p *program) printNextOfFailures(v *values, states map[string]int, s importer.Status) {
	switch {
	case states["refused"] > 0:
		p.printNext(v, "failures --retry")
	case states["invalid"] > 0 && !onlyGreenAPI(s) && !v.on("json"):
		p.ui.info("Next: correct in the source what is invalid, and load it again.")
	}
}
