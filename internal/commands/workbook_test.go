package commands

import (
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
