package commands

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// config returns the commands that make and show a config file.
func (p *program) config() *cli.Command {
	return p.group("config", "make a config file, or show what is set",
		`Nearly every flag can stand in kommo-import.yaml in the current folder, so that you need not type it
each time. A flag counts before the environment, the environment before the file.

  kommo-import config init   make the file
  kommo-import config show   see what is set, and where
  kommo-import config users  propose the users: section`,
		p.configInit(), p.configShow(), p.configUsers())
}

func (p *program) configInit() *cli.Command {
	return p.command("config init", "write a config file that explains every setting",
		`Use it once, before you begin. Every setting in the file is a comment: it changes nothing until you
take the # away in front of it. A file that is there already is left alone.

  kommo-import config init                    make kommo-import.yaml here
  kommo-import config init --all              with the settings that are rarely needed
  kommo-import config init --out other.yaml   then run with --config other.yaml
  kommo-import config init --out -            print it`,
		func(_ context.Context, v *values) error {
			path, text := v.text("out"), configTemplate(everydayGroups(p.settings))
			if v.on("all") {
				text = configTemplate(configGroups(p.settings))
			}
			if path == "-" {
				p.writef("%s", text)
				return nil
			}
			if err := writeNew(path, text); err != nil {
				return err
			}
			p.ui.info("Wrote %s. Next: take the # away from the settings you want, then kommo-import config show", printable(path))
			return nil
		})
}

// writeNew writes a file that does not exist yet.
func writeNew(path, text string) error {
	if _, err := os.Lstat(path); err == nil {
		return usage("--out %s: it is there already and was left alone; choose another name, or - to print", path)
	}
	err := replaceFile(path, func(out *bufio.Writer) error {
		_, err := out.WriteString(text)
		return err
	})
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return nil
}

// configGroups returns the settings that a config file can hold, in groups. Settings of a single command come last.
func configGroups(table []setting) []settingGroup {
	var shared, own []setting
	for _, s := range table {
		switch {
		case s.perRun:
		case s.group == "":
			s.group = "Only of " + s.in
			own = append(own, s)
		default:
			shared = append(shared, s)
		}
	}
	return grouped(append(shared, own...))
}

// everydayGroups returns the settings of configGroups that most people need.
func everydayGroups(table []setting) []settingGroup {
	return configGroups(slices.DeleteFunc(slices.Clone(table), func(s setting) bool {
		isChoice := s.name == "only" || s.name == "max-conversations" // of one run
		return s.rare || isChoice || s.group == "" || s.group == groupOfAll && s.name != "migration"
	}))
}

// configTemplate returns a config file in which every setting is explained and commented out: "# " begins an
// explanation, "#" alone a setting.
func configTemplate(groups []settingGroup) string {
	var text strings.Builder
	text.WriteString(`# Settings of kommo-import. To set one, take the # away in front of its name.
# A flag counts before the environment, the environment before this file. Name
# the file that holds a secret, not the secret. All settings: config init --all
`)
	for _, group := range groups {
		fmt.Fprintf(&text, "\n# ---- %s ----\n", group.title)
		for _, s := range group.settings {
			explanation := sentence(s.usage)
			if s.choices != nil {
				explanation += " One of: " + strings.Join(s.choices, ", ") + "."
			}
			if variable := s.env + s.secret.variable; variable != "" {
				explanation += " Or set the variable " + variable + "."
			}
			fmt.Fprintf(&text, "\n# %s\n#%s: %s\n", wrap(explanation, width-2, "# "), s.name, s.example())
		}
	}
	text.WriteString(`
# ---- Users ----

# The Kommo user (amojo id) of an author (author_id or author_name). Outgoing
# messages of all others are shown as the bot's.
#users:
#  Anna Petrova: 76fc2bea-902f-425c-9a3d-dcdac4766090
`)
	return text.String()
}

// example returns the default of the setting, its first choice, or a word for its value.
func (s setting) example() string {
	switch {
	case s.kind == kindList:
		return "[" + s.value + "]"
	case s.kind == kindSwitch:
		return "false"
	case s.def != "" && s.wanted(s.def) == "":
		return s.def
	case s.choices != nil:
		return s.choices[0]
	}
	return s.value
}

