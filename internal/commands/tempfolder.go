package commands

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// tempPrefix begins the name of a folder for the temporary files of a table. Its lock dies with the load.
const tempPrefix = "kommo-import-"

// makeTempFolder makes the folder into which a workbook is unpacked, and stdin is copied because a source is read more than
// once. It does so only if the flags name such a table. It also removes the folders of loads that were killed. remove removes
// the folder.
func (p *program) makeTempFolder(v *values) (remove func(), err error) {
	if v.text("xlsx") == "" && v.text("jsonl") != "-" {
		return func() {}, nil
	}
	removeStale(os.TempDir())
	folder, err := os.MkdirTemp("", tempPrefix)
	if err != nil {
		return nil, fmt.Errorf("making a temporary folder: %w (TMPDIR names another place)", err)
	}
	lock := flock.New(filepath.Join(folder, "lock"))
	remove = func() {
		lock.Unlock() // Windows does not remove an open file
		os.RemoveAll(folder)
	}
	if _, err = lock.TryLock(); err == nil && v.text("jsonl") == "-" {
		v.stdin = filepath.Join(folder, "stdin")
		err = p.copyStdin(v.stdin)
	}
	if err != nil {
		remove()
		return nil, err
	}
	v.temp = folder
	return remove, nil
}

func (p *program) copyStdin(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = io.Copy(file, p.stdin)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return fmt.Errorf("--jsonl -: %w", err)
	}
	return nil
}

// removeStale removes folders whose load has died. A folder that is younger than an hour may not have its lock yet.
func removeStale(parent string) {
	locks, _ := filepath.Glob(filepath.Join(parent, tempPrefix+"*", "lock")) // the pattern is valid
	for _, path := range locks {
		if info, err := os.Stat(path); err != nil || time.Since(info.ModTime()) < time.Hour {
			continue
		}
		lock := flock.New(path)
		if locked, err := lock.TryLock(); err == nil && locked {
			lock.Unlock()
			os.RemoveAll(filepath.Dir(path))
		}
	}
}
