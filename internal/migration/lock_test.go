//go:build unix

package migration

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A file that is not a lock file is not overwritten, and neither is the target of a symbolic link. A pipe is not waited for.
func TestForeignLockFile(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(path string) error
		want string
	}{
		{"another program's", func(path string) error { return os.WriteFile(path+".lock", []byte("# yarn lockfile v1\n\n"), 0o600) }, "not a lock file"},
		{"of three bytes", func(path string) error { return os.WriteFile(path+".lock", []byte("abc"), 0o600) }, "not a lock file"},
		{"a link", func(path string) error { return os.Symlink(path+".notes", path+".lock") }, "not a lock file"},
		{"a folder", func(path string) error { return os.Mkdir(path+".lock", 0o700) }, "not a lock file"},
		{"a pipe", func(path string) error { return syscall.Mkfifo(path+".lock", 0o600) }, "not a lock file"},
		{"a pipe as migration file", func(path string) error { return syscall.Mkfifo(path, 0o600) }, "a pipe or a device"},
		{"empty", func(path string) error { return os.WriteFile(path+".lock", nil, 0o600) }, ""},
		{"zeros", func(path string) error { return os.WriteFile(path+".lock", make([]byte, 100), 0o600) }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "migration.db")
			if err := os.WriteFile(path+".notes", []byte("notes"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := tt.make(path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Lstat(path + ".lock")
			f, err := Open(path, "test")
			if err == nil {
				f.Close()
			}
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got the error %v, want %q", err, tt.want)
			}
			after, _ := os.Lstat(path + ".lock")
			if notes, err := os.ReadFile(path + ".notes"); string(notes) != "notes" || err != nil {
				t.Errorf("the target of the link is %q, %v", notes, err)
			}
			if tt.want != "" && before != nil && (after.Size() != before.Size() || after.Mode() != before.Mode()) {
				t.Errorf("the file is %v, was %v", after, before)
			}
		})
	}
}

// The advice about files that cannot be written names their owner, and never a second migration file.
func TestExplainLocking(t *testing.T) {
	path := filepath.Join(t.TempDir(), "migration.db")
	if err := explainLocking(path, fs.ErrPermission); !strings.Contains(err.Error(), "choose another place with --migration") {
		t.Errorf("in a folder without a migration file: %v", err)
	}
	if err := explainLocking(path, syscall.EROFS); !strings.Contains(err.Error(), "the disk is read-only") {
		t.Errorf("on a read-only disk: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := explainLocking(path, fs.ErrPermission); strings.Contains(err.Error(), "--migration") || !strings.Contains(err.Error(), "give yourself the right") {
		t.Errorf("beside a migration file: %v", err)
	}
	if err := os.WriteFile(path+".lock", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Chown(path+".lock", 54321, 54321) != nil {
		t.Skip("not allowed to give a file away")
	}
	if err := explainLocking(path, fs.ErrPermission); !strings.Contains(err.Error(), "migration.db.lock belongs to the user 54321") ||
		!strings.Contains(err.Error(), "sudo chown $USER") {
		t.Errorf("of another user: %v", err)
	}
}

// The note of what was sent stays when another command opens the file, and shrinks and grows as a whole.
func TestNoteStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "migration.db")
	for i, command := range []string{"a command with a long name", "load", "send"} {
		f, err := Open(path, command)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if err := f.lock.noteScope("scope"); err != nil {
				t.Fatal(err)
			}
			if err := f.NoteCommit(); err != nil {
				t.Fatal(err)
			}
		}
		got, err := readNote(path + ".lock")
		if err != nil || got.Command != command || got.File != f.record.file || got.Commits == 0 || len(got.Scopes) != 1 {
			t.Errorf("the note is %+v, error %v", got, err)
		}
		content, err := os.ReadFile(path + ".lock")
		if err != nil || strings.Count(string(content), "{") != 1 || !strings.HasSuffix(string(content), "}\n") {
			t.Errorf("the lock file is %q, error %v", content, err)
		}
		f.Close()
	}
}
