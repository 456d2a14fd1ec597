// Package commands is the command line: flags to values, values to text. The logic of a migration is in importer.
//
//	os.Exit(commands.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr))
package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

// A desk is where a command talks with people: stdout takes data, talk takes everything else.
type desk struct {
	stdin  io.Reader
	stdout io.Writer
	talk   *talk
}

// Run runs the command line args, the first of which is the program's name, and returns the exit code. When ctx ends
// it stops as soon as nothing is left half-done; the cause tells why.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	d := &desk{stdin: stdin, stdout: stdout, talk: newTalk(stderr)}
	err := d.app().RunContext(ctx, args)
	d.talk.endProgress()
	return d.exit(err)
}

func (d *desk) app() *cli.App {
	app := &cli.App{
		Name:  "kommo-import",
		Usage: "moves a company's old conversations into Kommo, once",
		Description: `The way:  load ──► preview ──► send ──► status

  kommo-import load --csv chats.csv     read the conversations into migration.db
  kommo-import preview                  see what would be sent; sends nothing
  kommo-import send                     send it; interrupted, run it again

Exit codes: 0 done; 1 error, run again to go on; 2 usage; 3 done, but some messages were refused or
invalid (see failures); 4 Kommo does not let us in; 5 the migration file is in use; 130 interrupted.`,
		Writer:                    d.stdout,
		ErrWriter:                 d.talk,
		HideHelpCommand:           true,
		Version:                   version(),
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              onUsageError,
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return &usageError{fmt.Sprintf("there is no command %q; kommo-import --help lists them", c.Args().First())}
			}
			return cli.ShowAppHelp(c)
		},
	}
	for _, command := range []*cli.Command{
		d.load(), d.preview(), d.send(), d.status(), d.failures(), d.sandbox(),
	} {
		app.Commands = append(app.Commands, d.prepare(command))
	}
	return app
}

// version returns the version that the program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return info.Main.Version
}

// prepare gives a command what all have in common.
func (d *desk) prepare(command *cli.Command) *cli.Command {
	command.Flags = append(command.Flags, commonFlags()...)
	command.OnUsageError = onUsageError
	command.HideHelpCommand = true
	command.Before = func(c *cli.Context) error {
		if c.Args().Present() {
			return &usageError{fmt.Sprintf("%q belongs to no flag; put it behind one, such as --csv", c.Args().First())}
		}
		d.talk.quiet, d.talk.verbose = c.Bool("quiet"), c.Bool("verbose")
		if err := checkSourceFlags(c); err != nil {
			return err
		}
		return readConfig(c)
	}
	return command
}

func onUsageError(_ *cli.Context, err error, _ bool) error { return &usageError{err.Error()} }

// A usageError means that the command line makes no sense.
type usageError struct{ problem string }

func (e *usageError) Error() string { return e.problem }

// usage returns the error that a flag makes no sense.
func usage(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...).Error()} }

// errIncomplete means that everything was done, but that not every message is or will be in Kommo.
var errIncomplete = errors.New("some messages were invalid or refused")
