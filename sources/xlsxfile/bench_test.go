package xlsxfile_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/xuri/excelize/v2"

	"kommo-import/sources/csvfile"
	"kommo-import/sources/xlsxfile"
)

// BenchmarkWorkbook reads a workbook of 100,000 rows and reports the memory that the program takes meanwhile.
func BenchmarkWorkbook(b *testing.B) {
	const rows = 100_000
	path := filepath.Join(b.TempDir(), "chats.xlsx")
	writeBig(b, path, rows)
	var peak uint64
	for b.Loop() {
		file, n := &csvfile.File{Path: path, Now: now, Text: xlsxfile.Sheet("").Text}, 0
		for batch, err := range file.Batches(b.Context(), "") {
			if err != nil || len(batch.Invalid) > 0 {
				b.Fatal(err, batch.Invalid)
			}
			n += len(batch.Messages)
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			peak = max(peak, stats.HeapInuse)
		}
		if n != rows {
			b.Fatalf("got %d messages, want %d", n, rows)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(peak)/(1<<20), "MB-heap")
}

func writeBig(b *testing.B, path string, rows int) {
	b.Helper()
	file := excelize.NewFile()
	defer file.Close()
	w, err := file.NewStreamWriter("Sheet1")
	if err != nil {
		b.Fatal(err)
	}
	w.SetRow("A1", []any{"conversation_id", "timestamp", "direction", "text", "message_id", "client_name"})
	for i := range rows {
		w.SetRow(fmt.Sprintf("A%d", i+2), []any{79000000000 + i/50, 1714557600 + i, []string{"in", "out"}[i%2],
			fmt.Sprintf("Здравствуйте! Is order %d ready?", i), fmt.Sprintf("3EB0%016X", i), "Иван Петров"})
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := file.SaveAs(path); err != nil {
		b.Fatal(err)
	}
}
