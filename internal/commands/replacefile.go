package commands

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// replaceFile writes a file that only its owner can read. A file that is already at path stays as it is until the new
// file is complete. After an error no temporary file is left behind; that of a killed process is replaced by the next.
func replaceFile(path string, write func(*bufio.Writer) error) error {
	draft, err := createDraft(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(draft)
	if err = write(out); err == nil {
		err = out.Flush()
	}
	if err = errors.Join(err, draft.Close()); err == nil {
		err = os.Rename(draft.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(draft.Name()))
	}
	return nil
}

// createDraft creates the temporary file for a file at path: "failures.csv" is written as ".failures.csv.kommo-import-tmp".
func createDraft(path string) (*os.File, error) {
	name := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".kommo-import-tmp")
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // never through a link that somebody put there
}

// checkReplaceable returns an error if a file at path must not be replaced: it is the migration file, one of the files
// that SQLite keeps beside that, or a file that isEarlier does not recognise as earlier output of the same kind.
func checkReplaceable(migrationFile, path, kind string, isEarlier func(io.Reader) bool) error {
	existing, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		if own, err := os.Stat(migrationFile + suffix); err == nil && os.SameFile(own, existing) {
			return usage("%s is the migration file, or belongs to it; choose another name for the %s", path, kind)
		}
	}
	if existing.Mode().IsRegular() {
		content, err := os.Open(path)
		if err != nil {
			return err
		}
		defer content.Close()
		if isEarlier(content) {
			return nil
		}
	}
	return usage("%s already exists and is not an earlier %s; choose another name", path, kind)
}
