// Package commands is the command line of kommo-import. It turns flags into values and values into text; the logic of a
// migration is in importer.
//
//	os.Exit(commands.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr))
//
// A setting is a row of the table in settings.go. Its flag, its variable and its key in the config file follow from the
// row. A command reads the values through the type values. Data goes to stdout, messages go through ui to stderr.
// exit.go turns an error into the exit code, hints.go into advice.
package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"github.com/xrash/smetrics"
	"golang.org/x/term"
)

// A program is a run of the command line.
type program struct {
	stdin    io.Reader
	stdout   io.Writer
	ui       *ui
	settings []setting
	json     bool // stdout takes JSON, also of an error
}

// Run runs the command line args, the first of which is the program's name, and returns the exit code. When ctx ends it
// stops as soon as nothing is left half-done; the cause of ctx is the reason.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out := &output{w: stdout, ctx: ctx}
	p := newProgram(stdin, out, &output{w: stderr, ctx: ctx})
	p.json = wantsJSON(args)
	err := p.app().RunContext(ctx, args)
	p.ui.endProgress()
	code := p.exit(err)
	if err := out.close(); err != nil && slices.Contains([]int{exitDone, exitIncomplete, exitDifferent}, code) {
		return p.exit(err)
	}
	return code
}

func newProgram(stdin io.Reader, stdout, stderr io.Writer) *program {
	return &program{stdin: stdin, stdout: stdout, ui: newUI(stderr), settings: settings()}
}

func (p *program) app() *cli.App {
	app := &cli.App{
		Name:  "kommo-import",
		Usage: "moves a company's old conversations into Kommo, once",
		Description: `The way:  load ──► preview ──► send ──► verify

  kommo-import load --csv chats.csv   read the conversations into migration.db
  kommo-import preview                see what would be sent; sends nothing
  kommo-import send                   send it; interrupted, run it again
  kommo-import verify                 read it back and compare`,
		Writer:                    p.stdout,
		ErrWriter:                 p.ui,
		HideHelpCommand:           true,
		EnableBashCompletion:      true,
		Version:                   version(),
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              p.onUsageError,
		Commands: []*cli.Command{
			p.load(), p.match(), p.conversations(), p.preview(), p.send(), p.verify(), p.status(), p.failures(), p.report(),
			p.check(), p.connect(), p.sign(), p.sandbox(), p.config(), p.completion(), p.man(),
		},
	}
	app.Action = chooseAmong(app.Commands, cli.ShowAppHelp)
	app.CustomAppHelpTemplate = appHelp(app)
	return app
}

// stamp is the version that make writes into the program, by the linker; "" if go build is called without make.
var stamp string

// version returns the version that the program was built from: the stamp of make, else the one that go build records.
func version() string {
	if stamp != "" {
		return stamp
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return info.Main.Version
}

// command returns a command with its settings as flags. path is what people type, such as "send" or "config init"; a
// description has paragraphs, and examples in indented lines.
func (p *program) command(path, usage, description string, run func(context.Context, *values) error) *cli.Command {
	name := path[strings.LastIndex(path, " ")+1:]
	command := &cli.Command{Name: name, Usage: usage, Description: description, HideHelpCommand: true, OnUsageError: p.onUsageError}
	own := settingsIn(p.settings, name)
	for _, s := range own {
		command.Flags = append(command.Flags, s.flag())
	}
	command.Flags = append(command.Flags, &cli.BoolFlag{Name: helpAll, Usage: "show all flags"})
	command.CustomHelpTemplate = shortHelp(path, command, own)
	command.Action = func(c *cli.Context) error {
		if c.Bool(helpAll) {
			p.writef("%s", fullHelp(path, command, own))
			return nil
		}
		v, err := p.read(c)
		if err != nil {
			return err
		}
		return run(c.Context, v)
	}
	return command
}

// helpAll is the flag that every command has besides its settings.
const helpAll = "help-all"

// group returns a command that has only other commands below it.
func (p *program) group(name, usage, description string, commands ...*cli.Command) *cli.Command {
	group := &cli.Command{Name: name, Usage: usage, Description: description, Subcommands: commands, HideHelpCommand: true,
		OnUsageError: p.onUsageError}
	group.CustomHelpTemplate = groupHelp(group)
	group.Action = chooseAmong(commands, cli.ShowSubcommandHelp)
	return group
}

// chooseAmong returns the action of a group: it shows its help, or refuses a word that is no command.
func chooseAmong(commands []*cli.Command, help func(*cli.Context) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		if !c.Args().Present() {
			return help(c)
		}
		var names []string
		for _, command := range commands {
			names = append(names, command.Name)
		}
		path, name := c.Command.HelpName, c.Args().First()
		below := strings.TrimPrefix(strings.TrimPrefix(path, "kommo-import")+" ", " ")
		return usage("there is no command %q%s", below+name, didYouMean(below, name, names, path+" --help lists them"))
	}
}

