package commands

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
	"kommo-import/internal/pace"
)

func (p *program) send() *cli.Command {
	return p.command("send", "send what is planned to Kommo",
		`Use it when the preview shows what you want. It shows what it is about to do and asks. Interrupted
in any way, run it again: it goes on at the message where it stopped. With the flags of load it loads first.

  kommo-import send --max-conversations 3    a pilot
  kommo-import send                          the rest`,
		func(ctx context.Context, v *values) error {
			if v.on("dry-run") {
				return p.showPreview(ctx, v)
			}
			return p.sendAll(ctx, v)
		})
}

func (p *program) sendAll(ctx context.Context, v *values) error {
	sender, err := p.sender(v)
	if err != nil {
		return err
	}
	open, load := p.openExisting, func() error { return nil }
	if v.hasSource() {
		loader, source, err := p.loader(v)
		if err != nil {
			return err
		}
		open, load = p.open, func() error {
			loader.File = sender.File
			return p.loadFrom(ctx, v, loader, source)
		}
	}
	if sender.File, err = open(v); err != nil {
		return err
	}
	return withCloseError(p.loadAndSend(ctx, v, load, sender), sender.File.Close())
}

// sender returns the sender that the settings describe, without its file.
func (p *program) sender(v *values) (sender *importer.Sender, err error) {
	sender = &importer.Sender{MaxDuration: v.span("max-duration"), Workers: v.count("workers"), Settle: v.span("settle"), Selection: v.selection(),
		LookFirst: v.on("look-first"), Pace: pace.New(v.number("rate")), Log: p.ui.logger()}
	if window := v.text("window"); window != "" {
		if sender.Window, err = importer.ParseWindow(window); err != nil {
			return nil, usage("--window %s: %w", window, err)
		}
	}
	if sender.Client, err = v.client(); err != nil {
		return nil, err
	}
	if sender.Composer, err = v.composer(); err != nil {
		return nil, err
	}
	if sender.Account, err = v.accountIfSet(); err != nil {
		return nil, err
	}
	return sender, p.renewLinks(v, sender)
}

func (p *program) loadAndSend(ctx context.Context, v *values, load func() error, sender *importer.Sender) error {
	if err := load(); err != nil && err != errIncomplete {
		return err
	}
	preview, err := p.readPlan(sender)
	if err != nil {
		return err
	}
	if sender.LookFirst {
		preview.Unsure = preview.Conversations
	}
	if preview.Messages > 0 {
		if err := p.confirm(ctx, v, sender, preview); err != nil {
			return err
		}
	}
	ended := p.ui.whileRunning(ctx, "Sent", "Waiting; sent", sender.Progress)
	report, err := sender.Send(ctx)
	ended()
	status, statusErr := sender.File.Status()
	if statusErr != nil {
		return errors.Join(err, statusErr)
	}
	p.printSent(v, report, status, err)
	if err == nil {
		next, err := nextOfSend(v, sender.File, status, report)
		if err != nil {
			return err
		}
		p.printNext(v, next)
	}
	if v.on("json") {
		err = errors.Join(err, p.writeJSON(struct {
			importer.Status
			Run importer.SendReport `json:"run"`
		}{status, report}))
	}
	if err == nil && report.TimeUp {
		p.ui.info("%s left.", plural(status.Messages.Planned+status.Messages.Sending, "message"))
		return nil
	}
	if err == nil && status.Messages.Invalid+status.Messages.Refused+report.SetAside > 0 {
		return errIncomplete
	}
	return err
}

// readPlan checks that the plan can be sent, and returns its preview.
func (p *program) readPlan(sender *importer.Sender) (importer.Preview, error) {
	defer p.ui.notifyIfSlow("Reading the plan")()
	if err := sender.Check(); err != nil {
		return importer.Preview{}, err
	}
	return sender.File.Preview(sender.Composer, sender.Selection, sender.Pace.Rate())
}

