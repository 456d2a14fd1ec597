package commands

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
	"kommo-import/sources"
	"kommo-import/sources/csvfile"
	"kommo-import/sources/greenapi"
)

func (d *desk) load() *cli.Command {
	return &cli.Command{
		Name:  "load",
		Usage: "read old conversations into the migration file",
		Description: `The first step. Reads a source and plans what becomes of every message. Sends nothing. Interrupted,
it goes on where it stopped when it is run again. A source that was read before and has grown adds what is new.

  kommo-import load --csv chats.csv --timezone Europe/Madrid
  kommo-import load --green-api                           every chat: about one a second
  kommo-import load --green-api --chat 79001234567@c.us   one chat`,
		Flags: flags(sourceFlags(), greenAPIFlags()),
		Action: func(c *cli.Context) error {
			if !hasSource(c) {
				return usage("load what? name a CSV file with --csv FILE, or --green-api")
			}
			return d.loadFirst(c)
		},
	}
}

// loads reports whether a command can load.
func loads(command *cli.Command) bool {
	return slices.Contains([]string{"load", "preview", "send"}, command.Name)
}

// hasSource reports whether the flags name a source.
func hasSource(c *cli.Context) bool { return c.String("csv") != "" || c.Bool("green-api") }

// checkSourceFlags makes sure that nobody believes to have left something out: without a source there is no load that
// the filters would count for.
func checkSourceFlags(c *cli.Context) error {
	if c.String("csv") != "" && c.Bool("green-api") {
		return usage("--csv and --green-api: load one after the other, into the same migration file")
	}
	without, advice := sourceFlags(), "--%s counts for loading; name what to load with --csv FILE, or --green-api"
	if c.Bool("green-api") {
		return nil
	} else if hasSource(c) {
		without, advice = greenAPISourceFlags(), "--%s counts for --green-api, not for --csv"
	}
	for _, flag := range without {
		if name := flag.Names()[0]; c.IsSet(name) {
			return usage(advice, name)
		}
	}
	return nil
}

// csvSource returns the source of a CSV file.
func (d *desk) csvSource(c *cli.Context) (*csvfile.File, error) {
	zone, err := zoneOf(c)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(c.String("csv")); err != nil { // before a migration file is made for what may be a slip
		return nil, fmt.Errorf("--csv: %w", err)
	}
	return &csvfile.File{Path: c.String("csv"), Location: zone, Unknown: func(columns []string) {
		d.talk.tell("These columns are not known and not read: %s", oneLine(strings.Join(columns, ", "), 300))
	}}, nil
}

// loaderOf returns what the flags say of loading: the loader, but for its file, and the source.
func (d *desk) loaderOf(c *cli.Context) (*importer.Loader, sources.Source, error) {
	filter, err := filterOf(c)
	if err != nil {
		return nil, nil, err
	}
	loader := &importer.Loader{Filter: filter, AllowPrivateMedia: c.Bool("allow-private-media"),
		ForgetUnfinished: c.Bool("forget-unfinished"), Progress: d.tellLoading}
	if !c.Bool("green-api") {
		source, err := d.csvSource(c)
		return loader, source, err
	}
	client, err := d.greenAPIOf(c)
	if err != nil {
		return nil, nil, err
	}
	loader.Reread, loader.Renew = true, client.DownloadFile
	loader.Progress = func(p importer.LoadProgress) {
		if p.Phase != importer.Reading { // the source tells how many chats are read
			d.tellLoading(p)
		}
	}
	source, err := d.greenAPISource(c, client)
	return loader, source, err
}

// loadFirst loads the source that the flags name, if they name one.
func (d *desk) loadFirst(c *cli.Context) error {
	if !hasSource(c) {
		return nil
	}
	loader, source, err := d.loaderOf(c)
	if err != nil {
		return err
	}
	done := d.talk.meanwhile("Opening the migration file")
	loader.File, err = importer.Open(c.String("migration"), c.Command.Name)
	done()
	if err != nil {
		return err
	}
	return also(d.loadFrom(c, loader, source), loader.File.Close())
}

