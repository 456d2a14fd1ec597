// Command kommo-import moves a company's old conversations into Kommo, once.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // Windows has no time zones of its own

	"kommo-import/commands"
)

func main() {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(signals, func() {
		stop() // a second signal kills
		cancel(commands.ErrInterrupted)
	})
	os.Exit(commands.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr))
}
