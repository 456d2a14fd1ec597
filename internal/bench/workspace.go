package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// diskPerRow is how many bytes of disk a message takes at the worst moment, when CSV, migration file, its journal
// and what is being sorted stand there together. It was measured, and rounded up.
const diskPerRow = 1100

// prepare makes the folder to work in, if there is room for what will be in it, and builds kommo-import.
func (b *bench) prepare(ctx context.Context) (err error) {
	need := int64(b.rows)*diskPerRow + 200e6
	free := freeSpace(os.TempDir())
	b.say("working below %s: %.1f GB needed, %.1f GB free", os.TempDir(), float64(need)/1e9, float64(free)/1e9)
	if free > 0 && free < need {
		return fmt.Errorf("not enough room in %s: set TMPDIR to a folder with more, or ask for fewer -rows", os.TempDir())
	}
	if b.dir, err = os.MkdirTemp("", "kommo-import-bench-"); err != nil {
		return err
	}
	if err := b.build(ctx); err != nil {
		return errors.Join(err, os.RemoveAll(b.dir))
	}
	return nil
}

// build builds the program in the way of the Makefile.
func (b *bench) build(ctx context.Context) error {
	b.binary = b.path("kommo-import")
	if runtime.GOOS == "windows" {
		b.binary += ".exe"
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", b.binary, "kommo-import")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = b.stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building kommo-import: %w", err)
	}
	return nil
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// A call is one run of the built program.
type call struct {
	started time.Time
	elapsed time.Duration
	peak    int64 // resident memory in bytes; 0 if not known
}

// call runs the built program in the folder, with these settings in its environment. What it says goes to stderr.
func (b *bench) call(ctx context.Context, environment []string, stdout *os.File, args ...string) (call, error) {
	cmd := exec.CommandContext(ctx, b.binary, args...)
	cmd.Dir = b.dir
	cmd.Env = append(append(os.Environ(), "TMPDIR="+b.dir), environment...)
	cmd.Stderr = b.stderr
	if stdout != nil {
		cmd.Stdout = stdout
	}
	forgetPeak()
	c := call{started: time.Now()}
	if err := cmd.Run(); err != nil {
		return c, fmt.Errorf("kommo-import %s: %w", args[0], err)
	}
	c.elapsed = time.Since(c.started)
	c.peak = peakOf(cmd.ProcessState)
	return c, nil
}
