package commands

import (
	"strings"
	"testing"

	"kommo-import/importer"
	"kommo-import/sources"
)

// Warnings that make no sense where a migration stands are left out, or say less.
func TestPreviewWarnings(t *testing.T) {
	old := importer.Warning{Kind: importer.OldLast, Count: 1}
	differs := importer.Warning{Kind: importer.ConflictingDuplicate, Count: 1}
	many := importer.Warning{Kind: importer.SimilarIDs, Count: 3, Examples: []string{"a and A", "b and B"}}
	greenAPI := importer.Status{Sources: []importer.SourceStatus{{Name: "green-api:7105000000", Family: sources.GreenAPI, Finished: true}}}
	both := importer.Status{Sources: append([]importer.SourceStatus{{Name: "csv:chats.csv", Finished: true}}, greenAPI.Sources...)}
	for _, tt := range []struct {
		name    string
		preview importer.Preview
		words   string
		want    bool
	}{
		{"notified", importer.Preview{Notifications: 1, Warnings: []importer.Warning{old}}, "makes one notification", true},
		{"not notified", importer.Preview{Warnings: []importer.Warning{old}}, "Warnings", false},
		{"listed", importer.Preview{Warnings: []importer.Warning{many}}, "\n      a and A\n      b and B\n      and 1 more\n", true},
		{"a spreadsheet", importer.Preview{Status: both, Warnings: []importer.Warning{differs}}, "Spreadsheets", true},
		{"no spreadsheet", importer.Preview{Status: greenAPI, Warnings: []importer.Warning{differs}}, "Spreadsheets", false},
	} {
		if text := describe(tt.preview, 0); strings.Contains(text, tt.words) != tt.want {
			t.Errorf("%s: says %q: %v, want %v:\n%s", tt.name, tt.words, !tt.want, tt.want, text)
		}
	}
}
