package xlsxfile_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"kommo-import/sources/csvfile"
	"kommo-import/sources/sourcetest"
	"kommo-import/sources/xlsxfile"
)

func now() time.Time { return time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC) }

// A styled cell has a number format.
type styled struct {
	value  any
	format string
}

// writeWorkbook writes a workbook with a sheet of notes and a sheet of chats.
func writeWorkbook(tb testing.TB, path string, rows ...[]any) {
	tb.Helper()
	file := excelize.NewFile()
	defer file.Close()
	file.SetSheetName("Sheet1", "Notes")
	file.NewSheet("Chats")
	for r, row := range rows {
		for c, value := range row {
			cell, _ := excelize.CoordinatesToCellName(c+1, r+1)
			if s, isStyled := value.(styled); isStyled {
				style, err := file.NewStyle(&excelize.Style{CustomNumFmt: &s.format})
				if err != nil {
					tb.Fatal(err)
				}
				file.SetCellStyle("Chats", cell, cell, style)
				value = s.value
			}
			if err := file.SetCellValue("Chats", cell, value); err != nil {
				tb.Fatal(err)
			}
			if s, isStyled := row[c].(styled); isStyled { // SetCellValue gives times a style of their own
				style, _ := file.NewStyle(&excelize.Style{CustomNumFmt: &s.format})
				file.SetCellStyle("Chats", cell, cell, style)
			}
		}
	}
	if err := file.SaveAs(path); err != nil {
		tb.Fatal(err)
	}
}

func chats(path string, settings csvfile.Settings) *csvfile.File {
	return &csvfile.File{Path: path, Settings: settings, Location: time.UTC, Now: now, Text: xlsxfile.Sheet("Chats").Text}
}

// outcome returns messages and invalid rows, a line each.
func outcome(tb testing.TB, file *csvfile.File, cursor string) (lines []string, last string) {
	tb.Helper()
	batches, err := sourcetest.Read(tb.Context(), file, cursor)
	if err != nil {
		tb.Fatal(err)
	}
	for _, batch := range batches {
		for _, m := range batch.Messages {
			lines = append(lines, fmt.Sprintf("%s %s %s %s %q", m.Position, m.Time.Format(time.RFC3339), m.Direction, m.Conversation.ID, m.Text))
		}
		for _, i := range batch.Invalid {
			lines = append(lines, i.Position+"! "+i.Reason)
		}
		last = batch.Cursor
	}
	return lines, last
}

var header = []any{"conversation_id", "timestamp", "direction", "text"}

// Cells are read by their type, however they look in the country of their author.
func TestCells(t *testing.T) {
	at := time.Date(2023, 4, 11, 10, 0, 5, 0, time.UTC)
	path := filepath.Join(t.TempDir(), "chats.xlsx")
	writeWorkbook(t, path,
		[]any{"Chats of April"},
		nil,
		header,
		[]any{styled{int64(79001234567), "# ##0"}, styled{at, "d/m/yy h:mm"}, "in", "Привет 🚲\nкак дела?"},
		[]any{"79001234567", styled{at, `[$-419]d mmmm yyyy"г." h:mm;@`}, "out", styled{1500, `#,##0.00 "₽"`}},
		nil,
		[]any{int64(79001234567), "2023-04-11 10:00", "in", styled{time.Date(2023, 4, 11, 10, 30, 0, 0, time.UTC), "h:mm AM/PM"}},
		[]any{7.9e10, at.Unix(), "out", true},
		[]any{"c", "11.04.2023 10:00", "in", `a "quote", and; more`},
		[]any{"c", 45027.41672, "in", "  blanks"},
		[]any{"c", 45027.41672, "in", "line end\r\n"},
	)
	want := []string{
		`chats.xlsx:4 2023-04-11T10:00:05Z incoming 79001234567 "Привет 🚲\nкак дела?"`,
		`chats.xlsx:5 2023-04-11T10:00:05Z outgoing 79001234567 "1500"`,
		`chats.xlsx:7 2023-04-11T10:00:00Z incoming 79001234567 "10:30:00"`,
		`chats.xlsx:8 2023-04-11T10:00:05Z outgoing 79000000000 "TRUE"`,
		`chats.xlsx:9 2023-04-11T10:00:00Z incoming c "a \"quote\", and; more"`,
		`chats.xlsx:10 2023-04-11T10:00:05Z incoming c "  blanks"`,
		`chats.xlsx:11 2023-04-11T10:00:05Z incoming c "line end\n"`,
	}
	file := chats(path, csvfile.Settings{TimeFormat: "DD.MM.YYYY HH:MM"})
	got, _ := outcome(t, file, "")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, file.BatchRows = range []int{1, 3} {
		if err := sourcetest.Check(t.Context(), file); err != nil {
			t.Error(err)
		}
	}
}

