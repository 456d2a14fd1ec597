package commands

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/importer"
)

// A report or a list of failures that is interrupted leaves nothing behind.
func TestReportInterrupted(t *testing.T) {
	folder := t.TempDir()
	source, migration := filepath.Join(folder, "chats.csv"), filepath.Join(folder, "migration.db")
	writeFile(t, source, "conversation_id,timestamp,direction,text\nann,1740823200,in,Hello\nann,yesterday,in,Hello\n")
	var stderr bytes.Buffer
	run := func(ctx context.Context, args ...string) int {
		return Run(ctx, append([]string{"kommo-import"}, args...), nil, &bytes.Buffer{}, &stderr)
	}
	if code := run(t.Context(), "load", "-m", migration, "--csv", source); code != exitIncomplete {
		t.Fatalf("load ended with %d: %s", code, &stderr)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(ErrInterrupted)
	for _, command := range [][]string{
		{"report", "-m", migration, "--out", filepath.Join(folder, "r.md")},
		{"failures", "-m", migration, "--out", filepath.Join(folder, "r.csv")},
	} {
		if code := run(ctx, command...); code != exitInterrupted {
			t.Errorf("%s: got code %d, want %d: %s", command[0], code, exitInterrupted, &stderr)
		}
	}
	for _, pattern := range []string{"r.*", ".r.*"} {
		if left, _ := filepath.Glob(filepath.Join(folder, pattern)); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// A report whose lists cannot be read to their end is an error in both forms, not a shorter report.
func TestReportUnreadable(t *testing.T) {
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "chats.csv"), checkCSV)
	runProgram(t, folder, nil, exitDone, "load", "--csv", "chats.csv")
	file, err := importer.OpenReadOnly(filepath.Join(folder, "migration.db"))
	if err != nil {
		t.Fatal(err)
	}
	report, err := file.Report()
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	r := reported{Report: report, Conversations: file.ReportedConversations(), Failures: file.Failures()}
	for form, write := range map[string]func(*bufio.Writer) error{"markdown": r.markdown, "json": r.json} {
		if err := write(bufio.NewWriter(io.Discard)); err == nil {
			t.Errorf("%s: got no error from a file that is closed", form)
		}
	}
}

// allOf yields the items.
func allOf[T any](items []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// pageOf returns the report for people of a migration in which every text from outside is text.
func pageOf(t *testing.T, text string, anonymised bool) string {
	t.Helper()
	at := time.Date(2025, 3, 1, 10, 0, 0, 0, time.UTC)
	groups := []importer.Group{{Reason: text, Messages: 1, Examples: []string{text}}}
	counts := map[importer.State]int{importer.Accepted: 2, importer.Verified: 1, importer.Planned: 1200, importer.Refused: 4}
	var page strings.Builder
	out := bufio.NewWriter(&page)
	err := reported{
		Report: importer.Report{
			Status:  importer.Status{ScopeID: text, Sources: []importer.SourceStatus{{Name: text}, {Name: text, Finished: true}}},
			Kinds:   map[string]map[importer.State]int{text: counts},
			Skipped: groups, Invalid: groups, Refused: groups,
			Media: importer.MediaReport{Found: 1}, Verification: &importer.VerifyReport{There: 3},
		},
		Version: "v1", Anonymised: anonymised,
		Conversations: allOf([]importer.ReportedConversation{
			{ID: text, Name: text, Phone: text, Messages: counts, First: at, Last: at},
		}),
		Failures: allOf([]importer.Failure{
			{State: "invalid", Position: text, Reason: text, Text: text},
			{State: text, Position: text, Conversation: text, Time: at, Reason: text, Text: text},
		}),
	}.markdown(out)
	if err != nil {
		t.Fatal(err)
	}
	out.Flush()
	return page.String()
}

// Text from outside cannot do anything in a report: no HTML, link or line of Markdown, and no escape of a terminal.
func TestReportPageIsHarmless(t *testing.T) {
	const plain = "PLAIN"
	page := pageOf(t, plain, false)
	if got, want := strings.Count(page, plain), 17; got != want {
		t.Errorf("got %d texts from outside, want %d:\n%s", got, want, page)
	}
	for _, text := range []string{
		"<script>alert(1)</script>", "<!-- ", "a | b", "\n# Title\n\n| a | b |\n", "[click](javascript:alert(1))",
		"![x](http://evil)", "`code`", "**bold** __bold__ ~~gone~~", "&lt;b&gt;", `\<b\>`, "a\r\nb\tc",
		"\x1b[31mred\x1b]0;owned\x07", "\u202eright to left", "\xff\xfe", "Здравствуйте 👩‍💻", "{{.Version}}",
	} {
		got, want := pageOf(t, text, false), strings.ReplaceAll(page, plain, markdownText(text))
		if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestMarkdownText(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"Anna Petrova, +34 600", "Anna Petrova, +34 600"},
		{"<b>", `\<b\>`},
		{"a | b", `a \| b`},
		{`\<`, `\\\<`},
		{"[a](b) ![c](d)", `\[a\](b) \!\[c\](d)`},
		{"*a* _b_ `c` ~d~ {e} &lt; # f", "\\*a\\* \\_b\\_ \\`c\\` \\~d\\~ \\{e\\} \\&lt; \\# f"},
		{"\n# a\n\nb\tc \r", `\# a b c \\r`},
		{"\x1b[31m \u202e", `\\x1b\[31m \\u202e`},
		{strings.Repeat("a", 501), strings.Repeat("a", 499) + "…"},
	} {
		if got := markdownText(tt.text); got != tt.want {
			t.Errorf("markdownText(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

// An anonymised page has no lists, whatever it is given.
func TestReportPageAnonymised(t *testing.T) {
	page := pageOf(t, "PLAIN", true)
	for _, heading := range []string{"## Conversations", "## Messages that are not in Kommo"} {
		if strings.Contains(page, heading) {
			t.Errorf("got %q in\n%s", heading, page)
		}
	}
}
