package migration

import (
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A record says which commit of a migration file was the last, and whether commits are missing. SQLite itself cannot tell:
// without its -wal file, or as an older copy, a database is merely older.
type record struct {
	file    string // random id of the migration file
	commits int64  // number of the last commit
	sending bool   // the marker: a send runs, or was killed
}

const selectRecord = `SELECT file, commits, sending FROM record`

func (r *record) scan(row *sql.Row) error { return row.Scan(&r.file, &r.commits, &r.sending) }

// createRecord gives a new migration file its id.
func createRecord(tx *sql.Tx) error {
	id := make([]byte, 8)
	rand.Read(id)
	_, err := tx.Exec(`INSERT INTO record (file) VALUES (?)`, hex.EncodeToString(id))
	return err
}

// reconcile compares the record with the note in the lock file. If commits are missing, all conversations become unsure.
//
// The note names another file, or none, when the file was copied without its lock file, or is new.
func (f *File) reconcile(tx *sql.Tx) error {
	noted := f.lock.note
	if err := f.record.scan(tx.QueryRow(selectRecord)); err != nil {
		return err
	}
	same := noted.File == f.record.file
	f.LostCommits = same && noted.Commits > f.record.commits || !same && f.record.sending
	if !f.LostCommits {
		return nil
	}
	if same {
		f.record.commits = noted.Commits
	}
	if _, err := tx.Exec(`UPDATE record SET commits = ?, sending = 0`, f.record.commits); err != nil {
		return err
	}
	return makeUnsure(tx)
}

// makeUnsure makes all conversations unsure, also those that are loaded later: their chats are read before the next POST
// into them.
func makeUnsure(tx *sql.Tx) error {
	_, err := tx.Exec(`UPDATE record SET unsure = unsure + 1, since = ?`, time.Now().UnixMilli())
	return err
}

// BeginSending prepares for sending to a scope; an empty scope is a rehearsal and not noted. do runs in its transaction.
// Until EndSending, a marker in the file says that messages may leave whose records can be lost. Conversations become
// unsure if look is true, or if another migration file with this path has sent to the scope before, or was lost while it sent.
func (f *File) BeginSending(scope string, look bool, do func(*sql.Tx) error) error {
	noted := f.lock.note
	another := noted.File != "" && noted.File != f.record.file && (noted.Lost || slices.Contains(noted.Scopes, scope))
	err := f.Update(func(tx *sql.Tx) error {
		if look || another {
			if err := makeUnsure(tx); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`UPDATE record SET sending = 1`)
		return errors.Join(err, do(tx))
	})
	if err != nil {
		return err
	}
	// The marker must be in the main file. Where a reader keeps it from there, the note in the lock file still tells.
	if _, err := f.writer.Exec(`PRAGMA wal_checkpoint(PASSIVE)`); err != nil {
		return f.Explain(err)
	}
	if scope == "" {
		return nil
	}
	return f.lock.noteScope(scope)
}

// NoteCommit notes the number of the last commit outside of the file. A request may leave only behind it.
func (f *File) NoteCommit() error {
	f.writing.Lock()
	last := f.record.commits
	f.writing.Unlock()
	if err := f.lock.noteCommit(f.record.file, last); err != nil {
		return fmt.Errorf("%s.lock: %w", filepath.Base(f.Path), err)
	}
	return nil
}

// EndSending takes the marker away: everything that was sent is recorded.
func (f *File) EndSending() error {
	return f.Update(func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE record SET sending = 0`)
		return err
	})
}

// A MovedError means that the file at the path of the migration file, or of its lock, is no longer the open one: somebody
// has removed, moved or replaced it. Everything that was sent so far is recorded in the open file only.
type MovedError struct{ Path string }

func (e *MovedError) Error() string {
	return filepath.Base(e.Path) + ": this file was removed, moved or replaced while kommo-import was working with it"
}

// InPlace returns a [MovedError] unless the open file and its lock are still those at their paths.
func (f *File) InPlace() error {
	for _, file := range []struct {
		path string
		open os.FileInfo
	}{{f.Path, f.info}, {f.Path + ".lock", f.lock.info}} {
		if at, err := os.Lstat(file.path); err != nil || !os.SameFile(at, file.open) {
			f.lock.noteLost(f.Path + ".lock")
			return &MovedError{file.path}
		}
	}
	return nil
}

// checkWAL returns an error if the -wal file beside a migration file belongs to another one. SQLite would bring its pages
// into the migration file. Every commit writes the page with the file's id, so the id shows it.
func checkWAL(path string) error {
	if info, err := os.Stat(path + "-wal"); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	var ids [2]record
	for i, mode := range []string{"mode=ro&immutable=1", "mode=ro"} { // without and with the -wal file
		db := openDatabase(dsn(path, mode))
		err := ids[i].scan(db.QueryRow(selectRecord))
		if err := errors.Join(err, db.Close()); err != nil {
			return nil // an empty file, or one whose error its opening explains
		}
	}
	if ids[0].file != ids[1].file {
		return errForeignWAL
	}
	return nil
}
