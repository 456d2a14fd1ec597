package migration

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is no migration file is refused in words, and not touched.
func TestWhatIsNoMigrationFile(t *testing.T) {
	foreign := func(path, statement string) {
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name string
		make func(path string)
		want string
	}{
		{"text", func(path string) { os.WriteFile(path, []byte(strings.Repeat("conversation_id,text\n", 100)), 0o600) }, "not a migration file"},
		{"another database", func(path string) { foreign(path, "CREATE TABLE a (b)") }, "not a migration file"},
		{"another version", func(path string) {
			f, err := Open(path, "test")
			if err != nil {
				t.Fatal(err)
			}
			f.Close()
			foreign(path, "PRAGMA user_version = 99")
		}, "another version"},
		{"a folder", func(path string) { os.Mkdir(path, 0o700) }, "folder"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "migration.db")
			tt.make(path)
			before, _ := os.ReadFile(path)
			for name, open := range map[string]func(string) (*File, error){
				"reading": OpenReadOnly,
				"writing": func(path string) (*File, error) { return Open(path, "test") },
			} {
				if f, err := open(path); err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("for %s: %v, %v, want an error with %q", name, f, err, tt.want)
				}
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "migration.db")
	if _, err := OpenReadOnly(path); !errors.Is(err, ErrNothingLoaded) {
		t.Errorf("opening what is not there for reading: %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("reading made a file")
	}
	if _, err := Open(filepath.Join(t.TempDir(), "no", "migration.db"), "test"); err == nil || !strings.Contains(err.Error(), "no folder") {
		t.Errorf("opening in a folder that is not there: %v", err)
	}
}

func TestSyncedBy(t *testing.T) {
	for path, want := range map[string]string{
		"/home/me/migration.db": "",
		"/Users/me/Library/Mobile Documents/com~apple~CloudDocs/k/migration.db": "iCloud",
		"/Users/me/OneDrive - Shop/migration.db":                                "OneDrive",
		"/home/me/Dropbox/kommo/migration.db":                                   "Dropbox",
		"/Users/me/Library/CloudStorage/GoogleDrive-me@example.com/m.db":        "Google Drive",
		"/home/me/notes/OneDrive.db/../migration.db":                            "",
	} {
		if got := SyncedBy(path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestStat(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "migration.db")
	place, err := Stat(path)
	if err != nil || place.Size != 0 || place.NotWritable != nil {
		t.Errorf("of no file got %+v, %v", place, err)
	}
	if place.FreeKnown && place.Free == 0 {
		t.Errorf("got %+v, want some free space", place)
	}
	if err := os.WriteFile(path, []byte("12345"), 0o400); err != nil {
		t.Fatal(err)
	}
	place, err = Stat(path)
	if err != nil || place.Size != 5 || (place.NotWritable == nil) != (os.Geteuid() == 0) {
		t.Errorf("of a file that cannot be written got %+v, %v", place, err)
	}
	if _, err := Stat(filepath.Join(folder, "nowhere", "migration.db")); err == nil {
		t.Error("got no error of a folder that is not there")
	}
}
