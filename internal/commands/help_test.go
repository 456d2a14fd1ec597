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

// update is the flag that writes the golden files anew: go test ./internal/commands -run TestHelp -update
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
		t.Fatalf("%v; go test ./internal/commands -run TestHelp -update writes it", err)
	}
	if diff := cmp.Diff(strings.Split(strings.ReplaceAll(string(want), "\r\n", "\n"), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s is not current (-want +got); -update writes it anew:\n%s", path, diff)
	}
}

// testProgram returns a program without arguments.
func testProgram() *program {
	return newProgram(nil, new(strings.Builder), new(strings.Builder))
}

// everyCommand returns all commands of the program by their paths, such as "config init".
func everyCommand() map[string]*cli.Command {
	all := make(map[string]*cli.Command)
	for _, command := range testProgram().app().Commands {
		all[command.Name] = command
		for _, below := range command.Subcommands {
			all[command.Name+" "+below.Name] = below
		}
	}
	return all
}

// TestHelp compares help with files, so that each change of it is seen.
func TestHelp(t *testing.T) {
	want := map[string]string{"kommo-import": testProgram().app().CustomAppHelpTemplate}
	for path, command := range everyCommand() {
		want[strings.ReplaceAll(path, " ", "-")] = command.CustomHelpTemplate
		if own := settingsIn(settings(), command.Name); len(own) > 0 && len(command.Subcommands) == 0 {
			want[strings.ReplaceAll(path, " ", "-")+"-all"] = fullHelp(path, command, own)
		}
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

// TestHelpIsReadable wants help to fit into a terminal of 80 columns, and each command to have a description with an
// example.
func TestHelpIsReadable(t *testing.T) {
	texts := []string{testProgram().app().CustomAppHelpTemplate}
	for path, command := range everyCommand() {
		texts = append(texts, command.CustomHelpTemplate, fullHelp(path, command, settingsIn(settings(), command.Name)))
		if lines := strings.Count(command.CustomHelpTemplate, "\n"); lines > 40 {
			t.Errorf("%s --help has %d lines, want 40 at most", path, lines)
		}
		if !strings.Contains(command.Description, "\n\n  ") {
			t.Errorf("%s: the description has no example: an indented line", path)
		}
		if strings.HasPrefix(command.Description, " ") {
			t.Errorf("%s: the description does not begin with a paragraph", path)
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

func TestWriteColumns(t *testing.T) {
	for _, tt := range []struct {
		name string
		rows []row
		want string
	}{
		{"beside", []row{{"a", "one"}, {"bcd", "two"}, {"ef", ""}}, "  a     one\n  bcd   two\n  ef\n"},
		{"below", []row{{"a", strings.Repeat("word ", 15)}, {"b", "two"}},
			"  a\n      " + strings.TrimSpace(strings.Repeat("word ", 14)) + "\n      word\n  b\n      two\n"},
	} {
		var got strings.Builder
		writeColumns(&got, tt.rows)
		if diff := cmp.Diff(tt.want, got.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestSentence(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"send N at a time", "Send N at a time."}, {"done.", "Done."}, {"ночь", "Ночь."},
	} {
		if got := sentence(tt.text); got != tt.want {
			t.Errorf("sentence(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}
