package commands

import (
	"bufio"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
)

func (d *desk) preview() *cli.Command {
	return &cli.Command{
		Name:  "preview",
		Usage: "show what send would do; sends nothing",
		Description: `Use it after load and before send, as often as you like: there is no undo at Kommo. It makes no
request to Kommo and changes nothing. With the flags of load it loads first.

  kommo-import preview
  kommo-import preview --payloads --only 79001234567@c.us   the exact bodies`,
		Flags: flags(planFlags(), sourceFlags(), greenAPIFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "payloads", Usage: "print the exact bodies that send would post, one JSON line each, in order"},
		}),
		Action: d.showPreview,
	}
}

// showPreview is the action of preview, and of send --dry-run.
func (d *desk) showPreview(c *cli.Context) error {
	composer, err := sendingComposer(c)
	if err != nil {
		return err
	}
	selection, err := selectionOf(c)
	if err != nil {
		return err
	}
	rate, err := rateOf(c)
	if err != nil {
		return err
	}
	loaded := d.loadFirst(c)
	if loaded != nil && loaded != errIncomplete {
		return loaded
	}
	file, err := importer.OpenReadOnly(c.String("migration"))
	if err != nil {
		return err
	}
	if c.Bool("payloads") {
		err = d.writePayloads(file, composer, selection)
	} else {
		err = d.writePreview(c, file, composer, selection, rate)
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return loaded
}

func (d *desk) writePayloads(file *importer.File, composer importer.Composer, selection importer.Selection) error {
	out := bufio.NewWriter(d.stdout)
	for body, err := range file.Payloads(composer, selection) {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		out.Write(body)
		out.WriteByte('\n')
	}
	return out.Flush()
}

func (d *desk) writePreview(c *cli.Context, file *importer.File, composer importer.Composer, selection importer.Selection, rate float64) error {
	done := d.talk.meanwhile("Reading the plan")
	preview, err := file.Preview(composer, selection, rate)
	done()
	if err != nil {
		return err
	}
	preview.Warnings = warningsOf(preview)
	if c.Bool("json") {
		return d.writeJSON(preview)
	}
	d.writef("%s", describe(preview, columnsOf(d.stdout)))
	d.talk.tell("\nNothing was sent. Next: a pilot with kommo-import send%s --max-conversations 3", migrationFlag(c))
	return nil
}

// describe returns a preview as people read it, in lines of so many columns; 0: as long as they are.
func describe(p importer.Preview, columns int) string {
	var text strings.Builder
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
	}
	return text.String()
}

// warningsOf returns the warnings that make sense: notifications of old conversations are nothing to be warned of where
// nobody is notified.
func warningsOf(p importer.Preview) []importer.Warning {
	return slices.DeleteFunc(slices.Clone(p.Warnings), func(w importer.Warning) bool {
		return w.Kind == importer.OldLast && p.Notifications == 0
	})
}

// states returns the numbers of messages by what became of them, those that are not zero.
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
	row := func(name, value string, args ...any) {
		line := fmt.Sprintf("  %-13s  %s", name, fmt.Sprintf(value, args...))
		fmt.Fprintf(text, "%s\n", fit(line, columns, "                 "))
	}
	if !p.First.IsZero() {
		row("written", "%s to %s", moment(p.First), moment(p.Last))
	}
	row("direction", "%s", counted(p.Directions))
	row("kinds", "%s", counted(p.Kinds))
	row("notifications", "%s: of the last message of a conversation; all others are silent", number(p.Notifications))
	row("takes", "%s: %s at %g per second", duration(seconds(p.Seconds)), plural(p.Requests, "request"), p.Rate)
	if p.InDoubt > 0 {
		row("in doubt", "%s: looked for in their chats before they are sent again", number(p.InDoubt))
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// counted returns the numbers by name, the largest first: "120 text, 3 picture".
func counted(numbers map[string]int) string {
	names := make([]string, 0, len(numbers))
	for name := range numbers {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if numbers[a] != numbers[b] {
			return numbers[b] - numbers[a]
		}
		return strings.Compare(a, b)
	})
	for i, name := range names {
		names[i] = number(numbers[name]) + " " + name
	}
	return strings.Join(names, ", ")
}

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

