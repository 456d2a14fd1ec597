package bench

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/xuri/excelize/v2"
)

// BenchmarkWorkbook loads an Excel workbook of a million rows with the built program. Its phones and times are numbers, as Excel
// keeps them.
func BenchmarkWorkbook(b *testing.B) {
	p := build(b)
	messages := min(1_000_000, *rows)
	if err := writeWorkbook(filepath.Join(p.folder, "chats.xlsx"), messages); err != nil {
		b.Fatal(err)
	}
	load := p.run(b, nil, nil, "load", "--xlsx", "chats.xlsx", "--quiet", "--timezone", "UTC")
	report(b, float64(messages)/load.elapsed.Seconds(), "rows/s")
	reportAtMost(b, load.peak, "MB-peak", 250)
}

func writeWorkbook(path string, messages int) error {
	file := excelize.NewFile()
	defer file.Close()
	w, err := file.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	w.SetRow("A1", []any{"conversation_id", "timestamp", "direction", "text", "message_id", "client_name"})
	for i := range messages {
		err := w.SetRow(fmt.Sprintf("A%d", i+2), []any{79000000000 + i/50, 1714557600 + i, []string{"in", "out"}[i%2],
			fmt.Sprintf("Здравствуйте! Is order %d ready?", i), fmt.Sprintf("3EB0%016X", i), "Иван Петров"})
		if err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return file.SaveAs(path)
}
