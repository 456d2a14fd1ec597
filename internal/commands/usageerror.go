package commands

import (
	"regexp"
	"strings"

	"github.com/urfave/cli/v2"
)

// onUsageError says in our words what the parser of flags did not understand.
func onUsageError(c *cli.Context, err error, _ bool) error {
	if name, isUnknown := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); isUnknown {
		return unknownFlag(c.Command, strings.TrimPrefix(name, "-"))
	}
	if name, isBare := strings.CutPrefix(err.Error(), "flag needs an argument: -"); isBare {
		name = strings.TrimPrefix(name, "-")
		return usage("%s needs a value: %s", dashed(name), flagNamed(c.Command, name).head())
	}
	bad := regexp.MustCompile(`(?s)^invalid (?:boolean )?value "(.*)" for (?:flag )?-+([a-z-]+): `).FindStringSubmatch(err.Error())
	if bad == nil {
		return &usageError{err.Error()}
	}
	return usage("%s %s: want %s", dashed(bad[2]), bad[1], wanted(c.Command, bad[2]))
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

// flagNamed returns the flag of that name.
func flagNamed(command *cli.Command, name string) flagText {
	for _, flag := range command.Flags {
		if text := textOf(flag); text.name == name || text.short == name {
			return text
		}
	}
	return flagText{name: name}
}

// wanted returns what a flag takes, in words.
func wanted(command *cli.Command, name string) string {
	for _, flag := range command.Flags {
		if text := textOf(flag); text.name != name && text.short != name {
			continue
		}
		switch flag.(type) {
		case *cli.BoolFlag:
			return "no value, or true or false"
		case *cli.IntFlag:
			return "a whole number such as 4"
		case *cli.Float64Flag:
			return "a number such as 2.5"
		case *cli.DurationFlag:
			return "a time such as 5s or 2m30s"
		}
	}
	return "another value"
}

// badAddress returns the error that a variable holds no address to ask.
func badAddress(variable string, err error) error {
	problem := strings.TrimPrefix(err.Error(), "base URL: ")
	if strings.HasPrefix(problem, "plain http") {
		problem += "; write https://"
	}
	return usage("%s: %s", variable, problem)
}
