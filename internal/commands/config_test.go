package commands

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseConfig(t *testing.T) {
	known := []string{"exclude", "rate", "users", "workers"}
	for _, test := range []struct {
		name, content string
		want          []configured
		wantErr       string // what the error must hold; "": none
	}{
		{name: "empty"},
		{name: "comments", content: "# rate: 3\n"},
		{name: "values", content: "# pace\nrate: 3\nworkers: 2\n", want: []configured{
			{name: "rate", line: 2, values: []string{"3"}}, {name: "workers", line: 3, values: []string{"2"}}}},
		{name: "with a byte order mark", content: "\ufeffrate: 3\n", want: []configured{{name: "rate", line: 1, values: []string{"3"}}}},
		{name: "Windows line ends", content: "rate: 3\r\nworkers: 2\r\n", want: []configured{
			{name: "rate", line: 1, values: []string{"3"}}, {name: "workers", line: 2, values: []string{"2"}}}},
		{name: "quoted", content: `exclude: "79*"`, want: []configured{{name: "exclude", line: 1, values: []string{"79*"}}}},
		{name: "leading zero", content: "exclude: 0079\n", want: []configured{{name: "exclude", line: 1, values: []string{"0079"}}}},
		{name: "list", content: "exclude: [a, b]\n", want: []configured{{name: "exclude", line: 1, values: []string{"a", "b"}}}},
		{name: "users", content: "users:\n  Eva: id-1\n  77: id-2\n", want: []configured{
			{name: "users", line: 1, users: map[string]string{"Eva": "id-1", "77": "id-2"}}}},

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
			got, err := parseConfig([]byte(test.content), known)
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Errorf("got %v, %v, want an error with %q", got, err, test.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(configured{})); diff != "" {
				t.Errorf("differs (-want +got):\n%s", diff)
			}
		})
	}
}

// Secrets have no place in a file that is shared and backed up, nor has what must be decided each time.
func TestKnownSettings(t *testing.T) {
	d := &desk{talk: newTalk(new(strings.Builder))}
	known := " " + strings.Join(knownSettings(d.app()), " ") + " "
	for _, name := range []string{"rate", "workers", "users", "timezone", "scope-id", "bot-id", "secret-file", "migration",
		"green-api-url", "green-api-instance", "token-file"} {
		if !strings.Contains(known, " "+name+" ") {
			t.Errorf("%s is no setting", name)
		}
	}
	for _, name := range []string{"yes", "dry-run", "retry", "config", "help", "payloads", "secret", "csv", "green-api",
		"green-api-token", "link-lifetime", "green-api-fault"} {
		if strings.Contains(known, " "+name+" ") {
			t.Errorf("%s is a setting", name)
		}
	}
}
