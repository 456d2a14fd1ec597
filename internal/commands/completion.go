package commands

import (
	"context"

	"github.com/urfave/cli/v2"
)

func (p *program) completion() *cli.Command {
	shell := func(name, description string, script func() (string, error)) *cli.Command {
		return p.command("completion "+name, "print the completion script for "+name, description,
			func(context.Context, *values) error {
				text, err := script()
				p.writef("%s", text)
				return err
			})
	}
	is := func(script string) func() (string, error) { return func() (string, error) { return script, nil } }
	return p.group("completion", "let your shell complete commands and flags with the Tab key",
		`Use it once for your shell. Each command prints a script; its help tells where the script goes.

  kommo-import completion bash --help   where it goes for bash`,
		shell("bash", `Use it if your shell is bash, as on most Linux systems. Then open a new terminal.

  echo '. <(kommo-import completion bash)' >> ~/.bashrc`, is(bashCompletion)),
		shell("zsh", `Use it if your shell is zsh, as on macOS. Then open a new terminal.

  echo 'autoload -U compinit; compinit' >> ~/.zshrc
  echo '. <(kommo-import completion zsh)' >> ~/.zshrc`, is(zshCompletion)),
		shell("fish", `Use it if your shell is fish. Then open a new terminal.

  echo 'kommo-import completion fish | source' >> ~/.config/fish/config.fish`,
			func() (string, error) { return p.app().ToFishCompletion() }),
		shell("powershell", `Use it if you work in PowerShell, as on Windows. Then open a new window.

  Add-Content $PROFILE 'kommo-import completion powershell | Out-String | iex'`, is(powershellCompletion)))
}

// The scripts ask the program itself, through the flag --generate-bash-completion that the library adds. They are
// shorter forms of those in the library's folder autocomplete: its script for bash needs a package that macOS has not.
const (
	bashCompletion = `# Completion of kommo-import for bash.
_kommo_import() {
    local cur=${COMP_WORDS[COMP_CWORD]} words=("${COMP_WORDS[@]:0:COMP_CWORD}") IFS=$'\n'
    [[ $cur == -* ]] && words+=("$cur")
    COMPREPLY=($(compgen -W "$("${words[@]}" --generate-bash-completion 2>/dev/null)" -- "$cur"))
}
complete -o default -F _kommo_import kommo-import
`
	zshCompletion = `#compdef kommo-import
_kommo_import() {
    local -a offers
    local cur=${words[-1]}
    if [[ $cur == -* ]]; then
        offers=("${(@f)$(${words[@]:0:#words[@]-1} $cur --generate-bash-completion 2>/dev/null)}")
    else
        offers=("${(@f)$(${words[@]:0:#words[@]-1} --generate-bash-completion 2>/dev/null)}")
    fi
    if [[ -n ${offers[1]} ]]; then
        _describe 'values' offers
    else
        _files
    fi
}
compdef _kommo_import kommo-import
`
	powershellCompletion = `# Completion of kommo-import for PowerShell.
Register-ArgumentCompleter -Native -CommandName kommo-import -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
    & kommo-import @words --generate-bash-completion 2>$null |
        Where-Object { $_ -like "$wordToComplete*" } |
        ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
}
`
)
