package commands

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
)

func (p *program) preview() *cli.Command {
	return p.command("preview", "show what send would do; sends nothing",
		`Use it after load and before send, as often as you like: there is no undo at Kommo. It makes no
request to Kommo and changes nothing. With the flags of load it loads first.

  kommo-import preview
  kommo-import preview --html preview.html                  the same, to look at
  kommo-import preview --payloads --only 79001234567@c.us   the exact bodies`,
		p.showPreview)
}

// showPreview is the action of preview, and of send --dry-run.
func (p *program) showPreview(ctx context.Context, v *values) error {
	composer, err := v.composer()
	if err == nil {
		err = v.checkPagePath()
	}
	if err != nil {
		return err
	}
	loaded := p.loadFirst(ctx, v)
	if loaded != nil && loaded != errIncomplete {
		return loaded
	}
	err = p.readFile(v, "Reading the plan", func(file *importer.File) error {
		switch {
		case v.pagePath() != "":
			return p.writePlanPage(ctx, v, file, composer)
		case v.on("payloads"):
			return p.writePayloads(v, file, composer)
		}
		return p.writePreview(v, file, composer)
	})
	if err != nil {
		return err
	}
	return loaded
}

func (p *program) writePayloads(v *values, file *importer.File, composer importer.Composer) error {
	out := bufio.NewWriter(p.stdout)
	for body, err := range file.Payloads(composer, v.selection()) {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		out.Write(body)
		out.WriteByte('\n')
	}
	return out.Flush()
}

func (p *program) writePreview(v *values, file *importer.File, composer importer.Composer) error {
	preview, err := file.Preview(composer, v.selection(), v.number("rate"))
	if err != nil {
		return err
	}
	preview.Warnings = warningsOf(preview)
	if v.on("json") {
		return p.writeJSON(preview)
	}
	p.writef("%s", describe(preview, lineLength(p.stdout)))
	if preview.Messages == 0 {
		return nil
	}
	p.ui.info("\nNothing was sent. Next: a pilot with kommo-import send%s --max-conversations 3", v.migrationFlag())
	return nil
}

// describe returns a preview for people, in lines of at most so many columns; with 0 columns lines are not broken.
func describe(p importer.Preview, columns int) string {
	var text strings.Builder
	if p.NotTakenOver != "" {
		fmt.Fprintf(&text, "%s\n", fit("The last load of "+oneLine(p.NotTakenOver, 200)+" was not taken over. This is the plan from before it.", columns, ""))
	}
	writeSum(&text, p, columns)
	fmt.Fprintf(&text, "\n%s\n", fit("In the migration file: "+states(p.Status.Messages), columns, "  "))
	writeGroups(&text, "Skipped", p.Skipped, columns)
	writeGroups(&text, "Invalid", p.Invalid, columns)
	warnings := warningsOf(p)
	if len(warnings) > 0 {
		text.WriteString("\nWarnings:\n")
	}
	for _, w := range warnings {
		fmt.Fprintf(&text, "%s\n", fit("  - "+warning(w, p.Status), columns, "    "))
		writeListed(&text, w, columns)
	}
	return text.String()
}

// writeListed writes the examples of a warning whose text has no place for them, a line each.
func writeListed(text *strings.Builder, w importer.Warning, columns int) {
	if strings.Contains(warningTexts[w.Kind].text, "{examples}") {
		return
	}
	for _, example := range w.Examples {
		fmt.Fprintf(text, "%s\n", fit("      "+oneLine(example, 300), columns, "        "))
	}
	if more := w.Count - len(w.Examples); len(w.Examples) > 0 && more > 0 {
		fmt.Fprintf(text, "      and %s more\n", number(more))
	}
}

// warningsOf returns the warnings of a preview. Without notifications a warning of old conversations that notify makes no
// sense.
func warningsOf(p importer.Preview) []importer.Warning {
	return slices.DeleteFunc(slices.Clone(p.Warnings), func(w importer.Warning) bool {
		return w.Kind == importer.OldLast && p.Notifications == 0
	})
}

