package commands

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
)

// A report or a list of failures that is interrupted leaves nothing behind.
func TestReportInterrupted(t *testing.T) {
	folder := t.TempDir()
	source, migration := filepath.Join(folder, "chats.csv"), filepath.Join(folder, "migration.db")
	if err := os.WriteFile(source, []byte("conversation_id,timestamp,direction,text\nann,1740823200,in,Hello\nann,yesterday,in,Hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	run := func(ctx context.Context, args ...string) int {
		return Run(ctx, append([]string{"kommo-import"}, args...), nil, &bytes.Buffer{}, &stderr)
	}
	if code := run(t.Context(), "load", "-m", migration, "--csv", source); code != exitIncomplete {
		t.Fatalf("load ended with %d: %s", code, &stderr)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(ErrInterrupted)
	for _, command := range [][]string{
		{"report", "-m", migration, "--out", filepath.Join(folder, "r.md")},
		{"failures", "-m", migration, "--csv", filepath.Join(folder, "r.csv")},
	} {
		if code := run(ctx, command...); code != exitInterrupted {
			t.Errorf("%s: got code %d, want %d: %s", command[0], code, exitInterrupted, &stderr)
		}
	}
	for _, pattern := range []string{"r.*", ".kommo-import-*"} {
		if left, _ := filepath.Glob(filepath.Join(folder, pattern)); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}
