package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/unicode"
)

var columns = []Column{{Name: "id", Width: 30}, {Name: "name", Width: 20}, {Name: "messages", Width: 10}, {Name: "last", Width: 17},
	{Name: "import", Width: 9, ToFill: true, Hint: "whether to take it along", Choices: []string{"yes", "no"}}}

// hostile are rows whose texts a spreadsheet could run, or spoil.
func hostile() (rows [][]any) {
	at := time.Date(2025, 3, 1, 10, 1, 0, 0, time.UTC)
	for i, id := range []string{"79001234567", "00712", "=cmd|' /c calc'!A0", "'=1", "@a", "+34600000001", "1e5", "a;=1", "a\"b,c", "2025-03-01", "TRUE", "_x0041_", "Ж 🚲", "#N/A"} {
		rows = append(rows, []any{id, "=HYPERLINK(\"http://evil\")", i, at, ""})
	}
	return append(rows, []any{"last", "", 0, time.Time{}, "no"})
}

func sequence(rows [][]any) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

func write(tb testing.TB, path string, columns []Column, rows iter.Seq2[[]any, error]) {
	tb.Helper()
	var out bytes.Buffer
	format, ok := FormatOf(path)
	if _, err := format.Write(&out, columns, rows); err != nil || !ok {
		tb.Fatal(err, ok)
	}
	writeBytes(tb, path, out.Bytes())
}

func writeBytes(tb testing.TB, path string, content []byte) {
	tb.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		tb.Fatal(err)
	}
}

// read returns the rows of a file: "2: id | import".
func read(path string, wanted ...string) (lines []string, err error) {
	t, err := Open(path, wanted...)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	for row, err := range t.Rows() {
		if err != nil {
			return lines, err
		}
		lines = append(lines, fmt.Sprintf("%d: %s", row.Number, strings.Join(row.Cells, " | ")))
	}
	return lines, nil
}

func wantRows(tb testing.TB, path string, want []string) {
	tb.Helper()
	got, err := read(path, "id", "import")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		tb.Errorf("%s (-want +got):\n%s%v", path, diff, err)
	}
}

// What is written comes back, whatever a text looks like.
func TestWriteAndRead(t *testing.T) {
	var want []string
	for i, row := range hostile() {
		want = append(want, fmt.Sprintf("%d: %s | %s", i+2, row[0], row[4]))
	}
	for _, name := range []string{"a.xlsx", "a.csv", "a.CSV"} {
		path := filepath.Join(t.TempDir(), name)
		write(t, path, columns, sequence(hostile()))
		wantRows(t, path, want)
	}
}

// Ids are texts in a workbook, numbers and times are not, no text is a formula, and the columns to be filled in offer lists.
func TestWorkbook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.xlsx")
	write(t, path, columns, sequence(hostile()))
	file, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	at := time.Date(2025, 3, 1, 10, 1, 0, 0, time.UTC).Local().Format("2006-01-02 15:04")
	for cell, want := range map[string]string{"A1": "id", "A2": "79001234567", "A3": "00712", "B2": `=HYPERLINK("http://evil")`, "C3": "1", "D2": at, "D16": ""} {
		if got, err := file.GetCellValue(sheetName, cell); got != want || err != nil {
			t.Errorf("%s is %q, %v; want %q", cell, got, err, want)
		}
		if formula, err := file.GetCellFormula(sheetName, cell); formula != "" || err != nil {
			t.Errorf("%s is the formula %q, %v", cell, formula, err)
		}
	}
	for cell, want := range map[string]excelize.CellType{"A2": excelize.CellTypeInlineString, "C2": excelize.CellTypeUnset, "D2": excelize.CellTypeUnset} {
		if got, err := file.GetCellType(sheetName, cell); got != want || err != nil {
			t.Errorf("%s has the type %v, %v; want %v", cell, got, err, want)
		}
	}
	for cell, want := range map[string]int{"A2": 49, "E2": 49, "E16": 49} {
		id, err := file.GetCellStyle(sheetName, cell)
		style, styleErr := file.GetStyle(id)
		if err != nil || styleErr != nil || style.NumFmt != want {
			t.Errorf("%s has the style %+v, %v, %v", cell, style, err, styleErr)
		}
	}
	lists, err := file.GetDataValidations(sheetName)
	if err != nil || len(lists) != 1 || lists[0].Sqref != "E2:E16" || lists[0].Formula1 != `"yes,no"` || *lists[0].Prompt != columns[4].Hint {
		t.Errorf("lists %+v, %v", lists, err)
	}
	panes, err := file.GetPanes(sheetName)
	if err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("panes %+v, %v", panes, err)
	}
	if names := file.GetDefinedName(); len(names) != 1 || names[0].RefersTo != "'Sheet1'!$A$1:$E$16" {
		t.Errorf("the filter is of %+v", names)
	}
}

// A table without rows is a header.
func TestNoRows(t *testing.T) {
	for _, name := range []string{"a.xlsx", "a.csv"} {
		path := filepath.Join(t.TempDir(), name)
		write(t, path, columns, sequence(nil))
		wantRows(t, path, nil)
	}
}

