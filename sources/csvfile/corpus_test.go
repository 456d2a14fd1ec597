package csvfile_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"kommo-import/sources"
	"kommo-import/sources/sourcetest"
)

// TestCorpus reads tables as programs and people of several countries really have them. An archive holds what somebody must
// say about a table, the table, and its messages, written by hand. "advised" adds all that Explain suggests; a preset must be
// suggested by itself.
func TestCorpus(t *testing.T) {
	paths, err := filepath.Glob("testdata/corpus/*.txtar")
	if err != nil || len(paths) < 27 {
		t.Fatalf("got %d archives, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			said, table, want := string(archive.Files[0].Data), string(archive.Files[1].Data), string(archive.Files[2].Data)
			c := newCorpusFile(t, said, table)
			if err := sourcetest.Check(t.Context(), c.File); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(want, corpusOutcome(readAll(t, c.File, ""))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			c.checkGrowth(t, table, want)
		})
	}
}

// checkGrowth reads the table as far as each of its rows, and then the whole of it from there.
func (c *corpusFile) checkGrowth(t *testing.T, table, want string) {
	t.Helper()
	header, end := c.headerLine, 0
	for n, line := range slices.Collect(strings.Lines(table)) {
		if end += len(line); n+1 < header || strings.Count(table[:end], `"`)%2 == 1 && c.form != "jsonl" {
			continue
		}
		c.write(t, table[:end])
		first, err := sourcetest.Read(t.Context(), c.File, "")
		if err != nil && c.form != "jsonl" { // whose columns are known only with the lines that have them
			t.Errorf("cut after line %d: %v", n+1, err)
		}
		c.write(t, table)
		all := sources.Batch{}
		for _, batch := range first {
			all.Messages, all.Invalid, all.Cursor = append(all.Messages, batch.Messages...), append(all.Invalid, batch.Invalid...), batch.Cursor
		}
		rest := readAll(t, c.File, all.Cursor)
		if rest.FromStart {
			all = sources.Batch{}
		}
		all.Messages, all.Invalid = append(all.Messages, rest.Messages...), append(all.Invalid, rest.Invalid...)
		if diff := cmp.Diff(want, corpusOutcome(all)); diff != "" {
			t.Errorf("grown after line %d (-want +got):\n%s", n+1, diff)
		}
	}
}

// corpusOutcome returns messages and invalid rows, a line each, and the conversations.
func corpusOutcome(b sources.Batch) string {
	var out strings.Builder
	var conversations []string
	for _, m := range b.Messages {
		_, line, _ := strings.Cut(m.Position, ":")
		fmt.Fprintf(&out, "%s %s %s %q", line, m.Time.Format(time.RFC3339), m.Direction, m.Text)
		if m.Skip != "" {
			out.WriteString(" skipped")
		} else if !slices.Contains(conversations, m.Conversation.ID) {
			conversations = append(conversations, m.Conversation.ID)
		}
		out.WriteByte('\n')
	}
	for _, i := range b.Invalid {
		_, line, _ := strings.Cut(i.Position, ":")
		fmt.Fprintf(&out, "%s! %s\n", line, i.Reason)
	}
	fmt.Fprintf(&out, "in %s\n", strings.Join(conversations, " "))
	return out.String()
}
