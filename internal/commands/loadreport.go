package commands

import (
	"cmp"
	"strings"
	"time"

	"kommo-import/importer"
	"kommo-import/sources"
	"kommo-import/sources/csvfile"
	"kommo-import/sources/greenapi"
)

// reportLoad reports the result of a load. Advice takes the place of the next step.
func (p *program) reportLoad(v *values, file *importer.File, report importer.LoadReport, advice string) error {
	status, err := file.Status()
	if err != nil {
		return err
	}
	p.printLoad(v, report, status)
	if advice != "" {
		p.ui.info("%s", printable(advice))
	} else if len(v.unlisted) > 0 {
		p.ui.info("Invalid, because no list names their direction: %s. Add each to --incoming (the client wrote them), --outgoing "+
			"(the company) or --skip (to be left out).", valuesText(v.unlisted))
	}
	if v.command == "load" {
		if advice == "" {
			p.printNextOfLoad(v, status)
		}
		if v.on("json") {
			if err := p.writeJSON(struct {
				importer.Status
				Load importer.LoadReport `json:"load"`
			}{status, report}); err != nil {
				return err
			}
		}
	}
	if status.Messages.Invalid > 0 || report.Source != "" && report.Read+report.Invalid == 0 && !report.Unchanged && !v.on("green-api") {
		return errIncomplete
	}
	return nil
}

// printNextOfLoad prints the next step after a load. send refuses to start until every table was read to its end.
func (p *program) printNextOfLoad(v *values, s importer.Status) {
	for _, source := range s.Sources {
		switch {
		case source.Finished:
		case source.Family == sources.GreenAPI:
			p.ui.info("The load of %s is not finished. What was read so far can be sent.\n"+
				"Next: kommo-import load --green-api%s", printable(source.Name), v.migrationFlag())
			return
		default:
			p.ui.info("The load of %s is not finished, and send refuses to start until it is. To do without its rest: kommo-import load --discard%[3]s\n"+
				"Next: kommo-import load %[2]s%[3]s", printable(source.Name), v.flagOf(source), v.migrationFlag())
			return
		}
	}
	p.printNext(v, nextStep(v, s))
}

// nameOf returns the name of a source for people: the path of a table, the id of an instance.
func nameOf(source sources.Source) string {
	switch source := source.(type) {
	case *csvfile.File:
		return source.Path
	case *greenapi.Source:
		return "the chats of Green-API instance " + source.Client.Instance
	}
	return string(source.Family())
}

func (p *program) showLoading(progress importer.LoadProgress) {
	label := map[importer.LoadPhase]string{importer.Planning: "Putting messages in order", importer.LookingUpMedia: "Looking up media"}
	p.ui.progress(cmp.Or(label[progress.Phase], "Messages read"), progress.Done, progress.Total, 0)
}

func (p *program) printLoad(v *values, r importer.LoadReport, s importer.Status) {
	switch {
	case r.Source == "":
	case r.Unchanged:
		p.ui.info("It was read before and has not changed.")
	case r.Read+r.Invalid == 0 && v.on("green-api") && !r.Resumed:
		p.ui.info("The chats hold no messages. Green-API holds what WhatsApp handed over when the phone was connected, and what\n" +
			"came since. docs/green-api.md says how to get more, and what that costs.")
	case r.Read+r.Invalid == 0:
		p.ui.print("%s has a header and no rows, so there is nothing to send.", printable(r.Source))
	default:
		p.ui.info("Read %s: %s new, %s known, %s duplicate, %s invalid.", plural(r.Read+r.Invalid, "message"),
			number(r.Added), number(r.Known), number(r.Duplicate), number(r.Invalid))
	}
	if r.Resumed {
		p.ui.info("This load has finished an interrupted one. Messages that came meanwhile into chats that it had read are not in it: to get\n" +
			"them too, load once more.")
	}
	p.ui.note(r.Removed, "message", "Removed from the plan, because no source holds them any more: %s.")
	p.ui.note(r.Changed, "message", "Read differently now, and stay as they were sent: %s.")
	p.ui.note(r.Kept, "message", "Left out because of --keep-sent: %s.")
	p.ui.note(r.Dropped, "message", "Planned before, and left out by the settings of this load: %s.")
	p.ui.note(r.Restored, "message", "Left out by earlier settings, and planned now: %s.")
	p.ui.note(r.Delayed, "conversation", "Messages of %s would be shown up to %s late, because too many have the same time and each needs its own: %s",
		duration(time.Duration(r.DelayedBy*float64(time.Second))), oneLine(strings.Join(r.DelayedConversations, ", "), 300))
	for _, repair := range r.Repairs {
		p.ui.info("%s: %s (%s)", plural(repair.Count, "repair"), printable(repair.What), oneLine(repair.Example, 200))
	}
	p.printMedia(r)
	p.ui.info("In the migration file: %s in %s to be sent, %s skipped, %s invalid.", plural(s.Messages.Planned, "message"),
		plural(s.Conversations.Total-s.Conversations.Done, "conversation"), number(s.Messages.Skipped), number(s.Messages.Invalid))
	if s.Messages.Invalid > 0 {
		p.ui.info("To list the invalid messages: kommo-import failures%s", v.migrationFlag())
	}
}

func (p *program) printMedia(r importer.LoadReport) {
	p.ui.note(r.MediaFound+r.MediaGone+r.MediaFailed+r.MediaRefused, "media link",
		"Looked up %s: %s there, %s gone, %s without an answer, %s in private networks.", number(r.MediaFound),
		number(r.MediaGone), number(r.MediaFailed), number(r.MediaRefused))
	if r.MediaFailed > 0 {
		p.ui.info("Run the same load again to ask about those without an answer once more; otherwise links are sent as text.")
	}
	if r.MediaRefused > 0 {
		p.ui.info("Links into private networks are not looked up; --allow-private-media changes that.")
	}
}
