package csvfile_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kommo-import/sources/csvfile"
)

// BenchmarkBatches reads a file of twelve columns. Reading must be more than twice as fast as a whole load, because
// storing the rows takes time too.
func BenchmarkBatches(b *testing.B) {
	for _, bench := range []struct {
		name       string
		timestamps string // layout
		perClient  int    // rows of one conversation
		settings   csvfile.Settings
	}{
		{"zoned", time.RFC3339, 50, csvfile.Settings{}},
		{"local", time.DateTime, 50, csvfile.Settings{}},
		{"many clients", time.RFC3339, 5, csvfile.Settings{}},
		{"mapped, with a time format", "02.01.2006 15:04:05", 50, csvfile.Settings{
			Map: csvfile.Mapping{"conversation_id": "{client_phone}@c.us", "author_name": "author_name+author_id"}, TimeFormat: "DD.MM.YYYY HH:MM"}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			const rows = 100_000
			path := writeBig(b, rows, bench.timestamps, bench.perClient)
			file := &csvfile.File{Path: path, Location: location(b, "Europe/Madrid"), Now: now, Settings: bench.settings}
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for batch, err := range file.Batches(b.Context(), "") {
					if err != nil || len(batch.Invalid) > 0 {
						b.Fatal(err, batch.Invalid)
					}
					n += len(batch.Messages)
				}
				if n != rows {
					b.Fatalf("got %d messages, want %d", n, rows)
				}
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func writeBig(tb testing.TB, rows int, layout string, perClient int) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "big.csv")
	file, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	w := csv.NewWriter(file)
	w.Write([]string{"conversation_id", "timestamp", "direction", "text", "message_id", "client_id", "client_name",
		"client_phone", "client_email", "author_id", "author_name", "type"})
	start := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	for i := range rows {
		client := i * 7919 % rows / perClient
		phone := fmt.Sprintf("7900%07d", client)
		direction := []string{"in", "out"}[i%2]
		w.Write([]string{phone + "@c.us", start.Add(time.Duration(i) * 100 * time.Second / 10).Format(layout), direction,
			fmt.Sprintf("Здравствуйте! Is order %d ready, \"the blue one\"?", i), fmt.Sprintf("3EB0%016X", i),
			fmt.Sprintf("client-%d", client), "Иван Петров", "+" + phone, "ivan@example.com", "17", "Anna Petrova", "text"})
	}
	w.Flush()
	if err := w.Error(); err != nil {
		tb.Fatal(err)
	}
	if err := file.Close(); err != nil {
		tb.Fatal(err)
	}
	return path
}
