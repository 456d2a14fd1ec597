package commands

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kommo-import/importer"
	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// This file is about the source of a load and its sticky settings, which the migration file keeps for later loads.

// hasSource reports whether the flags name a source.
func (v *values) hasSource() bool { return len(v.sourceFlags()) > 0 }

// sourceFlags returns the names of the flags that name a source.
func (v *values) sourceFlags() (names []string) {
	for _, name := range []string{"xlsx", "csv", "jsonl"} {
		if v.text(name) != "" {
			names = append(names, name)
		}
	}
	if v.on("green-api") {
		names = append(names, "green-api")
	}
	return names
}

// tablePath returns the path of the table that the flags name, "" if they name none.
func (v *values) tablePath() string { return cmp.Or(v.text("xlsx"), v.text("csv"), v.text("jsonl")) }

// hasSettingsOfAll reports whether a setting for the messages of all sources is on the command line.
func (v *values) hasSettingsOfAll() bool {
	return slices.ContainsFunc(settingsIn(v.table, v.command), func(s setting) bool {
		return s.sticky == ofAll && v.isOnCommandLine(s)
	})
}

// checkSourceFlags refuses flags of a load without a source, and of Green-API without Green-API: they would not count.
func (v *values) checkSourceFlags() error {
	if !v.find("csv").isIn(v.command) { // the command does not load
		return nil
	}
	named := v.sourceFlags()
	if len(named) > 1 {
		return usage("--%s and --%s: load one after the other, into the same migration file", named[0], named[1])
	}
	if v.text("jsonl") == "-" && strings.TrimSpace(v.text("name")) == "" {
		return usage("--jsonl -: stdin has no name; give one with --name, by which later loads know the source again")
	}
	hasGreenAPI, hasTable := v.on("green-api"), v.tablePath() != ""
	applies := v.command == "load" && v.hasSettingsOfAll()
	for _, s := range settingsIn(v.table, v.command) {
		switch {
		case !v.isFlag(s.name):
		case hasGreenAPI && s.group == groupTable:
			return usage("--%s counts for tables, not for --green-api", s.name)
		case hasGreenAPI:
		case hasTable && s.group == groupChats:
			return usage("--%s counts for --green-api, not for --%s", s.name, named[0])
		case s.name == "sheet" && named[0] != "xlsx", s.name == "encoding" && named[0] != "csv":
			return usage("--%s does not count for --%s", s.name, named[0])
		case s.name == "timezone" && v.text("notify-since") != "":
		case v.command == "load" && (s.sticky == ofAll || s.name == "name" && v.on("discard") || s.name == "allow-private-media" && applies):
		case !hasTable && (s.group == groupChats || s.group == groupLoading || s.group == groupTable):
			return usage("--%s counts for loading; name what to load with --xlsx FILE, --csv FILE, --jsonl FILE or --green-api", s.name)
		}
	}
	return nil
}

// sourceName returns the name of the source in the migration file: that of the flag, the instance of Green-API, or the path
// of the file.
func (v *values) sourceName() (string, error) {
	if name := strings.TrimSpace(v.text("name")); name != "" {
		return name, nil
	}
	if v.on("green-api") {
		return "green-api:" + strings.TrimSpace(v.text("green-api-instance")), nil
	}
	return v.pathName()
}

// pathName returns the name of a file as a source: its path. Below the folder of the migration file it is relative, so that the
// folder can be moved.
func (v *values) pathName() (string, error) {
	path, err := filepath.Abs(v.tablePath())
	if err != nil {
		return "", err
	}
	folder, err := filepath.Abs(filepath.Dir(v.text("migration")))
	if err != nil {
		return "", err
	}
	if below, err := filepath.Rel(folder, path); err == nil && filepath.IsLocal(below) {
		path = below
	}
	return filepath.ToSlash(path), nil
}

// takeSettingsOver reads the sticky settings of the last load from the migration file, if there is one, and prints those
// that count because they are not given now.
func (p *program) takeSettingsOver(v *values, source string) error {
	if _, err := os.Stat(v.text("migration")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err := p.readFile(v, "Opening the migration file", func(file *importer.File) error {
		settings, err := file.StoredSettings()
		if err != nil {
			return err
		}
		shape, err := file.SourceShape(source)
		v.stored = make(map[string][]string)
		for _, s := range settingsIn(v.table, "load") {
			switch s.sticky {
			case ofAll:
				v.stored[s.name] = settings[s.name]
			case ofSource:
				v.stored[s.name] = shape[s.name]
			}
		}
		return err
	})
	if err != nil && !errors.Is(err, migration.ErrNothingLoaded) {
		return err
	}
	var taken []string
	for _, s := range settingsIn(v.table, "load") {
		if got := v.valueOf(s); got.origin == fromLastLoad {
			taken = append(taken, flagsText(s.name, got.texts))
		}
	}
	if len(taken) > 0 {
		p.ui.info("As in the last load: %s", oneLine(strings.Join(taken, " "), 500))
	}
	return nil
}

// flagsText returns a setting as flags on the command line: "--exclude ann --exclude bob". The value of a switch needs a =.
func flagsText(name string, texts []string) string {
	var flags []string
	for _, text := range texts {
		separator := " "
		if text == "true" || text == "false" {
			separator = "="
		}
		flags = append(flags, "--"+name+separator+quoted(text))
	}
	return strings.Join(flags, " ")
}

// quoted returns an argument as a shell takes it. Double quotes do in the shells of Windows too. PowerShell takes text with a
// comma for several arguments.
func quoted(text string) string {
	switch {
	case text != "" && !strings.ContainsAny(text, " \t\n\"'`$&|;<>()*?[]{}#~!\\,@"):
		return text
	case !strings.ContainsAny(text, "\"`$!\\%"):
		return `"` + text + `"`
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// sticky returns the sticky settings of a kind that are not as by default, by name.
func (v *values) sticky(kind sticky) map[string][]string {
	settings := make(map[string][]string)
	for _, s := range settingsIn(v.table, "load") {
		if got := v.valueOf(s); s.sticky == kind && got.origin != fromDefault {
			settings[s.name] = got.texts
		}
	}
	return settings
}

// settingsOfAll returns the settings for all sources. Times are stored with their zone, which may differ in a later load.
func (v *values) settingsOfAll(filter importer.Filter) map[string][]string {
	settings := v.sticky(ofAll)
	if !filter.Since.IsZero() {
		settings["since"] = []string{filter.Since.Format(time.RFC3339)}
	}
	if !filter.Until.IsZero() {
		settings["until"] = []string{filter.Until.Format(time.RFC3339)}
	}
	return settings
}

// flagOf returns the flags that load a source again.
func (v *values) flagOf(source importer.SourceStatus) string {
	if source.Family == sources.GreenAPI {
		return "--green-api"
	}
	path := filepath.FromSlash(source.Name)
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(v.text("migration")), path)
	}
	flag := map[string]string{".xlsx": "--xlsx ", ".jsonl": "--jsonl "}[strings.ToLower(filepath.Ext(path))]
	flag = cmp.Or(flag, "--csv ")
	if _, err := os.Stat(path); err != nil {
		return flag + "FILE --name " + quoted(printable(source.Name))
	}
	return flag + quoted(printable(path))
}