// states returns the number of messages in each state, without the zeros.
func states(m importer.Counts) string {
	var parts []string
	for _, part := range []struct {
		count int
		name  string
	}{
		{m.Duplicate, "duplicate (each is sent once)"}, {m.Skipped, "skipped"}, {m.Invalid, "invalid"},
		{m.Planned, "planned"}, {m.Sending, "in doubt"}, {m.Accepted, "accepted"}, {m.Verified, "verified"}, {m.Refused, "refused"},
	} {
		if part.count > 0 {
			parts = append(parts, number(part.count)+" "+part.name)
		}
	}
	return plural(m.Read, "message") + " read: " + strings.Join(parts, ", ")
}

func writeSum(text *strings.Builder, p importer.Preview, columns int) {
	if p.Messages == 0 {
		m := p.Status.Messages
		fmt.Fprintf(text, "Nothing is left to be sent: of %s read, %s arrived.\n", plural(m.Read, "message"), number(m.Accepted+m.Verified))
		return
	}
	fmt.Fprintf(text, "To be sent: %s in %s\n", plural(p.Messages, "message"), plural(p.Conversations, "conversation"))
	for _, row := range planRows(p) {
		fmt.Fprintf(text, "%s\n", fit(fmt.Sprintf("  %-13s  %s", row.left, row.right), columns, "                 "))
	}
}

// planRows returns the facts of a preview, as names and values.
func planRows(p importer.Preview) (rows []row) {
	add := func(name, value string, args ...any) { rows = append(rows, row{name, fmt.Sprintf(value, args...)}) }
	if !p.First.IsZero() {
		add("written", "%s to %s", moment(p.First), moment(p.Last))
	}
	add("direction", "%s", counted(p.Directions))
	add("kinds", "%s", counted(p.Kinds))
	if p.UserMessages > 0 {
		add("Kommo users", "%s in the name of a Kommo user. %s", plural(p.UserMessages, "message"), userWarning)
	}
	add("notifications", "%s", notifications(p))
	if p.SilentBefore != "" && p.SilentBefore != p.Silent {
		add("notify policy", "changes; so far: %s; from this send on: %s", policyWords(p.SilentBefore), policyWords(p.Silent))
	}
	if p.Joined > 0 {
		add("chats", "%s of several conversations", plural(p.Joined, "chat"))
	}
	if p.LeftOut > 0 {
		add("left out", "%s in the sheet", plural(p.LeftOut, "conversation"))
	}
	if l := p.Links; l.Matched {
		add("contacts", "%s linked to a contact before the first message, %s linked before; without a link: %s with several contacts, %s with none",
			plural(l.ToLink, "chat"), number(l.Made), number(l.Ambiguous), number(l.Unmatched))
		add("cards", "%s", cardWords(l))
	}
	add("takes", "%s: %s at %g per second", duration(time.Duration(p.Seconds*float64(time.Second))), plural(p.Requests, "request"), p.Rate)
	if p.Unsure > 0 {
		add("unsure", "%s: it is not known what was sent. Their chats are read first; messages that are there count as accepted", plural(p.Unsure, "conversation"))
	}
	if p.InDoubt > 0 {
		add("in doubt", "%s: looked for in their chats before they are sent again", number(p.InDoubt))
	}
	return rows
}

// cardWords says which part of the history the cards show, as far as it is documented.
func cardWords(l importer.Links) string {
	return "by the documents of amoCRM, the card of a lead shows what was written from 24 hours before the lead was made on; " +
		plural(l.Older, "chat") + " with older messages: docs/kommo.md"
}

// userWarning says what is not known about imported messages in the name of a Kommo user.
const userWarning = "That Kommo sends no webhooks for imported messages is documented for those of the bot alone. " +
	"A live integration on the same channel could deliver these to clients. Test it with your own number first: docs/kommo.md"

