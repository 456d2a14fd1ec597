package commands

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"go.yaml.in/yaml/v3"
)

const defaultConfig = "kommo-import.yaml"

// usersKey is the one key of a config file that is no flag: who is who at Kommo.
//
//	users:
//	  Anna Petrova: 76fc2bea-902f-425c-9a3d-dcdac4766090
const usersKey = "users"

// notInConfig are flags that make no sense in a file that is read every time.
func notInConfig() []string {
	return []string{"config", "csv", "green-api", "help", "yes", "dry-run", "retry", "payloads", "out", "method", "path", "date", "body", "addr", "state", "link-lifetime", "green-api-fault"}
}

// readConfig gives the flags that are neither on the command line nor in the environment their values from the config
// file. Its keys are the names of the flags.
func readConfig(c *cli.Context) error {
	path, named := c.String("config"), c.IsSet("config")
	if !named {
		path = defaultConfig
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil
	}
	if err != nil {
		return usage("--config: %w", err)
	}
	settings, err := parseConfig(content, knownSettings(c.App))
	if err != nil {
		return usage("%s:%w", filepath.Base(path), err)
	}
	from := make(map[string]string)
	for _, s := range settings {
		isUsed, err := s.apply(c)
		if err != nil {
			return usage("%s:%d: %s: %w", filepath.Base(path), s.line, s.name, err)
		}
		if isUsed {
			from[s.name] = fmt.Sprintf("%s:%d", path, s.line)
		}
	}
	setMetadata(c, fromKey, from)
	setMetadata(c, notAppliedKey, slices.DeleteFunc(settings, func(s configured) bool { return s.name == usersKey || hasFlag(c.Command, s.name) }))
	return nil
}

// isGiven reports whether a flag has a value from the command line or the environment. A variable that is set to
// nothing gives none.
func isGiven(c *cli.Context, name string) bool {
	value, isText := c.Value(name).(string)
	return c.IsSet(name) && !(isText && value == "")
}

// A configured setting is one line of the config file.
type configured struct {
	name   string
	line   int
	values []string
	users  map[string]string
}

func knownSettings(app *cli.App) []string {
	known := []string{usersKey}
	for _, flag := range settingFlags(app) {
		known = append(known, flag.Names()[0])
	}
	slices.Sort(known)
	return known
}

// settingFlags returns the flags that can stand in a config file, each once, in the order of the commands. Of two of the
// same name it is the first: there is one line for both.
func settingFlags(app *cli.App) (settings []cli.Flag) {
	seen := make(map[string]bool)
	for _, command := range app.Commands {
		for _, flag := range command.Flags {
			name := flag.Names()[0]
			if !seen[name] && !slices.Contains(notInConfig(), name) && name != "version" {
				settings = append(settings, flag)
			}
			seen[name] = true
		}
	}
	return settings
}

// parseConfig reads a config file strictly: what it does not know is an error, which begins with the line.
func parseConfig(content []byte, known []string) (settings []configured, err error) {
	var file, more yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	if err := decoder.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf(" %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if decoder.Decode(&more) == nil {
		return nil, fmt.Errorf("%d: a second document begins here; want one", more.Line)
	}
	if len(file.Content) == 0 {
		return nil, nil
	}
	root := file.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%d: want lines of the form name: value", root.Line)
	}
	seen := make(map[string]bool)
	for i := 0; i < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		s := configured{name: key.Value, line: key.Line}
		switch {
		case !slices.Contains(known, key.Value):
			return nil, fmt.Errorf("%d: there is no setting %q%s", key.Line, key.Value, insteadOf(key.Value, known))
		case seen[key.Value]:
			return nil, fmt.Errorf("%d: %s is set twice", key.Line, key.Value)
		case key.Value == usersKey:
			s.users, err = parseUsers(value)
		default:
			s.values, err = parseValues(value)
		}
		if err != nil {
			return nil, fmt.Errorf("%d: %s: %w", key.Line, key.Value, err)
		}
		seen[key.Value] = true
		settings = append(settings, s)
	}
	return settings, nil
}

