package commands

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"kommo-import/importer"
	"kommo-import/internal/kommo"
	"kommo-import/internal/migration"
	"kommo-import/internal/pace"
)

func (d *desk) send() *cli.Command {
	return &cli.Command{
		Name:  "send",
		Usage: "send what is planned to Kommo",
		Description: `Use it when the preview shows what you want. It shows what it is about to do and asks. Interrupted in any way, run it again: it goes on at the
message where it stopped. With the flags of load it loads first.

  kommo-import send --max-conversations 3    a pilot
  kommo-import send                          the rest`,
		Flags: flags(kommoFlags(), planFlags(), sourceFlags(), greenAPIFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "yes", Usage: "do not ask; needed where nobody can be asked"},
			&cli.BoolFlag{Name: "dry-run", Usage: "do what preview does"},
			&cli.IntFlag{Name: "workers", Value: 4, Usage: "send `N` conversations at a time"},
			&cli.DurationFlag{Name: "settle", Value: 5 * time.Second, Usage: "give Kommo `TIME` to show a message before looking whether it took it"},
		}),
		Action: func(c *cli.Context) error {
			if c.Bool("dry-run") {
				return d.showPreview(c)
			}
			return d.sendAll(c)
		},
	}
}

func (d *desk) sendAll(c *cli.Context) error {
	sender, err := senderOf(c)
	if err != nil {
		return err
	}
	sender.Log = d.talk.logger()
	if err := d.renewing(c, sender); err != nil {
		return err
	}
	load := func() error { return nil }
	if hasSource(c) {
		loader, source, err := d.loaderOf(c)
		if err != nil {
			return err
		}
		load = func() error {
			loader.File = sender.File
			return d.loadFrom(c, loader, source)
		}
	} else if _, err := os.Stat(c.String("migration")); err != nil {
		return migration.NoFile(c.String("migration"))
	}
	done := d.talk.meanwhile("Opening the migration file")
	sender.File, err = importer.Open(c.String("migration"), c.Command.Name)
	done()
	if err != nil {
		return err
	}
	return also(d.loadAndSend(c, load, sender), sender.File.Close())
}

// senderOf returns the sender that the flags describe, but for its file.
func senderOf(c *cli.Context) (sender *importer.Sender, err error) {
	if sender, err = pacedSender(c); err != nil {
		return nil, err
	}
	if sender.Client, err = clientOf(c); err != nil {
		return nil, err
	}
	if sender.Composer, err = sendingComposer(c); err != nil {
		return nil, err
	}
	return sender, nil
}

// pacedSender returns the sender that the flags describe which have nothing to do with Kommo's scope and users.
func pacedSender(c *cli.Context) (sender *importer.Sender, err error) {
	sender = &importer.Sender{Workers: c.Int("workers"), Settle: c.Duration("settle")}
	if sender.Workers < 1 || sender.Workers > 64 {
		return nil, usage("--workers %d: want 1 to 64", sender.Workers)
	}
	if sender.Settle <= 0 {
		return nil, usage("--settle %s: want a time such as 5s", sender.Settle)
	}
	if sender.Selection, err = selectionOf(c); err != nil {
		return nil, err
	}
	rate, err := rateOf(c)
	sender.Pace = pace.New(rate)
	return sender, err
}

func (d *desk) loadAndSend(c *cli.Context, load func() error, sender *importer.Sender) error {
	if err := load(); err != nil && err != errIncomplete {
		return err
	}
	done := d.talk.meanwhile("Reading the plan")
	if err := sender.Check(); err != nil {
		done()
		return err
	}
	preview, err := sender.File.Preview(sender.Composer, sender.Selection, sender.Pace.Rate())
	done()
	if err != nil {
		return err
	}
	if preview.Messages > 0 {
		if err := d.confirm(c, sender.Client, preview); err != nil {
			return err
		}
	}
	report, err := d.watch(c.Context, sender)
	status, statusErr := sender.File.Status()
	if statusErr != nil {
		return errors.Join(err, statusErr)
	}
	d.tellSend(c, report, status, err)
	if err == nil {
		next, err := nextAfter(sender.File, status)
		if err != nil {
			return err
		}
		if strings.HasPrefix(next, "verify") { // what was missing may have been sent just now
			d.tellNext(c, "verify")
		}
	}
	if c.Bool("json") {
		err = errors.Join(err, d.writeJSON(struct {
			importer.Status
			Run importer.SendReport `json:"run"`
		}{status, report}))
	}
	if err == nil && status.Messages.Invalid+status.Messages.Refused > 0 {
		return errIncomplete
	}
	return err
}

