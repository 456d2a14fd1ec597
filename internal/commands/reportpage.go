package commands

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"iter"
	"strings"
	"text/template"

	"kommo-import/importer"
)

// reportTitle is the first line of a report for people.
const reportTitle = "# Migration into Kommo"

//go:embed reportpage.tmpl
var reportPageTemplate string

// A reportPage is the data of reportpage.tmpl. Conversations and Failures are read while the page is written: they are
// too many to be held.
type reportPage struct {
	importer.Report
	Version       string
	Anonymised    bool
	Conversations iter.Seq[importer.ReportedConversation]
	Failures      iter.Seq[importer.Failure]
}

// HasMedia reports whether there is anything to say about media.
func (p reportPage) HasMedia() bool { return p.Media != importer.MediaReport{} }

// markdown writes the report for people. Text from outside is escaped: a program that shows the page runs nothing.
func (r *reported) markdown(ctx context.Context, out *bufio.Writer) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var failure error
	page := reportPage{Report: r.Report, Version: version(), Anonymised: r.anonymised}
	if !r.anonymised {
		page.Conversations = untilError(until(ctx, r.file.ReportedConversations()), &failure)
		page.Failures = untilError(until(ctx, r.file.Failures()), &failure)
	}
	if err := page.write(out); err != nil {
		return err
	}
	return failure
}

func (p reportPage) write(out *bufio.Writer) error {
	page, err := template.New("report").Funcs(template.FuncMap{
		"text":    markdownText,
		"excerpt": func(text string) string { return markdownText(oneLine(text, 200)) },
		"number":  number,
		"cells":   countCells,
		"moment":  moment,
		"span":    span,
	}).Parse(reportPageTemplate)
	if err != nil {
		return err
	}
	return page.Execute(out, p)
}

// untilError yields the items of seq for a template, which cannot handle errors. The first error ends the sequence and
// is stored in *failure.
func untilError[T any](seq iter.Seq2[T, error], failure *error) iter.Seq[T] {
	return func(yield func(T) bool) {
		for item, err := range seq {
			if err != nil {
				*failure = err
				return
			}
			if !yield(item) {
				return
			}
		}
	}
}

// countCells returns the cells of a row that count messages: in Kommo, to be sent, skipped, refused.
func countCells(messages map[importer.State]int) string {
	return fmt.Sprintf("%s | %s | %s | %s", number(messages[importer.Accepted]+messages[importer.Verified]),
		number(messages[importer.Planned]+messages[importer.Sending]), number(messages[importer.Skipped]),
		number(messages[importer.Refused]))
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
