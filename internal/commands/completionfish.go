package commands

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// fishCompletion returns the completion script for fish.
func fishCompletion(app *cli.App) string {
	var text strings.Builder
	text.WriteString("# Completion of kommo-import for fish.\ncomplete -c kommo-import -f\n")
	for _, command := range completed(app).all() {
		condition := "__fish_use_subcommand"
		if command.words != "" {
			condition = "__fish_seen_subcommand_from " + strings.Join(strings.Fields(command.words), "; and __fish_seen_subcommand_from ")
		}
		var names []string
		for _, below := range command.commands {
			names = append(names, below.name())
		}
		if len(names) > 0 && command.words != "" {
			condition += "; and not __fish_seen_subcommand_from " + strings.Join(names, " ")
		}
		for _, below := range command.commands {
			fmt.Fprintf(&text, "complete -c kommo-import -n %s -a %s -d %s\n", inQuotes(condition), below.name(), fishWord(below.usage))
		}
		for _, flag := range command.flags {
			fmt.Fprintf(&text, "complete -c kommo-import -n %s -l %s%s -d %s\n", inQuotes(condition), flag.name, fishValue(flag), fishWord(flag.usage))
		}
	}
	return text.String()
}

// fishValue returns the options of complete that say what a flag takes.
func fishValue(flag flagText) string {
	options := ""
	if flag.short != "" {
		options = " -s " + flag.short
	}
	switch {
	case flag.value == "":
		return options
	case flag.choices != nil:
		return options + " -x -a " + inQuotes(strings.Join(flag.choices, " "))
	case flag.takesFile():
		return options + " -r -F"
	}
	return options + " -x"
}

// fishWord returns text as one word of fish, in whose quotes a backslash counts.
func fishWord(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}
