package migration

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A file whose making was killed holds nothing: readers say so, and the next writer makes it anew. SQLite has written some
// pages then, and the journal that undoes them.
func TestKilledMaking(t *testing.T) {
	path := filepath.Join(t.TempDir(), "migration.db")
	half := filepath.Join(t.TempDir(), "migration.db")
	db, err := sql.Open("sqlite", dsn(path, "_txlock=immediate&_pragma=cache_size(2)"))
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin()
	if err == nil {
		_, err = tx.Exec(schema + `CREATE TABLE filling (text); INSERT INTO filling SELECT zeroblob(100000)`) // more than the cache holds
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-journal"} {
		content, err := os.ReadFile(path + suffix)
		if err == nil {
			err = os.WriteFile(half+suffix, content, 0o600)
		}
		if err != nil || len(content) == 0 {
			t.Fatalf("%d bytes, error %v", len(content), err)
		}
	}
	if err := errors.Join(tx.Rollback(), db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReadOnly(half); !errors.Is(err, ErrNothingLoaded) {
		t.Errorf("for reading: %v", err)
	}
	f, err := Open(half, "test")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if f, err = OpenReadOnly(half); err != nil {
		t.Fatal(err)
	}
	f.Close()
}
