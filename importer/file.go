// Package importer is the migration: it loads messages into the migration file, plans what becomes of them, shows
// the plan, sends it to Kommo exactly once, and tells where things stand.
//
// The migration file is the only state there is. Interrupted means: do the same again.
//
//	file, err := importer.Open("migration.db", "load")
//	...
//	report, err := (&importer.Loader{File: file}).Load(ctx, source)
package importer

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// applicationID marks a SQLite database as a migration file ("Kimp").
const applicationID = 0x4b696d70

var (
	//go:embed schema.sql
	schema string
	//go:embed upgrade2.sql
	upgrade2 string
)

// A File is an open migration file. Its methods may be called by several goroutines.
type File struct {
	path string
	// write is one connection, nil when the file is open for reading only; read is a few that never write.
	write, read *sql.DB
	writing     sync.Mutex
	lock        *lock
	// commit ends a transaction. Tests break it.
	commit func(*sql.Tx) error
}

// ErrNothingLoaded means that there is no migration file yet, or nothing in it.
var ErrNothingLoaded = errors.New("nothing was loaded yet")

// NoFile returns the ErrNothingLoaded for a migration file that is not there.
func NoFile(path string) error {
	return fmt.Errorf("%s: no migration file here: %w", filepath.Base(path), ErrNothingLoaded)
}

// Open opens the migration file at path for writing, and makes it if there is none. Until Close no other process can
// do the same: it gets an [InUseError] that names the command of this one.
func Open(path, command string) (*File, error) {
	path, err := placeOf(path)
	if err != nil {
		return nil, err
	}
	lock, err := acquire(path, command)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, lock: lock, commit: (*sql.Tx).Commit}
	if err := f.open(); err != nil {
		f.Close()
		return nil, f.explain(err)
	}
	return f, nil
}

func (f *File) open() (err error) {
	// SQLite would let everybody read what it makes. If this fails, its own error says more.
	if file, err := os.OpenFile(f.path, os.O_RDWR|os.O_CREATE, 0o600); err == nil {
		file.Close()
	}
	f.write, err = sql.Open("sqlite", dsn(f.path, "_txlock=immediate&_pragma=busy_timeout(10000)"+
		"&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=cache_size(-8000)"))
	if err != nil {
		return err
	}
	f.write.SetMaxOpenConns(1)
	if err := f.upgrade(); err != nil {
		return err
	}
	if _, err := f.write.Exec(`PRAGMA journal_mode = WAL`); err != nil { // only now: it would change a file that is not ours
		return err
	}
	return f.openReading("mode=ro")
}

func (f *File) openReading(mode string) (err error) {
	f.read, err = sql.Open("sqlite", dsn(f.path, mode+
		"&_pragma=busy_timeout(10000)&_pragma=query_only(1)&_pragma=cache_size(-4000)"))
	if err != nil {
		return err
	}
	f.read.SetMaxOpenConns(8)
	return nil
}

// OpenReadOnly opens the migration file at path for reading. It works while another process writes, and changes
// nothing. It returns [ErrNothingLoaded] if there is none.
func OpenReadOnly(path string) (*File, error) {
	path, err := placeOf(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, NoFile(path)
	}
	f := &File{path: path}
	for _, mode := range []string{"mode=ro", "mode=ro&immutable=1"} {
		if err = f.openReading(mode); err == nil {
			if err = f.checkVersion(); err == nil {
				return f, nil
			}
		}
		f.Close()
		if _, missing := os.Stat(path + "-wal"); !cannotOpen(err) || !errors.Is(missing, fs.ErrNotExist) {
			break // immutable is for a file that nobody writes, in a folder where nobody can
		}
	}
	return nil, f.explain(err)
}

// Close gives the file free for other processes.
func (f *File) Close() error {
	var errs []error
	for _, db := range []*sql.DB{f.read, f.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if f.lock != nil {
		errs = append(errs, f.lock.release())
	}
	return f.explain(errors.Join(errs...))
}

// update runs do in a transaction. When it returns an error nothing was changed, but for the one case that a commit
// which reports a failure has happened all the same; every caller must be right either way.
func (f *File) update(do func(*sql.Tx) error) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	tx, err := f.write.Begin()
	if err != nil {
		return f.explain(err)
	}
	if err := do(tx); err != nil {
		return errors.Join(f.explain(err), ignoreDone(tx.Rollback()))
	}
	if err := f.commit(tx); err != nil {
		return errors.Join(f.explain(err), ignoreDone(tx.Rollback()))
	}
	return nil
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// schemaVersion is the version that this program writes.
const schemaVersion = 2

// upgrade makes the schema, or brings an older one up to date, step by step, in one transaction.
func (f *File) upgrade() error {
	steps := [schemaVersion - 1]string{upgrade2} // from version 1 on
	return f.update(func(tx *sql.Tx) error {
		version, err := versionOf(tx)
		if err != nil || version == schemaVersion {
			return err
		}
		todo := []string{schema}
		if version > 0 {
			todo = steps[version-1:]
		}
		for _, step := range todo {
			if _, err := tx.Exec(step); err != nil {
				return err
			}
		}
		_, err = tx.Exec(fmt.Sprintf(`PRAGMA application_id = %d; PRAGMA user_version = %d;`, applicationID, schemaVersion))
		return err
	})
}

func (f *File) checkVersion() error {
	tx, err := f.read.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	version, err := versionOf(tx)
	switch {
	case err == nil && version == 0:
		return ErrNothingLoaded
	case err == nil && version < schemaVersion:
		return errOlder
	}
	return err
}

// versionOf returns the version of the schema; 0 for an empty database.
func versionOf(tx *sql.Tx) (int, error) {
	var application, version, tables int
	err := tx.QueryRow(`SELECT (SELECT application_id FROM pragma_application_id),
		(SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`).
		Scan(&application, &version, &tables)
	switch {
	case err != nil:
		return 0, err
	case application != applicationID && tables > 0:
		return 0, errNotOurs
	case version > schemaVersion:
		return 0, errNewer
	}
	return version, nil
}

func dsn(path, query string) string {
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed
	}
	return (&url.URL{Scheme: "file", Path: slashed, RawQuery: query}).String()
}
