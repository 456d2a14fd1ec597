package commands

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

func (d *desk) completion() *cli.Command {
	shell := func(name, description string, script func(*cli.App) string) *cli.Command {
		return &cli.Command{
			Name:        name,
			Usage:       "print the completion script for " + name,
			Description: description,
			Flags:       talkFlags(),
			Action: func(*cli.Context) error {
				d.writef("%s", script(d.app()))
				return nil
			},
		}
	}
	return d.prepareGroup(&cli.Command{
		Name:  "completion",
		Usage: "let your shell complete commands and flags with the Tab key",
		Description: `Use it once for your shell. Each command prints a script; its help tells where the script goes.

  kommo-import completion bash --help   where it goes for bash`,
		Subcommands: []*cli.Command{
			shell("bash", `Use it if your shell is bash, as on most Linux systems. Then open a new terminal.

  echo '. <(kommo-import completion bash)' >> ~/.bashrc`, bashCompletion),
			shell("zsh", `Use it if your shell is zsh, as on macOS. Then open a new terminal.

  echo 'autoload -U compinit; compinit' >> ~/.zshrc
  echo '. <(kommo-import completion zsh)' >> ~/.zshrc`, zshCompletion),
			shell("fish", `Use it if your shell is fish. Then open a new terminal.

  echo 'kommo-import completion fish | source' >> ~/.config/fish/config.fish`, fishCompletion),
			shell("powershell", `Use it if you work in PowerShell, as on Windows. Then open a new window.

  Add-Content $PROFILE 'kommo-import completion powershell | Out-String | iex'`, powershellCompletion),
		},
	})
}

// A completedCommand is what can be typed behind a command.
type completedCommand struct {
	words    string // "config init"; "" for the program itself
	usage    string
	commands []completedCommand
	flags    []flagText
}

// completed returns the program as a tree of what can be typed.
func completed(app *cli.App) completedCommand {
	root := completedCommand{flags: []flagText{textOf(cli.HelpFlag), textOf(cli.VersionFlag)}}
	for _, command := range app.Commands {
		root.commands = append(root.commands, completedBelow("", command))
	}
	return root
}

func completedBelow(above string, command *cli.Command) completedCommand {
	c := completedCommand{words: strings.TrimSpace(above + " " + command.Name), usage: command.Usage}
	for _, flag := range command.Flags {
		c.flags = append(c.flags, textOf(flag))
	}
	c.flags = append(c.flags, textOf(cli.HelpFlag))
	for _, below := range command.Subcommands {
		c.commands = append(c.commands, completedBelow(c.words, below))
	}
	return c
}

// name returns the last word of the command.
func (c completedCommand) name() string { return c.words[strings.LastIndex(c.words, " ")+1:] }

// all returns the command and all below it.
func (c completedCommand) all() []completedCommand {
	all := []completedCommand{c}
	for _, below := range c.commands {
		all = append(all, below.all()...)
	}
	return all
}

// An offer is a word that can be typed, with what it does.
type offer struct{ word, does string }

// offers returns what can stand behind the command: the commands below it, or else its flags.
func (c completedCommand) offers() (offers []offer) {
	for _, below := range c.commands {
		offers = append(offers, offer{below.name(), below.usage})
	}
	if len(offers) > 0 {
		return offers
	}
	for _, flag := range c.flags {
		offers = append(offers, offer{"--" + flag.name, flag.usage})
	}
	return offers
}

// wordsOf returns the words of offers.
func wordsOf(offers []offer) (words []string) {
	for _, offer := range offers {
		words = append(words, offer.word)
	}
	return words
}

// places returns for each flag that takes a value where it stands: "load --csv", "load -m".
func (c completedCommand) places(wanted func(flagText) bool) (places []string) {
	for _, below := range c.all() {
		for _, flag := range below.flags {
			if flag.value == "" || !wanted(flag) {
				continue
			}
			places = append(places, strings.TrimSpace(below.words+" --"+flag.name))
			if flag.short != "" {
				places = append(places, strings.TrimSpace(below.words+" -"+flag.short))
			}
		}
	}
	return places
}

func (t flagText) takesFile() bool { return slices.Contains([]string{"FILE", "FOLDER"}, t.value) }
func (t flagText) takesAnything() bool {
	return t.choices == nil && !t.takesFile()
}
