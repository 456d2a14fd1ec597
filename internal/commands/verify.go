package commands

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
	"kommo-import/internal/migration"
	"kommo-import/internal/pace"
)

func (d *desk) verify() *cli.Command {
	return &cli.Command{
		Name:  "verify",
		Usage: "read the chats back and compare them with what was sent",
		Description: `Reads every chat back from Kommo and says what is otherwise than it was sent. Posts nothing. Interrupted,
it goes on where it stopped when it is run again. A line begins with = for a conversation that is there as it was sent,
with - for a message that is missing, with * for one that differs in its kind, its text, the side it is from or its time,
and with ! for one that is there twice or at another place, and for a chat that cannot be read.

  kommo-import verify
  kommo-import verify --sample 20    twenty conversations, others each time
  kommo-import verify --retry        and plan again what is missing`,
		Flags: flags(kommoFlags(), composerFlags(), []cli.Flag{
			&cli.StringSliceFlag{Name: "only", Usage: "only the conversation with this `ID`; repeatable"},
			&cli.IntFlag{Name: "sample", DefaultText: "all", Usage: "read `N` conversations, spread over all"},
			&cli.DurationFlag{Name: "wait", Value: 2 * time.Minute, Usage: "look for what is missing again until `TIME` has passed: Kommo may show it late"},
			&cli.BoolFlag{Name: "retry", Usage: "plan again what is missing, so that the next send looks for it and posts it"},
			rateFlag(),
		}),
		Action: d.verifyChats,
	}
}

func (d *desk) verifyChats(c *cli.Context) error {
	verifier, err := verifierOf(c)
	if err != nil {
		return err
	}
	verifier.Log = d.talk.logger()
	if _, err := os.Stat(c.String("migration")); err != nil {
		return migration.NoFile(c.String("migration"))
	}
	if verifier.File, err = importer.Open(c.String("migration"), c.Command.Name); err != nil {
		return err
	}
	return also(d.verifyFile(c, verifier), verifier.File.Close())
}

// verifierOf returns the verifier that the flags describe, but for its file.
func verifierOf(c *cli.Context) (verifier *importer.Verifier, err error) {
	verifier = &importer.Verifier{Only: c.StringSlice("only"), Sample: c.Int("sample"), Wait: c.Duration("wait")}
	if c.IsSet("sample") && verifier.Sample < 1 {
		return nil, usage("--sample %d: want 1 or more", verifier.Sample)
	}
	if verifier.Wait <= 0 {
		return nil, usage("--wait %s: want a time such as 2m", verifier.Wait)
	}
	if verifier.Client, err = clientOf(c); err != nil {
		return nil, err
	}
	if verifier.Composer, err = composerOf(c); err != nil {
		return nil, err
	}
	rate, err := rateOf(c)
	verifier.Pace = pace.New(rate)
	return verifier, err
}

func (d *desk) verifyFile(c *cli.Context, verifier *importer.Verifier) error {
	d.talk.tell("Reading the chats back. Nothing is posted.")
	report, err := d.watchVerifier(c.Context, verifier)
	if err != nil {
		return err
	}
	planned := 0
	write := d.writeFindings
	if c.Bool("json") {
		write = d.writeVerification
	}
	if err := write(verifier.File, report); err != nil {
		return err
	}
	if c.Bool("retry") && report.Missing > 0 {
		if planned, err = verifier.File.RetryMissing(); err != nil {
			return err
		}
	}
	status, err := verifier.File.Status()
	if err != nil {
		return err
	}
	d.tellVerify(c, report, status, planned)
	if report.Differences() > 0 {
		return errDifferent
	}
	return nil
}

// watchVerifier verifies and shows the progress meanwhile.
func (d *desk) watchVerifier(ctx context.Context, verifier *importer.Verifier) (importer.VerifyReport, error) {
	defer d.whileRunning(ctx, func() {
		p := verifier.Progress()
		what := "Messages read back"
		if p.PausedFor > 0 {
			what = "Waiting; read back"
		}
		if p.Total > 0 {
			d.talk.progress(what, p.Done, p.Total, p.Remaining)
		}
	})()
	return verifier.Verify(ctx)
}

// writeFindings prints a line for each conversation that is whole, and for each thing that is not as it was sent.
func (d *desk) writeFindings(file *importer.File, _ importer.VerifyReport) error {
	out := bufio.NewWriter(d.stdout)
	for chat, err := range file.ReadChats() {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		if chat.Differences == 0 {
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

// signOf returns the sign of a kind of finding; "" for what is not wrong.
func signOf(kind importer.FindingKind) string {
	switch kind {
	case importer.MessageMissing:
		return "-"
	case importer.MessageDiffers:
		return "*"
	case importer.MessageForeign, importer.MessageUnsent:
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

// writeVerification prints all of it as one object.
func (d *desk) writeVerification(file *importer.File, report importer.VerifyReport) error {
	status, err := file.Status()
	if err != nil {
		return err
	}
	head, err := json.MarshalIndent(struct {
		importer.Status
		Verification importer.VerifyReport `json:"verification"`
	}{status, report}, "", "  ")
	if err != nil {
		return err
	}
	out := bufio.NewWriter(d.stdout)
	out.Write(head[:len(head)-2])
	if err := writeList(out, "findings", file.Findings()); err != nil {
		return err
	}
	out.WriteString("\n}\n")
	return out.Flush()
}

func (d *desk) tellVerify(c *cli.Context, r importer.VerifyReport, s importer.Status, planned int) {
	d.talk.tell("Read back %s in %s: %s there, %s missing, %s different, %s doubled, %s at another place.",
		plural(r.Conversations, "conversation"), duration(r.Elapsed), plural(r.There, "message"), number(r.Missing),
		number(r.Differs), number(r.Doubled), number(r.OutOfOrder))
	for _, note := range []struct {
		count int
		text  string
	}{
		{r.Foreign, "Not of this migration, and left alone: %s."},
		{r.Unsent, "In the chats, and not sent as far as the plan knows: %s."},
		{r.Unread, "Conversations whose chat cannot be read: %s."},
	} {
		if note.count > 0 {
			d.talk.tell(note.text, number(note.count))
		}
	}
	next := "report"
	if s.Messages.Planned+s.Messages.Sending > 0 {
		next = "send"
	}
	switch {
	case planned > 0:
		d.talk.tell("Planned again: %s.", plural(planned, "message"))
		d.tellNext(c, "send")
	case r.Missing > 0:
		d.tellNext(c, "verify --retry")
	case r.Messages+r.Differences() == 0:
		d.talk.tell("Nothing was sent yet, so there is nothing to compare.")
		d.tellNext(c, nextStep(s))
	case r.Differences() > 0:
		d.talk.tell("kommo-import cannot mend that: Kommo deletes and changes nothing afterwards. Look at them in Kommo.")
		d.tellNext(c, next)
	case next == "send":
		d.talk.tell("What was sent is there as it was sent. Still to be sent: %s.", plural(s.Messages.Planned+s.Messages.Sending, "message"))
		d.tellNext(c, next)
	default:
		d.talk.tell("Everything is there as it was sent.")
		d.tellNext(c, next)
	}
}
