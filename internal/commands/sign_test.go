package commands

import (
	"bytes"
	"context"
	"io"
	"testing"
)

// TestSignInterrupted wants Ctrl-C to end the wait for a body from the keyboard.
func TestSignInterrupted(t *testing.T) {
	t.Setenv("KOMMO_CHANNEL_SECRET", "c0ffee")
	keyboard, typing := io.Pipe()
	defer typing.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(ErrInterrupted)
	var stdout bytes.Buffer
	code := Run(ctx, []string{"kommo-import", "sign", "--path", "/v2", "--body", "-"}, keyboard, &stdout, io.Discard)
	if code != exitInterrupted || stdout.Len() > 0 {
		t.Errorf("got code %d and %q, want %d and nothing", code, &stdout, exitInterrupted)
	}
}
