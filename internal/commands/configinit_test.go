package commands

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestConfigTemplate takes all comment signs away: what is left must be a config file with every setting.
func TestConfigTemplate(t *testing.T) {
	app := testApp()
	template := configTemplate(settingGroups(app))
	for line := range strings.Lines(template) {
		if line != "\n" && line[0] != '#' || utf8.RuneCountInString(line) > width+1 {
			t.Errorf("a setting that counts, or a line that is too long: %q", line)
		}
	}
	everything := regexp.MustCompile(`(?m)^#([^ ]|  )`).ReplaceAllString(template, "$1")
	settings, err := parseConfig([]byte(everything), knownSettings(app))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(settings), len(knownSettings(app)); got != want {
		t.Errorf("got %d settings, want %d", got, want)
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
