package importer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var (
	errNotOurs = errors.New("this is a database, but not a migration file; name another file with --migration")
	errOlder   = errors.New("this migration file was made by an older kommo-import; load and send bring it up to date, " +
		"also if there is nothing to load or send")
	errNewer = errors.New("this migration file was made by a newer kommo-import; use that version, " +
		"or start with another file (--migration)")
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

// explain wraps an error of SQLite, and leaves others as they are.
func (f *File) explain(err error) error {
	if err == nil || errors.Is(err, ErrNothingLoaded) {
		return err
	}
	if _, done := errors.AsType[*StoreError](err); done {
		return err
	}
	if _, ok := errors.AsType[*sqlite.Error](err); ok || errors.Is(err, errNotOurs) || errors.Is(err, errOlder) || errors.Is(err, errNewer) {
		return &StoreError{f.path, err}
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

// placeOf returns where a migration file really is, so that whoever comes by another link meets the same lock. It finds
// what SQLite would only call "unable to open database file".
func placeOf(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("migration file: %w", err)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return "", fmt.Errorf("%s: this is a folder, not a migration file; name a file with --migration", path)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, nil
	}
	folder, name := filepath.Split(path)
	real, err := filepath.EvalSymlinks(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: there is no folder %s; make it, or name another file with --migration", name, filepath.Clean(folder))
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return filepath.Join(real, name), nil
}
