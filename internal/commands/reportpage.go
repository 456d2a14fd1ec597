package commands

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"kommo-import/importer"
)

// reportTitle is the first line of a report for people.
const reportTitle = "# Migration into Kommo"

// markdown writes the report for people. What comes from outside is made harmless: a page that shows it runs nothing.
func (r *reported) markdown(ctx context.Context, out *bufio.Writer) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	fmt.Fprintf(out, "%s\n\nMade %s by kommo-import %s.\n\n", reportTitle, moment(r.Made), version())
	r.writeSummary(out)
	r.writeStates(out)
	r.writeKinds(out)
	r.writeVerification(out)
	r.writeMediaTable(out)
	for _, list := range []struct {
		title  string
		groups []importer.Group
	}{
		{"Refused by Kommo", r.Refused}, {"Invalid: could not be understood", r.Invalid}, {"Skipped", r.Skipped},
	} {
		writeReasons(out, list.title, list.groups)
	}
	if err := r.writeConversations(ctx, out); err != nil {
		return err
	}
	return r.writeFailureTable(ctx, out)
}

func (r *reported) writeSummary(out *bufio.Writer) {
	var from []string
	for _, source := range r.Status.Sources {
		name := source.Name
		if !source.Finished {
			name += " (not read to its end)"
		}
		from = append(from, name)
	}
	c := r.Status.Conversations
	table(out, "", "")
	tableRow(out, "From", strings.Join(from, ", "))
	tableRow(out, "To scope", r.Status.ScopeID)
	tableRow(out, "Conversations", fmt.Sprintf("%s done of %s", number(c.Done), number(c.Total)))
	tableRow(out, "Written", span(r.FirstWritten, r.LastWritten))
	tableRow(out, "Sent", span(r.FirstSent, r.LastSent))
	tableRow(out, "Notifications", number(r.Notified))
	fmt.Fprintln(out)
}

func (r *reported) writeStates(out *bufio.Writer) {
	m := r.Status.Messages
	fmt.Fprint(out, "## Messages\n\n")
	table(out, "what became of them", "messages")
	for _, row := range []struct {
		state string
		count int
	}{
		{"read", m.Read}, {"duplicate: the same message again", m.Duplicate}, {"skipped", m.Skipped}, {"invalid", m.Invalid},
		{"planned: still to be sent", m.Planned}, {"sending: not known whether Kommo has it", m.Sending},
		{"accepted by Kommo", m.Accepted}, {"verified: read back from Kommo", m.Verified}, {"refused by Kommo", m.Refused},
	} {
		tableRow(out, row.state, number(row.count))
	}
	fmt.Fprintln(out)
}

func (r *reported) writeKinds(out *bufio.Writer) {
	fmt.Fprint(out, "## Kinds\n\n")
	table(out, "kind", "in Kommo", "to be sent", "skipped", "refused")
	for _, kind := range slices.Sorted(maps.Keys(r.Kinds)) {
		of := r.Kinds[kind]
		tableRow(out, kind, number(of[importer.Accepted]+of[importer.Verified]), number(of[importer.Planned]+of[importer.Sending]),
			number(of[importer.Skipped]), number(of[importer.Refused]))
	}
	fmt.Fprintln(out)
}

func (r *reported) writeVerification(out *bufio.Writer) {
	fmt.Fprint(out, "## Verification\n\n")
	v := r.Verification
	if v == nil {
		fmt.Fprint(out, "The chats were not read back.\n\n")
		return
	}
	table(out, "read back from Kommo", "")
	for _, row := range []struct {
		what  string
		count int
	}{
		{"conversations read to their end", v.Conversations}, {"conversations still to be read", v.Open},
		{"messages there as they were sent", v.There}, {"messages missing", v.Missing}, {"messages that differ", v.Differs},
		{"messages doubled", v.Doubled}, {"messages at another place", v.OutOfOrder}, {"conversations that cannot be read", v.Unread},
		{"messages that are not of this migration", v.Foreign},
	} {
		tableRow(out, row.what, number(row.count))
	}
	fmt.Fprintln(out)
}

func (r *reported) writeMediaTable(out *bufio.Writer) {
	if r.Media == (importer.MediaReport{}) {
		return
	}
	fmt.Fprint(out, "## Media\n\n")
	table(out, "files that had to be asked about", "")
	tableRow(out, "there", number(r.Media.Found))
	tableRow(out, "gone; a text says so", number(r.Media.Gone))
	tableRow(out, "without an answer; sent as a link in a text", number(r.Media.Unknown))
	tableRow(out, "links that had died and were made anew", number(r.Media.Renewed))
	tableRow(out, "messages whose file went as text", number(r.Media.AsText))
	fmt.Fprintln(out)
}

func writeReasons(out *bufio.Writer, title string, groups []importer.Group) {
	if len(groups) == 0 {
		return
	}
	fmt.Fprintf(out, "## %s\n\n", title)
	table(out, "reason", "messages")
	for _, group := range groups {
		tableRow(out, group.Reason, number(group.Messages))
	}
	fmt.Fprintln(out)
}

func (r *reported) writeConversations(ctx context.Context, out *bufio.Writer) error {
	fmt.Fprint(out, "## Conversations\n\n")
	table(out, "conversation", "client", "phone", "in Kommo", "to be sent", "skipped", "refused", "written")
	for c, err := range until(ctx, r.file.ReportedConversations()) {
		if err != nil {
			return err
		}
		if r.conversation != nil {
			c = r.conversation(c)
		}
		of := c.Messages
		tableRow(out, c.ID, c.Name, c.Phone, number(of[importer.Accepted]+of[importer.Verified]),
			number(of[importer.Planned]+of[importer.Sending]), number(of[importer.Skipped]), number(of[importer.Refused]), span(c.First, c.Last))
	}
	_, err := fmt.Fprintln(out)
	return err
}

func (r *reported) writeFailureTable(ctx context.Context, out *bufio.Writer) error {
	fmt.Fprint(out, "## Messages that are not in Kommo\n\n")
	table(out, "state", "where", "when", "reason", "text")
	for f, err := range until(ctx, r.file.Failures()) {
		if err != nil {
			return err
		}
		if r.failure != nil {
			f = r.failure(f)
		}
		tableRow(out, f.State, f.Position, moment(f.Time), f.Reason, oneLine(f.Text, 200))
	}
	_, err := fmt.Fprintln(out)
	return err
}

// table begins a table.
func table(out *bufio.Writer, columns ...string) {
	tableRow(out, columns...)
	fmt.Fprintln(out, "|"+strings.Repeat("---|", len(columns)))
}

func tableRow(out *bufio.Writer, cells ...string) {
	for _, cell := range cells {
		fmt.Fprint(out, "| ", markdownText(cell), " ")
	}
	fmt.Fprintln(out, "|")
}

// markdownText returns text that Markdown shows as it is, in one line.
func markdownText(text string) string {
	var b strings.Builder
	for _, r := range oneLine(text, 500) {
		if strings.ContainsRune("\\`*_{}[]<>#|~!&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// span returns from when to when.
func span(first, last time.Time) string {
	if first.IsZero() {
		return ""
	}
	return moment(first) + " to " + moment(last)
}

// moment returns a time where the administrator is, with its zone; "" for none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04 MST")
}
