package commands

import "testing"

func TestNearest(t *testing.T) {
	names := []string{"send", "status", "workers", "dry-run", "secret-file", "conversation-prefix", "rate", "green-api-rate", "m"}
	for _, tt := range []struct{ word, want string }{
		{"sned", "send"},
		{"worker", "workers"},
		{"dryrun", "dry-run"},
		{"Rate", "rate"},
		{"secret_file", "secret-file"},
		{"conversation", "conversation-prefix"},
		{"statsu", "status"},
		{"channel-secret", ""},
		{"yes", ""},
		{"x", ""},
		{"", ""},
	} {
		if got := nearest(tt.word, names); got != tt.want {
			t.Errorf("nearest(%q) = %q, want %q", tt.word, got, tt.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"rate", "rate", 0}, {"sned", "send", 1}, {"rte", "rate", 1}, {"rates", "rate", 1},
		{"rute", "rate", 1}, {"ab", "cd", 2}, {"ключ", "ключи", 1},
	} {
		if got := distance(tt.a, tt.b); got != tt.want || distance(tt.b, tt.a) != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d both ways", tt.a, tt.b, got, tt.want)
		}
	}
}
