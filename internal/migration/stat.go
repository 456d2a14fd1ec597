package migration

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A FileInfo describes a migration file, or the folder where it would be.
type FileInfo struct {
	Free      uint64 // bytes that this user can still write there; only if FreeKnown
	FreeKnown bool   // whether the system reports the free space
	Size      int64  // bytes of the migration file, or 0
	// NotWritable is why the file cannot be written; nil if it can, or does not exist.
	NotWritable error
}

// Stat describes the migration file at path without opening it as a database. It must not be called while the file is
// open in this process: closing the file would release SQLite's locks on it.
func Stat(path string) (FileInfo, error) {
	path, err := resolve(path)
	if err != nil {
		return FileInfo{}, err
	}
	var i FileInfo
	i.Free, i.FreeKnown = freeSpace(filepath.Dir(path))
	info, err := os.Stat(path)
	if err != nil {
		return i, nil
	}
	i.Size = info.Size()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		i.NotWritable = err
		return i, nil
	}
	return i, file.Close()
}

// SyncedBy returns the service that synchronises the folder of a migration file with other computers, as its name shows; ""
// if there is none. Such a service copies the file and its -wal file at different moments, and puts older copies back.
func SyncedBy(path string) string {
	path, err := filepath.Abs(path)
	if err != nil {
		return ""
	}
	for _, folder := range strings.Split(filepath.ToSlash(path), "/") {
		for _, service := range []struct{ prefix, name string }{
			{"OneDrive", "OneDrive"}, {"Dropbox", "Dropbox"}, {"Google Drive", "Google Drive"}, {"GoogleDrive", "Google Drive"},
			{"iCloud", "iCloud"}, {"com~apple~CloudDocs", "iCloud"}, {"Yandex.Disk", "Yandex Disk"},
		} {
			if strings.HasPrefix(folder, service.prefix) {
				return service.name
			}
		}
	}
	return ""
}

// resolve returns where a migration file really is, so that a process that comes by another link meets the same lock.
// Its errors say what SQLite would only call "unable to open database file".
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("migration file: %w", err)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return "", &StoreError{path, errFolder, wasBegun(path)}
	} else if err == nil && !info.Mode().IsRegular() {
		return "", &StoreError{path, errSpecial, wasBegun(path)} // to open a pipe takes until somebody writes into it
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
