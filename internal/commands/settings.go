package commands

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// A setting is a value that somebody can set. Flags, variables of the environment, keys of the config file, help, the
// manual page, config init and config show all come from the table of settings.
type setting struct {
	name  string // of the flag, and of the line in the config file
	short string // "m" of -m, or ""
	env   string // the variable of the environment that sets it too, or ""
	in    string // the names of the commands that have it, separated by spaces
	group string // the heading in help; "" for settings of a single command
	kind  kind
	value string // the name of the value in help, such as FILE; "" for a switch
	usage string // a fragment of a sentence that mentions value
	def   string // the default as it is typed, or a word for it such as "all", or ""

	choices []string // the only values; nil if there are others
	most    float64  // the largest number; 0: there is no limit
	secret  secret   // the secret in the file that a setting of kindSecretFile names
	rare    bool     // it is in --help-all and the manual page, and in config init --all
	perRun  bool     // it must be decided for each run: it is only a flag, and cannot be in the config file
	sticky  sticky   // where the migration file keeps the value for later loads
}

// A kind is the form of a value.
type kind int

const (
	kindText kind = iota
	kindList      // texts; the flag can be repeated
	kindSwitch
	kindCount // a whole number of 1 or more
	kindWhole // a whole number
	kindRate  // requests per second: a number of minRate or more
	kindSpan  // a length of time
	kindWait  // a length of time above 0
	kindFile
	kindSecretFile
	kindAddress // of a server
	kindUUID
	kindScopeID
	kindInstanceID
)

// minRate is the lowest rate. With less than a request in 100 seconds nobody would see an end.
const minRate = 0.01

// A sticky setting is as in the load before unless it is given again.
type sticky int

const (
	notSticky sticky = iota
	ofSource         // it shapes the reading of a table; kept with the source
	ofAll            // it applies to the messages of all sources
)

// The headings of settings that several commands have.
const (
	groupAccount  = "Channel and account"
	groupKommo    = "Kommo"
	groupSending  = "What is sent, and how fast"
	groupLoading  = "What is loaded"
	groupTable    = "How a table is read"
	groupChats    = "What is loaded from Green-API"
	groupGreenAPI = "Green-API"
	groupOfAll    = "Of every command"
)

// The names of commands that have the same settings.
const (
	loadCommands      = "load preview send"
	composeCommands   = "preview send verify check"
	migrationCommands = loadCommands + " conversations verify status failures report check connect sign sandbox"
	allCommands       = "*"
)

// settings returns the table of settings: first those of single commands, then the groups, in the order of help.
func settings() []setting {
	return slices.Concat(commandSettings(), sandboxSettings(), kommoSettings(), loadSettings(), []setting{
		{name: "migration", short: "m", in: migrationCommands, group: groupOfAll, kind: kindFile, value: "FILE", def: "migration.db",
			usage: "work with the migration FILE"},
		{name: "config", in: migrationCommands + " show", group: groupOfAll, kind: kindFile, value: "FILE", perRun: true,
			def: defaultConfig, usage: "read settings from FILE"},
	}, shared(allCommands, groupOfAll, []setting{
		{name: "json", kind: kindSwitch, usage: "print JSON on stdout, errors too"},
		{name: "quiet", kind: kindSwitch, usage: "print only errors and questions"},
		{name: "verbose", kind: kindSwitch, usage: "print details, to find the cause of a problem"},
	}))
}

// shared returns settings for some commands, under a heading.
func shared(in, group string, settings []setting) []setting {
	for i := range settings {
		settings[i].in, settings[i].group = in, group
	}
	return settings
}

// isIn reports whether a command has the setting. config show has every setting that the config file can hold.
func (s setting) isIn(command string) bool {
	return s.in == allCommands || slices.Contains(strings.Fields(s.in), command) || command == "show" && !s.perRun
}

// isEveryday reports whether the setting is in the short help of a command.
func (s setting) isEveryday(command string) bool {
	isLoading := s.group == groupLoading || s.group == groupTable || s.group == groupChats
	switch {
	case s.rare || slices.Contains([]string{groupKommo, groupAccount, groupGreenAPI}, s.group):
		return false
	case command == "show":
		return s.group == groupOfAll
	}
	return !isLoading || command == "load"
}

// settingsIn returns the settings of a command.
func settingsIn(table []setting, command string) []setting {
	return slices.DeleteFunc(slices.Clone(table), func(s setting) bool { return !s.isIn(command) })
}

// flag returns the flag of the setting. Its value is a text that check looks at, whatever its kind, so that flags,
// variables and the config file are read in the same way.
func (s setting) flag() cli.Flag {
	var short []string
	if s.short != "" {
		short = []string{s.short}
	}
	switch s.kind {
	case kindSwitch:
		return &cli.BoolFlag{Name: s.name, Aliases: short, Usage: s.description(), DisableDefaultText: true}
	case kindList:
		return &cli.StringSliceFlag{Name: s.name, Aliases: short, Usage: s.description()}
	}
	return &cli.StringFlag{Name: s.name, Aliases: short, Usage: s.description(), DefaultText: s.def,
		TakesFile: s.kind == kindFile || s.kind == kindSecretFile}
}

// description returns what the setting does, its choices, and the variable that sets it too.
func (s setting) description() string {
	text := s.usage
	if s.choices != nil {
		text += " (one of " + strings.Join(s.choices, ", ") + ")"
	}
	return text + s.variables()
}

// wanted returns the form of a value that text is not, such as "a whole number"; "" if the text is a value.
func (s setting) wanted(text string) string {
	switch s.kind {
	case kindSwitch:
		if _, err := strconv.ParseBool(text); err != nil {
			return "true or false"
		}
	case kindCount, kindWhole:
		return s.wantedWhole(text)
	case kindRate:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return "a number such as 2.5"
		}
		if !(n >= minRate && n <= s.most) {
			return fmt.Sprintf("%g to %.0f", minRate, s.most)
		}
	case kindSpan, kindWait:
		if d, err := time.ParseDuration(text); err != nil || s.kind == kindWait && d <= 0 {
			return "a time such as 5s or 2m30s"
		}
	}
	if s.choices != nil && !slices.Contains(s.choices, text) {
		last := len(s.choices) - 1
		return strings.Join(s.choices[:last], ", ") + " or " + s.choices[last]
	}
	return ""
}

// wantedWhole is wanted for whole numbers. A number such as 010 is refused: some read it as 8.
func (s setting) wantedWhole(text string) string {
	n, err := strconv.Atoi(text)
	switch {
	case err != nil || strconv.Itoa(n) != text:
		return "a whole number such as 4"
	case s.kind == kindCount && s.most > 0 && (n < 1 || n > int(s.most)):
		return fmt.Sprintf("1 to %g", s.most)
	case s.kind == kindCount && n < 1:
		return "1 or more"
	}
	return ""
}
