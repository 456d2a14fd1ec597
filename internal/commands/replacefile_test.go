package commands

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A file is replaced as a whole or not at all, and no temporary file stays behind.
func TestReplaceFile(t *testing.T) {
	for _, tt := range []struct {
		name   string
		target string
		err    error // of the writing
		fails  bool
	}{
		{"new", "new", nil, false},
		{"replaced", "old", nil, false},
		{"write fails", "old", errors.New("the source failed"), true},
		{"rename fails", "folder", nil, true},
		{"no folder", "nowhere/new", nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			if err := os.Mkdir(filepath.Join(folder, "folder"), 0o700); err != nil {
				t.Fatal(err)
			}
			want := map[string]string{"old": "old", "folder/inner": "inner"}
			for name, content := range want {
				writeFile(t, filepath.Join(folder, name), content)
			}
			if tt.target == "old" {
				writeFile(t, filepath.Join(folder, ".old.kommo-import-tmp"), "of a killed process")
			}
			err := replaceFile(filepath.Join(folder, tt.target), func(out *bufio.Writer) error {
				out.WriteString("new")
				return tt.err
			})
			if (err != nil) != tt.fails || tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("got error %v, want an error: %v", err, tt.fails)
			}
			if !tt.fails {
				want[tt.target] = "new"
			}
			if diff := cmp.Diff(want, filesIn(t, folder)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}
