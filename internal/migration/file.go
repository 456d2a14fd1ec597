// Package migration opens the migration file: one SQLite database that holds the whole state of a migration.
//
//	file, err := migration.Open("migration.db", "load")
//	if err != nil {
//		return err
//	}
//	defer file.Close()
//	err = file.Update(func(tx *sql.Tx) error { … })
//
// One process writes it at a time; a kernel lock beside the file sees to that. Any number of processes may read it
// meanwhile. The tables are in schema.sql; their contents are the business of package importer.
package migration

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
)

const (
	// applicationID marks a SQLite database as a migration file ("Kimp").
	applicationID = 0x4b696d70
	// schemaVersion is the version of schema.sql.
	schemaVersion = 1
)

//go:embed schema.sql
var schema string

// A File is an open migration file. Its methods may be called by several goroutines.
type File struct {
	// Path is where the file really is, without symbolic links.
	Path string
	// Reader is a few connections that never write.
	Reader *sql.DB
	// Commit ends a transaction of Update. Tests replace it to break commits.
	Commit func(*sql.Tx) error
	// LostCommits reports that commits are missing in the file, which was opened for writing: its -wal file was removed or
	// cut, or the file is an older copy. All conversations are unsure then.
	LostCommits bool

	info    os.FileInfo // of the file when it was opened for writing
	writer  *sql.DB     // one connection; nil if the file is open for reading only
	writing sync.Mutex
	record  record // as of the last commit
	lock    *lock
}

// Open opens the migration file at path for writing, and creates it if there is none. Until Close no other process
// can open it for writing: it gets an [InUseError] that names the command of this process.
func Open(path, command string) (*File, error) {
	path, err := resolve(path)
	if err != nil {
		return nil, err
	}
	lock, err := acquire(path, command)
	if err != nil {
		return nil, err
	}
	f := &File{Path: path, Commit: (*sql.Tx).Commit, lock: lock}
	if err := f.open(); err != nil {
		f.Close()
		return nil, f.Explain(err)
	}
	return f, nil
}

func (f *File) open() (err error) {
	// SQLite would create a file that everybody may read. If this fails, SQLite's own error says more.
	if file, err := os.OpenFile(f.Path, os.O_RDWR|os.O_CREATE, 0o600); err == nil {
		file.Close()
	}
	if f.info, err = os.Stat(f.Path); err != nil {
		return err
	}
	if err := checkWAL(f.Path); err != nil {
		return err
	}
	f.writer = openDatabase(dsn(f.Path, "_txlock=immediate&_pragma=busy_timeout(10000)"+
		"&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=cache_size(-8000)"))
	f.writer.SetMaxOpenConns(1)
	if err := f.begin(); err != nil {
		return err
	}
	// Only now: the pragma would change a file that is not ours.
	if _, err := f.writer.Exec(`PRAGMA journal_mode = WAL`); err != nil {
		return err
	}
	f.openReader("mode=ro")
	return f.InPlace()
}

func (f *File) openReader(mode string) {
	f.Reader = openDatabase(dsn(f.Path, mode+"&_pragma=busy_timeout(10000)&_pragma=query_only(1)&_pragma=cache_size(-4000)"))
	f.Reader.SetMaxOpenConns(8)
}

// OpenReadOnly opens the migration file at path for reading. It works while another process writes, and changes
// nothing. It returns [ErrNothingLoaded] if there is no file.
func OpenReadOnly(path string) (*File, error) {
	path, err := resolve(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || isBeingMade(path) {
		return nil, NoFile(path)
	}
	f := &File{Path: path}
	for _, mode := range []string{"mode=ro", "mode=ro&immutable=1"} {
		f.openReader(mode)
		if err = f.checkVersion(); err == nil {
			return f, nil
		}
		f.Close()
		if _, missing := os.Stat(path + "-wal"); !cannotOpen(err) || !errors.Is(missing, fs.ErrNotExist) {
			break // immutable is for a file without a writer, in a read-only folder
		}
	}
	return nil, f.Explain(err)
}

// isBeingMade reports whether the making of a migration file is not finished, or was killed: only until then SQLite keeps a
// journal of that name. The next writer undoes what is there of the file; a reader cannot, and would call it damaged.
func isBeingMade(path string) bool {
	journal, err := os.Stat(path + "-journal")
	return err == nil && journal.Size() > 0
}

// Close closes the file and releases its lock.
func (f *File) Close() error {
	var errs []error
	for _, db := range []*sql.DB{f.Reader, f.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if f.lock != nil {
		errs = append(errs, f.lock.release())
	}
	return f.Explain(errors.Join(errs...))
}

// Update runs do in a transaction that writes. When it returns an error, nothing was changed, with one exception: a
// commit that reports a failure may have happened all the same. Every caller must be right either way.
func (f *File) Update(do func(*sql.Tx) error) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	tx, err := f.writer.Begin()
	if err != nil {
		return f.Explain(err)
	}
	var number int64
	if err = do(tx); err == nil {
		err = tx.QueryRow(`UPDATE record SET commits = commits + 1 RETURNING commits`).Scan(&number)
	}
	if err == nil {
		err = f.Commit(tx)
	}
	if err == nil {
		f.record.commits = number
		return nil
	}
	rollback := tx.Rollback()
	if errors.Is(rollback, sql.ErrTxDone) {
		rollback = nil
	}
	return errors.Join(f.Explain(err), rollback)
}

// View runs do on one state of the file, whatever is written meanwhile.
func (f *File) View(do func(*sql.Tx) error) error {
	tx, err := f.Reader.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return f.Explain(err)
	}
	defer tx.Rollback()
	return f.Explain(do(tx))
}

// begin creates the tables in an empty file, and checks the version and the record of any other. It is the first commit.
func (f *File) begin() error {
	return f.Update(func(tx *sql.Tx) error {
		empty, err := isEmpty(tx)
		if err == nil && empty {
			_, err = tx.Exec(schema + fmt.Sprintf(`PRAGMA application_id = %d; PRAGMA user_version = %d;`, applicationID, schemaVersion))
			err = errors.Join(err, createRecord(tx))
		}
		if err != nil {
			return err
		}
		return f.reconcile(tx)
	})
}

func (f *File) checkVersion() error {
	return f.View(func(tx *sql.Tx) error {
		empty, err := isEmpty(tx)
		if err == nil && empty {
			return ErrNothingLoaded
		}
		return err
	})
}

// isEmpty reports whether the database is empty. Any other must be a migration file of this version.
func isEmpty(tx *sql.Tx) (bool, error) {
	var application, version, tables int
	err := tx.QueryRow(`SELECT (SELECT application_id FROM pragma_application_id),
		(SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`).
		Scan(&application, &version, &tables)
	switch {
	case err != nil || tables == 0:
		return err == nil, err
	case application != applicationID:
		return false, errNotOurs
	case version != schemaVersion:
		return false, errOtherVersion
	}
	return false, nil
}

func dsn(path, query string) string {
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed
	}
	return (&url.URL{Scheme: "file", Path: slashed, RawQuery: query}).String()
}
