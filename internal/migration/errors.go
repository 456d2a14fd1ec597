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

// NoFile returns the ErrNothingLoaded for a migration file that does not exist.
func NoFile(path string) error {
	return fmt.Errorf("%s: no migration file here: %w", filepath.Base(path), ErrNothingLoaded)
}

var (
	errNotOurs      = errors.New("this is a database, but not a migration file; name another file with --migration")
	errOtherVersion = errors.New("this migration file was made by another version of kommo-import; use that version")
)

// A StoreError means that the migration file cannot be read or written. What was done before is recorded in it.
type StoreError struct {
	Path string
	Err  error
}

func (e *StoreError) Error() string {
	return fmt.Sprintf("%s: %s", filepath.Base(e.Path), describe(e.Err))
}

func (e *StoreError) Unwrap() error { return e.Err }

// Explain wraps an error of SQLite in a [StoreError], and returns any other error as it is.
func (f *File) Explain(err error) error {
	if err == nil || errors.Is(err, ErrNothingLoaded) {
		return err
	}
	if _, done := errors.AsType[*StoreError](err); done {
		return err
	}
	if _, ok := errors.AsType[*sqlite.Error](err); ok || errors.Is(err, errNotOurs) || errors.Is(err, errOtherVersion) {
		return &StoreError{f.Path, err}
	}
	return err
}

func describe(err error) string {
	failure, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err.Error()
	}
	switch failure.Code() & 0xff { // the low byte is the primary code: https://sqlite.org/rescode.html
	case sqlite3.SQLITE_FULL:
		return "the disk is full; free some space and run the same command again"
	case sqlite3.SQLITE_IOERR:
		return "the disk does not take or give the data (" + failure.Error() + "); is it full, or was it unplugged?"
	case sqlite3.SQLITE_READONLY:
		return "the file cannot be written; is it, or its folder, read-only?"
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return "the file cannot be opened; may you write in its folder?"
	case sqlite3.SQLITE_NOTADB:
		return "this is not a migration file; name another file with --migration"
	case sqlite3.SQLITE_CORRUPT:
		return "the file is damaged (" + failure.Error() + "); go on with a copy of it. A new file would send everything again"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return "another program has the file open and locked; close it and run the same command again"
	}
	return failure.Error()
}

func cannotOpen(err error) bool {
	failure, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	code := failure.Code() & 0xff
	return code == sqlite3.SQLITE_CANTOPEN || code == sqlite3.SQLITE_READONLY
}
