package commands

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// A load removes the temporary folder of a load that was killed, and its own, but not that of a load that runs.
func TestTempFolders(t *testing.T) {
	temp, folder := t.TempDir(), t.TempDir()
	environment := append(os.Environ(), "TMPDIR="+temp, "TMP="+temp)
	longAgo := time.Now().Add(-2 * time.Hour)
	for _, name := range []string{"killed", "running", "beginning"} {
		path := filepath.Join(temp, tempPrefix+name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		lock := filepath.Join(path, "lock")
		writeFile(t, lock, "")
		writeFile(t, filepath.Join(path, "stdin"), "{}")
		if name != "beginning" {
			if err := os.Chtimes(lock, longAgo, longAgo); err != nil {
				t.Fatal(err)
			}
		}
	}
	running := flock.New(filepath.Join(temp, tempPrefix+"running", "lock"))
	if locked, err := running.TryLock(); err != nil || !locked {
		t.Fatal(locked, err)
	}
	defer running.Unlock()
	if err := writeBook(filepath.Join(folder, "chats.xlsx"), map[string]any{"A1": "conversation_id", "B1": "timestamp", "C1": "direction", "D1": "text",
		"A2": "c", "B2": 1714557600, "C2": "in", "D2": "hi"}); err != nil {
		t.Fatal(err)
	}
	runProgram(t, folder, environment, exitDone, "load", "--xlsx", "chats.xlsx")
	left, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range left {
		names = append(names, entry.Name())
	}
	if len(names) != 2 || names[0] != tempPrefix+"beginning" || names[1] != tempPrefix+"running" {
		t.Errorf("got %q, want those of the loads that may run", names)
	}
}
