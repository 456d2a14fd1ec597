package migration

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// An InUseError means that another process writes the migration file.
type InUseError struct {
	Path   string
	Holder Holder // zero if it could not be read
}

// A Holder is the process that writes a migration file.
type Holder struct {
	PID     int       `json:"pid"`
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
}

func (e *InUseError) Error() string {
	name := filepath.Base(e.Path)
	if e.Holder.PID == 0 {
		return name + ": another kommo-import is working with this migration file"
	}
	return fmt.Sprintf("%s: \"kommo-import %s\" (process %d, since %s) is working with this migration file",
		name, e.Holder.Command, e.Holder.PID, e.Holder.Since.Local().Format("2006-01-02 15:04:05 MST"))
}

// A lock is the operating system's lock on a file beside the migration file. It ends with its process, however that ends.
// The lock file itself stays: removing it would let two processes lock two files. It also says what was sent, in case
// that the migration file loses its records.
type lock struct {
	kernel *flock.Flock
	file   *os.File
	info   os.FileInfo

	mu   sync.Mutex
	note note
}

// A note is the content of a lock file, behind the locked byte:
//
//	{"pid":4711,"command":"send","since":"2025-03-01T10:00:00Z","file":"9f86d081884c7d65","commits":123,"scopes":["344a…_52e5…"]}
type note struct {
	Holder
	File    string   `json:"file,omitempty"`    // id of the migration file from which messages were sent last
	Commits int64    `json:"commits,omitempty"` // number of its last commit before a POST
	Scopes  []string `json:"scopes,omitempty"`  // to which messages were sent, not counting loopback
	Lost    bool     `json:"lost,omitempty"`    // that migration file was removed or replaced while messages were sent
}

// noteOffset keeps the note out of the locked byte, which no other process can read on Windows.
const noteOffset = 8

// acquire locks the migration file at path.
func acquire(path, command string) (*lock, error) {
	name := path + ".lock"
	if err := checkLockFile(name); err != nil {
		return nil, err
	}
	l := &lock{kernel: flock.New(name)}
	locked, err := l.kernel.TryLock()
	for range 5 { // HolderOf may hold the lock for a moment
		if locked || err != nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
		locked, err = l.kernel.TryLock()
	}
	if err != nil {
		return nil, explainLocking(path, err)
	}
	if !locked {
		found, _ := readNote(name)
		return nil, &InUseError{path, found.Holder}
	}
	l.note, _ = readNote(name) // an unreadable note is no note
	l.note.Holder = Holder{os.Getpid(), command, time.Now()}
	if l.file, err = os.OpenFile(name, os.O_WRONLY, 0); err == nil {
		l.info, err = l.file.Stat()
	}
	if err == nil {
		err = l.write()
	}
	if err != nil {
		return nil, errors.Join(explainLocking(path, err), l.release())
	}
	return l, nil
}

// HolderOf returns the process that writes the migration file at path now, or false.
func HolderOf(path string) (Holder, bool) {
	path, err := resolve(path)
	if err != nil {
		return Holder{}, false
	}
	kernel := flock.New(path+".lock", flock.SetFlag(os.O_RDONLY))
	defer kernel.Unlock()
	if free, err := kernel.TryRLock(); free || err != nil {
		return Holder{}, false
	}
	found, _ := readNote(path + ".lock")
	return found.Holder, true
}

// checkLockFile makes sure that a file is a lock file, or can become one. Opening a pipe would wait for ever, and writing
// through a symbolic link could destroy any file.
func checkLockFile(name string) error {
	info, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() && info.Size() > 0 {
		_, err = readNote(name)
	}
	if !info.Mode().IsRegular() || errors.Is(err, errForeignLock) {
		return fmt.Errorf("%s: this is not a lock file of kommo-import, which needs that name; move it away, or give the migration file another name", name)
	}
	return nil
}

// errForeignLock means that a file does not begin like a lock file.
var errForeignLock = errors.New("not a lock file")

// readNote reads the note in a lock file.
func readNote(name string) (found note, err error) {
	file, err := os.Open(name)
	if err != nil {
		return note{}, err
	}
	defer file.Close()
	var start [noteOffset]byte
	if _, err := io.ReadFull(file, start[:]); err != nil || start != [noteOffset]byte{} {
		return note{}, errForeignLock
	}
	if err := json.NewDecoder(io.LimitReader(file, 1<<20)).Decode(&found); err != nil {
		return note{}, err
	}
	return found, nil
}

// write writes the note. It is not synced: if the machine fails, an older note names fewer commits than the migration
// file has.
func (l *lock) write() error {
	text, err := json.Marshal(l.note)
	if err != nil {
		return err
	}
	if _, err := l.file.WriteAt(append(text, '\n'), noteOffset); err != nil {
		return err
	}
	return l.file.Truncate(int64(noteOffset + len(text) + 1))
}

// noteCommit notes the number of a commit of a migration file.
func (l *lock) noteCommit(file string, number int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.note.File == file && l.note.Commits >= number {
		return nil
	}
	l.note.File, l.note.Commits, l.note.Lost = file, number, false
	return l.write()
}

// noteLost notes that the migration file was removed or replaced. If the lock file was removed too, there is a new one with
// the note.
func (l *lock) noteLost(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.note.Lost {
		return
	}
	if file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		l.file.Close()
		l.file = file
	}
	l.note.Lost = true
	_ = l.write() // the error that the file was removed says what to do without the note
}

// noteScope notes a scope to which messages are sent from now on.
func (l *lock) noteScope(scope string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if slices.Contains(l.note.Scopes, scope) {
		return nil
	}
	l.note.Scopes = append(l.note.Scopes, scope)
	return l.write()
}

// release ends the lock.
func (l *lock) release() error {
	var err error
	if l.file != nil {
		err = l.file.Close()
	}
	return errors.Join(err, l.kernel.Unlock())
}

// explainLocking returns why a lock file cannot be opened or written.
func explainLocking(path string, err error) error {
	name, folder := filepath.Base(path), filepath.Dir(path)
	switch {
	case isReadOnlyDisk(err):
		return fmt.Errorf("%s: the disk is read-only, so nothing can be recorded there: %w", name, err)
	case !errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("locking %s: %w", name, err)
	}
	for _, file := range []string{path + ".lock", path} {
		if owner := ownerOf(file); owner != "" {
			return fmt.Errorf("%s belongs to the user %s, and you may not write it; was kommo-import run with sudo? "+
				"Give yourself the files: sudo chown $USER %s*", file, owner, path)
		}
	}
	if _, missing := os.Stat(path); missing == nil {
		return fmt.Errorf("%s: the folder %s cannot be written; give yourself the right to write in it: %w", name, folder, err)
	}
	return fmt.Errorf("%s: the folder %s cannot be written; choose another place with --migration: %w", name, folder, err)
}
