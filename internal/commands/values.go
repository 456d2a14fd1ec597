package commands

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"kommo-import/sources"
	"kommo-import/sources/csvfile"
)

// values are the values of the settings in a run. A flag comes before the environment, the environment before the
// config file, the config file before the default. A value that is empty counts as not set. Loads read a sticky setting
// that is not given from the migration file.
type values struct {
	table   []setting
	command string // the name of the command that runs
	flags   *cli.Context
	given   []string // names of the flags on the command line
	file    configFile
	stored  map[string][]string // sticky settings of the load before
	ui      *ui
	warned  map[string]bool // files of which a warning was printed
	temp    string          // the folder for temporary files of a table
	// unlisted are the directions of the table that was loaded that no list names.
	unlisted []csvfile.ValueUse
	stdin    string // the file that holds what was read from stdin
}

// An origin is where a value was set.
type origin string

const (
	fromFlag        origin = "flag"
	fromEnvironment origin = "environment"
	fromFile        origin = "file"
	fromLastLoad    origin = "last load"
	fromDefault     origin = "default"
)

// A value is the value of a setting, as it was typed.
type value struct {
	setting
	texts  []string // several only in a list, or by mistake in the config file
	origin origin
	where  string // "--rate", "KOMMO_BOT_ID" or "kommo-import.yaml:3"; "" for a default
}

// read reads the values for a command. An invalid value is an error, except for check, which reports it itself.
func (p *program) read(c *cli.Context) (*values, error) {
	p.json = p.json || c.Bool("json")
	v := &values{table: p.settings, command: c.Command.Name, flags: c, given: c.LocalFlagNames()}
	if c.Args().Present() {
		return nil, usage("unexpected argument %q; a value comes after its flag, such as --csv FILE", c.Args().First())
	}
	if err := v.checkSourceFlags(); err != nil {
		return nil, err
	}
	if v.find("config").isIn(v.command) {
		var err error
		if v.file, err = readConfig(v.text("config"), v.isFlag("config"), p.settings); err != nil {
			return nil, err
		}
	}
	p.json, p.ui.quiet, p.ui.verbose = p.json || v.on("json"), v.on("quiet"), v.on("verbose")
	v.ui, v.warned = p.ui, make(map[string]bool)
	commands := []string{v.command}
	if v.command == "preview" {
		commands = append(commands, "load") // for --html, which is no flag of preview
	}
	if wrong := v.wrong(commands...); len(wrong) > 0 && v.command != "check" {
		return nil, wrong[0]
	}
	return v, nil
}

// find returns the setting of that name: that of the command, or else that of other commands.
func (v *values) find(name string) setting { return v.findIn(v.command, name) }

// findIn returns the setting of that name as another command has it.
func (v *values) findIn(command, name string) setting {
	var found setting
	for _, s := range v.table {
		if s.name == name && (found.name == "" || s.isIn(command)) {
			found = s
		}
	}
	if found.name == "" {
		panic("there is no setting " + name)
	}
	return found
}

// get returns the value of the setting of that name.
func (v *values) get(name string) value { return v.valueOf(v.find(name)) }

// valueOf returns the value of a setting and its origin. Settings of other commands have no flag here.
func (v *values) valueOf(s setting) value {
	line, isInFile := v.file.lines[s.name]
	switch {
	case v.isOnCommandLine(s) && !s.isNothing(v.typed(s)):
		return value{s, v.typed(s), fromFlag, "--" + s.name}
	case s.env != "" && os.Getenv(s.env) != "":
		return value{s, []string{os.Getenv(s.env)}, fromEnvironment, s.env}
	case isInFile && !s.perRun && !s.isNothing(line.values):
		return value{s, line.values, fromFile, v.file.path + ":" + strconv.Itoa(line.number)}
	case s.sticky != notSticky && len(v.stored[s.name]) > 0 && !v.isGiven(s):
		return value{s, v.stored[s.name], fromLastLoad, "--" + s.name}
	case s.def != "":
		return value{s, []string{s.def}, fromDefault, ""}
	case s.kind == kindSwitch:
		return value{s, []string{"false"}, fromDefault, ""}
	}
	return value{s, nil, fromDefault, ""}
}

