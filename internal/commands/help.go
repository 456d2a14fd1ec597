package commands

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// A row is a line of two columns, such as an example and its effect.
type row struct{ left, right string }

// A settingGroup is some settings under a heading.
type settingGroup struct {
	title    string // "" for settings of a single command
	settings []setting
}

// grouped returns settings in groups, in the order in which the groups begin.
func grouped(settings []setting) (groups []settingGroup) {
	for _, s := range settings {
		i := slices.IndexFunc(groups, func(g settingGroup) bool { return g.title == s.group })
		if i < 0 {
			i = len(groups)
			groups = append(groups, settingGroup{title: s.group})
		}
		groups[i].settings = append(groups[i].settings, s)
	}
	return groups
}

// head returns the flag as it is typed: "--migration FILE, -m FILE".
func (s setting) head() string {
	value := s.value
	if s.choices != nil {
		value = strings.Join(s.choices, "|")
	}
	head := strings.TrimSpace("--" + s.name + " " + value)
	if s.short != "" {
		head += strings.TrimRight(", -"+s.short+" "+value, " ")
	}
	return head
}

// explanation returns the usage of the flag with its default and its variable.
func (s setting) explanation() string {
	text := s.usage
	if s.def != "" {
		text += " (default: " + s.def + ")"
	}
	return text + s.variables()
}

// variables returns the variable of the environment that sets the value too, in brackets; or "".
func (s setting) variables() string {
	switch {
	case s.env != "":
		return " (environment: " + s.env + ")"
	case s.secret.variable != "":
		return " (or set " + s.secret.variable + ")"
	}
	return ""
}

// shortHelp returns the output of --help for a command: on one screen, with its everyday flags.
func shortHelp(path string, command *cli.Command, settings []setting) string {
	var text strings.Builder
	writeHead(&text, "kommo-import "+path, command.Usage, "[flags]")
	writeDescription(&text, command.Description)
	text.WriteString("\nFLAGS\n")
	left := 0
	for _, s := range settings {
		if s.isEveryday(command.Name) {
			writeFlag(&text, s)
		} else {
			left++
		}
	}
	if left > 0 {
		fmt.Fprintf(&text, "\n%s more: kommo-import %s --help-all\n", plural(left, "flag"), path)
	}
	return text.String()
}

// writeFlag writes a flag and its usage in two columns.
func writeFlag(text *strings.Builder, s setting) {
	const column = 28
	indent := strings.Repeat(" ", column)
	usage := s.usage
	if s.def != "" {
		usage += " (" + s.def + ")"
	}
	head := "  " + s.head()
	if len(head) > column-2 {
		head += "\n" + indent
	}
	fmt.Fprintf(text, "%-*s%s\n", column, head, wrap(usage, width-column, indent))
}

// fullHelp returns the output of --help-all for a command.
func fullHelp(path string, command *cli.Command, settings []setting) string {
	var text strings.Builder
	writeHead(&text, "kommo-import "+path, command.Usage, "[flags]")
	writeDescription(&text, command.Description)
	for _, group := range grouped(settings) {
		fmt.Fprintf(&text, "\nFLAGS%s\n", strings.ToUpper(strings.TrimSuffix(": "+group.title, ": ")))
		for _, s := range group.settings {
			fmt.Fprintf(&text, "  %s\n      %s\n", s.head(), wrap(s.explanation(), width-6, "      "))
		}
	}
	return text.String()
}

// groupHelp returns the output of --help for a group of commands.
func groupHelp(group *cli.Command) string {
	var text strings.Builder
	writeHead(&text, "kommo-import "+group.Name, group.Usage, "COMMAND [flags]")
	writeDescription(&text, group.Description)
	writeCommands(&text, group.Subcommands)
	return text.String()
}

// appHelp returns the output of --help for the program.
func appHelp(app *cli.App) string {
	var text strings.Builder
	writeHead(&text, app.Name, app.Usage, "COMMAND [flags]")
	writeDescription(&text, app.Description)
	writeCommands(&text, app.Commands)
	fmt.Fprintf(&text, "\nFor the flags of a command, and examples: %s COMMAND --help\n\nExit codes:\n", app.Name)
	writeColumns(&text, exitMeanings())
	return text.String()
}

func writeHead(text *strings.Builder, path, usage, arguments string) {
	fmt.Fprintf(text, "%s\n\nUSAGE\n  %s %s\n\n", wrap(path+" - "+usage, width, "  "), path, arguments)
}

// writeDescription writes a description. An indented line of it is an example, with its effect after two spaces or more.
func writeDescription(text *strings.Builder, description string) {
	for block := range strings.SplitSeq(description, "\n\n") {
		if !strings.HasPrefix(block, "  ") {
			fmt.Fprintf(text, "%s\n\n", wrap(block, width, ""))
			continue
		}
		var examples []row
		for line := range strings.Lines(block) {
			command, effect, _ := strings.Cut(strings.TrimSpace(line), "  ")
			examples = append(examples, row{command, strings.TrimSpace(effect)})
		}
		text.WriteString("EXAMPLES\n")
		writeColumns(text, examples)
	}
}

func writeCommands(text *strings.Builder, commands []*cli.Command) {
	text.WriteString("\nCOMMANDS\n")
	var rows []row
	for _, command := range commands {
		rows = append(rows, row{command.Name, command.Usage})
	}
	writeColumns(text, rows)
}

// writeColumns writes rows in two columns, or each row in two lines if a line would be too long.
func writeColumns(text *strings.Builder, rows []row) {
	longest := 0
	for i, row := range rows {
		if len([]rune(row.left)) > width-2 { // it goes on in the next line, as in a shell
			rows[i].left = strings.ReplaceAll(wrap(row.left, width-4, "    "), "\n", " \\\n")
		}
		longest = max(longest, len([]rune(row.left)))
	}
	const gap = 2 + 3 // before the first column, and between the columns
	below := false
	for _, row := range rows {
		below = below || row.right != "" && gap+longest+len([]rune(row.right)) > width
	}
	for _, row := range rows {
		switch {
		case row.right == "":
			fmt.Fprintf(text, "  %s\n", row.left)
		case below:
			fmt.Fprintf(text, "  %s\n      %s\n", row.left, wrap(row.right, width-6, "      "))
		default:
			fmt.Fprintf(text, "  %-*s   %s\n", longest, row.left, row.right)
		}
	}
}

// sentence returns text with a capital letter and a full stop.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return strings.TrimSuffix(string(unicode.ToUpper(first))+text[size:], ".") + "."
}
