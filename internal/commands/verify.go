package commands

import (
	"bufio"
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
	"kommo-import/internal/pace"
)

func (p *program) verify() *cli.Command {
	return p.command("verify", "read the chats back and compare them with what was sent",
		`Reads every chat back from Kommo and compares it with what was sent. Posts no message. Interrupted, it goes on
when it is run again. A line begins with - for a message that is missing, with * for a message that differs, and with !
for a message that is duplicated or out of order, and for a chat that cannot be read. With --verbose, = stands before a
conversation that is there as it was sent.

  kommo-import verify
  kommo-import verify --sample 20    twenty conversations, others each time
  kommo-import verify --retry        and hand what is missing to the next send`,
		p.verifyChats)
}

func (p *program) verifyChats(ctx context.Context, v *values) error {
	verifier, err := v.verifier()
	if err != nil {
		return err
	}
	verifier.Log = p.ui.logger()
	if verifier.File, err = p.openExisting(v); err != nil {
		return err
	}
	return withCloseError(p.verifyFile(ctx, v, verifier), verifier.File.Close())
}

// verifier returns the verifier that the settings describe, without its file.
func (v *values) verifier() (verifier *importer.Verifier, err error) {
	verifier = &importer.Verifier{Only: v.ids("only"), Sample: v.count("sample"), Wait: v.span("wait"),
		Pace: pace.New(v.number("rate"))}
	if verifier.Client, err = v.client(); err != nil {
		return nil, err
	}
	if verifier.Composer, err = v.composer(); err != nil {
		return nil, err
	}
	verifier.Account, err = v.accountIfSet()
	return verifier, err
}

func (p *program) verifyFile(ctx context.Context, v *values, verifier *importer.Verifier) error {
	p.ui.info("Reading the chats back. No message is posted.")
	ended := p.ui.whileRunning(ctx, "Messages read back", "Waiting; read back", verifier.Progress)
	report, err := verifier.Verify(ctx)
	ended()
	if err != nil {
		return err
	}
	handed := 0
	write := p.writeFindings
	if v.on("json") {
		write = p.writeVerification
	}
	if err := write(verifier.File, report); err != nil {
		return err
	}
	if v.on("retry") && report.Missing > 0 {
		question := fmt.Sprintf("Up to %s may then be in Kommo twice; Kommo has no delete. Hand them to the next send?", plural(report.Missing, "message"))
		if err := p.ask(ctx, v, question, "add --yes to hand them to the next send without a question"); err != nil {
			return err
		}
		if handed, err = verifier.File.RetryMissing(); err != nil {
			return err
		}
	}
	status, err := verifier.File.Status()
	if err != nil {
		return err
	}
	p.printVerification(v, report, status, handed)
	if report.Differences() > 0 {
		return errDifferent
	}
	return nil
}

// writeFindings prints a line for each finding, and with --verbose for each conversation without differences.
func (p *program) writeFindings(file *importer.File, _ importer.VerifyReport) error {
	out := bufio.NewWriter(p.stdout)
	for chat, err := range file.ReadChats() {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		if chat.Differences == 0 && p.ui.verbose {
			fmt.Fprintf(out, "= %s: %s\n", oneLine(chat.Conversation, 80), plural(chat.There, "message"))
		}
	}
	for finding, err := range file.Findings() {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		if sign := signOf(finding.Kind); sign != "" {
			fmt.Fprintln(out, sign, lineOfFinding(finding))
		}
	}
	return out.Flush()
}

// signOf returns the sign of a kind of finding, "" for a finding that is no difference.
func signOf(kind importer.FindingKind) string {
	switch kind {
	case importer.MessageMissing:
		return "-"
	case importer.MessageDiffers:
		return "*"
	case importer.MessageForeign, importer.MessageUnsent, importer.MessageShownAs:
		return ""
	}
	return "!"
}

func lineOfFinding(f importer.Finding) string {
	line := oneLine(f.Conversation, 80)
	if f.Position != "" {
		line += " " + oneLine(f.Position, 80)
	}
	if f.MsgID != "" {
		line += " " + oneLine(f.MsgID, 40)
	}
	return line + ": " + oneLine(f.Reason, 300)
}

// writeVerification prints status, report and findings as a JSON object.
func (p *program) writeVerification(file *importer.File, report importer.VerifyReport) error {
	status, err := file.Status()
	if err != nil {
		return err
	}
	return writeObject(bufio.NewWriter(p.stdout), struct {
		importer.Status
		Verification importer.VerifyReport `json:"verification"`
	}{status, report}, listOf("findings", file.Findings()))
}

func (p *program) printVerification(v *values, r importer.VerifyReport, s importer.Status, handed int) {
	p.ui.info("Read back %s in %s: %s there, %s missing, %s different, %s duplicated, %s out of order.",
		plural(r.Conversations, "conversation"), duration(r.Elapsed), plural(r.There, "message"), number(r.Missing),
		number(r.Differs), number(r.Doubled), number(r.OutOfOrder))
	p.ui.note(s.Messages.Refused, "message", "Kommo refused %s; nothing of that is in the chats: kommo-import failures%s", v.migrationFlag())
	p.ui.note(r.Foreign, "", "Not of this migration, and left alone: %s.")
	p.ui.note(r.Unsent, "", "In the chats, and not sent as far as the plan knows: %s.")
	p.ui.note(r.ShownAs, "message", "Shown as another kind, a sticker as a picture or voice as audio: %s.")
	p.ui.note(r.Unlinked, "chat", "Linked to a contact, and not its any more: %s.")
	p.ui.note(r.Unread, "", "Chats that are not readable: %s. Whether they lack messages is not known.")
	next, compared := "report", "What was sent"
	if !isWhole(s, r) {
		next, compared = "verify", "What was read back"
	}
	if s.Messages.Planned+s.Messages.Sending > 0 {
		next = "send"
	}
	switch {
	case handed > 0:
		p.ui.info("The next send looks for %s once more, and posts what the chats lack.", plural(handed, "missing message"))
		p.printNext(v, "send")
	case r.Messages+r.Differences() == 0:
		p.ui.info("Nothing was sent yet, so there is nothing to compare.")
		p.printNext(v, nextStep(v, s))
	case r.Missing > 0:
		p.ui.info("Kommo accepted %s and does not show them in their chats. Look at these in Kommo.", plural(r.Missing, "message"))
		p.printNext(v, next)
	case r.Differences() > 0:
		p.ui.info("kommo-import cannot mend that: Kommo deletes and changes nothing afterwards. Look at them in Kommo.")
		p.printNext(v, next)
	case next == "send":
		p.ui.info("%s is there as it was sent. Still to be sent: %s.", compared, plural(s.Messages.Planned+s.Messages.Sending, "message"))
		p.printNext(v, next)
	default:
		p.ui.info("%s is there as it was sent.", compared)
		p.printNext(v, next)
	}
}
