package commands

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A fullPipe is a pipe that nobody reads.
type fullPipe struct{ read chan struct{} }

func (p fullPipe) Write(text []byte) (int, error) {
	<-p.read
	return len(text), nil
}

// A program that waits for somebody to read its output ends when it is interrupted.
func TestInterruptWhilePrinting(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
	}{
		{[]string{"man"}, exitInterrupted},
		{[]string{"man", "--json"}, exitInterrupted},
		{[]string{"config", "show"}, exitInterrupted},
		{[]string{"status", "-m", "nowhere.db"}, exitError},
	} {
		synctest.Test(t, func(t *testing.T) {
			pipe := fullPipe{make(chan struct{})}
			defer close(pipe.read)
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Hour, func() { cancel(ErrInterrupted) })
			start := time.Now()
			code := Run(ctx, append([]string{"kommo-import"}, tt.args...), nil, pipe, pipe)
			if took := time.Since(start) - time.Hour; code != tt.code || took < 0 || took > 2*stuckAfter {
				t.Errorf("%v: ended with %d, %v after the interrupt, want %d after at most %v", tt.args, code, took, tt.code, 2*stuckAfter)
			}
		})
	}
}

// An output is given up only when nobody reads it after an interrupt.
func TestOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		pipe := fullPipe{make(chan struct{})}
		blocked, read := &output{w: pipe, ctx: ctx}, &output{w: new(bytes.Buffer), ctx: ctx}
		time.AfterFunc(time.Hour, func() { cancel(ErrInterrupted) })
		for range 2 {
			if _, err := blocked.Write([]byte("text")); err != ErrInterrupted {
				t.Errorf("full pipe: got error %v, want %v", err, ErrInterrupted)
			}
		}
		if n, err := read.Write([]byte("text")); n != 4 || err != nil {
			t.Errorf("after the interrupt: wrote %d bytes, error %v", n, err)
		}
		if err := blocked.close(); err != ErrInterrupted {
			t.Errorf("close: got error %v, want %v", err, ErrInterrupted)
		}
		close(pipe.read)
	})
}

// A full disk is an error of whatever prints.
func TestFullDisk(t *testing.T) {
	full := errors.New("no space left on device")
	for _, args := range [][]string{{"man"}, {"--help"}, {"send", "--help"}, {"--version"}, {"completion", "bash"}, {"config", "init", "--out", "-"}, {"config", "show"}} {
		var stderr bytes.Buffer
		code := Run(t.Context(), append([]string{"kommo-import"}, args...), nil, failing{full}, &stderr)
		if want := "kommo-import: " + full.Error() + "\n"; code != exitError || stderr.String() != want {
			t.Errorf("%v: got code %d and %q, want %d and %q", args, code, &stderr, exitError, want)
		}
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
