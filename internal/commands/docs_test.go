package commands

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadme runs the commands of the README in order, in a folder with the samples and against the same sandbox, as an
// administrator would.
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
		command, _, _ = strings.Cut(command, "   ") // its explanation
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

// asInTests returns a command line that asks no question, with a high rate limit.
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

// TestKommoDocs does the test with one's own number as docs/kommo.md describes it.
func TestKommoDocs(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../docs/kommo.md")
	if err != nil {
		t.Fatal(err)
	}
	box, folder := serveGreenAPI(t), t.TempDir()
	for language, name := range map[string]string{"csv": "own-number.csv", "yaml": "kommo-import.yaml"} {
		_, block, _ := strings.Cut(string(content), "   ```"+language+"\n")
		block, _, _ = strings.Cut(block, "   ```\n")
		block = strings.ReplaceAll("\n"+block, "\n   ", "\n")
		if err := os.WriteFile(filepath.Join(folder, name), []byte(strings.TrimSpace(block)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	said := ""
	for line := range strings.Lines(string(content)) {
		command, isCommand := strings.CutPrefix(line, "       kommo-import ")
		if !isCommand {
			continue
		}
		program := (&searched{T: t, environment: box.environment()}).launch(folder, asInTests(strings.Fields(command))...)
		<-program.done
		if program.err != nil {
			t.Errorf("%s: %v\n%s", strings.TrimSpace(line), program.err, program.stderr)
		}
		said += fmt.Sprint(program.stdout, program.stderr)
	}
	for _, want := range []string{"2 messages in the name of a Kommo user", "in 1 conversation", "Sent 3 messages", "What was sent is there"} {
		if !strings.Contains(said, want) {
			t.Errorf("the commands never say %q:\n%s", want, said)
		}
	}
}

// TestGreenAPIDocs runs the commands of docs/green-api.md as they stand there, in order: each load against a sandbox of
// its own, and the commands after a load with its migration file.
func TestGreenAPIDocs(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../docs/green-api.md")
	if err != nil {
		t.Fatal(err)
	}
	var box *kommoServer
	var folder string
	ran := 0
	for line := range strings.Lines(string(content)) {
		command, isCommand := strings.CutPrefix(line, "    kommo-import ")
		if !isCommand || strings.HasPrefix(command, "sandbox") {
			continue
		}
		command, _, _ = strings.Cut(command, "   ") // its explanation
		args := strings.Fields(command)
		switch args[0] {
		case "load":
			box, folder = serveGreenAPI(t), t.TempDir()
			args = append(args, "--green-api-rate", "50")
		case "send":
			args = append(args, "--yes", "--rate", "500")
		}
		program := (&searched{T: t, environment: box.environment()}).launch(folder, args...)
		<-program.done
		if checkExit(program.err, exitDone) != nil && checkExit(program.err, exitIncomplete) != nil {
			t.Errorf("%s: %v\n%s", strings.TrimSpace(line), program.err, program.stderr)
		}
		ran++
	}
	if ran < 9 {
		t.Errorf("ran %d commands, want 9 or more", ran)
	}
}
