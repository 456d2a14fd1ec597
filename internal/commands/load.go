package commands

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
	"kommo-import/internal/migration"
	"kommo-import/sources"
	"kommo-import/sources/csvfile"
	"kommo-import/sources/greenapi"
)

func (p *program) load() *cli.Command {
	return p.command("load", "read old conversations into the migration file",
		`The first step. Reads a source and plans what becomes of every message. Sends nothing. Interrupted,
it goes on where it stopped when it is run again. A source that was read before and has grown adds what is new.

  kommo-import load --csv chats.csv --timezone Europe/Madrid
  kommo-import load --green-api                           every chat: about one a second
  kommo-import load --green-api --chat 79001234567@c.us   one chat`,
		func(ctx context.Context, v *values) error {
			if !v.hasSource() {
				return usage("load what? name a CSV file with --csv FILE, or --green-api")
			}
			return p.loadFirst(ctx, v)
		})
}

// hasSource reports whether the flags name a source.
func (v *values) hasSource() bool { return v.text("csv") != "" || v.on("green-api") }

// checkSourceFlags refuses flags of a load without a source, and of Green-API without Green-API: they would not count.
func (v *values) checkSourceFlags() error {
	if v.find("csv").group != groupLoading { // the command does not load
		return nil
	}
	hasCSV, hasGreenAPI := v.text("csv") != "", v.on("green-api")
	if hasCSV && hasGreenAPI {
		return usage("--csv and --green-api: load one after the other, into the same migration file")
	}
	for _, s := range settingsIn(v.table, v.command) {
		switch {
		case hasGreenAPI || !v.isFlag(s.name):
		case hasCSV && s.group == groupChats:
			return usage("--%s counts for --green-api, not for --csv", s.name)
		case !hasCSV && (s.group == groupChats || s.group == groupLoading):
			return usage("--%s counts for loading; name what to load with --csv FILE, or --green-api", s.name)
		}
	}
	return nil
}

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
	return &csvfile.File{Path: path, Location: zone, Unknown: func(columns []string) {
		p.ui.info("These columns are not known and not read: %s", oneLine(strings.Join(columns, ", "), 300))
	}}, nil
}

// loader returns the loader that the settings describe, without its file, and the source.
func (p *program) loader(v *values) (*importer.Loader, sources.Source, error) {
	filter, err := v.filter()
	if err != nil {
		return nil, nil, err
	}
	loader := &importer.Loader{Filter: filter, AllowPrivateMedia: v.on("allow-private-media"),
		ForgetUnfinished: v.on("forget-unfinished"), Progress: p.showLoading}
	if !v.on("green-api") {
		source, err := p.csvSource(v)
		return loader, source, err
	}
	client, err := p.greenAPIClient(v)
	if err != nil {
		return nil, nil, err
	}
	loader.Reread, loader.Renew = true, client.DownloadFile
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
	loader, source, err := p.loader(v)
	if err != nil {
		return err
	}
	if loader.File, err = p.open(v); err != nil {
		return err
	}
	return withCloseError(p.loadFrom(ctx, v, loader, source), loader.File.Close())
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
	return importer.Open(v.text("migration"), v.command)
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
	report, err := loader.Load(ctx, source)
	p.ui.endProgress()
	if err != nil {
		return err
	}
	status, err := loader.File.Status()
	if err != nil {
		return err
	}
	p.printLoad(v, report, status)
	if v.command == "load" {
		p.printNextOfLoad(v, status)
		if v.on("json") {
			if err := p.writeJSON(struct {
				importer.Status
				Load importer.LoadReport `json:"load"`
			}{status, report}); err != nil {
				return err
			}
		}
	}
	if status.Messages.Invalid > 0 {
		return errIncomplete
	}
	return nil
}