// A configReport is the output of config show.
type configReport struct {
	File     string            `json:"file"`     // the config file that was read; "" without a file
	Settings []shownSetting    `json:"settings"` // in the order of config init
	Secrets  []shownSecret     `json:"secrets"`
	Users    map[string]string `json:"users"` // Kommo users by author
}

// A shownSetting is the value of a setting, and its origin.
type shownSetting struct {
	Name  string   `json:"name"`
	Value []string `json:"value"` // empty if it has no value; several only in a list
	Set   origin   `json:"set"`
	Where string   `json:"where"` // "--rate", "KOMMO_BOT_ID", "kommo-import.yaml:3", or ""
}

// A shownSecret is whether a secret is set. The secret itself is never shown.
type shownSecret struct {
	Name  string `json:"name"` // of its variable in the environment
	IsSet bool   `json:"is_set"`
	Where string `json:"where"` // the variable, or the flag that names a file; "" if it is not set
}

func (p *program) configShow() *cli.Command {
	return p.command("config show", "show every setting, and where it was set",
		`Use it to find out where an unexpected setting comes from, or before a long run. It takes the flags of all
commands. Of a secret it shows only whether it is set.

  kommo-import config show
  kommo-import config show --config other.yaml   with another config file
  kommo-import config show --rate 3 --json`,
		func(_ context.Context, v *values) error {
			report := v.report()
			if v.on("json") {
				return p.writeJSON(report)
			}
			p.writeConfig(report)
			return nil
		})
}

// report returns all values, with redactions.
func (v *values) report() configReport {
	report := configReport{File: v.file.path, Users: make(map[string]string)}
	for author, user := range v.file.users {
		report.Users[author] = redactedID(user, isUUID(user))
	}
	for _, group := range configGroups(v.table) {
		for _, s := range group.settings {
			got := v.valueOf(s)
			shown := shownSetting{Name: s.name, Value: []string{}, Set: got.origin, Where: got.where}
			for _, text := range got.texts {
				if text != "" {
					shown.Value = append(shown.Value, s.redacted(text))
				}
			}
			report.Settings = append(report.Settings, shown)
			if s.kind == kindSecretFile {
				report.Secrets = append(report.Secrets, v.shownSecret(s))
			}
		}
	}
	return report
}

func (v *values) shownSecret(s setting) shownSecret {
	shown := shownSecret{Name: s.secret.variable}
	switch {
	case v.secretFile(s.name) != "":
		shown.IsSet, shown.Where = true, "--"+s.name
	case v.hasSecret(s.name):
		shown.IsSet, shown.Where = true, shown.Name
	}
	return shown
}

// writeConfig prints settings as in a config file, each with its origin.
func (p *program) writeConfig(r configReport) {
	if r.File == "" {
		p.writef("# There is no %s here; kommo-import config init makes one.\n", defaultConfig)
	}
	for _, s := range r.Settings {
		text := strings.Join(s.Value, ", ")
		if len(s.Value) > 1 {
			text = "[" + text + "]"
		}
		p.writeSetting(s.Name+": "+printable(text), printable(s.place()))
	}
	if len(r.Users) > 0 {
		p.writef("users:\n")
	}
	for _, author := range slices.Sorted(maps.Keys(r.Users)) {
		p.writef("  %s: %s\n", printable(author), printable(r.Users[author]))
	}
	for _, s := range r.Secrets {
		switch {
		case !s.IsSet:
			p.writef("# %s: not set\n", s.Name)
		case s.Where == s.Name:
			p.writef("# %s: set, in the environment\n", s.Name)
		default:
			p.writef("# %s: set, by %s\n", s.Name, s.Where)
		}
	}
}

// place returns where a setting was set, in words.
func (s shownSetting) place() string {
	switch {
	case s.Set == fromFlag:
		return "the flag " + s.Where
	case s.Set == fromEnvironment:
		return "environment variable " + s.Where
	case s.Set == fromDefault && len(s.Value) == 0:
		return "not set"
	case s.Set == fromDefault:
		return "default"
	}
	return s.Where
}

// writeSetting prints a setting with its origin, which comes in the next line if the setting is long.
func (p *program) writeSetting(text, place string) {
	const column = 36
	if len([]rune(text)) > column {
		p.writef("%s\n%*s # %s\n", text, column, "", place)
		return
	}
	p.writef("%-*s # %s\n", column, text, place)
}
