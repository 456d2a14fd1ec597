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
	"golang.org/x/text/encoding/htmlindex"

	"kommo-import/sources"
	"kommo-import/sources/csvfile"
	"kommo-import/sources/sourcetest"
)

// TestCorpus reads tables as programs and people of several countries really have them. An archive holds what somebody must
// say about a table, the table, and its messages, written by hand. "advised" adds all that Explain suggests; a preset must be
// suggested by itself.
func TestCorpus(t *testing.T) {
	paths, err := filepath.Glob("testdata/corpus/*.txtar")
	if err != nil || len(paths) < 13 {
		t.Fatalf("got %d archives, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			said, table, want := string(archive.Files[0].Data), string(archive.Files[1].Data), string(archive.Files[2].Data)
			file := corpusFile(t, said, table)
			if err := sourcetest.Check(t.Context(), file); err != nil {
				t.Error(err)
			}
			batch := readAll(t, file, "")
			if diff := cmp.Diff(want, corpusOutcome(batch)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// corpusFile returns the file with the settings that an archive names.
func corpusFile(t *testing.T, said, table string) *csvfile.File {
	t.Helper()
	var settings csvfile.Settings
	isAdvised, preset, country := false, "", ""
	for line := range strings.Lines(said) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch name {
		case "preset":
			preset, isAdvised = value, true
		case "map":
			settings.Map, _ = csvfile.ParseMapping([]string{value})
		case "me":
			settings.Me = []string{value}
		case "encoding":
			e, err := htmlindex.Get(value)
			if err != nil {
				t.Fatal(err)
			}
			settings.Encoding, table = value, encoded(t, e, table)
		case "country":
			country = value
		case "bom":
			table = "\ufeff" + table
		case "tabs":
			table = strings.ReplaceAll(table, "⇥", "\t")
		case "advised":
			isAdvised = true
		}
	}
	file := &csvfile.File{Path: write(t, table), Now: now, Location: time.UTC, Country: country, Settings: settings, BatchRows: 2}
	if isAdvised {
		e, err := file.Explain(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if e.Proposal.Preset != preset {
			t.Errorf("the preset %q is suggested, want %q", e.Proposal.Preset, preset)
		}
		file.Settings = e.Proposal
	}
	return file
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
