package commands

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// A helpText is what help and man page tell of a command.
type helpText struct {
	path       string   // "kommo-import send"
	usage      string   // what it does, in a line
	paragraphs []string // what it does and when to use it
	examples   []example
	commands   []*cli.Command // below it
	groups     []flagGroup
}

// An example is a command line with what it does.
type example struct{ line, does string }

// pathOf returns what is typed to run a command, without its flags.
func pathOf(command *cli.Command) string {
	if command.HelpName != "" {
		return command.HelpName
	}
	return "kommo-import " + command.Name
}

// helpTextOf returns the help of a command from its definition. Of its description, lines that are indented are
// examples, in which two spaces or more stand before what the example does; the others are paragraphs.
func helpTextOf(command *cli.Command) helpText {
	help := helpText{path: pathOf(command), usage: command.Usage, commands: command.Subcommands, groups: groupsOf(command.Flags)}
	for block := range strings.SplitSeq(command.Description, "\n\n") {
		if !strings.HasPrefix(block, "  ") {
			help.paragraphs = append(help.paragraphs, block)
			continue
		}
		for line := range strings.Lines(block) {
			command, does, _ := strings.Cut(strings.TrimSpace(line), "  ")
			help.examples = append(help.examples, example{command, strings.TrimSpace(does)})
		}
	}
	return help
}

// commandHelp returns what --help prints for a command.
func commandHelp(command *cli.Command) string {
	help := helpTextOf(command)
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n\nUSAGE\n  %s [flags]\n\n", wrap(help.path+" - "+help.usage, width, "  "), help.path)
	help.write(&text)
	return text.String()
}

// groupHelp returns what --help prints for a command that has only commands below it.
func groupHelp(group *cli.Command) string {
	help := helpTextOf(group)
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n\nUSAGE\n  %s COMMAND [flags]\n\n", wrap(help.path+" - "+help.usage, width, "  "), help.path)
	help.write(&text)
	return text.String()
}

// appHelp returns what --help prints for the program.
func appHelp(app *cli.App) string {
	help := helpTextOf(&cli.Command{HelpName: app.Name, Usage: app.Usage, Description: app.Description, Subcommands: app.Commands})
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n\nUSAGE\n  %s COMMAND [flags]\n\n", wrap(help.path+" - "+help.usage, width, "  "), help.path)
	help.write(&text)
	fmt.Fprintf(&text, "\nFor the flags of a command, and examples: %s COMMAND --help\n\nExit codes:\n", help.path)
	writeColumns(&text, exitMeanings())
	return text.String()
}

func (h helpText) write(text *strings.Builder) {
	for _, paragraph := range h.paragraphs {
		fmt.Fprintf(text, "%s\n\n", wrap(paragraph, width, ""))
	}
	if len(h.examples) > 0 {
		text.WriteString("EXAMPLES\n")
		writeColumns(text, h.examples)
	}
	if len(h.commands) > 0 {
		text.WriteString("\nCOMMANDS\n")
		var rows []example
		for _, command := range h.commands {
			rows = append(rows, example{command.Name, command.Usage})
		}
		writeColumns(text, rows)
	}
	for _, group := range h.groups {
		fmt.Fprintf(text, "\nFLAGS%s\n", strings.ToUpper(strings.TrimSuffix(": "+group.title, ": ")))
		for _, flag := range group.flags {
			fmt.Fprintf(text, "  %s\n      %s\n", flag.head(), wrap(flag.explanation(), width-6, "      "))
		}
	}
}

// writeColumns writes rows of two columns, each row in two lines where one is too short for some.
func writeColumns(text *strings.Builder, rows []example) {
	longest := 0
	for i, row := range rows {
		if len([]rune(row.line)) > width-2 { // goes on in the next line, as shells have it
			rows[i].line = strings.ReplaceAll(wrap(row.line, width-4, "    "), "\n", " \\\n")
		}
		longest = max(longest, len([]rune(row.line)))
	}
	const gap = 2 + 3 // before the first column, and between them
	below := false
	for _, row := range rows {
		below = below || row.does != "" && gap+longest+len([]rune(row.does)) > width
	}
	for _, row := range rows {
		switch {
		case row.does == "":
			fmt.Fprintf(text, "  %s\n", row.line)
		case below:
			fmt.Fprintf(text, "  %s\n      %s\n", row.line, wrap(row.does, width-6, "      "))
		default:
			fmt.Fprintf(text, "  %-*s   %s\n", longest, row.line, row.does)
		}
	}
}
