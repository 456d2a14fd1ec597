package commands

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"kommo-import/importer"
	"kommo-import/internal/page"
)

// writeOutcomePage writes the page of a report.
func (p *program) writeOutcomePage(ctx context.Context, v *values, file *importer.File) error {
	report, err := file.Report()
	if err != nil {
		return err
	}
	anonymise := v.on("anonymise")
	if anonymise {
		report = report.Anonymised()
	}
	err = replaceFile(v.pagePath(), func(out *bufio.Writer) error {
		return file.ViewOutcome(func(view *importer.ChatView) error {
			result := outcomePage(report, view.Marked())
			result.Anonymised = anonymise
			return result.Write(ctx, out, view, page.Outcome())
		})
	})
	return p.wrotePage(v, err)
}

// outcomePage returns the summary of a report for a page. marked is how many conversations have each mark.
func outcomePage(report importer.Report, marked map[string]int) page.Page {
	messages, conversations := report.Status.Messages, report.Status.Conversations
	arrived, left := messages.Accepted+messages.Verified, messages.Planned+messages.Sending
	result := page.Page{Title: "Migration into Kommo", Made: report.Made, Version: version(), Months: "Messages in Kommo", ByMark: "Finding",
		Lead: fmt.Sprintf("%s of %s read are in Kommo.", number(arrived), plural(messages.Read, "message")),
		Figures: []page.Fact{{Name: "messages in Kommo", Value: number(arrived)}, {Name: "still to be sent", Value: number(left)},
			{Name: "conversations done", Value: number(conversations.Done) + " of " + number(conversations.Total)},
			{Name: "refused by Kommo", Value: number(messages.Refused)}},
		Facts:  outcomeFacts(report),
		Groups: []page.Group{pageGroup("Refused by Kommo", report.Refused), pageGroup("Invalid", report.Invalid), pageGroup("Skipped", report.Skipped)},
	}
	if left > 0 {
		result.Lead += " " + number(left) + " are still to be sent."
	}
	if report.Verification == nil {
		result.Lead += " The chats were not read back yet: kommo-import verify compares them."
	}
	for kind, n := range marked {
		mark := page.Mark{Kind: kind, Label: markLabel(kind), Text: plural(n, "conversation") + ": " + markLabel(kind)}
		result.Marks = append(result.Marks, mark)
	}
	slices.SortFunc(result.Marks, func(a, b page.Mark) int {
		return cmp.Or(cmp.Compare(marked[b.Kind], marked[a.Kind]), strings.Compare(a.Kind, b.Kind))
	})
	return result
}

// outcomeFacts returns the numbers and dates of a report.
func outcomeFacts(report importer.Report) (facts []page.Fact) {
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, page.Fact{Name: name, Value: value})
		}
	}
	var from []string
	for _, source := range report.Status.Sources {
		name := oneLine(source.Name, 200)
		if !source.Finished {
			name += " (not read to its end)"
		}
		from = append(from, name)
	}
	add("from", strings.Join(from, ", "))
	add("to scope", report.Status.ScopeID)
	add("written", span(report.FirstWritten, report.LastWritten))
	add("sent", span(report.FirstSent, report.LastSent))
	add("notifications", number(report.Notified))
	if report.Linked+report.Unlinked > 0 {
		add("contacts", fmt.Sprintf("%s linked; of another contact, or refused: %s", plural(report.Linked, "conversation"), number(report.Unlinked)))
	}
	if report.LeftOut > 0 {
		add("left out", plural(report.LeftOut, "conversation")+" in the sheet")
	}
	add("messages", states(report.Status.Messages))
	kinds := make(map[string]int)
	for kind, states := range report.Kinds {
		if n := states[importer.Accepted] + states[importer.Verified]; n > 0 {
			kinds[kind] = n
		}
	}
	add("kinds in Kommo", counted(kinds))
	if v := report.Verification; v != nil {
		add("read back", fmt.Sprintf("%s: %s there as they were sent, %s missing, %s that differ, %s duplicated, %s out of order; %s cannot be read",
			plural(v.Conversations, "conversation"), plural(v.There, "message"), number(v.Missing), number(v.Differs), number(v.Doubled),
			number(v.OutOfOrder), plural(v.Unread, "conversation")))
	}
	if m := report.Media; m != (importer.MediaReport{}) {
		add("media", fmt.Sprintf("%s there, %s gone, %s without an answer, %s renewed; %s sent as text", plural(m.Found, "file"), number(m.Gone),
			number(m.Unknown), plural(m.Renewed, "link"), plural(m.AsText, "message")))
	}
	return facts
}
