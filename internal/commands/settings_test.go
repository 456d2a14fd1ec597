package commands

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// TestSettings checks every row of the table.
func TestSettings(t *testing.T) {
	var commands []string
	for _, command := range everyCommand() {
		commands = append(commands, command.Name)
	}
	inConfig := make(map[string]bool)
	for _, s := range settings() {
		first, _ := utf8.DecodeRuneInString(s.usage)
		if first < 'a' || first > 'z' || strings.HasSuffix(s.usage, ".") {
			t.Errorf("%s: the usage %q is no fragment of a sentence", s.name, s.usage)
		}
		if s.value != "" && !strings.Contains(s.usage, s.value) {
			t.Errorf("%s: the usage %q does not mention %s", s.name, s.usage, s.value)
		}
		if (s.value == "") != (s.kind == kindSwitch || s.choices != nil) {
			t.Errorf("%s: the value is called %q", s.name, s.value)
		}
		if s.def != "" && s.def != "all" && s.wanted(s.def) != "" {
			t.Errorf("%s: the default is %q, want %s", s.name, s.def, s.wanted(s.def))
		}
		if (s.kind == kindSecretFile) != (s.secret != secret{}) {
			t.Errorf("%s: kind %d and secret %q do not agree", s.name, s.kind, s.secret.variable)
		}
		for _, in := range strings.Fields(strings.ReplaceAll(s.in, allCommands, "")) {
			if !slices.Contains(commands, in) {
				t.Errorf("%s: there is no command %q", s.name, in)
			}
		}
		if !s.perRun && inConfig[s.name] {
			t.Errorf("%s: two settings of this name can be in the config file", s.name)
		}
		inConfig[s.name] = inConfig[s.name] || !s.perRun
	}
}

func TestHead(t *testing.T) {
	for _, tt := range []struct {
		setting     setting
		head        string
		explanation string
	}{
		{setting{name: "yes", kind: kindSwitch, usage: "do not ask"}, "--yes", "do not ask"},
		{setting{name: "migration", short: "m", value: "FILE", def: "a.db", usage: "the FILE"}, "--migration FILE, -m FILE",
			"the FILE (default: a.db)"},
		{setting{name: "groups", choices: []string{"skip", "include"}, def: "skip", usage: "leave groups out"},
			"--groups skip|include", "leave groups out (default: skip)"},
		{setting{name: "bot-id", env: "BOT", value: "ID", usage: "the ID"}, "--bot-id ID", "the ID (environment: BOT)"},
		{setting{name: "secret-file", value: "FILE", usage: "read FILE", secret: secret{variable: "SECRET"}}, "--secret-file FILE",
			"read FILE (or set SECRET)"},
	} {
		if tt.setting.head() != tt.head || tt.setting.explanation() != tt.explanation {
			t.Errorf("got %q, %q, want %q, %q", tt.setting.head(), tt.setting.explanation(), tt.head, tt.explanation)
		}
	}
}