// loadFrom loads, and tells what came of it.
func (d *desk) loadFrom(c *cli.Context, loader *importer.Loader, source sources.Source) error {
	d.talk.tell("Loading %s into %s", printable(nameOf(source)), printable(c.String("migration")))
	report, err := loader.Load(c.Context, source)
	d.talk.endProgress()
	if err != nil {
		return err
	}
	status, err := loader.File.Status()
	if err != nil {
		return err
	}
	d.tellLoad(c, report, status)
	if c.Command.Name == "load" {
		d.tellNextOfLoad(c, status)
		if c.Bool("json") {
			if err := d.writeJSON(struct {
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

// tellNextOfLoad says what to do after a load. send refuses to start as long as a source was not read to its end.
func (d *desk) tellNextOfLoad(c *cli.Context, s importer.Status) {
	i := slices.IndexFunc(s.Sources, func(source importer.SourceStatus) bool { return !source.Finished })
	if i < 0 {
		d.talk.tell("Next: kommo-import preview%s", migrationFlag(c))
		return
	}
	name := s.Sources[i].Name
	d.talk.tell("The plan is not complete: %s was not read to its end, and send refuses to start without.\n"+
		"Next: kommo-import load %s%s, which reads the rest; or this load again with --forget-unfinished, to do without.",
		printable(name), flagOf(name), migrationFlag(c))
}

// nameOf returns how to call a source: a CSV file by its path, an instance by its id.
func nameOf(source sources.Source) string {
	switch source := source.(type) {
	case *csvfile.File:
		return source.Path
	case *greenapi.Source:
		return "the chats of Green-API instance " + source.Client.Instance
	}
	return source.Name()
}

func (d *desk) tellLoading(p importer.LoadProgress) {
	d.talk.progress(loadPhase(p.Phase), p.Done, p.Total, 0)
}

func loadPhase(phase importer.LoadPhase) string {
	switch phase {
	case importer.Planning:
		return "Putting messages in order"
	case importer.LookingUpMedia:
		return "Looking up media"
	}
	return "Messages read"
}

func (d *desk) tellLoad(c *cli.Context, r importer.LoadReport, s importer.Status) {
	switch {
	case r.Unchanged:
		d.talk.tell("It was read before and has not changed.")
	case r.Read+r.Invalid == 0 && c.Bool("green-api"):
		d.talk.tell("The chats hold no messages. Green-API holds what WhatsApp handed over when the phone was connected, and what\n" +
			"came since. For more, switch the settings incomingWebhook and outgoingMessageWebhook on, log the instance out and\n" +
			"scan its QR code again.")
	default:
		d.talk.tell("Read %s: %s new, %s known, %s doubled, %s invalid.", plural(r.Read+r.Invalid, "message"),
			number(r.Added), number(r.Known), number(r.Duplicate), number(r.Invalid))
	}
	for _, note := range []struct {
		count int
		text  string
	}{
		{r.Absent, "No longer in it, but read earlier: %s. They stay in the plan."},
		{r.Dropped, "Planned before, and left out by the filters of this load: %s."},
		{r.Restored, "Left out by earlier filters, and planned now: %s."},
	} {
		if note.count > 0 {
			d.talk.tell(note.text, plural(note.count, "message"))
		}
	}
	d.tellMedia(r)
	d.talk.tell("In the migration file: %s in %s to be sent, %s skipped, %s invalid.", plural(s.Messages.Planned, "message"),
		plural(s.Conversations.Total-s.Conversations.Done, "conversation"), number(s.Messages.Skipped), number(s.Messages.Invalid))
	if s.Messages.Invalid > 0 {
		d.talk.tell("What is invalid, and why: kommo-import failures%s", migrationFlag(c))
	}
}

func (d *desk) tellMedia(r importer.LoadReport) {
	if r.MediaFound+r.MediaGone+r.MediaFailed+r.MediaRefused == 0 {
		return
	}
	d.talk.tell("Looked up %s: %s there, %s gone, %s without an answer, %s in private networks.",
		plural(r.MediaFound+r.MediaGone+r.MediaFailed+r.MediaRefused, "media link"), number(r.MediaFound),
		number(r.MediaGone), number(r.MediaFailed), number(r.MediaRefused))
	if r.MediaFailed > 0 {
		d.talk.tell("Run the same load again to ask about those without an answer once more; otherwise links are sent as text.")
	}
	if r.MediaRefused > 0 {
		d.talk.tell("Links into private networks are not looked up; --allow-private-media changes that.")
	}
}

// migrationFlag returns the flag that names the migration file, "" for the default.
func migrationFlag(c *cli.Context) string {
	if path := c.String("migration"); path != "migration.db" {
		return " -m " + printable(path)
	}
	return ""
}
