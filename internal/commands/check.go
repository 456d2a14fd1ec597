package commands

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"kommo-import/importer"
	"kommo-import/internal/kommo"
	"kommo-import/internal/pace"
)

func (d *desk) check() *cli.Command {
	return &cli.Command{
		Name:  "check",
		Usage: "tell whether send would work; changes nothing",
		Description: `Use it when all is set up, and whenever something does not work. It asks Kommo, Green-API and the
account, reads the migration file, and tells line by line what is in order, what is not and what to do about it, and what
it could not test. It works while send runs.

With KOMMO_ACCOUNT_URL and KOMMO_TOKEN it lists the users of the account, ready to be put into the config file. Here
--token-file is that of KOMMO_TOKEN; for the token of Green-API use GREEN_API_TOKEN or --green-api-token-file.

  kommo-import check`,
		Flags: flags([]cli.Flag{
			channelFlag(),
			&cli.StringFlag{Name: "green-api-token-file", Usage: "read the token of the Green-API instance from `FILE` (or set GREEN_API_TOKEN)"},
		}, accountFlags(), kommoFlags(), without(planFlags(), "only", "max-conversations"), without(greenAPIFlags(), "token-file")),
		Action: d.checkAll,
	}
}

func without(list []cli.Flag, names ...string) []cli.Flag {
	return slices.DeleteFunc(list, func(flag cli.Flag) bool { return slices.Contains(names, flag.Names()[0]) })
}

// A checkState is what came of one check.
type checkState string

const (
	checkOK        checkState = "ok"
	checkFailed    checkState = "failed"
	checkNotTested checkState = "not tested"
)

// A checkResult is one line of a check.
type checkResult struct {
	Name   string     `json:"name"`
	State  checkState `json:"state"`
	Detail string     `json:"detail"` // what was found, or why it was not tested
	Advice string     `json:"advice"` // what to do; "" if there is nothing to do
	// Users are those of the account, with the line "users".
	Users []kommo.User `json:"users,omitempty"`
}

// A checkup is one run of check.
type checkup struct {
	*desk
	c       *cli.Context
	results []checkResult
	denied  bool // somebody does not let us in
	pace    *pace.Pace

	base     string // where Kommo is; "" if that makes no sense
	secret   string // of the channel; "" if there is none
	scope    string // "" if there is none
	hasFile  bool   // there is a migration file that can be read
	unmapped []importer.UnmappedAuthor
	users    []kommo.User
}

func (d *desk) checkAll(c *cli.Context) error {
	rate, err := rateOf(c)
	if err != nil {
		rate = pace.DefaultRate // what is wrong with it has a line of its own
	}
	u := &checkup{desk: d, c: c, pace: pace.New(rate)}
	for _, step := range []func(context.Context) error{
		u.checkSettings, u.checkKommo, u.checkMigration, u.checkGreenAPI, u.checkAccount,
	} {
		if err := step(c.Context); err != nil {
			return err
		}
		if err := context.Cause(c.Context); err != nil {
			return err
		}
	}
	if c.Bool("json") {
		if err := d.writeJSON(u.results); err != nil {
			return err
		}
	} else {
		d.writef("%s", u.usersYAML())
	}
	return u.verdict()
}

// turn waits for the pace, which counts for all of Kommo.
func (u *checkup) turn(ctx context.Context) error {
	if err := u.pace.Wait(ctx); err != nil {
		return err
	}
	return u.pace.Depart(ctx)
}

// canAsk reports whether somebody can answer a question.
func (d *desk) canAsk() bool {
	file, ok := d.stdin.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// verdict says how it went in all.
func (u *checkup) verdict() error {
	count := make(map[checkState]int)
	for _, result := range u.results {
		count[result.State]++
	}
	u.talk.tell("\n%s ok, %s failed, %s not tested.", number(count[checkOK]), number(count[checkFailed]), number(count[checkNotTested]))
	switch {
	case u.denied:
		return &outcome{exitDenied, "not all is in order"}
	case count[checkFailed] > 0:
		return &outcome{exitError, "not all is in order"}
	}
	return nil
}

func (u *checkup) ok(name, format string, args ...any) {
	u.add(checkResult{Name: name, State: checkOK, Detail: fmt.Sprintf(format, args...)})
}

func (u *checkup) failed(name, detail, advice string) {
	u.add(checkResult{Name: name, State: checkFailed, Detail: detail, Advice: advice})
}

// failedBy adds that a check failed with an error, and what to do about that; advice is for errors without a hint.
func (u *checkup) failedBy(name string, err error, advice string) {
	u.denied = u.denied || exitCode(err) == exitDenied
	hint := strings.Join(strings.Fields(strings.TrimPrefix(hint(err), "Hint: ")), " ")
	u.failed(name, err.Error(), cmp.Or(hint, advice))
}

func (u *checkup) notTested(name, format string, args ...any) {
	u.add(checkResult{Name: name, State: checkNotTested, Detail: fmt.Sprintf(format, args...)})
}

// add keeps a result, and shows it at once unless it is to be data.
func (u *checkup) add(r checkResult) {
	r.Detail, r.Advice = oneLine(r.Detail, 1000), oneLine(r.Advice, 1000)
	u.results = append(u.results, r)
	if !u.c.Bool("json") {
		u.writef("%s", r.text(u.styleOfStdout()))
	}
}

// A style is how results are shown: with colored marks, or with words; in lines of a width, or in one line each if that
// is 0.
type style struct {
	marks bool
	width int
}

// styleOfStdout returns the style of a terminal, or of what is not one.
func (d *desk) styleOfStdout() style {
	file, ok := d.stdout.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return style{}
	}
	return style{os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", width}
}

// text returns the result as people read it: a word or a mark, the name and what was found, and below what to do.
func (r checkResult) text(s style) string {
	mark, indent := fmt.Sprintf("%-12s", r.State), 12
	if s.marks {
		mark = map[checkState]string{checkOK: "\x1b[32m✓\x1b[0m ", checkFailed: "\x1b[31m✗\x1b[0m ", checkNotTested: "– "}[r.State]
		indent = 2
	}
	text := mark + s.fold(r.Name+": "+r.Detail, indent)
	if r.Advice != "" {
		text += strings.Repeat(" ", indent) + s.fold("→ "+r.Advice, indent+2)
	}
	return text
}

// fold returns text in lines of the style's width, those after the first indented.
func (s style) fold(text string, indent int) string {
	if s.width == 0 {
		return text + "\n"
	}
	return wrap(text, s.width-indent, strings.Repeat(" ", indent)) + "\n"
}
