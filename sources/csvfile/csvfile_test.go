package csvfile_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"kommo-import/sources"
	"kommo-import/sources/csvfile"
	"kommo-import/sources/sourcetest"
)

const header = "conversation_id,timestamp,direction,text\n"

func now() time.Time {
	return time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
}

func location(tb testing.TB, name string) *time.Location {
	tb.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// write puts content into a file chats.csv and returns its path.
func write(tb testing.TB, content string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "chats.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// readAll returns everything behind cursor as one batch.
func readAll(tb testing.TB, file *csvfile.File, cursor string) sources.Batch {
	tb.Helper()
	batches, err := sourcetest.Read(tb.Context(), file, cursor)
	if err != nil {
		tb.Fatal(err)
	}
	all := sources.Batch{Cursor: cursor}
	for _, batch := range batches {
		all.FromStart = all.FromStart || batch.FromStart
		all.Messages = append(all.Messages, batch.Messages...)
		all.Invalid = append(all.Invalid, batch.Invalid...)
		all.Repairs = append(all.Repairs, batch.Repairs...)
		all.Cursor = batch.Cursor
	}
	return all
}
