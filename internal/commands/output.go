package commands

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"
	"time"
)

// stuckAfter is how long a write may still take when the program is to stop.
const stuckAfter = 2 * time.Second

// An output is stdout or stderr. It remembers the first error of a write, which most who print do not look at. A write into
// a full pipe that nobody reads blocks; the output gives it up when ctx has ended, so that an interrupt ends the program.
// Several goroutines may use it.
type output struct {
	w   io.Writer
	ctx context.Context

	mu    sync.Mutex
	err   error
	stuck bool // a write was given up
}

func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stuck {
		return 0, context.Cause(o.ctx)
	}
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	kept := bytes.Clone(text) // a write that is given up goes on
	go func() {
		n, err := o.w.Write(kept)
		done <- result{n, err}
	}()
	select {
	case r := <-done:
		return r.n, o.remember(r.err)
	case <-o.ctx.Done():
	}
	select {
	case r := <-done:
		return r.n, o.remember(r.err)
	case <-time.After(stuckAfter):
		o.stuck = true
		return 0, o.remember(context.Cause(o.ctx))
	}
}

func (o *output) remember(err error) error {
	if o.err == nil {
		o.err = err
	}
	return err
}

// close closes a file. It returns the first error of a write, or of the closing.
func (o *output) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if file, ok := o.w.(*os.File); ok && o.err == nil {
		o.err = file.Close()
	}
	return o.err
}
