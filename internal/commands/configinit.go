package commands

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// config returns the commands that make and show the config file of the commands that app has.
func (d *desk) config(app *cli.App) *cli.Command {
	return d.prepareGroup(&cli.Command{
		Name:  "config",
		Usage: "make a config file, or show what is set",
		Description: `Nearly every flag can stand in kommo-import.yaml in the current folder, so that you need not type it
each time. A flag counts before the environment, the environment before the file.

  kommo-import config init   make the file
  kommo-import config show   see what is set, and where`,
		Subcommands: []*cli.Command{d.configInit(settingGroups(app)), d.configShow(app)},
	})
}

func (d *desk) configInit(settings []flagGroup) *cli.Command {
	return &cli.Command{
		Name:  "init",
		Usage: "write a config file that explains every setting",
		Description: `Use it once, before you begin. Every setting in the file is a comment: it changes nothing until you
take the # away in front of it. A file that is there already is left alone.

  kommo-import config init                    make kommo-import.yaml here
  kommo-import config init --out other.yaml   then run with --config other.yaml
  kommo-import config init --out -            print it`,
		Flags: flags([]cli.Flag{
			&cli.StringFlag{Name: "out", Value: defaultConfig, Usage: "write to `FILE`, or print it: -"},
		}, talkFlags()),
		Action: func(c *cli.Context) error {
			path, text := c.String("out"), configTemplate(settings)
			if path == "-" {
				d.writef("%s", text)
				return nil
			}
			if err := writeNew(path, text); err != nil {
				return err
			}
			d.talk.tell("Wrote %s. Next: take the # away from the settings you want, then kommo-import config show", printable(path))
			return nil
		},
	}
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

// configTemplate returns a config file in which every setting is explained and commented out: "# " begins an
// explanation, "#" alone a setting.
func configTemplate(settings []flagGroup) string {
	var text strings.Builder
	text.WriteString(`# Settings of kommo-import. To set one, take the # away in front of its name.
# A flag counts before the environment, the environment before this file.
# Secrets do not belong here: name the file that holds one, or the environment.
`)
	for _, group := range settings {
		fmt.Fprintf(&text, "\n# ---- %s ----\n", group.title)
		for _, setting := range group.flags {
			explanation := sentence(setting.usage)
			if setting.choices != nil {
				explanation += " One of: " + strings.Join(setting.choices, ", ") + "."
			}
			if setting.variable != "" {
				explanation += " The environment has it as " + setting.variable + "."
			}
			fmt.Fprintf(&text, "\n# %s\n#%s: %s\n", wrap(explanation, width-2, "# "), setting.name, setting.inFile())
		}
	}
	text.WriteString(`
# ---- Users ----

# Who of the authors (author_id or author_name) is which Kommo user (amojo id).
# Outgoing messages of all others are shown as the bot's.
#users:
#  Anna Petrova: 76fc2bea-902f-425c-9a3d-dcdac4766090
`)
	return text.String()
}

// inFile returns what stands behind the colon for a setting that nobody has changed.
func (t flagText) inFile() string {
	switch {
	case t.many:
		return "[" + t.value + "]"
	case t.value == "":
		return "false"
	case t.fallback != "" && t.fallback != "all":
		return t.fallback
	case t.choices != nil:
		return t.choices[0]
	}
	return t.value
}

// sentence returns text with a capital letter and a full stop.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return strings.TrimSuffix(string(unicode.ToUpper(first))+text[size:], ".") + "."
}
