// Package commands is the command line: flags to values, values to text. The logic of a migration is in importer.
//
//	os.Exit(commands.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr))
package commands

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// A desk is where a command talks with people: stdout takes data, talk takes everything else.
type desk struct {
	args   []string // of the command line, the first of which is the program's name
	stdin  io.Reader
	stdout io.Writer
	talk   *talk
	json   bool // JSON is wanted on stdout, also of an error
}

// Run runs the command line args, the first of which is the program's name, and returns the exit code. When ctx ends
// it stops as soon as nothing is left half-done; the cause tells why.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	d := &desk{args: args, stdin: stdin, stdout: stdout, talk: newTalk(stderr), json: asksForJSON(args)}
	err := d.app().RunContext(ctx, args)
	d.talk.endProgress()
	return d.exit(err)
}

func (d *desk) app() *cli.App {
	app := &cli.App{
		Name:  "kommo-import",
		Usage: "moves a company's old conversations into Kommo, once",
		Description: `The way:  load ──► preview ──► send ──► verify

  kommo-import load --csv chats.csv   read the conversations into migration.db
  kommo-import preview                see what would be sent; sends nothing
  kommo-import send                   send it; interrupted, run it again
  kommo-import verify                 read it back and compare`,
		Writer:                    d.stdout,
		ErrWriter:                 d.talk,
		HideHelpCommand:           true,
		Version:                   version(),
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              onUsageError,
	}
	for _, command := range []*cli.Command{
		d.load(), d.preview(), d.send(), d.verify(), d.status(), d.failures(), d.report(),
		d.check(), d.connect(), d.sign(), d.sandbox(),
	} {
		app.Commands = append(app.Commands, d.prepare(command, commonFlags()))
	}
	app.Commands = append(app.Commands, d.config(app), d.completion(), d.man())
	app.Action = chooseAmong(app.Commands, cli.ShowAppHelp)
	app.CustomAppHelpTemplate = appHelp(app)
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

// prepare gives a command what all have in common, and the flags that many have.
func (d *desk) prepare(command *cli.Command, common []cli.Flag) *cli.Command {
	command.Flags = append(command.Flags, common...)
	command.OnUsageError = onUsageError
	command.HideHelpCommand = true
	command.CustomHelpTemplate = commandHelp(command)
	command.Before = func(c *cli.Context) error {
		if c.Args().Present() {
			return &usageError{fmt.Sprintf("%q belongs to no flag; put it behind one, such as --csv", c.Args().First())}
		}
		if err := d.checkDecimals(command); err != nil {
			return err
		}
		d.talk.quiet, d.talk.verbose = c.Bool("quiet"), c.Bool("verbose")
		if loads(command) {
			if err := checkSourceFlags(c); err != nil {
				return err
			}
		}
		if !hasFlag(command, "config") {
			return nil
		}
		err := readConfig(c)
		d.json = d.json || c.Bool("json")
		d.warnOfSecretFiles(c)
		return err
	}
	return command
}

// checkDecimals refuses whole numbers on the command line that the parser takes for others than they look like: 010 would
// be 8.
func (d *desk) checkDecimals(command *cli.Command) error {
	for _, flag := range command.Flags {
		if _, isInt := flag.(*cli.IntFlag); !isInt {
			continue
		}
		for i, arg := range d.args {
			name, value, isJoined := strings.Cut(strings.TrimLeft(arg, "-"), "=")
			if !strings.HasPrefix(arg, "-") || name != flag.Names()[0] {
				continue
			}
			if !isJoined && i+1 < len(d.args) {
				value = d.args[i+1]
			}
			if !isDecimal(value) {
				return usage("--%s %s: want %s", name, value, wanted(command, name))
			}
		}
	}
	return nil
}

// isDecimal reports whether a whole number is written in the one way that means the same to everybody.
func isDecimal(text string) bool {
	n, err := strconv.Atoi(text)
	return err == nil && strconv.Itoa(n) == text
}

func hasFlag(command *cli.Command, name string) bool {
	return slices.ContainsFunc(command.Flags, func(flag cli.Flag) bool { return slices.Contains(flag.Names(), name) })
}

// prepareGroup gives a command that has only commands below it what such ones have in common.
func (d *desk) prepareGroup(group *cli.Command) *cli.Command {
	for _, command := range group.Subcommands {
		command.HelpName = pathOf(group) + " " + command.Name
		d.prepare(command, nil)
	}
	group.OnUsageError = onUsageError
	group.HideHelpCommand = true
	group.CustomHelpTemplate = groupHelp(group)
	group.Action = chooseAmong(group.Subcommands, cli.ShowSubcommandHelp)
	return group
}

// chooseAmong returns the action of what has only commands below it: to show its help, unless one was meant that is not
// there.
func chooseAmong(commands []*cli.Command, help func(*cli.Context) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		if !c.Args().Present() {
			return help(c)
		}
		names := make([]string, 0, len(commands))
		for _, command := range commands {
			names = append(names, command.Name)
		}
		path, name := c.Command.HelpName, c.Args().First()
		below := strings.TrimPrefix(strings.TrimPrefix(path, "kommo-import")+" ", " ")
		return usage("there is no command %q%s", below+name, didYouMean(below, name, names, path+" --help lists them"))
	}
}

// A usageError means that the command line makes no sense.
type usageError struct{ problem string }

func (e *usageError) Error() string { return e.problem }

// usage returns the error that a flag makes no sense.
func usage(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...).Error()} }

var (
	// errIncomplete means that not every message is or will be in Kommo.
	errIncomplete = &outcome{exitIncomplete, "some messages were invalid or refused"}
	// errDifferent means that verify found differences.
	errDifferent = &outcome{exitDifferent, "the chats differ from what was sent"}
)
