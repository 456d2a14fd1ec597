package commands

import (
	"bufio"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"kommo-import/importer"
	"kommo-import/internal/page"
)

// pagePath returns the file of --html on preview and report, "" if it is not given.
func (v *values) pagePath() string {
	if s := v.find("html"); s.kind == kindFile {
		return v.text("html")
	}
	return "" // the switch of load and send
}

// checkPagePath returns an error if the file of --html cannot be a page.
func (v *values) checkPagePath() error {
	path := v.pagePath()
	if path == "" {
		return nil
	}
	if v.command == "preview" && v.on("payloads") {
		return usage("--html and --payloads: one at a time")
	}
	if ext := strings.ToLower(filepath.Ext(path)); ext != ".html" && ext != ".htm" {
		return usage("--html %s: want a name that ends in .html; here it names the page to write, and only load and send have the switch "+
			"for texts that are HTML", path)
	}
	if err := checkReplaceable(v.text("migration"), path, "page", page.IsPage); err != nil {
		return fmt.Errorf("--html: %w", err)
	}
	return nil
}

// writePlanPage writes the page of a preview.
func (p *program) writePlanPage(ctx context.Context, v *values, file *importer.File, composer importer.Composer) error {
	preview, err := file.Preview(composer, v.selection(), v.number("rate"))
	if err != nil {
		return err
	}
	err = replaceFile(v.pagePath(), func(out *bufio.Writer) error {
		return file.ViewPlan(composer, v.selection(), func(view *importer.ChatView) error {
			return planPage(preview, time.Now()).Write(ctx, out, view, page.Plan())
		})
	})
	return p.wrotePage(v, err)
}

// wrotePage reports that the page is written.
func (p *program) wrotePage(v *values, err error) error {
	switch path := v.pagePath(); {
	case err != nil:
		return fmt.Errorf("--html: %w", err)
	case v.on("json"):
		return p.writeJSON(map[string]string{"page": path})
	default:
		p.ui.info("Wrote %s. Open it in a browser. It holds your clients' messages.", printable(path))
	}
	return nil
}

// planPage returns the summary of a preview for a page.
func planPage(preview importer.Preview, now time.Time) page.Page {
	takes := time.Duration(preview.Seconds * float64(time.Second))
	result := page.Page{Title: "What send would do", Lead: "Nothing is left to be sent.", Made: now, Version: version(),
		Months: "Messages to be sent", ByMark: "Warning"}
	if preview.Messages > 0 {
		result.Lead = fmt.Sprintf("kommo-import send would put %s of %s into Kommo. Kommo cannot delete them again: look at them first.",
			plural(preview.Messages, "message"), plural(preview.Conversations, "conversation"))
		result.Figures = []page.Fact{{Name: "messages", Value: number(preview.Messages)}, {Name: "conversations", Value: number(preview.Conversations)},
			{Name: "notifications", Value: number(preview.Notifications)}, {Name: "at " + fmt.Sprintf("%g", preview.Rate) + " requests per second", Value: duration(takes)}}
		for _, row := range planRows(preview) {
			result.Facts = append(result.Facts, page.Fact{Name: row.left, Value: row.right})
		}
		result.Facts = append(result.Facts, page.Fact{Name: "done", Value: moment(now.Add(takes)) + ", if it starts now and nothing goes wrong"})
	}
	if preview.NotTakenOver != "" {
		result.Lead += " The last load of " + oneLine(preview.NotTakenOver, 200) + " was not taken over: this is the plan from before it."
	}
	result.Facts = append(result.Facts, page.Fact{Name: "migration file", Value: states(preview.Status.Messages)})
	for _, w := range warningsOf(preview) {
		mark := page.Mark{Kind: string(w.Kind), Label: markLabel(string(w.Kind)), Text: sentence(warning(w, preview.Status))}
		if !strings.Contains(warningTexts[w.Kind].text, "{examples}") {
			mark.Examples = w.Examples
		}
		result.Marks = append(result.Marks, mark)
	}
	result.Groups = []page.Group{pageGroup("Skipped", preview.Skipped), pageGroup("Invalid", preview.Invalid)}
	return result
}

// pageGroup returns reasons for a page.
func pageGroup(title string, groups []importer.Group) page.Group {
	result := page.Group{Title: title}
	for _, g := range groups {
		reason := oneLine(g.Reason, 300)
		if len(g.Examples) > 0 {
			reason += " (" + oneLine(strings.Join(g.Examples, ", "), 200) + ")"
		}
		result.Reasons = append(result.Reasons, page.Fact{Name: reason, Value: number(g.Messages)})
	}
	return result
}

// markLabels name the marks of conversations in a word or two.
var markLabels = map[string]string{
	string(importer.NoSender):             "no sender",
	string(importer.OldLast):              "ended over a year ago",
	string(importer.NoPhone):              "no phone",
	string(importer.NoName):               "no name",
	string(importer.LongText):             "long text",
	string(importer.MediaGone):            "media gone",
	string(importer.MediaUnknown):         "media not known",
	string(importer.MediaDying):           "media link dies soon",
	string(importer.MediaPrivate):         "media in a private network",
	string(importer.KeptAsSent):           "kept as sent",
	string(importer.UnusablePhone):        "unusable phone",
	string(importer.SuspectedPhone):       "phone of somebody else?",
	string(importer.ConflictingDuplicate): "differs", // also importer.MessageDiffers
	string(importer.SameClient):           "two chats of one client?",
	string(importer.SamePhone):            "phone in several conversations",
	string(importer.SimilarIDs):           "id in several spellings",
	string(importer.Unnotified):           "sent without a notification",
	string(importer.Unfinished):           "unfinished load",
	string(importer.MessageMissing):       "messages missing",
	string(importer.MessageDoubled):       "messages duplicated",
	string(importer.MessageOutOfOrder):    "messages out of order",
	string(importer.MessageUnsent):        "messages sent without a record",
	string(importer.ChatUnread):           "chat not readable",
	string(importer.ChatUnlinked):         "linked to another contact",
	importer.MarkInvalid:                  "invalid entries",
	importer.MarkSkipped:                  "messages skipped",
	importer.MarkRefused:                  "messages refused",
	importer.MarkInDoubt:                  "message in doubt",
	importer.MarkSetAside:                 "set aside",
}

// markLabel returns the label of a mark.
func markLabel(kind string) string {
	if label := markLabels[kind]; label != "" {
		return label
	}
	return strings.ReplaceAll(kind, "_", " ")
}
