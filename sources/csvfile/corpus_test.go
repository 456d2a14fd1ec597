package csvfile_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"

	"kommo-import/sources"
	"kommo-import/sources/csvfile"
	"kommo-import/sources/jsonlfile"
	"kommo-import/sources/sourcetest"
	"kommo-import/sources/xlsxfile"
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
	isAdvised, preset, country, form := false, "", "", "csv"
	isWide, wide := false, unicode.LittleEndian
	for line := range strings.Lines(said) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch name {
		case "preset":
			preset, isAdvised = value, true
		case "map":
			settings.Map, _ = csvfile.ParseMapping([]string{value})
		case "me":
			settings.Me = []string{value}
		case "incoming":
			settings.Incoming = []string{value}
		case "outgoing":
			settings.Outgoing = []string{value}
		case "skip":
			settings.Skip = []string{value}
		case "skip-where":
			settings.SkipWhere = []string{value}
		case "utf16":
			order := map[string]unicode.Endianness{"le": unicode.LittleEndian, "be": unicode.BigEndian}[value]
			isWide, wide = true, order
		case "xlsx", "jsonl":
			form = name
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
	if isWide {
		table = encoded(t, unicode.UTF16(wide, unicode.UseBOM), table)
	}
	file := &csvfile.File{Path: write(t, table), Now: now, Location: time.UTC, Country: country, Settings: settings, BatchRows: 2}
	switch form {
	case "xlsx":
		writeBook(t, file.Path, table)
		file.Text = xlsxfile.Sheet("").Text
	case "jsonl":
		file.Text, file.NoHeaderLine = jsonlfile.Text, true
	}
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

// writeBook writes the rows of a CSV text as a workbook. #7 is a number, !true is true, and @2023-04-11 10:00:00|h:mm is a time
// of that form.
func writeBook(t *testing.T, path, table string) {
	t.Helper()
	lines := csv.NewReader(strings.NewReader(table))
	lines.FieldsPerRecord = -1
	rows, err := lines.ReadAll()
	book := excelize.NewFile()
	for i, row := range rows {
		for j, text := range row {
			err = errors.Join(err, setCell(book, j+1, i+1, text))
		}
	}
	out, createErr := os.Create(path)
	if err = errors.Join(err, createErr); err == nil {
		err = errors.Join(book.Write(out), out.Close(), book.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func setCell(book *excelize.File, column, row int, text string) error {
	cell, err := excelize.CoordinatesToCellName(column, row)
	if err != nil || text == "" {
		return err
	}
	switch value := text[1:]; text[0] {
	case '#':
		n, err := strconv.ParseInt(value, 10, 64)
		return errors.Join(err, book.SetCellInt("Sheet1", cell, n))
	case '!':
		return book.SetCellBool("Sheet1", cell, value == "true")
	case '@':
		value, form, _ := strings.Cut(value, "|")
		at, err := time.Parse(time.DateTime, value)
		days := at.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24
		if at.Year() < 1900 {
			days-- // an hour without a day
		}
		style, styleErr := book.NewStyle(&excelize.Style{CustomNumFmt: &form})
		return errors.Join(err, styleErr, book.SetCellFloat("Sheet1", cell, days, -1, 64), book.SetCellStyle("Sheet1", cell, cell, style))
	}
	return book.SetCellStr("Sheet1", cell, text)
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