func TestWanted(t *testing.T) {
	for _, tt := range []struct {
		setting setting
		text    string
		want    string
	}{
		{setting{}, "anything", ""},
		{setting{kind: kindSwitch}, "false", ""},
		{setting{kind: kindSwitch}, "yes", "true or false"},
		{setting{kind: kindCount}, "1", ""},
		{setting{kind: kindCount}, "0", "1 or more"},
		{setting{kind: kindCount}, "-1", "1 or more"},
		{setting{kind: kindCount}, "010", "a whole number such as 4"},
		{setting{kind: kindCount}, "0x10", "a whole number such as 4"},
		{setting{kind: kindCount}, "all", "a whole number such as 4"},
		{setting{kind: kindCount, most: 64}, "64", ""},
		{setting{kind: kindCount, most: 64}, "65", "1 to 64"},
		{setting{kind: kindCount, most: 64}, "0", "1 to 64"},
		{setting{kind: kindWhole}, "0", ""},
		{setting{kind: kindRate, most: 1000}, "0.1", ""},
		{setting{kind: kindRate, most: 1000}, "1000", ""},
		{setting{kind: kindRate, most: 1000}, "0", "0.01 to 1000"},
		{setting{kind: kindRate, most: 1000}, "1001", "0.01 to 1000"},
		{setting{kind: kindRate, most: 1e6}, "1e9", "0.01 to 1000000"},
		{setting{kind: kindRate, most: 1e6}, "1e-300", "0.01 to 1000000"},
		{setting{kind: kindRate, most: 1e6}, "0.01", ""},
		{setting{kind: kindRate, most: 1000}, "NaN", "0.01 to 1000"},
		{setting{kind: kindRate, most: 1000}, "fast", "a number such as 2.5"},
		{setting{kind: kindSpan}, "0s", ""},
		{setting{kind: kindSpan}, "-5s", ""},
		{setting{kind: kindWait}, "1m30s", ""},
		{setting{kind: kindWait}, "0", "a time such as 5s or 2m30s"},
		{setting{kind: kindWait}, "soon", "a time such as 5s or 2m30s"},
		{setting{choices: []string{"link", "text", "skip"}}, "skip", ""},
		{setting{choices: []string{"link", "text", "skip"}}, "", "link, text or skip"},
		{setting{choices: []string{"link", "text", "skip"}}, "file", "link, text or skip"},
	} {
		if got := tt.setting.wanted(tt.text); got != tt.want {
			t.Errorf("kind %d, %q: got %q, want %q", tt.setting.kind, tt.text, got, tt.want)
		}
	}
}

// TestChoices wants the program to take every choice in the table, and no other value.
func TestChoices(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chats.csv")
	if err := os.WriteFile(path, []byte("conversation_id,timestamp,direction,text\nanna,1740823200,in,Hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, s := range settingsIn(settings(), "preview") {
		if s.choices == nil || s.group == groupChats {
			continue
		}
		for _, text := range append(s.choices, "nonsense") {
			var said strings.Builder
			args := []string{"kommo-import", "preview", "-m", filepath.Join(t.TempDir(), "a.db"), "--csv", path, "--" + s.name, text}
			code := Run(context.Background(), args, nil, new(strings.Builder), &said)
			if got, want := code == exitUsage, text == "nonsense"; got != want {
				t.Errorf("--%s %s: exit code %d: %s", s.name, text, code, said.String())
			}
		}
	}
}

// TestCheckKnowsSend wants check to see the values that send would use, from a config file that check does not check.
func TestCheckKnowsSend(t *testing.T) {
	file, err := parseConfig([]byte("green-api-rate: fast\nworkers: 65\nfault: nonsense\n"), settings())
	if err != nil {
		t.Fatal(err)
	}
	file.path = "a.yaml"
	v := &values{table: settings(), command: "check", file: file}
	v.flags = cli.NewContext(nil, flag.NewFlagSet("", flag.ContinueOnError), nil)
	got := errors.Join(v.wrong("send")...)
	const want = "a.yaml:2: workers 65: want 1 to 64\na.yaml:1: green-api-rate fast: want a number such as 2.5"
	if got == nil || got.Error() != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if got := v.count("workers"); got != 16 {
		t.Errorf("got %d workers, want the default", got)
	}
}

func TestIsUUID(t *testing.T) {
	for _, tt := range []struct {
		id   string
		want bool
	}{
		{"5a0db0c5-0000-4000-8000-0000000000a1", true},
		{"5A0DB0C5-0000-4000-8000-0000000000A1", false},
		{"5a0db0c5-0000-4000-80000-000000000a1", false},
		{"5a0db0c5-0000-4000-8000-0000000000ag", false},
		{"5a0db0c5000040008000000000000000a1a1", false},
		{"", false},
	} {
		if got := isUUID(tt.id); got != tt.want {
			t.Errorf("isUUID(%q) = %v, want %v", tt.id, got, tt.want)
		}
	}
}
