package commands

import (
	"bufio"
	_ "embed"
	"fmt"
	"strings"
	"text/template"

	"kommo-import/importer"
)

// reportTitle is the first line of a report for people.
const reportTitle = "# Migration into Kommo"

//go:embed reportpage.tmpl
var reportPageTemplate string

// HasMedia reports whether there is anything to say about media.
func (r reported) HasMedia() bool { return r.Media != importer.MediaReport{} }

// markdown writes the report for people. Text from outside is escaped: a program that shows the page runs nothing.
func (r reported) markdown(out *bufio.Writer) error {
	var failure error // of a list; it ends the page
	page, err := template.New("report").Funcs(template.FuncMap{
		"text":    markdownText,
		"excerpt": func(text string) string { return markdownText(oneLine(text, 200)) },
		"number":  number,
		"cells":   countCells,
		"moment":  moment,
		"span":    span,
		"ok":      func(err error) (string, error) { failure = err; return "", err },
	}).Parse(reportPageTemplate)
	if err == nil {
		err = page.Execute(out, r)
	}
	if failure != nil {
		return failure
	}
	return err
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
