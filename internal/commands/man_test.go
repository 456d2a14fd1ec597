package commands

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestManPage makes sure that the manual page in docs is that of this program.
func TestManPage(t *testing.T) {
	golden(t, filepath.Join("..", "..", "docs", "kommo-import.1"), manPage(testApp()))
}

// TestManPageIsComplete looks for every flag of every command, every variable and every exit code.
func TestManPageIsComplete(t *testing.T) {
	app := testApp()
	page := manPage(app)
	for _, command := range everyCommand(app.Commands) {
		for _, flag := range command.Flags {
			text := textOf(flag)
			if !strings.Contains(page, `\fB\-\-`+roff(text.name)+`\fR`) || !strings.Contains(page, roff(text.variable)) {
				t.Errorf("%s --%s %s is missing", command.Name, text.name, text.variable)
			}
		}
	}
	for _, code := range exitMeanings() {
		if !strings.Contains(page, `\fB`+code.line+`\fR`) {
			t.Errorf("exit code %s is missing", code.line)
		}
	}
}

// TestManPageIsRoff lets groff read the page, where there is one.
func TestManPageIsRoff(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed")
	}
	run := exec.CommandContext(t.Context(), groff, "-man", "-Tutf8", "-ww", "-z")
	run.Stdin = strings.NewReader(manPage(testApp()))
	if said, err := run.CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("%v: %s", err, said)
	}
}
