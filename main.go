// Command kommo-import moves a company's old conversations into Kommo, once.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // Windows has no time zones of its own

	"kommo-import/internal/commands"
)

func main() {
	log.SetOutput(io.Discard) // net/http logs through it what a server sends unasked, which may hold a secret
	ctx, cancel := context.WithCancelCause(context.Background())
	stops := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup wants it
		stops = append(stops, syscall.SIGHUP)
	}
	signals, stop := signal.NotifyContext(context.Background(), stops...)
	context.AfterFunc(signals, func() {
		stop() // a second signal kills
		cancel(commands.ErrInterrupted)
	})
	os.Exit(commands.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr))
}
