package commands

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// A configReport is what config show tells.
type configReport struct {
	File     string            `json:"file"`     // the config file that was read; "" if there is none
	Settings []setting         `json:"settings"` // in the order of config init
	Secrets  []secret          `json:"secrets"`
	Users    map[string]string `json:"users"` // Kommo users by author
}

// A setting is what a flag counts as, and where that is said.
type setting struct {
	Name  string   `json:"name"`
	Value []string `json:"value"` // empty if it has none; one, unless it is a list
	Set   string   `json:"set"`   // flag, environment, file or default
	Where string   `json:"where"` // "--rate", "KOMMO_BOT_ID", "kommo-import.yaml:3", or ""
}

// A secret is told of as there or not there.
type secret struct {
	Name  string `json:"name"` // of its variable in the environment
	IsSet bool   `json:"is_set"`
	Where string `json:"where"` // the variable, or the flag that names a file; "" if it is not set
}

func (d *desk) configShow(app *cli.App) *cli.Command {
	settings, secrets := settingGroups(app), secretFiles(app)
	return &cli.Command{
		Name:  "show",
		Usage: "show every setting, and where it was set",
		Description: `Use it when something counts that you did not expect, or before a long run. It takes the flags of all
commands, and shows what they would be with them. Of secrets it tells only whether they are set.

  kommo-import config show
  kommo-import config show --config other.yaml   with another config file
  kommo-import config show --rate 3 --json`,
		Flags: flags(settingFlags(app), []cli.Flag{configFlag()}),
		Action: func(c *cli.Context) error {
			report := d.configReport(c, settings, secrets)
			if c.Bool("json") {
				return d.writeJSON(report)
			}
			d.writeConfig(report)
			return nil
		},
	}
}

func (d *desk) configReport(c *cli.Context, settings []flagGroup, secrets []flagText) configReport {
	report := configReport{Users: make(map[string]string), Secrets: []secret{}}
	for author, user := range usersOf(c) {
		report.Users[author] = harmlessID(user, isUUID(user))
	}
	if path := c.String("config"); path != "" {
		report.File = path
	} else if _, err := os.Stat(defaultConfig); err == nil {
		report.File = defaultConfig
	}
	isSetting := make(map[string]bool) // by usage: of two flags of one name, one is the setting
	for _, group := range settings {
		for _, flag := range group.flags {
			report.Settings = append(report.Settings, d.settingOf(c, flag))
			isSetting[flag.usage] = true
		}
	}
	for _, file := range secrets {
		report.Secrets = append(report.Secrets, readSecret(file, isSetting[file.usage] &&
			c.String(file.name) != "" && !isOverruled(c, file.name, file.secretVariable())))
	}
	return report
}

// settingOf returns what a flag counts as.
func (d *desk) settingOf(c *cli.Context, flag flagText) setting {
	s := setting{Name: flag.name, Value: valuesOf(c, flag), Set: "default"}
	switch from := fromFile(c, flag.name); {
	case from != "":
		s.Set, s.Where = "file", from
	case d.isTyped(flag):
		s.Set, s.Where = "flag", "--"+flag.name
	case flag.variable != "" && os.Getenv(flag.variable) != "":
		s.Set, s.Where = "environment", flag.variable
	}
	return s
}

// isTyped reports whether the flag stands on the command line.
func (d *desk) isTyped(flag flagText) bool {
	return slices.ContainsFunc(d.args, func(arg string) bool {
		name, _, _ := strings.Cut(arg, "=")
		name = strings.TrimPrefix(strings.TrimPrefix(name, "-"), "-")
		return strings.HasPrefix(arg, "-") && (name == flag.name || flag.short != "" && name == flag.short)
	})
}

// valuesOf returns what a flag counts as, with nothing in it that could be a secret in the wrong place.
func valuesOf(c *cli.Context, flag flagText) []string {
	values := []string{}
	switch value := c.Value(flag.name).(type) {
	case cli.StringSlice:
		values = append(values, value.Value()...)
	default:
		text := fmt.Sprint(value)
		if text == "" || text == "0" && flag.fallback == "all" {
			text = flag.fallback
		}
		if text != "" {
			values = append(values, cmp.Or(typed(text), text))
		}
	}
	for i, value := range values {
		values[i] = harmlessSetting(flag, value)
	}
	return values
}