// isGiven reports whether a setting is on the command line or in the config file, also with an empty value.
func (v *values) isGiven(s setting) bool {
	_, isInFile := v.file.lines[s.name]
	return v.isOnCommandLine(s) || isInFile && !s.perRun
}

// isOnCommandLine is IsSet of urfave/cli, which takes milliseconds for the flags of a command.
func (v *values) isOnCommandLine(s setting) bool {
	return s.isIn(v.command) && slices.Contains(v.given, s.name)
}

// isNothing reports whether texts are an empty value of a setting that can be any text: it counts as not set.
func (s setting) isNothing(texts []string) bool {
	return len(texts) == 1 && texts[0] == "" && s.wanted("") == ""
}

// typed returns the values of a flag on the command line.
func (v *values) typed(s setting) []string {
	switch s.kind {
	case kindSwitch:
		return []string{strconv.FormatBool(v.flags.Bool(s.name))}
	case kindList:
		return v.flags.StringSlice(s.name)
	}
	return []string{v.flags.String(s.name)}
}

// wrong returns an error for each value of the commands' settings that is invalid.
func (v *values) wrong(commands ...string) (wrong []error) {
	for _, s := range v.table {
		got := v.valueOf(s)
		if got.origin == fromDefault || !slices.ContainsFunc(commands, s.isIn) {
			continue
		}
		if s.kind != kindList && len(got.texts) != 1 {
			wrong = append(wrong, usage("%s: want one value, not a list", got.label()))
			continue
		}
		for _, text := range got.texts {
			if wanted := s.wanted(text); wanted != "" {
				wrong = append(wrong, usage("%s %s: want %s", got.label(), text, wanted))
			}
		}
	}
	return wrong
}

// label returns the value's place and name for errors: "--rate", or "kommo-import.yaml:3: rate".
func (v value) label() string {
	if v.origin == fromFile {
		return filepath.Base(v.where) + ": " + v.name
	}
	return v.where
}

// text returns the value of a setting or its default, "" if it has neither.
func (v *values) text(name string) string {
	got := v.get(name)
	if len(got.texts) == 0 {
		return ""
	}
	return got.texts[0]
}

// list returns the values of a setting that can have several.
func (v *values) list(name string) []string { return v.get(name).texts }

// ids returns the ids of a setting as sources give them, whatever was copied along with them.
func (v *values) ids(name string) (ids []string) {
	for _, text := range v.list(name) {
		ids = append(ids, sources.CleanID(text))
	}
	return ids
}

// on reports whether a switch is on.
func (v *values) on(name string) bool { return v.isOn(v.find(name)) }

func (v *values) isOn(s setting) bool {
	on, _ := strconv.ParseBool(v.validOf(s))
	return on
}

// count returns a whole number, 0 if the setting has no value or the word "all".
func (v *values) count(name string) int {
	n, _ := strconv.Atoi(v.valid(name))
	return n
}

// number returns a number, 0 if the setting has no value.
func (v *values) number(name string) float64 {
	n, _ := strconv.ParseFloat(v.valid(name), 64)
	return n
}

// span returns a length of time, 0 if the setting has no value.
func (v *values) span(name string) time.Duration {
	d, _ := time.ParseDuration(v.valid(name))
	return d
}

// valid returns the value of a setting, its default if the value is invalid.
func (v *values) valid(name string) string { return v.validOf(v.find(name)) }

func (v *values) validOf(s setting) string {
	got := v.valueOf(s)
	if len(got.texts) != 1 || got.wanted(got.texts[0]) != "" {
		return got.def
	}
	return got.texts[0]
}

// isFlag reports whether a setting is on the command line.
func (v *values) isFlag(name string) bool { return v.get(name).origin == fromFlag }
