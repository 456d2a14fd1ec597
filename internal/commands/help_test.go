package commands

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"
)

// update is the flag that writes the golden files anew: go test ./internal/commands -run 'TestHelp|TestManPage' -update
var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with a file, or writes the file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(got), 0o666)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test ./internal/commands -run 'TestHelp|TestManPage' -update writes it", err)
	}
	if diff := cmp.Diff(strings.Split(strings.ReplaceAll(string(want), "\r\n", "\n"), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s is not current (-want +got); -update writes it anew:\n%s", path, diff)
	}
}

// testApp returns the program without running it.
func testApp() *cli.App {
	d := &desk{stdout: new(strings.Builder), talk: newTalk(new(strings.Builder))}
	return d.app()
}

// everyCommand returns all commands, also those below others.
func everyCommand(commands []*cli.Command) (all []*cli.Command) {
	for _, command := range commands {
		all = append(append(all, command), everyCommand(command.Subcommands)...)
	}
	return all
}

// TestHelp keeps the help as people see it in files, so that a change of it is seen as such.
func TestHelp(t *testing.T) {
	app := testApp()
	want := map[string]string{"kommo-import": app.CustomAppHelpTemplate}
	for _, command := range everyCommand(app.Commands) {
		want[strings.ReplaceAll(strings.TrimPrefix(pathOf(command), "kommo-import "), " ", "-")] = command.CustomHelpTemplate
	}
	folder := filepath.Join("testdata", "help")
	for name, text := range want {
		t.Run(name, func(t *testing.T) { golden(t, filepath.Join(folder, name+".txt"), text) })
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, ok := want[strings.TrimSuffix(filepath.Base(file), ".txt")]; !ok {
			t.Errorf("%s is of no command", file)
		}
	}
}

// TestHelpIsReadable holds help to what a terminal of 80 columns shows, and each command to a reason to use it and an
// example.
func TestHelpIsReadable(t *testing.T) {
	app := testApp()
	texts := []string{app.CustomAppHelpTemplate}
	for _, command := range everyCommand(app.Commands) {
		texts = append(texts, command.CustomHelpTemplate)
		help := helpTextOf(command)
		if len(help.examples) == 0 {
			t.Errorf("%s: the description has no example: an indented line", help.path)
		}
		if len(help.paragraphs) == 0 {
			t.Errorf("%s: the description does not tell what it is for", help.path)
		}
	}
	for _, text := range texts {
		if strings.Contains(text, "{{") {
			t.Errorf("cli takes this for a template:\n%s", text)
		}
		for line := range strings.Lines(text) {
			if line = strings.TrimSuffix(line, "\n"); utf8.RuneCountInString(line) > width || strings.TrimRight(line, " ") != line {
				t.Errorf("%d characters, or spaces at the end: %q", utf8.RuneCountInString(line), line)
			}
		}
	}
}

// TestUsages holds the usage of every flag to what help, man page and config file make of it.
func TestUsages(t *testing.T) {
	for _, command := range everyCommand(testApp().Commands) {
		for _, flag := range command.Flags {
			text := textOf(flag)
			first, _ := utf8.DecodeRuneInString(text.usage)
			switch {
			case text.usage == "", first < 'a' || first > 'z', strings.HasSuffix(text.usage, "."):
				t.Errorf("%s --%s: %q is no fragment of a sentence", command.Name, text.name, text.usage)
			case text.value == "VALUE":
				t.Errorf("%s --%s: the usage does not name the value in backquotes", command.Name, text.name)
			case text.isSecretFile() && text.secretVariable() == "":
				t.Errorf("%s --%s: the usage does not name the variable of the secret", command.Name, text.name)
			}
		}
	}
}

func TestWriteColumns(t *testing.T) {
	for _, tt := range []struct {
		name string
		rows []example
		want string
	}{
		{"beside", []example{{"a", "one"}, {"bcd", "two"}, {"ef", ""}}, "  a     one\n  bcd   two\n  ef\n"},
		{"below", []example{{"a", strings.Repeat("word ", 15)}, {"b", "two"}},
			"  a\n      " + strings.TrimSpace(strings.Repeat("word ", 14)) + "\n      word\n  b\n      two\n"},
	} {
		var got strings.Builder
		writeColumns(&got, tt.rows)
		if diff := cmp.Diff(tt.want, got.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
