package commands

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"
)

func TestTextOf(t *testing.T) {
	for _, tt := range []struct {
		flag cli.Flag
		want flagText
		head string
		says string
	}{
		{&cli.BoolFlag{Name: "yes", Usage: "do not ask"}, flagText{name: "yes", usage: "do not ask"}, "--yes", "do not ask"},
		{&cli.StringFlag{Name: "migration", Aliases: []string{"m"}, Value: "a.db", Usage: "the `FILE`"},
			flagText{name: "migration", short: "m", value: "FILE", usage: "the FILE", fallback: "a.db"},
			"--migration FILE, -m FILE", "the FILE (default: a.db)"},
		{&cli.StringFlag{Name: "groups", Value: "skip", Usage: "`skip|include` leave groups out"},
			flagText{name: "groups", value: "skip|include", choices: []string{"skip", "include"}, usage: "leave groups out", fallback: "skip"},
			"--groups skip|include", "leave groups out (default: skip)"},
		{&cli.StringSliceFlag{Name: "only", EnvVars: []string{"ONLY"}, Usage: "the `ID`"},
			flagText{name: "only", value: "ID", usage: "the ID", variable: "ONLY", many: true}, "--only ID", "the ID (environment: ONLY)"},
		{&cli.IntFlag{Name: "max", DefaultText: "all", Usage: "`N` at most"},
			flagText{name: "max", value: "N", usage: "N at most", fallback: "all"}, "--max N", "N at most (default: all)"},
		{&cli.IntFlag{Name: "block", Usage: "after `N`"}, flagText{name: "block", value: "N", usage: "after N"}, "--block N", "after N"},
	} {
		got := textOf(tt.flag)
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(flagText{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.want.name, diff)
		}
		if got.head() != tt.head || got.explanation() != tt.says {
			t.Errorf("got %q, %q, want %q, %q", got.head(), got.explanation(), tt.head, tt.says)
		}
	}
}

func TestTyped(t *testing.T) {
	for _, tt := range []struct{ fallback, want string }{
		{`"Bot"`, "Bot"}, {"", ""}, {"0", ""}, {"0s", ""}, {"5s", "5s"}, {"10s", "10s"}, {"1m0s", "1m"}, {"1m30s", "1m30s"},
		{"360h0m0s", "360h"}, {"1h10m0s", "1h10m"}, {"10m10s", "10m10s"}, {"all", "all"}, {"2.5", "2.5"},
	} {
		if got := typed(tt.fallback); got != tt.want {
			t.Errorf("typed(%q) = %q, want %q", tt.fallback, got, tt.want)
		}
	}
}

// TestChoices makes sure that the values which help and completion offer are those that the program takes.
func TestChoices(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chats.csv")
	if err := os.WriteFile(path, []byte("conversation_id,timestamp,direction,text\nanna,1740823200,in,Hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"groups", "media", "silent"} {
		text := flagNamed(testApp().Command("preview"), flag)
		for _, value := range append(text.choices, "nonsense") {
			var said strings.Builder
			args := []string{"kommo-import", "preview", "-m", filepath.Join(t.TempDir(), "a.db"), "--csv", path, "--" + flag, value}
			code := Run(context.Background(), args, nil, new(strings.Builder), &said)
			if got, want := code == exitUsage, value == "nonsense"; got != want {
				t.Errorf("--%s %s: exit code %d: %s", flag, value, code, said.String())
			}
		}
		if len(text.choices) < 2 || text.choices[0] == "" {
			t.Errorf("--%s offers %q", flag, text.choices)
		}
	}
}