// A day and an hour in two columns are one time.
func TestDayAndHour(t *testing.T) {
	at := time.Date(2023, 4, 11, 10, 30, 0, 0, time.UTC)
	path := filepath.Join(t.TempDir(), "chats.xlsx")
	writeWorkbook(t, path, []any{"chat", "day", "hour", "side", "message"},
		[]any{"c", styled{at.Truncate(24 * time.Hour), "dd.mm.yyyy"}, styled{at, "h:mm"}, "in", "hi"})
	got, _ := outcome(t, chats(path, csvfile.Settings{Map: csvfile.Mapping{"conversation_id": "chat", "timestamp": "day+hour",
		"direction": "side", "text": "message"}}), "")
	if want := []string{`chats.xlsx:2 2023-04-11T10:30:00Z incoming c "hi"`}; !cmp.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A workbook that grows is read on, and a workbook that changes is read anew.
func TestGrowth(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chats.xlsx")
	rows := [][]any{header, {"c", 1714557600, "in", "a\nb"}, {"c", 1714557600, "in", "c"}}
	writeWorkbook(t, path, rows...)
	file := chats(path, csvfile.Settings{})
	_, cursor := outcome(t, file, "")
	if got, _ := outcome(t, file, cursor); len(got) > 0 {
		t.Errorf("unchanged: got %q", got)
	}
	writeWorkbook(t, path, append(rows, []any{"c", 1714557601, "out", "d"})...)
	if got, _ := outcome(t, file, cursor); len(got) != 1 || !strings.HasSuffix(got[0], `"d"`) {
		t.Errorf("grown: got %q", got)
	}
	rows[1][3] = "A"
	writeWorkbook(t, path, rows...)
	if got, _ := outcome(t, file, cursor); len(got) != 2 {
		t.Errorf("changed: got %q", got)
	}
	err := sourcetest.CheckGrowth(t.Context(), file, 1, func() { writeWorkbook(t, path, append(rows, []any{"c", 1714557601, "out", "d"})...) })
	if err != nil {
		t.Error(err)
	}
}

func TestRefusals(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chats.xlsx")
	writeWorkbook(t, path, header)
	if got, _ := outcome(t, &csvfile.File{Path: path, Text: xlsxfile.Sheet("").Text}, ""); len(got) > 0 {
		t.Errorf("the first sheet that is not empty: got %v, want nothing but a header", got)
	}
	for want, text := range map[string]xlsxfile.Sheet{
		`there is no sheet "Чаты": found Notes, Chats`: "Чаты",
		"the file is empty": "Notes",
	} {
		_, err := sourcetest.Read(t.Context(), &csvfile.File{Path: path, Text: text.Text}, "")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("sheet %q: got %v, want %s", text, err, want)
		}
	}
	for content, want := range map[string]string{
		"a,b\n":                       "is text, and no workbook: load it with --csv",
		"\ufeff<HTML><table>":         "is a web page (or XML), whatever its name: open it in Excel, save it as .xlsx, and load it with --xlsx",
		"\xd0\xcf\x11\xe0":            "is an old Excel workbook, or has a password",
		`{"a":1}`:                     "holds JSON: load it with --jsonl",
		"PK\x03\x04 and nothing more": "is not a workbook that can be read: open it in Excel and save it anew as .xlsx",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := sourcetest.Read(t.Context(), &csvfile.File{Path: path, Text: xlsxfile.Sheet("").Text}, "")
		if err == nil || !strings.Contains(err.Error(), "chats.xlsx: "+want) {
			t.Errorf("%q: got %v, want %s", content, err, want)
		}
	}
}

