package csvfile_test

import (
	"encoding/csv"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"

	"kommo-import/sources/csvfile"
	"kommo-import/sources/jsonlfile"
	"kommo-import/sources/xlsxfile"
)

// A corpusFile is a table of the corpus, in the form that its archive names.
type corpusFile struct {
	*csvfile.File
	form       string // csv, xlsx, jsonl
	bom, tabs  bool
	wide       encoding.Encoding // UTF-16, nil: the encoding of the settings
	headerLine int               // 1 in JSON lines: the first line is a message
}

// newCorpusFile writes a table with the settings that an archive names. It takes over what Explain advises, if the archive says so.
func newCorpusFile(t *testing.T, said, table string) *corpusFile {
	t.Helper()
	c := &corpusFile{File: &csvfile.File{Path: write(t, ""), Now: now, Location: time.UTC, BatchRows: 2}, form: "csv"}
	isAdvised, preset := false, ""
	for line := range strings.Lines(said) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch name {
		case "preset":
			preset, isAdvised = value, true
		case "map":
			c.Map, _ = csvfile.ParseMapping([]string{value})
		case "me":
			c.Me = []string{value}
		case "incoming":
			c.Incoming = []string{value}
		case "outgoing":
			c.Outgoing = []string{value}
		case "skip":
			c.Skip = []string{value}
		case "skip-where":
			c.SkipWhere = []string{value}
		case "encoding":
			c.Encoding = value
		case "utf16":
			c.wide = unicode.UTF16(map[string]unicode.Endianness{"le": unicode.LittleEndian, "be": unicode.BigEndian}[value], unicode.UseBOM)
		case "xlsx", "jsonl":
			c.form = name
		case "country":
			c.Country = value
		case "bom":
			c.bom = true
		case "tabs":
			c.tabs = true
		case "advised":
			isAdvised = true
		}
	}
	switch c.form {
	case "xlsx":
		c.Text = xlsxfile.Sheet("").Text
	case "jsonl":
		c.Text, c.NoHeaderLine = jsonlfile.Text, true
	}
	c.write(t, table)
	e, err := c.Explain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.headerLine = max(1, e.Line)
	if isAdvised {
		if e.Proposal.Preset != preset {
			t.Errorf("the preset %q is suggested, want %q", e.Proposal.Preset, preset)
		}
		c.Settings = e.Proposal
	}
	return c
}

// write writes a table to the file.
func (c *corpusFile) write(t *testing.T, table string) {
	t.Helper()
	if c.form == "xlsx" {
		writeBook(t, c.Path, table)
		return
	}
	if c.tabs {
		table = strings.ReplaceAll(table, "⇥", "\t")
	}
	if c.bom {
		table = "\ufeff" + table
	}
	switch {
	case c.wide != nil:
		table = encoded(t, c.wide, table)
	case c.Encoding != "":
		e, err := htmlindex.Get(c.Encoding)
		if err != nil {
			t.Fatal(err)
		}
		table = encoded(t, e, table)
	}
	if err := os.WriteFile(c.Path, []byte(table), 0o600); err != nil {
		t.Fatal(err)
	}
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
