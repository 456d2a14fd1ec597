package importer

import (
	"strings"
	"testing"
	"time"

	"kommo-import/sources"
)

func TestFilter(t *testing.T) {
	since := time.Date(2024, 1, 31, 0, 0, 0, 0, time.UTC)
	f := Filter{Since: since, Until: since.Add(time.Hour), Include: []string{"79*", "a/*", "[x"}, Exclude: []string{"*7@c.us", "7910"}}
	for _, tt := range []struct {
		id   string
		kind sources.ConversationKind
		want string
	}{
		{"7900", sources.Person, ""},
		{"a/b/c", sources.Person, ""},
		{"[x", sources.Person, ""}, // an id is itself, whatever it looks like
		{"79007@c.us", sources.Person, "left out by --exclude *7@c.us"},
		{"7910", sources.Person, "left out by --exclude 7910"},
		{"1900", sources.Person, "not named by --include"},
		{"79", sources.Group, "a group; --groups=include takes groups along"},
	} {
		if got := f.conversation(tt.id, tt.kind); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.id, got, tt.want)
		}
	}
	for _, tt := range []struct {
		after time.Duration
		want  string
	}{
		{-time.Millisecond, "before --since 2024-01-31T00:00:00Z"},
		{0, ""},
		{time.Hour - time.Millisecond, ""},
		{time.Hour, "not before --until 2024-01-31T01:00:00Z"},
	} {
		if got := f.message(since.Add(tt.after), sources.KindText, false); got != tt.want {
			t.Errorf("%v after: got %q, want %q", tt.after, got, tt.want)
		}
	}
	if err := f.Check(); err == nil || !strings.Contains(err.Error(), "[x") {
		t.Errorf("the pattern [x passes: %v", err)
	}
}
