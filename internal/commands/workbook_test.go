package commands

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// writeBook writes a workbook with the cells of the sheet Sheet1, and a sheet without any.
func writeBook(path string, cells map[string]any) error {
	book := excelize.NewFile()
	defer book.Close()
	for cell, value := range cells {
		if err := book.SetCellValue("Sheet1", cell, value); err != nil {
			return err
		}
	}
	if _, err := book.NewSheet("Notas"); err != nil {
		return err
	}
	return book.SaveAs(path)
}

// A workbook is loaded with the command that load names, and its settings stay.
func TestLoadWorkbook(t *testing.T) {
	folder := t.TempDir()
	if err := writeBook(filepath.Join(folder, "chats.xlsx"), map[string]any{
		"A1": "Teléfono", "B1": "Fecha", "C1": "Sentido", "D1": "Mensaje",
		"A2": 34600000001, "B2": time.Date(2023, 4, 11, 10, 0, 0, 0, time.UTC), "C2": "Entrante", "D2": "¿Está listo? 🚲",
		"A3": 34600000001, "B3": time.Date(2023, 4, 11, 10, 5, 0, 0, time.UTC), "C3": "Saliente", "D3": "Sí,\nmañana",
	}); err != nil {
		t.Fatal(err)
	}
	_, said := runProgram(t, folder, nil, exitError, "load", "--xlsx", "chats.xlsx")
	const advice = `load --xlsx chats.xlsx --timezone Local --map "conversation_id={Teléfono}@c.us,timestamp=Fecha,direction=Sentido,text=Mensaje,client_phone=Teléfono" --incoming Entrante --outgoing Saliente`
	if !strings.Contains(said, advice) || !strings.Contains(said, "The workbook has the sheets Sheet1, Notas; --sheet NAME") {
		t.Fatalf("got %s, want %s", said, advice)
	}
	args := strings.Split(strings.ReplaceAll(advice, `"`, ""), " ")
	if _, said := runProgram(t, folder, nil, exitDone, args...); !strings.Contains(said, "2 messages in 1 conversation to be sent") {
		t.Error(said)
	}
	if _, said := runProgram(t, folder, nil, exitDone, "load", "--xlsx", "chats.xlsx"); !strings.Contains(said, "has not changed") {
		t.Error(said)
	}
}

// With another sheet, a workbook is another export: nothing is taken over unasked, and nothing is sent twice.
func TestLoadAnotherSheet(t *testing.T) {
	c := newCorrector(t)
	book := excelize.NewFile()
	defer book.Close()
	if _, err := book.NewSheet("May 1"); err != nil {
		t.Fatal(err)
	}
	for sheet, tag := range map[string]string{"Sheet1": "#a", "May 1": "#b"} {
		day := 0
		if sheet == "May 1" {
			day = 86400
		}
		for row, cells := range [][]any{{"conversation_id", "timestamp", "direction", "text"}, {"ann", 1714557600 + day, "in", "hello " + tag + "1"},
			{"ann", 1714557660 + day, "out", "hi " + tag + "2"}} {
			if err := book.SetSheetRow(sheet, fmt.Sprintf("A%d", row+1), &cells); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := book.SaveAs(c.path("chats.xlsx")); err != nil {
		t.Fatal(err)
	}
	load := func(want int, args ...string) string {
		t.Helper()
		code, _, stderr := c.run(append([]string{"load", "--xlsx", c.path("chats.xlsx")}, args...)...)
		if code != want {
			t.Fatalf("load %s: exit code %d\n%s", args, code, stderr)
		}
		return stderr
	}
	load(exitDone)
	c.send(exitDone, "--max-conversations", "1")
	if said := load(exitError, "--sheet", "May 1"); !strings.Contains(said, "Nothing was changed") || !strings.Contains(said, "--name NEW --sheet \"May 1\"") {
		t.Errorf("got %s", said)
	}
	load(exitDone, "--sheet", "May 1", "--name", "second")
	if said := load(exitDone, "--name", "second"); !strings.Contains(said, "has not changed") { // its sheet is as in the last load
		t.Errorf("got %s", said)
	}
	load(exitDone)
	c.check("#a1", "#a2", "#b1", "#b2")
}

// A preset and the mapping that says the same have the same messages.
func TestLoadWithAnotherPreset(t *testing.T) {
	c := newCorrector(t)
	writeFile(t, c.path("chats.csv"), "conversationId,sendTime,senderType,text,agentId (optional)\n"+
		"c1,2023-04-11T10:00:00Z,visitor,hello #a1,\nc1,2023-04-11T10:05:00Z,agent,hi #a2,a7\n")
	c.load("chats.csv", "--preset", "ultimate")
	c.send(exitDone)
	c.load("chats.csv", "--preset", "", "--map", "conversation_id=conversationId,timestamp=sendTime,direction=senderType", "--incoming", "visitor")
	c.check("#a1", "#a2")
}
