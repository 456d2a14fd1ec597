package commands

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

type configLines map[string]configLine

func TestParseConfig(t *testing.T) {
	table := []setting{{name: "exclude", kind: kindList}, {name: "rate"}, {name: "workers"}, {name: "yes", perRun: true}}
	for _, test := range []struct {
		name, content string
		want          configLines
		wantUsers     map[string]string
		wantErr       string // a part of the error; "" if there must be no error
	}{
		{name: "empty"},
		{name: "comments", content: "# rate: 3\n"},
		{name: "values", content: "# pace\nrate: 3\nworkers: 2\n", want: configLines{"rate": {2, []string{"3"}}, "workers": {3, []string{"2"}}}},
		{name: "with a byte order mark", content: "\ufeffrate: 3\n", want: configLines{"rate": {1, []string{"3"}}}},
		{name: "Windows line ends", content: "rate: 3\r\nworkers: 2\r\n", want: configLines{"rate": {1, []string{"3"}}, "workers": {2, []string{"2"}}}},
		{name: "quoted", content: `exclude: "79*"`, want: configLines{"exclude": {1, []string{"79*"}}}},
		{name: "leading zero", content: "exclude: 0079\n", want: configLines{"exclude": {1, []string{"0079"}}}},
		{name: "list", content: "exclude: [a, b]\n", want: configLines{"exclude": {1, []string{"a", "b"}}}},
		{name: "users", content: "users:\n  Eva: id-1\n  77: id-2\n", want: configLines{"users": {number: 1}},
			wantUsers: map[string]string{"Eva": "id-1", "77": "id-2"}},

		{name: "unknown", content: "rate: 3\nworker: 5\n", wantErr: `2: there is no setting "worker"; did you mean workers?`},
		{name: "other case", content: "Rate: 3\n", wantErr: `1: there is no setting "Rate"; did you mean rate?`},
		{name: "twice", content: "rate: 3\nrate: 4\n", wantErr: "2: rate is set twice"},
		{name: "bad YAML", content: "rate: [3\n", wantErr: "line"},
		{name: "tab", content: "users:\n\tEva: id\n", wantErr: "line 2"},
		{name: "list of settings", content: "- rate\n", wantErr: "1: want lines of the form name: value"},
		{name: "text", content: "\nsend all\n", wantErr: "2: want lines of the form name: value"},
		{name: "no value", content: "rate:\n", wantErr: "1: rate"},
		{name: "mapping", content: "rate:\n  most: 3\n", wantErr: "rate: want a value"},
		{name: "list of lists", content: "exclude: [[a]]\n", wantErr: "1: exclude: want a value"},
		{name: "users as a list", content: "users: [Eva]\n", wantErr: "1: users"},
		{name: "user twice", content: "users:\n  Eva: id-1\n  Eva: id-2\n", wantErr: "Eva"},
		{name: "two documents", content: "rate: 3\n---\nworkers: 2\n", wantErr: "document"},
		{name: "binary", content: "\x00\x01\x02", wantErr: " "},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseConfig([]byte(test.content), table)
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Errorf("got %v, %v, want an error with %q", got, err, test.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, configLines(got.lines), cmp.AllowUnexported(configLine{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("lines differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wantUsers, got.users); diff != "" {
				t.Errorf("users differ (-want +got):\n%s", diff)
			}
		})
	}
}

// TestConfigKeys keeps secrets out of a file that is shared and backed up, and the settings that belong to one run.
func TestConfigKeys(t *testing.T) {
	keys := configKeys(settings())
	for _, name := range []string{"rate", "workers", "users", "timezone", "scope-id", "bot-id", "secret-file", "migration",
		"green-api-url", "green-api-instance", "green-api-token-file", "kommo-token-file"} {
		if !slices.Contains(keys, name) {
			t.Errorf("%s is no key", name)
		}
	}
	for _, name := range []string{"yes", "dry-run", "retry", "config", "help", "payloads", "secret", "csv", "green-api",
		"green-api-token", "link-lifetime", "green-api-fault"} {
		if slices.Contains(keys, name) {
			t.Errorf("%s is a key", name)
		}
	}
}

// TestConfigTemplate removes all comment signs: the result must be a config file with every setting.
func TestConfigTemplate(t *testing.T) {
	table := settings()
	template := configTemplate(configGroups(table))
	for line := range strings.Lines(template) {
		if line != "\n" && line[0] != '#' || utf8.RuneCountInString(line) > width+1 {
			t.Errorf("a setting that counts, or a line that is too long: %q", line)
		}
	}
	if lines := strings.Count(configTemplate(everydayGroups(table)), "\n"); lines > 80 {
		t.Errorf("config init writes %d lines, want 80 at most", lines)
	}
	everything := regexp.MustCompile(`(?m)^#([^ ]|  )`).ReplaceAllString(template, "$1")
	file, err := parseConfig([]byte(everything), table)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(file.lines), len(configKeys(table)); got != want {
		t.Errorf("got %d settings, want %d", got, want)
	}
}