// A large workbook is unpacked into the folder that TextIn names, and the folder is empty in the end.
func TestTextIn(t *testing.T) {
	path, temp := filepath.Join(t.TempDir(), "chats.xlsx"), t.TempDir()
	rows := [][]any{header}
	for i := range 600 {
		rows = append(rows, []any{"c", 1714557600 + i, "in", fmt.Sprint(i) + strings.Repeat("x", 32_000)})
	}
	writeWorkbook(t, path, rows...)
	text, err := xlsxfile.Sheet("Chats").TextIn(temp)(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, text); err != nil {
		t.Error(err)
	}
	if files, err := os.ReadDir(temp); err != nil || len(files) == 0 {
		t.Errorf("got %d files, %v, want what was unpacked", len(files), err)
	}
	if err := text.Close(); err != nil {
		t.Error(err)
	}
	if files, err := os.ReadDir(temp); err != nil || len(files) > 0 {
		t.Errorf("got %d files, %v, want none", len(files), err)
	}
}

// A row ends at its last cell that is not empty: that is no fault of a table.
func TestShortRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chats.xlsx")
	writeWorkbook(t, path, []any{"Report"}, append(header, "author_name"), []any{"c", 1714557600, "in", "a"}, []any{"c", 1714557600, "huh"}, nil,
		[]any{"c", 1714557601, "out", "b", "Ana", nil, ""})
	got, _ := outcome(t, chats(path, csvfile.Settings{}), "")
	want := []string{`chats.xlsx:3 2024-05-01T10:00:00Z incoming c "a"`, `chats.xlsx:6 2024-05-01T10:00:01Z outgoing c "b"`,
		`chats.xlsx:4! direction "huh": not a direction; use in or out, or list the value in --incoming, --outgoing or --skip`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := sourcetest.Check(t.Context(), chats(path, csvfile.Settings{})); err != nil {
		t.Error(err)
	}
}

// The number of a time reads as its cell means it. An hour that a cell has and does not show is not lost.
func TestTimes(t *testing.T) {
	for _, is1904 := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "chats.xlsx")
		book := excelize.NewFile()
		defer book.Close()
		book.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &is1904})
		w, err := book.NewStreamWriter("Sheet1")
		if err != nil {
			t.Fatal(err)
		}
		var row []any
		var want []string
		for _, cell := range []struct {
			days         float64
			format, want string
		}{
			{45027.4375, "dd.mm.yyyy", "2023-04-11 10:30:00"},
			{45027, "dd.mm.yyyy", "2023-04-11"},
			{45027, "d/m/yy h:mm", "2023-04-11 00:00:00"},
			{45027.43755787037, "d/m/yy h:mm", "2023-04-11 10:30:05"},
			{45027.999999999, "d/m/yy h:mm", "2023-04-12 00:00:00"},
			{45027.4375, "h:mm AM/PM", "10:30:00"},
			{0.4375, "h:mm", "10:30:00"},
			{0.4375, "d/m/yy h:mm", "10:30:00"},
			{1500.5, `# ##0.00 "руб."`, "1500.5"},
			{79001234567, "General", "79001234567"},
			{5511987654321, "0", "5511987654321"},
			{5511987654321, "#,##0.00", "5511987654321"},
			{123456789012345, "0", "123456789012345"},
		} {
			style, err := book.NewStyle(&excelize.Style{CustomNumFmt: &cell.format})
			if err != nil {
				t.Fatal(err)
			}
			days := cell.days
			if is1904 && days > 40_000 && days < 50_000 {
				days -= 1462
			}
			row = append(row, excelize.Cell{StyleID: style, Value: days})
			want = append(want, cell.want)
		}
		if err := errors.Join(w.SetRow("A1", row), w.Flush(), book.SaveAs(path)); err != nil {
			t.Fatal(err)
		}
		text, err := xlsxfile.Sheet("").Text(path)
		if err != nil {
			t.Fatal(err)
		}
		defer text.Close()
		got, err := io.ReadAll(text)
		if want := strings.Join(want, ",") + "\n"; err != nil || string(got) != want {
			t.Errorf("from 1904: %t: got %s, %v, want %s", is1904, got, err, want)
		}
	}
}
