package migration

import (
	"errors"
	"fmt"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrNothingLoaded means that there is no migration file yet, or nothing in it.
var ErrNothingLoaded = errors.New("nothing was loaded yet")

// NoFile returns the error that there is no migration file at path: a [StoreError] if there was a file from which messages were
// sent, else [ErrNothingLoaded].
func NoFile(path string) error {
	if wasBegun(path) {
		return &StoreError{path, errGone, true}
	}
	return fmt.Errorf("%s: no migration file here: %w", filepath.Base(path), ErrNothingLoaded)
}

// wasBegun reports whether messages were sent from a migration file at path, also if it is there no longer.
func wasBegun(path string) bool {
	found, _ := readNote(path + ".lock")
	return found.File != ""
}

var (
	errGone       = errors.New("there is no file")
	errFolder     = errors.New("this is a folder, not a migration file")
	errSpecial    = errors.New("this is a pipe or a device, not a migration file")
	errNotOurs    = errors.New("this is a database, but not a migration file")
	errForeignWAL = errors.New("the -wal file beside it belongs to another migration file. Put its own back. If that is lost, remove the " +
		"-wal file, and run the same command again: send then reads the chats before it sends into them")
	errOtherVersion = errors.New("this migration file was made by another version of kommo-import; use that version")
)

// A StoreError means that the migration file cannot be read or written. What was done before is recorded in it.
type StoreError struct {
	Path  string
	Err   error
	begun bool // messages were sent from a migration file at this path
}

func (e *StoreError) Error() string {
	return fmt.Sprintf("%s: %s", filepath.Base(e.Path), e.describe())
}

func (e *StoreError) Unwrap() error { return e.Err }

// Lost reports whether the file does not say any more what was sent: it is damaged, or something else stands at its path.
func (e *StoreError) Lost() bool {
	code := sqliteCode(e.Err)
	return code == sqlite3.SQLITE_CORRUPT || e.begun && (code == sqlite3.SQLITE_NOTADB || isSomethingElse(e.Err))
}

func isSomethingElse(err error) bool {
	return errors.Is(err, errGone) || errors.Is(err, errFolder) || errors.Is(err, errSpecial) || errors.Is(err, errNotOurs)
}

// Explain wraps an error of SQLite in a [StoreError], or in a [MovedError] if the file is no longer at its path. It returns any
// other error as it is.
func (f *File) Explain(err error) error {
	if err == nil || errors.Is(err, ErrNothingLoaded) {
		return err
	}
	if _, done := errors.AsType[*StoreError](err); done {
		return err
	}
	if f.info != nil && sqliteCode(err) != 0 { // a file that is gone has many errors
		if moved := f.InPlace(); moved != nil {
			return errors.Join(moved, err)
		}
	}
	if sqliteCode(err) != 0 || isSomethingElse(err) || errors.Is(err, errOtherVersion) || errors.Is(err, errForeignWAL) {
		return &StoreError{f.Path, err, wasBegun(f.Path)}
	}
	return err
}

// sqliteCode returns the primary code of an error of SQLite, 0 for any other error: https://sqlite.org/rescode.html
func sqliteCode(err error) int {
	if failure, ok := errors.AsType[*sqlite.Error](err); ok {
		return failure.Code() & 0xff
	}
	return 0
}

func (e *StoreError) describe() string {
	text := e.Err.Error()
	switch code := sqliteCode(e.Err); code {
	case sqlite3.SQLITE_FULL:
		return "the disk is full; free some space and run the same command again"
	case sqlite3.SQLITE_IOERR:
		return "the disk does not take or give the data (" + text + "); is it full, or was it unplugged?"
	case sqlite3.SQLITE_READONLY:
		return "the file cannot be written; is it, or its folder, read-only?"
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return "the file cannot be opened; may you write in its folder?"
	case sqlite3.SQLITE_CORRUPT:
		return "the file is damaged (" + text + ")"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return "another program has the file open and locked; close it and run the same command again"
	case sqlite3.SQLITE_NOTADB:
		text = "this is not a migration file"
	}
	switch {
	case e.Lost():
		return text + ", where a migration file was from which messages were sent"
	case sqliteCode(e.Err) == sqlite3.SQLITE_NOTADB || isSomethingElse(e.Err):
		return text + "; name another file with --migration"
	}
	return text
}

func cannotOpen(err error) bool {
	code := sqliteCode(err)
	return code == sqlite3.SQLITE_CANTOPEN || code == sqlite3.SQLITE_READONLY
}
