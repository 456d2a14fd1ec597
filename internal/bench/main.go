// Command bench prints the figures of speed and memory that kommo-import is held to, each with its target, and ends
// with exit code 1 if one is missed.
//
//	go run ./bench                 5 million rows: some minutes, some gigabytes of disk for as long
//	go run ./bench -rows 200000    a quick try
//
// It works in a folder of its own below TMPDIR, which it removes. The figures are a table on stdout; what it is
// doing goes to stderr. No network is needed: Kommo is the sandbox, within the process or on loopback.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl-C kills
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	b := &bench{stderr: stderr}
	flags.IntVar(&b.rows, "rows", 5_000_000, "load `N` messages; at least 10000")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if b.rows < 10_000 || flags.NArg() > 0 {
		flags.Usage()
		return 2
	}
	started := time.Now()
	figures, err := b.measure(ctx)
	fmt.Fprintf(stdout, "kommo-import on %s/%s, %d processors, %s\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	missed, printErr := printFigures(stdout, figures)
	if err = errors.Join(err, printErr); err != nil {
		b.say("given up: %v", err)
		return 1
	}
	fmt.Fprintf(stdout, "\nmissed: %d of %d targets; measured in %s\n", missed, targets(figures), time.Since(started).Round(time.Second))
	return min(missed, 1)
}

// A bench measures one figure after the other.
type bench struct {
	rows   int
	dir    string // everything is done in it
	binary string // kommo-import, as it is built
	stderr io.Writer
}

// measure returns all figures, or with an error those that it has got.
func (b *bench) measure(ctx context.Context) (figures []figure, err error) {
	if err := b.prepare(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	for _, phase := range []func(context.Context) ([]figure, error){
		b.measureLoad, b.measurePreview, b.measureResume, b.measureUnpaced, b.measurePaced, b.measureVerify,
		b.measureGreenAPI,
	} {
		more, err := phase(ctx)
		figures = append(figures, more...)
		if err != nil {
			return figures, err
		}
	}
	return figures, nil
}

// say tells what is going on.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.stderr, "bench: "+format+"\n", args...)
}