// onUsageError explains an error of the library that parses the command line. The library has no types for them.
func (p *program) onUsageError(c *cli.Context, err error, _ bool) error {
	if name, isUnknown := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); isUnknown {
		return unknownFlag(c.Command, strings.TrimPrefix(name, "-"))
	}
	if name, isBare := strings.CutPrefix(err.Error(), "flag needs an argument: -"); isBare {
		name = strings.TrimPrefix(name, "-")
		i := slices.IndexFunc(p.settings, func(s setting) bool { return s.isIn(c.Command.Name) && (s.name == name || s.short == name) })
		return usage("%s needs a value: %s", dashed(name), p.settings[i].head())
	}
	var value, name string
	if n, _ := fmt.Sscanf(err.Error(), "invalid boolean value %q for -%s", &value, &name); n == 2 {
		return usage("%s %s: want no value, or true or false", dashed(strings.Trim(name, "-:")), value)
	}
	return usage("%w", err)
}

// unknownFlag returns the error that a command has no such flag.
func unknownFlag(command *cli.Command, name string) error {
	if len(command.Subcommands) > 0 {
		return usage("there is no flag %s here; flags stand behind the command: %s COMMAND %s", dashed(name), command.HelpName, dashed(name))
	}
	var names []string
	for _, flag := range command.Flags {
		names = append(names, flag.Names()[0])
	}
	return usage("%s has no flag %s%s", command.Name, dashed(name), didYouMean("--", name, names, command.HelpName+" --help lists them"))
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// didYouMean returns "; did you mean …?" with the name nearest to a word, or else the alternative.
func didYouMean(prefix, word string, names []string, alternative string) string {
	if name := nearest(word, names); name != "" {
		return "; did you mean " + prefix + name + "?"
	}
	return "; " + alternative
}

// nearest returns the name most similar to a word, or that ends with it; "" if no name is similar. The library has
// suggestions too, but they name something for every word.
func nearest(word string, names []string) (best string) {
	similarity := 0.8
	word = strings.ReplaceAll(strings.ToLower(word), "_", "-")
	for _, name := range names {
		s := smetrics.JaroWinkler(word, name, 0.7, 4)
		if strings.HasSuffix(name, "-"+word) {
			s = max(s, 0.9)
		}
		if s > similarity || best == "" && s == similarity {
			best, similarity = name, s
		}
	}
	return best
}

// canAsk reports whether somebody at a terminal can answer a question.
func (p *program) canAsk() bool {
	file, ok := p.stdin.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

func (p *program) writef(format string, args ...any) { fmt.Fprintf(p.stdout, format, args...) }

func (p *program) writeJSON(value any) error {
	encoder := json.NewEncoder(p.stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// writeLine prints a line below an empty line. It is broken between words at the edge of the terminal.
func (p *program) writeLine(format string, args ...any) {
	p.writef("\n%s\n", fit(fmt.Sprintf(format, args...), lineLength(p.stdout), "  "))
}
