package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"kommo-import/importer"
	"kommo-import/sources"
	"kommo-import/sources/csvfile"
	"kommo-import/sources/jsonlfile"
	"kommo-import/sources/xlsxfile"
)

// This file is about tables: how the settings say that they are read, and advice where they cannot be read so.

// tableSource returns the source of a table.
func (p *program) tableSource(v *values) (*csvfile.File, error) {
	zone, err := v.zone()
	if err != nil {
		return nil, err
	}
	path := cmp.Or(v.stdin, v.tablePath())
	if _, err := os.Stat(path); err != nil { // a mistyped name must not leave a migration file behind
		return nil, fmt.Errorf("--%s: %w", v.sourceFlags()[0], err)
	}
	country, err := v.country()
	if err != nil {
		return nil, err
	}
	settings, err := v.tableSettings()
	table := &csvfile.File{Path: path, Settings: settings, Location: zone, Country: country, Unknown: func(columns []string) {
		p.ui.info("These columns are not known and not read: %s", oneLine(strings.Join(columns, ", "), 300))
		if i := slices.IndexFunc(columns, csvfile.MarksNotes); i >= 0 {
			p.ui.info("Warning: does %s mark internal notes? They would be sent to the client. To leave them out: --skip-where %s",
				oneLine(columns[i], 60), quoted(oneLine(columns[i], 60)+"=VALUE"))
		}
	}, Unlisted: func(directions []csvfile.ValueUse) { v.unlisted = directions }}
	switch v.sourceFlags()[0] {
	case "xlsx":
		table.Text = xlsxfile.Sheet(v.text("sheet")).TextIn(v.temp)
	case "jsonl":
		table.Text, table.NoHeaderLine = jsonlfile.Text, true
	}
	return table, err
}

// tableSettings returns the settings that shape the reading of a table.
func (v *values) tableSettings() (s csvfile.Settings, err error) {
	s.Incoming, s.Outgoing, s.Skip = v.list("incoming"), v.list("outgoing"), v.list("skip")
	s.Preset, s.HTML = v.text("preset"), v.isOn(v.findIn("load", "html"))
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
	if s.Preset != "" && !slices.Contains(csvfile.Presets(), s.Preset) {
		return s, usage("--preset %s: there is no such preset; there are %s", s.Preset, strings.Join(csvfile.Presets(), ", "))
	}
	if s.Map, err = csvfile.ParseMapping(v.list("map")); err != nil {
		return s, usage("--map: %w", err)
	}
	return s, nil
}

// adviseOnCountry says of which tables the ids of chats were made with another country: only a new reading changes ids.
func (p *program) adviseOnCountry(v *values, file *importer.File, country string) error {
	status, err := file.Status()
	if err != nil {
		return err
	}
	for _, source := range status.Sources {
		shape, err := file.SourceShape(source.Name)
		if err != nil {
			return err
		}
		mapping, _ := csvfile.ParseMapping(shape["map"]) // was parsed before
		settings := csvfile.Settings{Map: mapping, Preset: strings.Join(shape["preset"], "")}
		if former := strings.Join(shape["country"], ""); settings.UsesCountry() && former != country {
			p.ui.info("The conversation ids of %s were made with another country. To make them anew: kommo-import load %s%s",
				printable(source.Name), v.flagOf(source), v.migrationFlag())
		}
	}
	return nil
}

// withTableHint adds a hint to an error about a table: the command that reads it.
func (v *values) withTableHint(ctx context.Context, err error, source sources.Source) error {
	if e, ok := errors.AsType[*csvfile.EncodingError](err); ok {
		return &hintedError{err, fmt.Sprintf("Hint: if the first reads well, run: %s\n"+
			"      Any other encoding can be named too. If it is UTF-8 with broken characters: --encoding utf-8",
			v.commandWith(map[string][]string{"encoding": {e.Guesses[0].Name}}))}
	}
	table, isTable := source.(*csvfile.File)
	columns, hasOthers := errors.AsType[*csvfile.ColumnsError](err)
	if !isTable || !hasOthers {
		return err
	}
	if !columns.HasNames() {
		return &hintedError{err, "Hint: put a line with the names of the columns above the rows, such as\n" +
			"      phone,date,direction,message" + v.otherSheets()}
	}
	defer v.ui.notifyIfSlow("Reading the table")()
	explained, explainErr := table.Explain(ctx)
	if explainErr != nil {
		return err
	}
	proposal := v.proposal(explained)
	hint := "Hint: to load it so, run:\n"
	if len(proposal.questions) > 0 {
		hint = "Hint: to load it, replace the words in capitals and run:\n"
	}
	return &hintedError{err, hint + proposal.text("      ") + v.otherSheets() + "\n      To see how the table would be read: add --explain"}
}

// otherSheets names the sheets of a workbook if none was chosen: the conversations may be in another one.
func (v *values) otherSheets() string {
	if v.text("xlsx") == "" || v.text("sheet") != "" {
		return ""
	}
	names, err := xlsxfile.Sheets(v.text("xlsx"))
	if err != nil || len(names) < 2 {
		return ""
	}
	return "\n      The workbook has the sheets " + oneLine(printable(strings.Join(names, ", ")), 300) + "; --sheet NAME reads another one than the first"
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
		if len(texts) > 0 {
			words = append(words, flagsText(s.name, texts))
		}
	}
	return strings.Join(words, " ")
}