// insteadOf returns what to write instead of a setting that is none.
func insteadOf(key string, known []string) string {
	if slices.Contains(notInConfig(), key) {
		return "; it counts for one run only: give it as --" + key
	}
	switch name := strings.ReplaceAll(strings.ToLower(key), "_", "-"); {
	case key == "KOMMO_TOKEN":
		return "; it is read from the environment, or from a file: --token-file"
	case key == "KOMMO_CHANNEL_SECRET":
		return "; it is read from the environment, or from the file that secret-file names"
	case key == "GREEN_API_TOKEN":
		return "; it is read from the environment, or from the file that token-file names"
	case slices.Contains(known, strings.TrimPrefix(name, "kommo-")):
		return "; did you mean " + strings.TrimPrefix(name, "kommo-") + "?"
	}
	return didYouMean("", key, known, "kommo-import config init --out - lists them")
}

// parseValues reads a value or a list of values.
func parseValues(node *yaml.Node) ([]string, error) {
	items := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		items = node.Content
	}
	var values []string
	for _, item := range items {
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
			return nil, errors.New("want a value, or a list of values")
		}
		values = append(values, item.Value)
	}
	return values, nil
}

// parseUsers reads who is who.
func parseUsers(node *yaml.Node) (map[string]string, error) {
	if node.Kind != yaml.MappingNode {
		return nil, errors.New("want lines of the form author: amojo id")
	}
	users := make(map[string]string)
	for i := 0; i < len(node.Content); i += 2 {
		author, user := node.Content[i], node.Content[i+1]
		switch {
		case author.Kind != yaml.ScalarNode, user.Kind != yaml.ScalarNode:
			return nil, errors.New("want lines of the form author: amojo id")
		case users[author.Value] != "":
			return nil, fmt.Errorf("%s is there twice", author.Value)
		}
		users[author.Value] = pasted(user.Value)
	}
	return users, nil
}

// apply sets the flag of that name, if this command has it and nobody set it, and reports whether it did.
func (s configured) apply(c *cli.Context) (bool, error) {
	if s.name == usersKey {
		setMetadata(c, usersKey, s.users)
		return true, nil
	}
	i := slices.IndexFunc(c.Command.Flags, func(flag cli.Flag) bool { return slices.Contains(flag.Names(), s.name) })
	if i < 0 || isGiven(c, s.name) {
		return false, nil
	}
	if _, many := c.Command.Flags[i].(*cli.StringSliceFlag); !many && len(s.values) != 1 {
		return false, errors.New("want one value, not a list")
	}
	_, isInt := c.Command.Flags[i].(*cli.IntFlag)
	for _, value := range s.values {
		if err := c.Set(s.name, value); err != nil || isInt && !isDecimal(value) {
			return false, fmt.Errorf("%q is no value for it; want %s", value, strings.TrimPrefix(wanted(c.Command, s.name), "no value, or "))
		}
	}
	return true, nil
}

func setMetadata(c *cli.Context, key string, value any) {
	if c.App.Metadata == nil {
		c.App.Metadata = make(map[string]any)
	}
	c.App.Metadata[key] = value
}

// fromKey is where the lines of the config file are kept that gave a flag its value.
const fromKey = "from config file"

// notAppliedKey is where the lines of the config file are kept that are for other commands than this one.
const notAppliedKey = "for other commands"

// notApplied returns the settings of the config file that are for other commands.
func notApplied(c *cli.Context) []configured {
	settings, _ := c.App.Metadata[notAppliedKey].([]configured)
	return settings
}

// fromFile returns where in the config file a setting got its value, "" if it got none there.
func fromFile(c *cli.Context, name string) string {
	from, _ := c.App.Metadata[fromKey].(map[string]string)
	return from[name]
}

// usersOf returns who is who at Kommo, from the config file.
func usersOf(c *cli.Context) map[string]string {
	users, _ := c.App.Metadata[usersKey].(map[string]string)
	return users
}