// printNextOfLoad prints the next step after a load. send refuses to start until every source was read to its end.
func (p *program) printNextOfLoad(v *values, s importer.Status) {
	i := slices.IndexFunc(s.Sources, func(source importer.SourceStatus) bool { return !source.Finished })
	if i < 0 {
		p.ui.info("Next: kommo-import preview%s", v.migrationFlag())
		return
	}
	name := s.Sources[i].Name
	p.ui.info("The plan is not complete: %s was not read to its end, and send refuses to start without.\n"+
		"Next: kommo-import load %s%s, which reads the rest; or this load again with --forget-unfinished, to do without.",
		printable(name), flagOf(name), v.migrationFlag())
}

// nameOf returns the name of a source for people: the path of a CSV file, the id of an instance.
func nameOf(source sources.Source) string {
	switch source := source.(type) {
	case *csvfile.File:
		return source.Path
	case *greenapi.Source:
		return "the chats of Green-API instance " + source.Client.Instance
	}
	return source.Name()
}

func (p *program) showLoading(progress importer.LoadProgress) {
	label := map[importer.LoadPhase]string{importer.Planning: "Putting messages in order", importer.LookingUpMedia: "Looking up media"}
	p.ui.progress(cmp.Or(label[progress.Phase], "Messages read"), progress.Done, progress.Total, 0)
}

func (p *program) printLoad(v *values, r importer.LoadReport, s importer.Status) {
	switch {
	case r.Unchanged:
		p.ui.info("It was read before and has not changed.")
	case r.Read+r.Invalid == 0 && v.on("green-api"):
		p.ui.info("The chats hold no messages. Green-API holds what WhatsApp handed over when the phone was connected, and what\n" +
			"came since. For more, switch the settings incomingWebhook and outgoingMessageWebhook on, log the instance out and\n" +
			"scan its QR code again.")
	default:
		p.ui.info("Read %s: %s new, %s known, %s doubled, %s invalid.", plural(r.Read+r.Invalid, "message"),
			number(r.Added), number(r.Known), number(r.Duplicate), number(r.Invalid))
	}
	p.ui.note(r.Absent, "message", "No longer in it, but read earlier: %s. They stay in the plan.")
	p.ui.note(r.Dropped, "message", "Planned before, and left out by the filters of this load: %s.")
	p.ui.note(r.Restored, "message", "Left out by earlier filters, and planned now: %s.")
	p.printMedia(r)
	p.ui.info("In the migration file: %s in %s to be sent, %s skipped, %s invalid.", plural(s.Messages.Planned, "message"),
		plural(s.Conversations.Total-s.Conversations.Done, "conversation"), number(s.Messages.Skipped), number(s.Messages.Invalid))
	if s.Messages.Invalid > 0 {
		p.ui.info("What is invalid, and why: kommo-import failures%s", v.migrationFlag())
	}
}

func (p *program) printMedia(r importer.LoadReport) {
	p.ui.note(r.MediaFound+r.MediaGone+r.MediaFailed+r.MediaRefused, "media link",
		"Looked up %s: %s there, %s gone, %s without an answer, %s in private networks.", number(r.MediaFound),
		number(r.MediaGone), number(r.MediaFailed), number(r.MediaRefused))
	if r.MediaFailed > 0 {
		p.ui.info("Run the same load again to ask about those without an answer once more; otherwise links are sent as text.")
	}
	if r.MediaRefused > 0 {
		p.ui.info("Links into private networks are not looked up; --allow-private-media changes that.")
	}
}

// migrationFlag returns the flag that names the migration file, "" for the default.
func (v *values) migrationFlag() string {
	if path := v.text("migration"); path != v.find("migration").def {
		return " -m " + printable(path)
	}
	return ""
}

// flagOf returns the flag that reads a source.
func flagOf(source string) string {
	if path, isCSV := strings.CutPrefix(source, "csv:"); isCSV && path != "" {
		return "--csv " + printable(path)
	}
	if isGreenAPI(source) {
		return "--green-api"
	}
	return "..."
}

func isGreenAPI(source string) bool { return strings.HasPrefix(source, "green-api:") }
