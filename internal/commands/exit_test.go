package commands

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"kommo-import/importer"
	"kommo-import/internal/kommo"
	"kommo-import/internal/migration"
	"kommo-import/sources/greenapi"
)

func TestExit(t *testing.T) {
	store := &migration.StoreError{Path: "migration.db", Err: errors.New("the disk is full")}
	for _, tt := range []struct {
		err  error
		want int
		says string
	}{
		{nil, exitDone, ""},
		{errIncomplete, exitIncomplete, ""},
		{withCloseError(errIncomplete, nil), exitIncomplete, ""},
		{withCloseError(errIncomplete, store), exitError, "disk is full"},
		{withCloseError(ErrInterrupted, nil), exitInterrupted, "run the same command again"},
		{withCloseError(ErrInterrupted, store), exitError, "disk is full"},
		{fmt.Errorf("conversation c: %w", &kommo.DeniedError{Status: 404}), exitDenied, "KOMMO_SCOPE_ID"},
		{&kommo.BlockedError{}, exitDenied, "--rate"},
		{&migration.InUseError{Path: "migration.db"}, exitInUse, "another kommo-import"},
		{usage("--rate: no"), exitUsage, "--rate: no"},
		{&importer.NotReadyError{Source: "chats.csv"}, exitError, "the load of chats.csv is not finished\nHint: run that load again; it goes on where it stopped. To do without: kommo-import load --discard"},
		{errors.New("conversation a\nkommo-import: all is well\x1b[2J"), exitError, "\n  kommo-import: all is well\\x1b[2J"},
	} {
		var said strings.Builder
		p := newProgram(nil, nil, &said)
		if got := p.exit(tt.err); got != tt.want || !strings.Contains(said.String(), tt.says) {
			t.Errorf("%v: exit code %d, said %q, want %d and %q", tt.err, got, said.String(), tt.want, tt.says)
		}
	}
}

func TestExitOfGreenAPI(t *testing.T) {
	resets := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		err  error
		want int
		says string
	}{
		{&greenapi.DeniedError{Method: "getChats", Status: 400}, exitDenied, "scan the QR code"},
		{&greenapi.DeniedError{Method: "getChats", Status: 401}, exitDenied, "Hint: check GREEN_API_TOKEN;"},
		{&greenapi.DeniedError{Method: "getChats", Status: 403}, exitDenied, "Hint: check GREEN_API_INSTANCE and GREEN_API_URL;"},
		{&greenapi.DeniedError{Method: "getChats", Status: 404}, exitDenied, "Hint: check GREEN_API_URL;"},
		{&greenapi.DeniedError{Method: "getChats", Status: 302}, exitDenied, "Hint: check GREEN_API_URL;"},
		{&greenapi.QuotaError{Method: "getChatHistory", Resets: resets}, exitDenied, "Hint: go on after 2026-12-01,"},
		{fmt.Errorf("renewing a media link: %w", &greenapi.QuotaError{Method: "downloadFile", Resets: resets}), exitDenied, "load with --media=text"},
		{&greenapi.PreflightError{State: "notAuthorized", Problems: []string{"No phone."}}, exitDenied, "\n  No phone.\nHint: mend that"},
		{&greenapi.PreflightError{State: "authorized", Problems: []string{"Settings."}}, exitError, "--force reads what there is"},
		{&greenapi.UnknownChatError{Chat: "1@c.us", Chats: 2}, exitError, "Hint: ids look like 79001234567@c.us"},
		{greenapi.ErrEmptyAccount, exitError, "the right phone connected"},
		{&greenapi.UnavailableError{Method: "getChatHistory", Tries: 6, Status: 504}, exitError,
			"green-api getChatHistory: no usable answer after 6 tries: status 504: the phone may be offline\nHint: what was read is kept. Run the same command again to go on.\n      Does it stop at the same chat each time? --count-max 1000"},
		{&greenapi.RefusedError{Method: "getChats", Status: 418}, exitError, "green-api refuses this"},
		{&importer.DeadLinksError{Links: 4}, exitUsage, "Hint: set GREEN_API_INSTANCE and GREEN_API_TOKEN"},
		{&importer.StoppedError{Err: &greenapi.QuotaError{Method: "downloadFile", Resets: resets}}, exitDenied, "load with --media=text"},
	} {
		var said strings.Builder
		p := newProgram(nil, nil, &said)
		if got := p.exit(tt.err); got != tt.want || !strings.Contains(said.String(), tt.says) {
			t.Errorf("%v: exit code %d, said %q, want %d and %q", tt.err, got, said.String(), tt.want, tt.says)
		}
	}
}