func writeGroups(text *strings.Builder, title string, groups []importer.Group, columns int) {
	if len(groups) == 0 {
		return
	}
	fmt.Fprintf(text, "\n%s:\n", title)
	for _, g := range groups {
		line := fmt.Sprintf("%s: %s (%s)", number(g.Messages), oneLine(g.Reason, 200), oneLine(strings.Join(g.Examples, ", "), 120))
		fmt.Fprintf(text, "%s\n", fit("  - "+line, columns, "    "))
	}
}

// warningTexts are the warnings as sentences with advice. {n} stands for the number with the noun, {examples} for examples
// in brackets; a text without it is followed by a list of the examples.
var warningTexts = map[importer.WarningKind]struct{ noun, text string }{
	importer.NoSender: {"outgoing message", "no sender for {n}{examples}: set KOMMO_BOT_ID, or map the authors under users: in " +
		defaultConfig + ". send refuses to start without."},
	importer.OldLast: {"conversation", "{n} ended more than a year ago{examples}: each still makes one notification. " +
		"--since leaves old messages out, --notify-since notifies of newer conversations alone, --silent=all notifies nobody."},
	importer.NoPhone: {"client", "{n} without a phone{examples}: Kommo cannot find an existing contact by it. " +
		"Phones need their country code."},
	importer.NoName: {"client", "{n} without a name{examples}: shown by phone or id."},
	importer.LongText: {"text", "{n} of more than " + number(importer.LongTextLength) + " characters{examples}: " +
		"Kommo documents no limit, but may refuse them."},
	importer.MediaGone: {"media link", "nothing behind {n} any more: a text says so instead."},
	importer.MediaUnknown: {"file", "no answer about {n}: run the load again to ask once more. Otherwise a file with a link goes " +
		"as a text with it; one without waits until send has got a link from Green-API."},
	importer.MediaDying: {"media link", "{n} dead, or dead within a day: send makes new ones, and needs GREEN_API_INSTANCE and " +
		"GREEN_API_TOKEN for that."},
	importer.MediaPrivate: {"media link", "{n} into private networks, which Kommo cannot reach: sent as text with the link."},
	importer.KeptAsSent:   {"conversation", "{n} with sent messages that no source holds now{examples}: nothing is added to them."},
	importer.UnusablePhone: {"phone", "{n} not sent{examples}: no such number can be dialled. Local numbers need their country: " +
		"load --country with its code, such as ES."},
	importer.SuspectedPhone: {"client", "{n} with a phone that may be another person's{examples}: it is not sent. A table can give " +
		"the right one as client_phone."},
	importer.ConflictingDuplicate: {"message", "left out because their message_id was there before in the same conversation, " +
		"though they say something else: {n}{examples}."},
	importer.SameClient: {"client", "{n} of WhatsApp with two chats, it seems: one under a phone, one under an @lid that hides it. " +
		"Kommo would show both, and a message of both twice. Compare them; load --exclude ID leaves one out."},
	importer.SamePhone: {"phone", "{n} in several conversations: Kommo would show a chat for each conversation. " +
		"If they are one client's, give them one id in the source, or leave some out with load --exclude ID."},
	importer.SimilarIDs: {"conversation id", "{n} in several spellings: Kommo would show a chat for each spelling. " +
		"If they are one conversation, give it one id in the source."},
	importer.Unnotified: {"conversation", "{n} sent without a notification{examples}: " +
		"the message that was to make it was left out or refused, or was sent with --silent=all."},
	importer.Unfinished: {"", "a load was interrupted{examples}: run it again for the rest."},
}

// warning returns a warning as a sentence with advice.
func warning(w importer.Warning, s importer.Status) string {
	examples := ""
	if len(w.Examples) > 0 {
		examples = " (" + oneLine(strings.Join(w.Examples, ", "), 120) + ")"
	}
	known, ok := warningTexts[w.Kind]
	if !ok {
		return string(w.Kind) + ": " + number(w.Count)
	}
	text := strings.NewReplacer("{n}", plural(w.Count, known.noun), "{examples}", examples).Replace(known.text)
	if w.Kind == importer.ConflictingDuplicate && !onlyGreenAPI(s) {
		text += " Are the ids right? Spreadsheets spoil long numbers."
	}
	return text
}