// warning returns a warning as a sentence that says what to do.
func warning(w importer.Warning, s importer.Status) string {
	examples := ""
	if len(w.Examples) > 0 {
		examples = " (" + oneLine(strings.Join(w.Examples, ", "), 120) + ")"
	}
	spoiled := " Are the ids right? Spreadsheets spoil long numbers."
	if onlyGreenAPI(s) {
		spoiled = ""
	}
	switch w.Kind {
	case importer.NoSender:
		return "no sender for " + plural(w.Count, "outgoing message") + examples +
			": set KOMMO_BOT_ID, or map the authors under users: in " + defaultConfig + ". send refuses to start without."
	case importer.OldLast:
		return plural(w.Count, "conversation") + " ended more than a year ago" + examples +
			": each still makes one notification. --since leaves old messages out, --silent=all notifies nobody."
	case importer.NoPhone:
		return plural(w.Count, "client") + " without a phone" + examples + ": Kommo cannot find an existing contact by it. " +
			"Phones need their country code."
	case importer.NoName:
		return plural(w.Count, "client") + " without a name" + examples + ": shown by phone or id."
	case importer.LongText:
		return plural(w.Count, "text") + " of more than " + number(importer.LongTextLength) + " characters" + examples +
			": Kommo documents no limit, but may refuse them."
	case importer.MediaGone:
		return "nothing behind " + plural(w.Count, "media link") + " any more: a text says so instead."
	case importer.MediaUnknown:
		return "no answer about " + plural(w.Count, "file") + ": run the load again to ask once more. Otherwise a file with a link goes as a " +
			"text with it; one without waits until send has got a link from Green-API."
	case importer.MediaDying:
		return plural(w.Count, "media link") + " dead, or dead within a day: send makes new ones, and needs GREEN_API_INSTANCE and " +
			"GREEN_API_TOKEN for that."
	case importer.MediaPrivate:
		return plural(w.Count, "media link") + " into private networks, which Kommo cannot reach: sent as text with the link."
	case importer.GoneFromSource:
		return "no longer where they were read from: " + plural(w.Count, "message") + examples +
			". They are sent all the same; --exclude and --until can leave them out."
	case importer.ConflictingDuplicate:
		return "left out because their message_id was there before in the same conversation, though they say something else: " +
			plural(w.Count, "message") + examples + "." + spoiled
	case importer.DuplicateChat:
		return plural(w.Count, "chat") + " of WhatsApp would be sent twice, under a phone number and under an id that hides it" + examples +
			". Leave one of the two out: load with --exclude ID."
	case importer.Unnotified:
		return plural(w.Count, "conversation") + " sent without a notification" + examples +
			": the message that was to make it was left out or refused."
	case importer.Unfinished:
		return "the load was interrupted" + examples + ": run it again. send refuses to start without."
	}
	return string(w.Kind) + ": " + number(w.Count)
}

// fit breaks a line that has more characters than there are columns between words; 0 columns: none has. Its own
// indentation stays, and the lines after the first are indented.
func fit(line string, columns int, indent string) string {
	if columns == 0 || len([]rune(line)) <= columns {
		return line
	}
	if own := line[:len(line)-len(strings.TrimLeft(line, " "))]; len(own) > len(indent) {
		indent = own
	}
	column := len([]rune(indent))
	runes := []rune(line)
	if len(runes) > column && (strings.TrimSpace(string(runes[:column])) == "" || runes[column-1] == ' ') {
		return string(runes[:column]) + wrap(string(runes[column:]), columns-column, indent)
	}
	return wrap(line, columns-column, indent)
}

// wrap breaks text between words so that no line but one of a single long word has more than width characters; the
// lines after the first are indented.
func wrap(text string, width int, indent string) string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return strings.Join(append(lines, line), "\n"+indent)
}
