package commands

import (
	"os"
	"strings"
	"testing"
)

// TestGreenAPIDocs runs the commands of docs/green-api.md as they stand there, in order: each load against a sandbox of
// its own, and what follows a load with its migration file.
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
		command, _, _ = strings.Cut(command, "   ") // what it does
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
