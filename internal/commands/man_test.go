package commands

import (
	"os/exec"
	"strings"
	"testing"
)

// TestManPage looks for every section, flag, variable and exit code, and lets groff read the page if it is installed.
func TestManPage(t *testing.T) {
	p := testProgram()
	page, err := p.manPage()
	if err != nil {
		t.Fatal(err)
	}
	plain := strings.NewReplacer(`\-`, "-", `\fB`, "", `\fP`, "", `\fR`, "", `\&`, "").Replace(page)
	if strings.Contains(page, "GLOBAL OPTIONS") {
		t.Error("the page names global options, which the program has not")
	}
	for _, section := range []string{"NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "ENVIRONMENT", "FILES", "EXIT STATUS"} {
		if !strings.Contains(plain, ".SH "+section+"\n") {
			t.Errorf("there is no section %s", section)
		}
	}
	for _, command := range everyCommand() {
		if !strings.Contains(plain, ".SH "+command.Name+"\n") && !strings.Contains(plain, ".SS "+command.Name+"\n") {
			t.Errorf("there is no command %s", command.Name)
		}
	}
	for _, s := range p.settings {
		for _, text := range []string{"--" + s.name, s.env, s.secret.variable} {
			if !strings.Contains(plain, text) {
				t.Errorf("%s is missing", text)
			}
		}
	}
	for _, code := range exitMeanings() {
		if !strings.Contains(plain, "\n"+code.left+"\n"+code.right) {
			t.Errorf("exit code %s is missing", code.left)
		}
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		return
	}
	run := exec.CommandContext(t.Context(), groff, "-man", "-Tutf8", "-ww", "-z")
	run.Stdin = strings.NewReader(page)
	if output, err := run.CombinedOutput(); err != nil || len(output) > 0 {
		t.Errorf("groff: %v: %s", err, output)
	}
}