// confirm shows what is about to happen and asks whether it shall.
func (d *desk) confirm(c *cli.Context, client *kommo.Client, preview importer.Preview) error {
	show := d.talk.say
	if c.Bool("yes") {
		show = d.talk.tell
	}
	show("%s\nTo %s\nscope %s\n", describe(preview, d.talk.columns()), printable(client.BaseURL), client.ScopeID)
	if c.Bool("yes") {
		return nil
	}
	if file, ok := d.stdin.(*os.File); !ok || !term.IsTerminal(int(file.Fd())) {
		return usage("nobody can be asked here; add --yes to send without asking")
	}
	d.talk.ask("There is no undo at Kommo. Send %s? Type yes to go on: ", plural(preview.Messages, "message"))
	answer, err := readLine(c.Context, d.stdin)
	if err != nil {
		return err
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "yes" && answer != "y" {
		return errors.New("nothing was sent, as you did not say yes")
	}
	return nil
}

// readLine reads a line, unless ctx ends first.
func readLine(ctx context.Context, r io.Reader) (string, error) {
	line, err := reading(ctx, func() (string, error) { return bufio.NewReader(r).ReadString('\n') })
	if errors.Is(err, io.EOF) {
		return line, nil
	}
	return line, err
}

// readAll reads to the end, unless ctx ends first.
func readAll(ctx context.Context, r io.Reader) ([]byte, error) {
	return reading(ctx, func() ([]byte, error) { return io.ReadAll(r) })
}

// reading returns what read does, unless ctx ends first. Somebody at a keyboard can take any time.
func reading[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		got T
		err error
	}
	done := make(chan result, 1)
	go func() {
		got, err := read()
		done <- result{got, err}
	}()
	select {
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	case r := <-done:
		return r.got, r.err
	}
}

// watch sends and shows the progress meanwhile.
func (d *desk) watch(ctx context.Context, sender *importer.Sender) (importer.SendReport, error) {
	defer d.whileRunning(ctx, func() { d.tellProgress(sender.Progress()) })()
	return sender.Send(ctx)
}

func (d *desk) tellProgress(p importer.Progress) {
	if p.Total == 0 {
		return
	}
	what := "Sent"
	if p.PausedFor > 0 {
		what = "Kommo asked to wait; sent"
	}
	d.talk.progress(what, p.Done, p.Total, p.Remaining)
}

func (d *desk) tellSend(c *cli.Context, r importer.SendReport, s importer.Status, err error) {
	m := s.Messages
	switch {
	case r.Accepted+r.Refused == 0 && m.Planned+m.Sending == 0:
		d.talk.tell("Nothing is left to be sent: Kommo has %s in %s.", plural(m.Accepted+m.Verified, "message"),
			plural(s.Conversations.Done, "conversation"))
	case r.Accepted > 0 || err == nil:
		d.talk.tell("Sent %s in %s, with %s.", plural(r.Accepted, "message"), duration(r.Elapsed), plural(r.Notified, "notification"))
	}
	if r.Settled > 0 {
		d.talk.tell("Of these, %s had no answer, and were found in their chats.", number(r.Settled))
	}
	if r.AsText > 0 {
		d.talk.tell("Of these, %s went as text, because Kommo refused the file.", number(r.AsText))
	}
	if r.Renewed > 0 {
		d.talk.tell("Made %s anew because the old ones had died; they differ from the preview: %s", plural(r.Renewed, "media link"),
			oneLine(strings.Join(r.RenewedMedia, ", "), 2000))
	}
	if r.Gone > 0 {
		d.talk.tell("Gone since the preview, and sent as text: %s (%s)", plural(r.Gone, "file"), oneLine(strings.Join(r.GoneMedia, ", "), 2000))
	}
	if len(r.Unnotified) > 0 {
		d.talk.tell("Nobody was notified of %s, because the last message was refused: %s", plural(len(r.Unnotified), "conversation"),
			oneLine(strings.Join(r.Unnotified, ", "), 300))
	}
	for _, lost := range []struct {
		count int
		text  string
	}{
		{m.Refused, "Kommo refused %s. Which, and why: kommo-import failures%s"},
		{m.Invalid, "Not understood when loading: %s. Which, and why: kommo-import failures%s"},
	} {
		if lost.count > 0 {
			d.talk.tell(lost.text, plural(lost.count, "message"), migrationFlag(c))
		}
	}
	if left := m.Planned + m.Sending; left > 0 {
		d.talk.tell("Left to be sent: %s in %s. Run send again.", plural(left, "message"), plural(s.Conversations.Total-s.Conversations.Done, "conversation"))
	}
}