// confirm shows the preview and asks for permission to send.
func (p *program) confirm(ctx context.Context, v *values, sender *importer.Sender, preview importer.Preview) error {
	show := p.ui.print
	if v.on("yes") {
		show = p.ui.info
	}
	show("%s\nTo %s\nscope %s\n", describe(preview, lineLength(p.ui.w)), printable(sender.Client.BaseURL), sender.Client.ScopeID)
	if sender.Window != (importer.Window{}) {
		show("Sends only at %s, by the clock of this computer (%s).\n", v.text("window"), time.Now().Format("15:04 MST"))
	}
	return p.askToSend(ctx, v, preview)
}

// ask asks a question, unless --yes is given, and returns an error unless the answer is yes. Without a terminal, advice says
// how to do without the question.
func (p *program) ask(ctx context.Context, v *values, question, advice string) error {
	return p.askFor(ctx, v, question+" [y/N]", advice, func(answer string) bool { return answer == "yes" || answer == "y" })
}

// askFor is ask with another answer than yes. accept gets it in small letters.
func (p *program) askFor(ctx context.Context, v *values, question, advice string, accept func(answer string) bool) error {
	if v.on("yes") {
		return nil
	}
	if !p.canAsk() {
		return usage("stdin is not a terminal; %s", advice)
	}
	fmt.Fprintf(p.ui, "%s ", question)
	answer, err := withContext(ctx, func() (string, error) { return bufio.NewReader(p.stdin).ReadString('\n') })
	if err != nil { // the cursor is still behind the question
		fmt.Fprintln(p.ui)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if !accept(strings.ToLower(strings.TrimSpace(answer))) {
		return errors.New("cancelled; nothing was sent")
	}
	return nil
}

func (p *program) printSent(v *values, r importer.SendReport, s importer.Status, err error) {
	m := s.Messages
	switch {
	case r.Accepted+r.Refused == 0 && m.Planned+m.Sending == 0:
		p.ui.info("Nothing is left to be sent: Kommo has %s in %s.", plural(m.Accepted+m.Verified, "message"),
			plural(s.Conversations.Done, "conversation"))
	case r.Accepted > 0 || err == nil:
		p.ui.info("Sent %s in %s, with %s.", plural(r.Accepted, "message"), duration(r.Elapsed), plural(r.Notified, "notification"))
	}
	p.ui.note(r.Settled, "", "Of these, %s had no answer, and were found in their chats.")
	p.ui.note(r.Found, "", "Of these, %s were sent before without a record, and were found in their chats. What was left of those conversations "+
		"was sent without a notification: %s", oneLine(strings.Join(r.FoundConversations, ", "), 300))
	p.ui.note(r.Reformed, "", "Of these, %s went in another form, because Kommo refused the first: %s", oneLine(strings.Join(r.ReformedMessages, "; "), 2000))
	p.ui.note(r.Renewed, "media link", "Made %s anew because the old ones had died; they differ from the preview: %s",
		oneLine(strings.Join(r.RenewedMedia, ", "), 2000))
	p.ui.note(r.Gone, "file", "Gone since the preview, and sent as text: %s (%s)", oneLine(strings.Join(r.GoneMedia, ", "), 2000))
	p.ui.note(len(r.Unnotified), "conversation", "No notification for %s, because the last message was refused: %s",
		oneLine(strings.Join(r.Unnotified, ", "), 300))
	p.printLinks(v, r)
	p.ui.note(r.SetAside, "conversation", "Set aside %s: it is not known which messages Kommo has, and the rest waits: %s",
		oneLine(strings.Join(r.AsideConversations, ", "), 300))
	if r.SetAside > 0 {
		p.ui.info("To list them: kommo-import failures%s", v.migrationFlag())
	}
	p.ui.note(m.Refused, "message", "Kommo refused %s. To list them: kommo-import failures%s", v.migrationFlag())
	p.ui.note(m.Invalid, "message", "Invalid in the source: %s. To list them: kommo-import failures%s", v.migrationFlag())
	p.ui.note(m.Planned+m.Sending, "message", "Left to be sent: %s in %s.",
		plural(s.Conversations.Total-s.Conversations.Done, "conversation"))
}
