package commands

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

func (d *desk) man() *cli.Command {
	return d.prepare(&cli.Command{
		Name:  "man",
		Usage: "print the manual page",
		Description: `Use it once to have the manual at hand as man kommo-import, or read it at once. It holds all flags of
all commands.

  kommo-import man | man -l -        read it (Linux)
  kommo-import man > kommo-import.1  keep it`,
		Action: func(*cli.Context) error {
			d.writef("%s", manPage(d.app()))
			return nil
		},
	}, talkFlags())
}

// manPage returns the manual page of the program, in roff. It has no date, so that it changes only with the program.
func manPage(app *cli.App) string {
	var page strings.Builder
	fmt.Fprintf(&page, ".TH KOMMO\\-IMPORT 1 \"\" \"kommo\\-import\" \"Migrations into Kommo\"\n.nh\n.ad l\n")
	fmt.Fprintf(&page, ".SH NAME\nkommo\\-import \\- %s\n", roff(app.Usage))
	page.WriteString(".SH SYNOPSIS\n.B kommo\\-import\n.I COMMAND\n[\\fIflags\\fR]\n")
	help := helpTextOf(&cli.Command{HelpName: app.Name, Usage: app.Usage, Description: app.Description})
	page.WriteString(".SH DESCRIPTION\n")
	writeRoffText(&page, help)
	page.WriteString(".SH COMMANDS\n")
	for _, command := range app.Commands {
		writeRoffCommand(&page, command)
	}
	page.WriteString(".SH FLAGS OF EVERY COMMAND\nNot all of completion, config and man.\n")
	for _, flag := range commonFlags() {
		writeRoffFlag(&page, textOf(flag))
	}
	writeRoffRows(&page, "ENVIRONMENT", environment(app))
	writeRoffRows(&page, "FILES", []example{
		{"migration.db", "the migration file, all there is to know of a migration; it holds no secret. Beside it stand " +
			"migration.db.lock, migration.db-wal and migration.db-shm"},
		{defaultConfig, "the config file, read if it stands in the current folder; kommo-import config init makes one"},
	})
	writeRoffRows(&page, "EXIT STATUS", exitMeanings())
	page.WriteString(".SH EXAMPLES\n")
	for _, command := range app.Commands {
		for _, line := range helpTextOf(command).examples {
			writeRoffExample(&page, line)
		}
	}
	return page.String()
}

func writeRoffCommand(page *strings.Builder, command *cli.Command) {
	help := helpTextOf(command)
	fmt.Fprintf(page, ".SS %s\n%s\n.PP\n", roff(strings.TrimPrefix(help.path, "kommo-import ")), roff(sentence(help.usage)))
	writeRoffText(page, help)
	for _, group := range help.groups {
		for _, flag := range group.flags {
			if !isCommon(flag) {
				writeRoffFlag(page, flag)
			}
		}
	}
	for _, below := range command.Subcommands {
		if command.Name == "config" && below.Name == "show" { // its flags are those of all commands
			below = &cli.Command{Name: below.Name, HelpName: below.HelpName, Usage: below.Usage, Description: below.Description}
		}
		writeRoffCommand(page, below)
	}
}

func isCommon(flag flagText) bool {
	return slices.ContainsFunc(commonFlags(), func(common cli.Flag) bool { return common.Names()[0] == flag.name })
}

func writeRoffText(page *strings.Builder, help helpText) {
	for _, paragraph := range help.paragraphs {
		fmt.Fprintf(page, "%s\n.PP\n", roff(strings.Join(strings.Fields(paragraph), " ")))
	}
	for _, line := range help.examples {
		writeRoffExample(page, line)
	}
}

func writeRoffExample(page *strings.Builder, line example) {
	fmt.Fprintf(page, ".TP\n\\fB%s\\fR\n%s\n", roff(line.line), roff(line.does))
}

func writeRoffFlag(page *strings.Builder, flag flagText) {
	head := `\fB\-\-` + roff(flag.name) + `\fR`
	if flag.short != "" {
		head += `, \fB\-` + flag.short + `\fR`
	}
	if flag.value != "" {
		head += ` \fI` + roff(flag.value) + `\fR`
	}
	fmt.Fprintf(page, ".TP\n%s\n%s\n", head, roff(flag.explanation()))
}

func writeRoffRows(page *strings.Builder, title string, rows []example) {
	fmt.Fprintf(page, ".SH %s\n", title)
	for _, row := range rows {
		writeRoffExample(page, row)
	}
}

// environment returns the variables that count, each with what its flag says.
func environment(app *cli.App) (variables []example) {
	for _, command := range app.Commands {
		for _, flag := range command.Flags {
			text := textOf(flag)
			row := example{text.variable, text.usage}
			if text.isSecretFile() {
				row = example{text.secretVariable(), "the secret itself, instead of --" + text.name + " of " + command.Name}
			}
			if row.line != "" && !slices.ContainsFunc(variables, func(v example) bool { return v.line == row.line }) {
				variables = append(variables, row)
			}
		}
	}
	return variables
}

// roff returns text as roff shows it, letter by letter.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "──►", `\(->`).Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}