// harmlessSetting returns a value as it may be shown: an id that is none may be a secret, as may the name of a file, and
// an address may hold one.
func harmlessSetting(flag flagText, value string) string {
	isID := true
	switch flag.name {
	case "channel-id", "account-id":
		isID = isUUID(pasted(value))
	case "scope-id":
		channel, account, _ := strings.Cut(pasted(value), "_")
		isID = isUUID(channel) && isUUID(account)
	case "bot-id":
		isID = isUUID(pasted(value))
	case "green-api-instance":
		isID = strings.Trim(strings.TrimSpace(value), "0123456789") == "" && len(value) <= 20
	}
	if strings.HasSuffix(flag.name, "-url") {
		return harmlessAddress(value)
	}
	if flag.isSecretFile() && isSecretInPlaceOfFile(value) {
		return secretInPlaceOfFile(value)
	}
	return harmlessID(value, isID)
}

func harmlessID(value string, isID bool) string {
	if isID {
		return value
	}
	return fmt.Sprintf("(%d characters that are no id)", len(value))
}

// harmlessAddress returns who an address leads to, and whether it says more.
func harmlessAddress(value string) string {
	address, err := url.Parse(strings.TrimSpace(value))
	if err != nil || address.Host == "" {
		return fmt.Sprintf("(%d characters that are no address)", len(value))
	}
	shown := address.Scheme + "://" + address.Host
	if strings.TrimSuffix(strings.TrimSpace(value), "/") != shown {
		shown += " (and more, which is not shown)"
	}
	return shown
}

// secretFiles returns the flags that name files with secrets, one for each secret.
func secretFiles(app *cli.App) (files []flagText) {
	for _, command := range app.Commands {
		for _, flag := range command.Flags {
			file := textOf(flag)
			isKnown := slices.ContainsFunc(files, func(f flagText) bool { return f.secretVariable() == file.secretVariable() })
			if file.isSecretFile() && !isKnown {
				files = append(files, file)
			}
		}
	}
	return files
}

// readSecret returns whether the secret is there that a file holds, if one is named, or else the environment.
func readSecret(file flagText, isNamed bool) secret {
	s := secret{Name: file.secretVariable()}
	switch {
	case isNamed:
		s.IsSet, s.Where = true, "--"+file.name
	case os.Getenv(s.Name) != "":
		s.IsSet, s.Where = true, s.Name
	}
	return s
}

// writeConfig prints settings as they would stand in a config file, each with where it was set.
func (d *desk) writeConfig(r configReport) {
	if r.File == "" {
		d.writef("# There is no %s here; kommo-import config init makes one.\n", defaultConfig)
	}
	for _, s := range r.Settings {
		value := strings.Join(s.Value, ", ")
		if len(s.Value) != 1 && value != "" {
			value = "[" + value + "]"
		}
		where := s.Where
		switch s.Set {
		case "default":
			where = "default"
			if len(s.Value) == 0 {
				where = "not set"
			}
		case "flag":
			where = "the flag " + where
		case "environment":
			where = "environment variable " + where
		}
		d.writeSetting(s.Name+": "+printable(value), printable(where))
	}
	if len(r.Users) > 0 {
		d.writef("users:\n")
	}
	for _, author := range slices.Sorted(maps.Keys(r.Users)) {
		d.writef("  %s: %s\n", printable(author), printable(r.Users[author]))
	}
	for _, s := range r.Secrets {
		switch {
		case !s.IsSet:
			d.writef("# %s: not set\n", s.Name)
		case s.Where == s.Name:
			d.writef("# %s: set, in the environment\n", s.Name)
		default:
			d.writef("# %s: set, by %s\n", s.Name, s.Where)
		}
	}
}

// writeSetting prints a setting and behind it, or below where it is long, where that is said.
func (d *desk) writeSetting(text, where string) {
	const column = 36
	switch {
	case where == "":
		d.writef("%s\n", text)
	case len([]rune(text)) > column:
		d.writef("%s\n%*s # %s\n", text, column, "", where)
	default:
		d.writef("%-*s # %s\n", column, text, where)
	}
}
