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

	"go.yaml.in/yaml/v3"
)

const defaultConfig = "kommo-import.yaml"

// usersKey is the key of a config file that is no setting. It maps authors to users of Kommo.
//
//	users:
//	  Anna Petrova: 76fc2bea-902f-425c-9a3d-dcdac4766090
const usersKey = "users"

// A configFile is a config file. Its keys are the names of settings.
type configFile struct {
	path  string // "" if there is no file
	lines map[string]configLine
	users map[string]string // the amojo ids of Kommo users, by author
}

// A configLine is the value of a key.
type configLine struct {
	number int
	values []string
}

// readConfig reads a config file. It may be missing unless it is required.
func readConfig(path string, isRequired bool, table []setting) (configFile, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && !isRequired {
		return configFile{}, nil
	}
	if err == nil && !info.Mode().IsRegular() { // to open a pipe takes until somebody writes into it
		return configFile{}, usage("--config %s: is not a regular file; write the settings to a file on disk", path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return configFile{}, usage("--config: %w", err)
	}
	file, err := parseConfig(content, table)
	if err != nil {
		return configFile{}, usage("%s:%w", filepath.Base(path), err)
	}
	file.path = path
	return file, nil
}

// parseConfig reads a config file strictly: an unknown key is an error. Errors begin with the number of the line.
func parseConfig(content []byte, table []setting) (configFile, error) {
	file := configFile{lines: make(map[string]configLine)}
	root, err := parseYAML(content)
	if root == nil {
		return file, err
	}
	if root.Kind != yaml.MappingNode {
		return file, fmt.Errorf("%d: want lines of the form name: value", root.Line)
	}
	known := configKeys(table)
	for i := 0; i < len(root.Content); i += 2 {
		key, node := root.Content[i], root.Content[i+1]
		line := configLine{number: key.Line}
		_, isTwice := file.lines[key.Value]
		switch {
		case !slices.Contains(known, key.Value):
			return file, fmt.Errorf("%d: there is no setting %q%s", key.Line, key.Value, insteadOf(key.Value, known, table))
		case isTwice:
			return file, fmt.Errorf("%d: %s is set twice", key.Line, key.Value)
		case key.Value == usersKey:
			file.users, err = parseUsers(node)
		default:
			line.values, err = parseValues(node)
		}
		if err != nil {
			return file, fmt.Errorf("%d: %s: %w", key.Line, key.Value, err)
		}
		file.lines[key.Value] = line
	}
	return file, nil
}

// parseYAML returns the document of a file, nil if the file is empty.
func parseYAML(content []byte) (*yaml.Node, error) {
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
	return file.Content[0], nil
}

// configKeys returns the keys that a config file can have.
func configKeys(table []setting) []string {
	known := []string{usersKey}
	for _, s := range table {
		if !s.perRun {
			known = append(known, s.name)
		}
	}
	return known
}

// insteadOf returns advice for somebody who wrote an unknown key.
func insteadOf(key string, known []string, table []setting) string {
	normal := func(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "-") }
	for _, s := range table {
		if key == s.name {
			return "; it counts for one run only: give it as --" + key
		}
		switch normal(key) {
		case normal(s.secret.variable):
			return "; it is read from the environment, or from the file that " + s.name + " names"
		case normal(s.env):
			return "; did you mean " + s.name + "?"
		}
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

// parseUsers reads the amojo ids of authors.
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
		users[author.Value] = normalizeID(user.Value)
	}
	return users, nil
}
