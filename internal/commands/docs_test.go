package commands

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestReadme runs the commands of the README in order, and then those of the pages that took over parts of it. They run
// in a folder with the samples and against the same sandbox, as an administrator would run them.
func TestReadme(t *testing.T) {
	t.Parallel()
	box, folder := serveGreenAPI(t), t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("../../samples")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "body.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	pages := []struct {
		path     string
		commands int
	}{{"README.md", 22}, {"docs/conversations.md", 5}, {"docs/config.md", 2}, {"docs/questions.md", 4}}
	for _, page := range pages {
		ran := 0
		for line := range strings.Lines(readPage(t, page.path)) {
			command, isCommand := strings.CutPrefix(strings.TrimSpace(line), "kommo-import ")
			if !isCommand || !strings.HasPrefix(line, "    ") || strings.HasPrefix(command, "sandbox") {
				continue
			}
			command, _, _ = strings.Cut(command, "   ") // its explanation
			if page.path != "README.md" && command == "config init" {
				continue // the file is there
			}
			program := (&searched{T: t, environment: box.environment()}).launch(folder, asInTests(strings.Fields(command))...)
			<-program.done
			if checkExit(program.err, exitDone) != nil && checkExit(program.err, exitIncomplete) != nil {
				t.Errorf("%s: %s: %v\n%s%s", page.path, strings.TrimSpace(line), program.err, program.stdout, program.stderr)
			}
			ran++
		}
		if ran < page.commands {
			t.Errorf("%s: ran %d commands, want %d or more", page.path, ran, page.commands)
		}
	}
}

func readPage(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile("../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestReadmeIsShort keeps the README a page that an administrator reads to its end.
func TestReadmeIsShort(t *testing.T) {
	if lines, most := strings.Count(readPage(t, "README.md"), "\n"), 200; lines > most {
		t.Errorf("the README has %d lines, want %d at most; the rest belongs in docs", lines, most)
	}
}

// TestLinks follows the links between the pages, to headings too.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`)
	followed := 0
	for _, page := range append(pages, "../../README.md") {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range link.FindAllStringSubmatch(string(content), -1) {
			path := page
			if match[1] != "" {
				path = filepath.Join(filepath.Dir(page), match[1])
			}
			target, err := os.ReadFile(path)
			if err != nil {
				t.Errorf("%s: %v", page, err)
			}
			if match[2] != "" && !slices.Contains(anchorsOf(string(target)), match[2]) {
				t.Errorf("%s: %s has no heading #%s", page, path, match[2])
			}
			followed++
		}
	}
	if followed < 50 {
		t.Errorf("followed %d links, want 50 or more", followed)
	}
}

// anchorsOf returns the names of the headings of a page, as GitHub makes them.
func anchorsOf(page string) (anchors []string) {
	for line := range strings.Lines(page) {
		heading := strings.TrimLeft(line, "#")
		if heading == line {
			continue
		}
		anchors = append(anchors, strings.Map(func(r rune) rune {
			switch {
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				return unicode.ToLower(r)
			case r == ' ':
				return '-'
			}
			return -1
		}, strings.TrimSpace(heading)))
	}
	return anchors
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
	content := readPage(t, "docs/kommo.md")
	box, folder := serveGreenAPI(t), t.TempDir()
	for language, name := range map[string]string{"csv": "own-number.csv", "yaml": "kommo-import.yaml"} {
		_, block, _ := strings.Cut(content, "   ```"+language+"\n")
		block, _, _ = strings.Cut(block, "   ```\n")
		block = strings.ReplaceAll("\n"+block, "\n   ", "\n")
		if err := os.WriteFile(filepath.Join(folder, name), []byte(strings.TrimSpace(block)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	said := ""
	for line := range strings.Lines(content) {
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
	content := readPage(t, "docs/green-api.md")
	var box *kommoServer
	var folder string
	ran := 0
	for line := range strings.Lines(content) {
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
