package commands

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/importer"
)

// A conflict names the ways that lead on, and none that would put messages into new chats.
func TestWaysOutOfConflicts(t *testing.T) {
	shape := map[string][]string{"timezone": {"UTC"}}
	for _, tt := range []struct {
		name     string
		conflict importer.ConflictError
		want     [][]string
	}{
		{"edited", importer.ConflictError{Messages: 1}, [][]string{{"--keep-sent"}}},
		{"other settings", importer.ConflictError{Messages: 1, Shape: shape}, [][]string{{"--timezone", "UTC"}, {"--keep-sent"}}},
		{"nothing in common", importer.ConflictError{Messages: 1, Nothing: true}, [][]string{{"--keep-sent"}, {"--name", "NEW"}}},
		{"conversation removed", importer.ConflictError{Messages: 1, Absent: 1}, [][]string{{"--keep-sent"}}},
		{"conversation renamed", importer.ConflictError{Messages: 1, Absent: 1, Renamed: true, Nothing: true}, nil},
		{"the same file with other ids", importer.ConflictError{Messages: 1, Absent: 1, SameFile: true, Nothing: true, Shape: shape}, [][]string{{"--timezone", "UTC"}}},
	} {
		hint := conflictHint("chats.csv", &tt.conflict)
		if diff := cmp.Diff(tt.want, waysOutOf(hint)); diff != "" {
			t.Errorf("%s (-want +got):\n%s\n%s", tt.name, diff, hint)
		}
	}
}
