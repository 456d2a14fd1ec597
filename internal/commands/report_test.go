package commands

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"kommo-import/importer"
)

// A report or a list of failures that is interrupted leaves nothing behind.
func TestReportInterrupted(t *testing.T) {
	folder := t.TempDir()
	source, migration := filepath.Join(folder, "chats.csv"), filepath.Join(folder, "migration.db")
	writeFile(t, source, "conversation_id,timestamp,direction,text\nann,1740823200,in,Hello\nann,yesterday,in,Hello\n")
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

// A report whose lists cannot be read to their end is an error in both forms, not a shorter report.
func TestReportUnreadable(t *testing.T) {
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "chats.csv"), checkCSV)
	runProgram(t, folder, nil, exitDone, "load", "--csv", "chats.csv")
	file, err := importer.OpenReadOnly(filepath.Join(folder, "migration.db"))
	if err != nil {
		t.Fatal(err)
	}
	report, err := file.Report()
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	r := reported{Report: report, Conversations: file.ReportedConversations(), Failures: file.Failures()}
	for form, write := range map[string]func(*bufio.Writer) error{"markdown": r.markdown, "json": r.json} {
		if err := write(bufio.NewWriter(io.Discard)); err == nil {
			t.Errorf("%s: got no error from a file that is closed", form)
		}
	}
}
