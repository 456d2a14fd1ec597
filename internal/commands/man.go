package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/urfave/cli/v2"
)

func (p *program) man() *cli.Command {
	return p.command("man", "print the manual page",
		`Use it once to have the manual at hand as man kommo-import, or read it at once. It holds all flags of
all commands.

  kommo-import man | man -l -        read it (Linux)
  kommo-import man > kommo-import.1  keep it`,
		func(context.Context, *values) error {
			page, err := p.manPage()
			p.writef("%s", page)
			return err
		})
}

// manPage returns the manual page in roff. The library writes commands and flags, and leaves out descriptions, variables
// and exit codes.
func (p *program) manPage() (string, error) {
	app := p.app()
	app.Description = strings.NewReplacer("──►", "->", "\n  ", "\n    ").Replace(app.Description) // for roff, and as a code block
	app.UsageText = app.Name + " COMMAND [flags]"
	addDescriptions(app.Commands)
	markdown, err := app.ToMarkdown()
	if err != nil {
		return "", err
	}
	var page strings.Builder
	fmt.Fprintf(&page, "%% %s 1\n\n%s", app.Name, markdown)
	writeTerms(&page, "ENVIRONMENT", p.environment())
	writeTerms(&page, "FILES", []row{
		{"migration.db", "the migration file, with the whole state of a migration; it holds no secret. Beside it are " +
			"migration.db.lock, migration.db-wal and migration.db-shm"},
		{defaultConfig, "the config file, read from the current folder; kommo-import config init makes one"},
	})
	writeTerms(&page, "EXIT STATUS", exitMeanings())
	return string(md2man.Render([]byte(page.String()))), nil
}

// addDescriptions puts the descriptions of commands where the library prints them.
func addDescriptions(commands []*cli.Command) {
	for _, command := range commands {
		var text strings.Builder
		writeDescription(&text, command.Description)
		command.UsageText = text.String()
		addDescriptions(command.Subcommands)
	}
}

func writeTerms(page *strings.Builder, title string, rows []row) {
	fmt.Fprintf(page, "\n# %s\n", title)
	for _, row := range rows {
		fmt.Fprintf(page, "\n**%s**\n: %s\n", row.left, row.right)
	}
}

// environment returns the variables of the environment, each with its meaning.
func (p *program) environment() (variables []row) {
	for _, s := range p.settings {
		if s.env != "" {
			variables = append(variables, row{s.env, s.usage})
		}
		if s.secret.variable != "" {
			variables = append(variables, row{s.secret.variable, "the secret itself, instead of --" + s.name})
		}
	}
	return variables
}
