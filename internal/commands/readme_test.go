package commands

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadme runs the commands of the README as they stand there, in order, in one folder with the sample and against one
// sandbox: the whole way of an administrator.
func TestReadme(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	box, folder := serveGreenAPI(t), t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("../../samples")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "body.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for line := range strings.Lines(string(content)) {
		command, isCommand := strings.CutPrefix(strings.TrimSpace(line), "kommo-import ")
		if !isCommand || !strings.HasPrefix(line, "    ") || strings.HasPrefix(command, "sandbox") {
			continue
		}
		command, _, _ = strings.Cut(command, "   ") // what it does
		program := (&searched{T: t, environment: box.environment()}).launch(folder, asInTests(strings.Fields(command))...)
		<-program.done
		if checkExit(program.err, exitDone) != nil && checkExit(program.err, exitIncomplete) != nil {
			t.Errorf("%s: %v\n%s%s", strings.TrimSpace(line), program.err, program.stdout, program.stderr)
		}
		ran++
	}
	if ran < 21 {
		t.Errorf("ran %d commands, want 21 or more", ran)
	}
}

// asInTests returns a command line that asks nobody and does not wait for paces.
func asInTests(args []string) []string {
	switch args[0] {
	case "send":
		args = append(args, "--yes", "--rate", "500")
	case "verify", "check":
		args = append(args, "--rate", "500")
	case "load":
		if args[1] == "--green-api" {
			args = append(args, "--green-api-rate", "50", "--allow-private-media")
		}
	}
	return args
}
