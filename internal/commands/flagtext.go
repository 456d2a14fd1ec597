package commands

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// A flagText is what help, man page, completion and config file tell of a flag. It is taken from the flag's
// definition, so that none of them goes stale.
type flagText struct {
	name     string
	short    string   // "m" of -m; "" if there is none
	value    string   // what its value is called, such as FILE; "" for a switch
	choices  []string // the only values it can have; nil if there are others
	usage    string
	fallback string // its value if nobody gives one, as it is typed; "" if it then has none
	variable string // the variable of the environment that gives it too; "" if there is none
	many     bool   // it can be given several times
}

// textOf returns what is told of a flag. In its usage the value stands in backquotes: a name in capital letters, which is
// part of the sentence, or all the values it can have, as in `skip|include`, which are not.
func textOf(flag cli.Flag) flagText {
	text := flagText{name: flag.Names()[0]}
	for _, name := range flag.Names()[1:] {
		if len(name) == 1 {
			text.short = name
		}
	}
	definition, ok := flag.(cli.DocGenerationFlag)
	if !ok {
		return text
	}
	usage := definition.GetUsage()
	text.usage = strings.ReplaceAll(usage, "`", "")
	if variables := definition.GetEnvVars(); len(variables) > 0 {
		text.variable = variables[0]
	}
	if !definition.TakesValue() {
		return text
	}
	text.value = "VALUE"
	if parts := strings.SplitN(usage, "`", 3); len(parts) == 3 {
		text.value = parts[1]
	}
	if strings.Contains(text.value, "|") {
		text.choices = strings.Split(text.value, "|")
		text.usage = strings.TrimSpace(strings.Replace(usage, "`"+text.value+"`", "", 1))
	}
	text.fallback = typed(definition.GetDefaultText())
	_, text.many = flag.(*cli.StringSliceFlag)
	return text
}

// typed returns a default as an administrator would type it: the text of "Bot" without quotes, 360h for 360h0m0s,
// nothing for a zero.
func typed(fallback string) string {
	if unquoted, err := strconv.Unquote(fallback); err == nil {
		return unquoted
	}
	for _, zero := range []struct{ end, nothing string }{{"m0s", "0s"}, {"h0m", "0m"}} {
		if strings.HasSuffix(fallback, zero.end) {
			fallback = strings.TrimSuffix(fallback, zero.nothing)
		}
	}
	if fallback == "0" || fallback == "0s" {
		return ""
	}
	return fallback
}

// head returns how the flag is given: "--migration FILE, -m FILE".
func (t flagText) head() string {
	value := ""
	if t.value != "" {
		value = " " + t.value
	}
	if t.short != "" {
		return "--" + t.name + value + ", -" + t.short + value
	}
	return "--" + t.name + value
}

// explanation returns what the flag does, its default, and its variable.
func (t flagText) explanation() string {
	text := t.usage
	if t.fallback != "" {
		text += " (default: " + t.fallback + ")"
	}
	if t.variable != "" {
		text += " (environment: " + t.variable + ")"
	}
	return text
}

// isSecretFile reports whether the flag names a file that holds a secret.
func (t flagText) isSecretFile() bool {
	return t.name == "secret-file" || strings.HasSuffix(t.name, "token-file")
}

// secretVariable returns the variable of the environment that holds the secret too, as the usage of the flag says.
func (t flagText) secretVariable() string {
	return regexp.MustCompile(`[A-Z]+(_[A-Z]+)+`).FindString(t.usage)
}

// A flagGroup is some flags of a command under a heading.
type flagGroup struct {
	title string // "" for what only this command has
	flags []flagText
}

// settingGroups returns the settings in groups, those that only one command has last.
func settingGroups(app *cli.App) []flagGroup {
	groups := groupsOf(settingFlags(app))
	if len(groups) == 0 || groups[0].title != "" {
		return groups
	}
	left, groups := groups[0].flags, groups[1:]
	for _, command := range app.Commands {
		own := flagGroup{title: "Only of " + command.Name}
		left = slices.DeleteFunc(left, func(setting flagText) bool {
			if !hasFlag(command, setting.name) {
				return false
			}
			own.flags = append(own.flags, setting)
			return true
		})
		if len(own.flags) > 0 {
			groups = append(groups, own)
		}
	}
	return groups
}

// groupsOf returns the flags in groups, those of no group first.
func groupsOf(flags []cli.Flag) []flagGroup {
	groups := []flagGroup{{}, {title: "Kommo"}, {title: "What is sent, and how fast"}, {title: "What is loaded"},
		{title: "Green-API"}, {title: "Of every command"}}
	members := [][]cli.Flag{nil, kommoFlags(), planFlags(), sourceFlags(), greenAPIFlags(), commonFlags()}
	for _, flag := range flags {
		text := textOf(flag)
		in := slices.IndexFunc(members, func(group []cli.Flag) bool {
			return slices.ContainsFunc(group, func(member cli.Flag) bool {
				return textOf(member).name == text.name && textOf(member).usage == text.usage
			})
		})
		groups[max(in, 0)].flags = append(groups[max(in, 0)].flags, text)
	}
	return slices.DeleteFunc(groups, func(g flagGroup) bool { return len(g.flags) == 0 })
}