// An error among the rows ends the writing.
func TestWriteFails(t *testing.T) {
	broken := errors.New("broken")
	rows := func(yield func([]any, error) bool) { yield(nil, broken) }
	for _, format := range []Format{Workbook, CSV} {
		if _, err := format.Write(new(bytes.Buffer), columns, rows); !errors.Is(err, broken) {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// CSV files are read as spreadsheets save them.
func TestReadCSV(t *testing.T) {
	const plain = "Name,ID,Import\r\nAnn,79001234567,no\r\n,,\r\n\"Бо\nб\",да,yes\r\nCat,'b\r\n"
	want := []string{"2: 79001234567 | no", "4: да | yes", "6: 'b | "}
	semicolons := strings.ReplaceAll(plain, ",", ";")
	tabs := strings.ReplaceAll(plain, ",", "\t")
	utf16 := func(order unicode.Endianness) string {
		text, err := unicode.UTF16(order, unicode.UseBOM).NewEncoder().String(tabs)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for name, content := range map[string]string{
		"commas": plain, "mark": "\ufeff" + plain, "semicolons": semicolons, "mark, semicolons": "\ufeff" + semicolons, "tabs": tabs,
		"UTF-16 little": utf16(unicode.LittleEndian), "UTF-16 big": utf16(unicode.BigEndian),
	} {
		path := filepath.Join(t.TempDir(), name)
		writeBytes(t, path, []byte(content))
		wantRows(t, path, want)
	}
	for _, first := range []string{"sep=;\n", "\ufeffSEP=;\r\n", "\"sep=;\"\n"} {
		path := filepath.Join(t.TempDir(), "sep.csv")
		writeBytes(t, path, []byte(first+"id;import\na;no\n"))
		got, err := read(path, "id", "import")
		if diff := cmp.Diff([]string{"2: a | no"}, got); diff != "" || err != nil {
			t.Errorf("%q (-want +got):\n%s%v", first, diff, err)
		}
	}
}

// A workbook is read as other programs save it: with shared texts, with numbers for ids, with a sheet of notes before.
func TestReadWorkbook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.xlsx")
	file := excelize.NewFile()
	defer file.Close()
	file.SetCellValue("Sheet1", "A1", "notes")
	file.NewSheet("Chats")
	for i, row := range [][]any{{"IMPORT", "Id"}, {"No", 79001234567}, {nil, nil}, {nil, "a"}, {true, "b"}} {
		if err := file.SetSheetRow("Chats", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	wantRows(t, path, []string{"2: 79001234567 | No", "4: a | ", "5: b | 1"})
}

// What cannot be read is refused with a sentence.
func TestOpenFails(t *testing.T) {
	folder := t.TempDir()
	noSheet := filepath.Join(folder, "other.xlsx")
	write(t, noSheet, columns[:3], sequence(nil))
	for name, content := range map[string]string{
		"empty.csv": "", "blank.csv": "\n\n  \n", "mark.csv": "\ufeff", "old.xls": "\xd0\xcf\x11\xe0 …", "zip.xlsx": "PK\x03\x04 …", "cut.csv": "id,name\n1,2\n",
		"twice.csv": "id,import,Import\n", "~$a.xlsx": "Ann", "image.png": "\x89PNG\r\n\x1a\n\x00\x00",
	} {
		writeBytes(t, filepath.Join(folder, name), []byte(content))
	}
	for name, want := range map[string]string{
		"empty.csv": "is empty", "blank.csv": "is empty", "mark.csv": "is empty", "none.csv": "no such file", "": "is a folder",
		"old.xls": "is an old workbook, or has a password", "zip.xlsx": "is not a workbook that can be read", "~$a.xlsx": "Excel notes that a.xlsx is open",
		"cut.csv":    "the column import is missing from its first row, which must have id and import",
		"image.png":  "the columns id and import are missing from its first row, which must have id and import",
		"other.xlsx": "the column import is missing", "twice.csv": "the column import is there twice",
	} {
		if _, err := read(filepath.Join(folder, name), "id", "import"); err == nil || !strings.Contains(err.Error(), want) ||
			!strings.HasPrefix(err.Error(), filepath.Join(folder, name)+": ") || strings.Count(err.Error(), folder) > 1 {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

// A file that changes while it is read is refused, however it changes.
func TestFileChanges(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"grows": func(path string) error {
			file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = file.WriteString("b,no\n")
			return errors.Join(err, file.Close())
		},
		"replaced": func(path string) error {
			return errors.Join(os.WriteFile(path+"2", []byte("id,import\na,no\n"), 0o600), os.Rename(path+"2", path))
		},
		"removed": os.Remove,
	} {
		path := filepath.Join(t.TempDir(), "a.csv")
		writeBytes(t, path, []byte("id,import\na,no\n"))
		table, err := Open(path, "id", "import")
		if err != nil {
			t.Fatal(err)
		}
		var last error
		for _, err := range table.Rows() {
			if last = err; err == nil {
				if err := change(path); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := table.Close(); !errors.Is(last, errChanged) || err != nil {
			t.Errorf("%s: got %v, %v", name, last, err)
		}
	}
}

// BenchmarkWorkbook and BenchmarkCSV write and read a table of 50,000 rows.
func BenchmarkWorkbook(b *testing.B) { benchmark(b, "a.xlsx") }

func BenchmarkCSV(b *testing.B) { benchmark(b, "a.csv") }

func benchmark(b *testing.B, name string) {
	const rows = 50_000
	wide := append(columns[:0:0], columns...)
	for i := range 10 {
		wide = append(wide, Column{Name: fmt.Sprint("more", i), Width: 20})
	}
	at, path := time.Now(), filepath.Join(b.TempDir(), name)
	for b.Loop() {
		write(b, path, wide, func(yield func([]any, error) bool) {
			for i := range rows {
				yield([]any{fmt.Sprint(79000000000 + i), "Anna", i, at, "", "a", "b", "c", "d", "e", "f", "g", "h", "i", ""}, nil)
			}
		})
		if got, err := read(path, "id", "import"); len(got) != rows || err != nil {
			b.Fatal(len(got), err)
		}
	}
}
