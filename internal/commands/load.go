package commands

import (
	"context"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
	"kommo-import/internal/migration"
	"kommo-import/sources"
	"kommo-import/sources/csvfile"
)

func (p *program) load() *cli.Command {
	return p.command("load", "read old conversations into the migration file",
		`Reads a source and plans what becomes of every message. Sends nothing. Interrupted, it goes on when it is run
again. A new reading of a table takes the place of the last one. A setting that you leave out keeps its value;
without a source, load applies new settings to the messages in the migration file.

  kommo-import load --xlsx chats.xlsx --explain   how it would be understood
  kommo-import load --csv chats.csv
  kommo-import load --green-api                   about one chat a second`,
		func(ctx context.Context, v *values) error {
			switch {
			case v.on("discard"):
				return p.discard(v)
			case v.on("explain"):
				return p.explain(ctx, v)
			case v.hasSource():
				return p.loadFirst(ctx, v)
			case v.hasSettingsOfAll():
				return p.applySettings(ctx, v)
			}
			return usage("load what? name a workbook with --xlsx FILE, a CSV file with --csv FILE, JSON lines with --jsonl FILE, or --green-api")
		})
}

// loader returns the loader that the settings describe, without its file, and the source.
func (p *program) loader(v *values) (*importer.Loader, sources.Source, error) {
	loader := &importer.Loader{Named: v.text("name") != "", Add: v.on("add"), KeepSent: v.on("keep-sent"),
		AllowPrivateMedia: v.on("allow-private-media"), Progress: p.showLoading}
	var err error
	if loader.Name, err = v.sourceName(); err != nil {
		return nil, nil, err
	}
	if err := p.takeSettingsOver(v, loader.Name); err != nil {
		return nil, nil, err
	}
	// A sheet of its own is another export than the workbook that was loaded without a name.
	if loader.Named && !v.on("green-api") && v.tablePath() != "-" && v.text("sheet") == "" {
		if loader.Formerly, err = v.pathName(); err != nil {
			return nil, nil, err
		}
	}
	if loader.Filter, err = v.filter(); err != nil {
		return nil, nil, err
	}
	loader.Settings = v.settingsOfAll(loader.Filter)
	if !v.on("green-api") {
		loader.Shape = v.sticky(ofSource)
		source, err := p.tableSource(v)
		if err == nil && source.UsesCountry() && source.Country != "" {
			loader.Shape["country"] = []string{source.Country}
		}
		return loader, source, err
	}
	client, err := p.greenAPIClient(v)
	if err != nil {
		return nil, nil, err
	}
	loader.Renew = client.DownloadFile
	loader.Progress = func(progress importer.LoadProgress) {
		if progress.Phase != importer.Reading { // the source shows how many chats are read
			p.showLoading(progress)
		}
	}
	source, err := p.greenAPISource(v, client)
	return loader, source, err
}

// loadFirst loads the source that the flags name, if any.
func (p *program) loadFirst(ctx context.Context, v *values) error {
	if !v.hasSource() {
		return nil
	}
	remove, err := p.makeTempFolder(v)
	if err != nil {
		return err
	}
	defer remove()
	loader, source, err := p.loader(v)
	if err != nil {
		return err
	}
	if loader.File, err = p.open(v); err != nil {
		return err
	}
	return withCloseError(p.loadFrom(ctx, v, loader, source), loader.File.Close())
}

// applySettings applies the settings to the messages of all sources.
func (p *program) applySettings(ctx context.Context, v *values) error {
	if err := p.takeSettingsOver(v, ""); err != nil {
		return err
	}
	filter, err := v.filter()
	if err != nil {
		return err
	}
	loader := &importer.Loader{Filter: filter, Settings: v.settingsOfAll(filter), AllowPrivateMedia: v.on("allow-private-media"),
		Progress: p.showLoading}
	if loader.File, err = p.openExisting(v); err != nil {
		return err
	}
	report, err := loader.Apply(ctx)
	p.ui.endProgress()
	if err == nil {
		err = p.reportLoad(v, loader.File, report, "")
	}
	if err == nil && v.isFlag("country") {
		err = p.adviseOnCountry(v, loader.File, filter.Country)
	}
	return withCloseError(err, loader.File.Close())
}

// discard drops what interrupted loads have read of tables.
func (p *program) discard(v *values) error {
	name := ""
	if v.hasSource() || v.text("name") != "" {
		var err error
		if name, err = v.sourceName(); err != nil {
			return err
		}
	}
	file, err := p.openExisting(v)
	if err != nil {
		return err
	}
	discarded, err := file.Discard(name)
	if err == nil && len(discarded) == 0 {
		p.ui.info("No load is unfinished; nothing was dropped.")
	}
	for _, name := range discarded {
		p.ui.info("Dropped what the interrupted load of %s has read. The plan is as it was before.", printable(name))
	}
	return withCloseError(err, file.Close())
}

// readFile opens the migration file for reading, and reads it. If that takes long, the name of the work is printed.
func (p *program) readFile(v *values, work string, read func(*importer.File) error) error {
	file, err := importer.OpenReadOnly(v.text("migration"))
	if err != nil {
		return err
	}
	defer p.ui.notifyIfSlow(work)()
	return withCloseError(read(file), file.Close())
}

// open opens the migration file for writing.
func (p *program) open(v *values) (*importer.File, error) {
	defer p.ui.notifyIfSlow("Opening the migration file")()
	file, err := importer.Open(v.text("migration"), v.command)
	if err == nil && file.LostCommits {
		p.ui.print("%s: records of what was sent are missing. Was %[1]s-wal removed, or an older copy of the file put here?\n"+
			"Nothing is sent twice: send reads each chat before it sends into it.", printable(filepath.Base(file.Path)))
	}
	return file, err
}

// openExisting opens an existing migration file for writing.
func (p *program) openExisting(v *values) (*importer.File, error) {
	if _, err := os.Stat(v.text("migration")); err != nil {
		return nil, migration.NoFile(v.text("migration"))
	}
	return p.open(v)
}

// loadFrom loads, and reports the result.
func (p *program) loadFrom(ctx context.Context, v *values, loader *importer.Loader, source sources.Source) error {
	p.ui.info("Loading %s into %s", printable(nameOf(source)), printable(v.text("migration")))
	if service := migration.SyncedBy(loader.File.Path); service != "" {
		p.ui.info("Warning: %s synchronises the folder of %s and may put an older copy of it back. Keep it in a folder of this computer alone.",
			service, printable(filepath.Base(loader.File.Path)))
	}
	report, err := loader.Load(ctx, source)
	p.ui.endProgress()
	if err != nil {
		return v.withTableHint(ctx, err, source)
	}
	advice := ""
	if table, isTable := source.(*csvfile.File); isTable && isMostlyInvalid(report) {
		advice = v.adviceOnTable(ctx, table)
	}
	return p.reportLoad(v, loader.File, report, advice)
}

// migrationFlag returns the flag that names the migration file, "" for the default.
func (v *values) migrationFlag() string {
	if path := v.text("migration"); path != v.find("migration").def {
		return " -m " + printable(path)
	}
	return ""
}
