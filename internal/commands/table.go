package commands

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"kommo-import/sources/csvfile"
)

// This file is about tables: how the settings say that they are read, and advice where they cannot be read so.

// csvSource returns the source of a CSV file.
func (p *program) csvSource(v *values) (*csvfile.File, error) {
	zone, err := v.zone()
	if err != nil {
		return nil, err
	}
	path := v.text("csv")
	if _, err := os.Stat(path); err != nil { // a mistyped name must not leave a migration file behind
		return nil, fmt.Errorf("--csv: %w", err)
	}
	settings, err := v.tableSettings()
	return &csvfile.File{Path: path, Settings: settings, Location: zone, Unknown: func(columns []string) {
		p.ui.info("These columns are not known and not read: %s", oneLine(strings.Join(columns, ", "), 300))
	}}, err
}

// tableSettings returns the settings that shape the reading of a table.
func (v *values) tableSettings() (s csvfile.Settings, err error) {
	s.Incoming, s.Outgoing, s.Skip = v.list("incoming"), v.list("outgoing"), v.list("skip")
	s.Me, s.SkipWhere = v.list("me"), v.list("skip-where")
	if s.Encoding = v.text("encoding"); s.Encoding != "" {
		if err := csvfile.CheckEncoding(s.Encoding); err != nil {
			return s, usage("--encoding: %w", err)
		}
	}
	if s.TimeFormat = v.text("time-format"); s.TimeFormat != "" {
		if err := csvfile.CheckTimeFormat(s.TimeFormat); err != nil {
			return s, usage("--time-format: %w", err)
		}
	}
	if s.Map, err = csvfile.ParseMapping(v.list("map")); err != nil {
		return s, usage("--map: %w", err)
	}
	return s, nil
}

// withTableHint adds a hint to an error about a table: the command that reads it.
func (v *values) withTableHint(err error) error {
	if e, ok := errors.AsType[*csvfile.EncodingError](err); ok {
		return &hintedError{err, fmt.Sprintf("Hint: if the first reads well, run: %s\n"+
			"      Any other encoding can be named too. If it is UTF-8 with broken characters: --encoding utf-8",
			v.commandWith(map[string][]string{"encoding": {e.Guesses[0].Name}}))}
	}
	if e, ok := errors.AsType[*csvfile.ColumnsError](err); ok {
		return &hintedError{err, v.columnsHint(e)}
	}
	return err
}

// columnsHint returns the command that names the columns of a table, as far as their names say what they hold.
func (v *values) columnsHint(e *csvfile.ColumnsError) string {
	mapping, _ := csvfile.ParseMapping(v.list("map")) // was read before
	maps.Copy(mapping, e.Proposal)
	changed, unknown := map[string][]string{}, []string{}
	for _, name := range e.Missing {
		switch {
		case mapping[name] != "":
		case name == "direction" && (mapping["author_name"] != "" || slices.Contains(e.Found, "author_name")):
			changed["me"], unknown = []string{"NAMES"}, append(unknown, "NAMES: the company's among the authors")
		case name == "conversation_id":
			mapping[name], unknown = "COLUMN", append(unknown, "COLUMN: that of conversation_id, or '{file}' if the file is one conversation")
		default:
			mapping[name], unknown = "COLUMN", append(unknown, "COLUMN: that of "+name)
		}
	}
	if len(mapping) > 0 {
		changed["map"] = []string{mapping.String()}
	}
	command := v.commandWith(changed)
	if len(unknown) == 0 {
		return "Hint: are these the columns? Then run:\n      " + command
	}
	return "Hint: docs/csv.md shows what can stand for a column. Fill in and run:\n      " + command + "\n      " +
		strings.Join(unknown, "; ")
}

// commandWith returns the command that runs, as it was typed, but with other values of some settings.
func (v *values) commandWith(changed map[string][]string) string {
	words := []string{"kommo-import", v.command}
	for _, s := range settingsIn(v.table, v.command) {
		texts, isChanged := changed[s.name]
		if !isChanged {
			if !v.isFlag(s.name) {
				continue
			}
			texts = v.list(s.name)
		}
		if s.kind == kindSwitch {
			words = append(words, "--"+s.name)
		} else if len(texts) > 0 {
			words = append(words, flagsText(s.name, texts))
		}
	}
	return strings.Join(words, " ")
}
