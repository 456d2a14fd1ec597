package commands

import (
	"context"
	"embed"

	"github.com/urfave/cli/v2"
)

// completions holds the scripts of the shells but fish. The scripts ask the program itself, through the flag
// --generate-bash-completion that the library adds. They are shorter forms of those in the library's folder
// autocomplete: its script for bash needs a package that macOS has not.
//
//go:embed completion
var completions embed.FS

func (p *program) completion() *cli.Command {
	shell := func(name, description string) *cli.Command {
		return p.command("completion "+name, "print the completion script for "+name, description,
			func(context.Context, *values) error {
				script, err := completions.ReadFile("completion/completion." + name)
				p.writef("%s", script)
				return err
			})
	}
	fish := p.command("completion fish", "print the completion script for fish",
		`Use it if your shell is fish. Then open a new terminal.

  echo 'kommo-import completion fish | source' >> ~/.config/fish/config.fish`,
		func(context.Context, *values) error {
			script, err := p.app().ToFishCompletion()
			p.writef("%s", script)
			return err
		})
	return p.group("completion", "let your shell complete commands and flags with the Tab key",
		`Use it once for your shell. Each command prints a script; its help tells where the script goes.

  kommo-import completion bash --help   where it goes for bash`,
		shell("bash", `Use it if your shell is bash, as on most Linux systems. Then open a new terminal.

  echo '. <(kommo-import completion bash)' >> ~/.bashrc`),
		shell("zsh", `Use it if your shell is zsh, as on macOS. Then open a new terminal.

  echo 'autoload -U compinit; compinit' >> ~/.zshrc
  echo '. <(kommo-import completion zsh)' >> ~/.zshrc`),
		fish,
		shell("powershell", `Use it if you work in PowerShell, as on Windows. Then open a new window.

  Add-Content $PROFILE 'kommo-import completion powershell | Out-String | iex'`))
}
