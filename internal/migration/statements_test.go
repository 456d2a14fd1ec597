package migration

import (
	"database/sql"
	"path/filepath"
	"testing"
)

// A statement is prepared once, and one that cannot be prepared is an error wherever it is run.
func TestStatements(t *testing.T) {
	f, err := Open(filepath.Join(t.TempDir(), "migration.db"), "test")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	err = f.Update(func(tx *sql.Tx) error {
		s := NewStatements(tx)
		defer s.Close()
		for n := range 3 {
			if _, err := s.Exec(`INSERT INTO setting (name, value) VALUES (?, ?)`, n, "x"); err != nil {
				return err
			}
		}
		var n int
		if err := s.QueryRow(`SELECT count(*) FROM setting`).Scan(&n); err != nil || n != 3 {
			t.Errorf("%d rows, error %v, want 3", n, err)
		}
		if len(s.prepared) != 2 {
			t.Errorf("%d prepared statements, want 2", len(s.prepared))
		}
		if err := s.QueryRow(`SELECT nothing FROM setting`).Scan(&n); err == nil {
			t.Error("QueryRow of a bad query returns no error")
		}
		if _, err := s.Query(`SELECT nothing FROM setting`); err == nil {
			t.Error("Query of a bad query returns no error")
		}
		_, err := s.Exec(`DELETE FROM nowhere`)
		if err == nil {
			t.Error("Exec of a bad statement returns no error")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
