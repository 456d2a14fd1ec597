package commands

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"kommo-import/importer"
)

// sheetChats are conversations whose ids and names spreadsheets spoil, or run.
const sheetChats = `conversation_id,client_name,client_phone,message_id,timestamp,direction,author_name,text
79001234567,Anna,+34600000001,a1,2025-03-01T10:00:00Z,in,,Hello
00712,Бен,+34600000002,b1,2025-03-02T10:00:00Z,in,,Hola
120363025486842017,Cleo,+34600000003,c1,2025-03-02T10:00:00Z,in,,Hola
a;=1,"=HYPERLINK(""http://evil"")",+34600000004,d1,2025-03-02T10:00:00Z,in,,Hola
=1,@SUM(A1),+34600000005,e1,2025-03-02T10:00:00Z,in,,Hola
1e5,-2+3,+34600000006,f1,2025-03-02T10:00:00Z,in,,Hola
2025-03-01,TRUE,+34600000007,g1,2025-03-02T10:00:00Z,in,,Hola
`

func loadSheetChats(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	writeFile(t, filepath.Join(folder, "chats.csv"), sheetChats)
	runProgram(t, folder, nil, exitDone, "load", "--csv", "chats.csv", "--quiet")
	return folder
}

// take takes the decisions in a file, and wants some words of the answer.
func take(t *testing.T, folder, file, want string) {
	t.Helper()
	if _, said := runProgram(t, folder, nil, exitDone, "conversations", "--from", file); !strings.Contains(said, want) {
		t.Errorf("%s: got %s, want %s", file, said, want)
	}
}

// An unedited sheet changes nothing, before decisions and after.
func TestUneditedSheet(t *testing.T) {
	t.Parallel()
	folder := loadSheetChats(t)
	for _, name := range []string{"a.xlsx", "a.csv"} {
		runProgram(t, folder, nil, exitDone, "conversations", "--out", name)
		take(t, folder, name, "Nothing has changed: all 7 rows")
	}
	addContact(t, folder, 4217)
	edit(t, filepath.Join(folder, "a.xlsx"), func(file *excelize.File, set func(id, column string, value any)) {
		set("a;=1", "import", "no")
		set("00712", "chat", "=1")
		set("79001234567", "notify", "Yes")
		set("79001234567", "contact_id", 4217)
		set("120363025486842017", "import", true)
	})
	take(t, folder, "a.xlsx", "Decided now: 1 left out, 1 included, 1 to notify, 1 in the chat of another, 1 with a contact.")
	for _, name := range []string{"a.xlsx", "b.xlsx", "b.csv"} {
		runProgram(t, folder, nil, exitDone, "conversations", "--out", name)
		take(t, folder, name, "Nothing has changed: all 7 rows")
	}
}

// addContact makes a contact known, as match does.
func addContact(t *testing.T, folder string, id int64) {
	t.Helper()
	file, err := importer.Open(filepath.Join(folder, "migration.db"), "test")
	if err == nil {
		err = file.Update(func(tx *sql.Tx) error {
			_, err := tx.Exec(`INSERT INTO contact (id, name, phones, emails) VALUES (?, '', '[]', '[]')`, id)
			return err
		})
	}
	if err = errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

// edit changes cells of a sheet, which it finds by the conversation and the column, as a person would.
func edit(t *testing.T, path string, change func(file *excelize.File, set func(id, column string, value any))) {
	t.Helper()
	file, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := file.GetRows("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	change(file, func(id, column string, value any) {
		r := slices.IndexFunc(rows, func(row []string) bool { return row[0] == id })
		cell, err := excelize.CoordinatesToCellName(slices.Index(rows[0], column)+1, r+1)
		if err != nil {
			t.Fatal(id, column, err)
		}
		if err := file.SetCellValue("Sheet1", cell, value); err != nil {
			t.Fatal(err)
		}
	})
	if err := file.Save(); err != nil {
		t.Fatal(err)
	}
}

// A workbook that LibreOffice saves has shared texts, its own formats and times as numbers; with a careless user it has
// numbers for ids. Columns can stand in another order, and rows too. None of this changes a decision.
func TestSheetSavedByAnotherProgram(t *testing.T) {
	t.Parallel()
	folder := loadSheetChats(t)
	runProgram(t, folder, nil, exitDone, "conversations", "--out", "a.xlsx")
	edit(t, filepath.Join(folder, "a.xlsx"), func(_ *excelize.File, set func(id, column string, value any)) {
		set("00712", "chat", "79001234567")
		set("a;=1", "import", "no")
	})
	take(t, folder, "a.xlsx", "Taken: 2 changes of 7 rows.")
	for name, numbers := range map[string]bool{"texts.xlsx": false, "numbers.xlsx": true} {
		saveAnew(t, filepath.Join(folder, "a.xlsx"), filepath.Join(folder, name), numbers)
		take(t, folder, name, "Nothing has changed: all 7 rows")
	}
}

// saveAnew writes the cells of a sheet into a new workbook: shared texts, numbers for times and, if wanted, for ids; the
// columns and the rows in reverse order, below an empty row.
func saveAnew(t *testing.T, from, to string, numbers bool) {
	t.Helper()
	old, err := excelize.OpenFile(from, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	rows, err := old.GetRows("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	file := excelize.NewFile()
	defer file.Close()
	slices.Reverse(rows[1:])
	for r, row := range rows {
		for c, cell := range row {
			var value any = cell
			var number float64
			if n, err := fmt.Sscanf(cell, "%g", &number); n == 1 && err == nil && numbers && fmt.Sprintf("%.0f", number) == strings.TrimLeft(cell, "0") {
				value = number
			}
			name, err := excelize.CoordinatesToCellName(len(rows[0])-c, r+2)
			if err != nil {
				t.Fatal(err)
			}
			if err := file.SetCellValue("Sheet1", name, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := file.SaveAs(to); err != nil {
		t.Fatal(err)
	}
}

// People write yes and no in their languages.
func TestChoiceOf(t *testing.T) {
	for cell, want := range map[string]importer.Choice{
		"": "", "yes": importer.Yes, "Yes": importer.Yes, "YES": importer.Yes, "TRUE": importer.Yes, "1": importer.Yes, "да": importer.Yes, "ДА": importer.Yes,
		"sí": importer.Yes, "SÍ": importer.Yes, "si": importer.Yes, "sim": importer.Yes, "'yes": importer.Yes,
		"no": importer.No, "NO": importer.No, "FALSE": importer.No, "0": importer.No, "нет": importer.No, "Não": importer.No, "nao": importer.No,
	} {
		if got, ok := choiceOf(cell); got != want || !ok {
			t.Errorf("%q is %q, %v, want %q", cell, got, ok, want)
		}
	}
	for _, cell := range []string{"maybe", "2", "yes!", "-", "x", "yes no"} {
		if got, ok := choiceOf(cell); got != "" || ok {
			t.Errorf("%q is %q, %v", cell, got, ok)
		}
	}
}

// The columns that must be filled in, and no others, are marked.
func TestSheetColumns(t *testing.T) {
	var toFill []string
	for _, column := range sheetColumns() {
		if column.ToFill {
			toFill = append(toFill, column.Name)
		}
		if column.ToFill != (column.Hint != "") || column.Width < float64(len(column.Name)) || len([]rune(column.Hint)) > 255 {
			t.Errorf("column %+v", column)
		}
	}
	if want := decisionColumns()[1:]; !slices.Equal(toFill, want) {
		t.Errorf("to be filled in are %v, want %v", toFill, want)
	}
}
