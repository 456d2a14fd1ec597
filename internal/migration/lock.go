package migration

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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

// holderOffset keeps the note about the holder out of the locked byte, which no other process can read on Windows.
const holderOffset = 8

// acquire takes the operating system's lock on a file beside the migration file. It ends with its process, however that
// ends. The lock file itself stays: removing it would let two processes lock two files.
func acquire(path, command string) (*flock.Flock, error) {
	name := path + ".lock"
	lock := flock.New(name)
	locked, err := lock.TryLock()
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s: the folder cannot be written; choose another place with --migration: %w", filepath.Base(path), err)
	case err != nil:
		return nil, fmt.Errorf("locking %s: %w", filepath.Base(path), err)
	case !locked:
		return nil, &InUseError{path, readHolder(name)}
	}
	if err := writeHolder(name, Holder{os.Getpid(), command, time.Now()}); err != nil {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", filepath.Base(path), err), lock.Unlock())
	}
	return lock, nil
}

func writeHolder(name string, holder Holder) error {
	note, err := json.Marshal(holder)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(append(note, '\n'), holderOffset)
	return errors.Join(err, file.Truncate(int64(holderOffset+len(note)+1)), file.Close())
}

// readHolder returns the zero Holder where there is no readable note: it is only for the message.
func readHolder(name string) (holder Holder) {
	file, err := os.Open(name)
	if err != nil {
		return Holder{}
	}
	defer file.Close()
	note := io.NewSectionReader(file, holderOffset, 4096)
	if json.NewDecoder(note).Decode(&holder) != nil {
		return Holder{}
	}
	return holder
}
