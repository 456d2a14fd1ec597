package commands

import (
	"testing"

	"kommo-import/importer"
	"kommo-import/sources"
)

func TestNextStep(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status importer.Status
		want   string
	}{
		{"nothing", importer.Status{}, ""},
		{"loaded", importer.Status{Messages: importer.Counts{Planned: 3}}, "preview"},
		{"interrupted load", importer.Status{Messages: importer.Counts{Planned: 3},
			Sources: []importer.SourceStatus{{Name: "a.csv", Finished: true}, {Name: "green-api:7", Family: sources.GreenAPI}}}, "load --green-api"},
		{"pilot", importer.Status{Messages: importer.Counts{Planned: 3, Accepted: 1}}, "send"},
		{"in doubt", importer.Status{Messages: importer.Counts{Sending: 1}}, "send"},
		{"some refused", importer.Status{Messages: importer.Counts{Accepted: 3, Refused: 1}}, "verify"},
		{"verified, some refused", importer.Status{Messages: importer.Counts{Verified: 3, Refused: 1}}, "report"},
		{"all refused", importer.Status{Messages: importer.Counts{Refused: 1}}, "failures"},
		{"done", importer.Status{Messages: importer.Counts{Accepted: 3}}, "verify"},
		{"done, some not understood", importer.Status{Messages: importer.Counts{Accepted: 3, Invalid: 1}}, "verify"},
		{"verified, some not understood", importer.Status{Messages: importer.Counts{Verified: 3, Invalid: 1}}, "report"},
		{"verified", importer.Status{Messages: importer.Counts{Verified: 3}}, "report"},
	} {
		if got := nextStep(new(values), tt.status); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// When verify has seen all that was sent it is not proposed again.
func TestNextVerified(t *testing.T) {
	sent := importer.Status{Messages: importer.Counts{Accepted: 2, Verified: 3}, Conversations: importer.Conversations{Total: 2, Done: 2}}
	for _, tt := range []struct {
		name string
		last importer.VerifyReport
		want string
	}{
		{"a sample", importer.VerifyReport{Conversations: 1, Messages: 3}, "verify"},
		{"interrupted", importer.VerifyReport{Conversations: 1, Open: 1, Messages: 5}, "verify"},
		{"some differ", importer.VerifyReport{Conversations: 2, Messages: 5, Differs: 2}, "report"},
		{"some are missing", importer.VerifyReport{Conversations: 2, Messages: 5, Missing: 2}, "verify"},
		{"a chat cannot be read", importer.VerifyReport{Conversations: 1, Messages: 3, Unread: 1, UnreadMessages: 2}, "report"},
		{"more was sent since a chat could not be read", importer.VerifyReport{Conversations: 1, Messages: 1, Unread: 1, UnreadMessages: 2}, "verify"},
	} {
		if got := nextVerified(sent, tt.last); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
