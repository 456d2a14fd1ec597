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
		{"file", "secret-file"},
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
