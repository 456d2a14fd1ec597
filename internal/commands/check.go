package commands

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
	"kommo-import/internal/kommo/crm"
	"kommo-import/internal/pace"
)

func (p *program) check() *cli.Command {
	return p.command("check", "check whether send would work; changes nothing",
		`Use it when all is set up, and whenever something does not work. It asks Kommo, Green-API and the
account, reads the migration file, and tells line by line what is in order, what is not and what to do about it, and what
it could not test. It works while send runs.

With KOMMO_ACCOUNT_URL and KOMMO_TOKEN it lists the users of the account, ready to be put into the config file.

  kommo-import check`,
		p.checkAll)
}

// A checkState is the outcome of a check.
type checkState string

const (
	checkOK        checkState = "ok"
	checkFailed    checkState = "failed"
	checkNotTested checkState = "not tested"
)

// A checkResult is a line in the output of check.
type checkResult struct {
	Name   string     `json:"name"`
	State  checkState `json:"state"`
	Detail string     `json:"detail"` // the finding, or why there was no test
	Advice string     `json:"advice"` // "" if there is nothing to do
	// Users are those of the account, with the line "users".
	Users []crm.User `json:"users,omitempty"`
}

// A checkup is a run of check.
type checkup struct {
	program *program
	v       *values
	results []checkResult
	denied  bool // Kommo, Green-API or the account denies access
	pace    *pace.Pace

	base     string // the address of Kommo; "" if it is invalid
	secret   string // of the channel; "" if it is invalid
	scope    string // "" if it is invalid
	unmapped []importer.UnmappedAuthor
	users    []crm.User
	token    crm.Token // what the account's token says of itself; zero if it says nothing
}

func (p *program) checkAll(ctx context.Context, v *values) error {
	u := &checkup{program: p, v: v, pace: pace.New(v.number("rate"))}
	for _, step := range []func(context.Context) error{
		u.checkSettings, u.checkKommo, u.checkMigration, u.checkGreenAPI, u.checkAccount,
	} {
		if err := step(ctx); err != nil {
			return err
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
	}
	if v.on("json") {
		if err := p.writeJSON(u.results); err != nil {
			return err
		}
	} else {
		if u.users != nil {
			p.writef("%s", usersYAML(u.users, u.unmapped))
		}
	}
	return u.verdict()
}

// verdict prints the number of results in each state, and returns the exit status.
func (u *checkup) verdict() error {
	count := make(map[checkState]int)
	for _, result := range u.results {
		count[result.State]++
	}
	u.program.ui.info("\n%s ok, %s failed, %s not tested.", number(count[checkOK]), number(count[checkFailed]), number(count[checkNotTested]))
	switch {
	case u.denied:
		return &exitStatus{exitDenied, "not all is in order"}
	case count[checkFailed] > 0:
		return &exitStatus{exitError, "not all is in order"}
	}
	return nil
}

func (u *checkup) ok(name, format string, args ...any) {
	u.add(checkResult{Name: name, State: checkOK, Detail: fmt.Sprintf(format, args...)})
}

func (u *checkup) failed(name, detail, advice string) {
	u.add(checkResult{Name: name, State: checkFailed, Detail: detail, Advice: advice})
}

// report adds that a check failed with an error, with advice; or that it is ok, with the detail.
func (u *checkup) report(name string, err error, detail, advice string) {
	if err == nil {
		u.ok(name, "%s", detail)
		return
	}
	u.failed(name, strings.ReplaceAll(err.Error(), "\n", "; "), advice)
}

// failedBy adds that a check failed with an error. The advice is used if the error has no hint.
func (u *checkup) failedBy(name string, err error, advice string) {
	u.denied = u.denied || exitCode(err) == exitDenied
	u.failed(name, err.Error(), cmp.Or(hintText(hint(err)), advice))
}

// notTested adds that some checks were not made, which is a single line for people.
func (u *checkup) notTested(why string, names ...string) {
	for _, name := range names {
		u.results = append(u.results, checkResult{Name: name, State: checkNotTested, Detail: why})
	}
	u.print(checkResult{Name: strings.Join(names, ", "), State: checkNotTested, Detail: why})
}

// add keeps a result, and prints it at once.
func (u *checkup) add(r checkResult) {
	r.Detail, r.Advice = oneLine(r.Detail, 1000), oneLine(r.Advice, 1000)
	u.results = append(u.results, r)
	u.print(r)
}

// print prints a result unless the output is JSON.
func (u *checkup) print(r checkResult) {
	if !u.v.on("json") {
		out := u.program.stdout
		u.program.writef("%s", r.text(lineLength(out), columnsOf(out) > 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"))
	}
}

// text returns the result for people: a word or a mark, the name and the finding, and the advice below. With 0 columns
// lines are not broken.
func (r checkResult) text(columns int, marks bool) string {
	mark, indent := fmt.Sprintf("%-12s", r.State), strings.Repeat(" ", 12)
	if marks {
		mark, indent = map[checkState]string{checkOK: "✓ ", checkFailed: "✗ ", checkNotTested: "– "}[r.State], "  "
	}
	text := fit(mark+r.Name+": "+r.Detail, columns, indent) + "\n"
	if color := map[checkState]string{checkOK: "\x1b[32m", checkFailed: "\x1b[31m"}[r.State]; marks && color != "" {
		text = color + mark[:len("✓")] + "\x1b[0m" + text[len("✓"):]
	}
	if r.Advice != "" {
		text += fit(indent+"→ "+r.Advice, columns, indent+"  ") + "\n"
	}
	return text
}
