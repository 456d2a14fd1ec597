package commands

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"kommo-import/importer"
	"kommo-import/kommo"
)

func TestExit(t *testing.T) {
	store := &importer.StoreError{Path: "migration.db", Err: errors.New("the disk is full")}
	for _, tt := range []struct {
		err  error
		want int
		says string
	}{
		{nil, exitDone, ""},
		{errIncomplete, exitIncomplete, ""},
		{also(errIncomplete, nil), exitIncomplete, ""},
		{also(errIncomplete, store), exitError, "disk is full"},
		{also(ErrInterrupted, nil), exitInterrupted, "run the same command again"},
		{also(ErrInterrupted, store), exitError, "disk is full"},
		{fmt.Errorf("conversation c: %w", &kommo.DeniedError{Status: 404}), exitDenied, "KOMMO_SCOPE_ID"},
		{&kommo.BlockedError{}, exitDenied, "--rate"},
		{&importer.InUseError{Path: "migration.db"}, exitInUse, "another kommo-import"},
		{usage("--rate: no"), exitUsage, "--rate: no"},
		{errors.New("conversation a\nkommo-import: all is well\x1b[2J"), exitError, "\n  kommo-import: all is well\\x1b[2J"},
	} {
		var said strings.Builder
		d := &desk{talk: newTalk(&said)}
		if got := d.exit(tt.err); got != tt.want || !strings.Contains(said.String(), tt.says) {
			t.Errorf("%v: exit code %d, said %q, want %d and %q", tt.err, got, said.String(), tt.want, tt.says)
		}
	}
}
