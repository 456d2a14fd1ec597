package commands

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
)

func (p *program) report() *cli.Command {
	return p.command("report", "write down what was migrated, for a manager or for support",
		`Writes two files: one to read (Markdown) and one for programs (JSON, beside it). --html writes a page in
their place, with the conversations in which something is missing.

With --anonymise nobody can be recognised in them. Numbers and times stay. Left out are names, phones and texts, the
names of the files that were loaded, the reasons, and the lists of conversations and messages.

  kommo-import report --out report.md
  kommo-import report --html report.html
  kommo-import report --out for-support.md --anonymise`,
		p.writeReport)
}

func (p *program) writeReport(ctx context.Context, v *values) error {
	if v.pagePath() != "" {
		if err := v.checkPagePath(); err != nil {
			return err
		}
		err := p.readFile(v, "Writing the page", func(file *importer.File) error { return p.writeOutcomePage(ctx, v, file) })
		if err != nil || !v.isFlag("out") {
			return err
		}
	}
	path := v.text("out")
	if filepath.Ext(path) != ".md" {
		return usage("--out %s: want a name that ends in .md", path)
	}
	err := checkReplaceable(v.text("migration"), path, "report", isReportPage)
	if err == nil {
		err = checkReplaceable(v.text("migration"), dataOf(path), "report", isReportData)
	}
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return p.readFile(v, "Writing the report", func(file *importer.File) error { return p.writeReports(ctx, v, file, path) })
}

// dataOf returns the name of the report for programs, which stands beside the report for people.
func dataOf(path string) string { return strings.TrimSuffix(path, ".md") + ".json" }

func (p *program) writeReports(ctx context.Context, v *values, file *importer.File, path string) error {
	report, err := file.Report()
	if err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	r := reported{Report: report, Version: version(), Anonymised: v.on("anonymise"),
		Conversations: until(ctx, file.ReportedConversations()), Failures: until(ctx, file.Failures())}
	if r.Anonymised {
		r.Report = report.Anonymised()
	}
	data := dataOf(path)
	if err = replaceFile(path, r.markdown); err == nil {
		err = replaceFile(data, r.json)
	}
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if v.on("json") {
		return p.writeJSON(map[string]string{"report": path, "data": data})
	}
	p.ui.info("Wrote %s, and %s for programs.", printable(path), printable(data))
	return nil
}

// A reported migration is the data of reportpage.tmpl, and of the JSON beside it. The lists are read while they are
// written: they are too long to be held.
type reported struct {
	importer.Report
	Version       string
	Anonymised    bool // leave the lists out
	Conversations iter.Seq2[importer.ReportedConversation, error]
	Failures      iter.Seq2[importer.Failure, error]
}

// json writes the report as one object, with the conversations and failures as lists in it.
func (r reported) json(out *bufio.Writer) error {
	if r.Anonymised {
		return writeObject(out, r.Report)
	}
	return writeObject(out, r.Report, listOf("conversations", r.Conversations), listOf("failures", r.Failures))
}

// writeObject writes value as a JSON object, with lists as its last members.
func writeObject(out *bufio.Writer, value any, lists ...func(*bufio.Writer) error) error {
	head, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	out.Write(head[:len(head)-len("\n}")]) // an error stays with the writer, here and below
	for _, write := range lists {
		if err := write(out); err != nil {
			return err
		}
	}
	out.WriteString("\n}\n")
	return out.Flush()
}

// listOf returns a function that writes the items of seq as a member of an object.
func listOf[T any](name string, seq iter.Seq2[T, error]) func(*bufio.Writer) error {
	return func(out *bufio.Writer) error {
		fmt.Fprintf(out, ",\n  %q: [", name)
		separator := "\n    "
		for item, err := range seq {
			if err != nil {
				return err
			}
			line, err := json.Marshal(item)
			if err != nil {
				return err
			}
			out.WriteString(separator)
			out.Write(line)
			separator = ",\n    "
		}
		_, err := out.WriteString("\n  ]")
		return err
	}
}

// until yields the items of seq until ctx ends, and then the cause of its end.
func until[T any](ctx context.Context, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item, err := range seq {
			if ctx.Err() != nil {
				var zero T
				yield(zero, context.Cause(ctx))
				return
			}
			if !yield(item, err) {
				return
			}
		}
	}
}

// isReportPage reports whether content is an earlier report for people.
func isReportPage(content io.Reader) bool {
	line, _ := bufio.NewReaderSize(content, 128).ReadSlice('\n')
	return strings.TrimSpace(string(line)) == reportTitle
}

// isReportData reports whether content is an earlier report for programs: an object that begins with "made" and "status".
func isReportData(content io.Reader) bool {
	object := json.NewDecoder(content)
	if begin, err := object.Token(); err != nil || begin != json.Delim('{') {
		return false
	}
	for _, want := range []string{"made", "status"} {
		var value json.RawMessage
		name, err := object.Token()
		if err != nil || name != want || object.Decode(&value) != nil {
			return false
		}
	}
	return true
}

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
