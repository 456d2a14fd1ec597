package migration

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
)

// kept returns how many statements the connection for writing keeps.
func kept(t *testing.T, f *File) (n int) {
	t.Helper()
	conn, err := f.writer.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.Raw(func(c any) error {
		n = len(c.(*preparedConn).idle)
		return nil
	})
	return n
}

func newTestFile(t *testing.T) *File {
	t.Helper()
	f, err := Open(filepath.Join(t.TempDir(), "migration.db"), "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func update(t *testing.T, f *File, do func(*sql.Tx) error) {
	t.Helper()
	if err := f.Update(do); err != nil {
		t.Fatal(err)
	}
}

// A connection keeps each statement once, also one that runs inside itself, and one that has failed works the next time.
func TestStatementsAreKept(t *testing.T) {
	const insert = `INSERT INTO setting (name, value) VALUES (?, ?)`
	const list = `SELECT name FROM setting ORDER BY name`
	f := newTestFile(t)
	before := kept(t, f)
	for n := range 3 {
		update(t, f, func(tx *sql.Tx) error {
			if _, err := tx.Exec(insert, n, "x"); err != nil {
				return err
			}
			if _, err := tx.Exec(insert, n, "again"); err == nil {
				t.Error("a second row of that name is no error")
			}
			outer, err := All(tx, func(rows *sql.Rows) (string, error) {
				name, inner := "", ""
				err := rows.Scan(&name)
				if err == nil {
					err = tx.QueryRow(list).Scan(&inner)
				}
				return name + inner, err
			}, list)
			if want := fmt.Sprint([]string{"00", "10", "20"}[:n+1]); err != nil || fmt.Sprint(outer) != want {
				t.Errorf("got %v, error %v, want %v", outer, err, want)
			}
			return nil
		})
	}
	if got := kept(t, f) - before; got != 2 {
		t.Errorf("%d statements more are kept, want 2", got)
	}
}

// Statements beyond maxPrepared are not kept.
func TestTooManyStatements(t *testing.T) {
	f := newTestFile(t)
	update(t, f, func(tx *sql.Tx) error {
		for n := range maxPrepared + 10 {
			var got int
			if err := tx.QueryRow(fmt.Sprintf(`SELECT %d`, n)).Scan(&got); err != nil || got != n {
				return fmt.Errorf("got %d, error %w, want %d", got, err, n)
			}
		}
		return nil
	})
	if got := kept(t, f); got != maxPrepared {
		t.Errorf("%d statements are kept, want %d", got, maxPrepared)
	}
}

// A statement that was kept knows the tables that others have changed since.
func TestKeptStatementOfAChangedTable(t *testing.T) {
	f := newTestFile(t)
	for _, change := range []string{`CREATE TEMP TABLE x (a)`, `DROP TABLE x`, `CREATE TEMP TABLE x (b, a)`} {
		update(t, f, func(tx *sql.Tx) error {
			_, err := tx.Exec(change)
			return err
		})
		update(t, f, func(tx *sql.Tx) error {
			_, err := tx.Exec(`INSERT INTO x (a) VALUES (1)`)
			if want := change != `DROP TABLE x`; (err == nil) != want {
				t.Errorf("after %s: error %v", change, err)
			}
			return nil
		})
	}
}
