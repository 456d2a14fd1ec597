package commands

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
	"kommo-import/internal/kommo"
	"kommo-import/internal/migration"
)

// The exit codes. They are documented in the README, and scripts rely on them.
const (
	exitDone        = 0
	exitError       = 1
	exitUsage       = 2
	exitIncomplete  = 3
	exitDenied      = 4
	exitInUse       = 5
	exitDifferent   = 6
	exitInterrupted = 130
)

// exitMeanings returns what help and man page tell of the exit codes.
func exitMeanings() []example {
	return []example{
		{"0", "done"},
		{"1", "error; what was done is recorded, run again to go on"},
		{"2", "the command line or a setting makes no sense"},
		{"3", "done, but some messages were refused or invalid: see failures"},
		{"4", "Kommo or Green-API does not let us in"},
		{"5", "the migration file is in use by another process"},
		{"6", "verify found differences"},
		{"130", "interrupted; run the same command again"},
	}
}

// ErrInterrupted is the cause of a context that ended because somebody pressed Ctrl-C or asked the process to stop.
var ErrInterrupted = errors.New("interrupted")

// exit tells what went wrong, with a hint what to do, and returns the exit code.
func (d *desk) exit(err error) int {
	if err == nil {
		return exitDone
	}
	if told, ok := err.(*outcome); ok {
		return told.code
	}
	code := exitCode(err)
	if code == exitInterrupted {
		d.talk.say("Interrupted. %s", againHint)
		d.writeError("interrupted", againHint, code)
		return code
	}
	// Lines after the first are indented, so that no text from outside can pass for one of ours.
	d.talk.say("kommo-import: %s", strings.ReplaceAll(printable(err.Error()), "\n", "\n  "))
	hint := hint(err)
	if hint != "" {
		d.talk.say("%s", hint)
	}
	d.writeError(err.Error(), hint, code)
	return code
}

const againHint = "Nothing is lost: run the same command again to go on."

// An outcome is how a command ended that did all it should, where that is not what one wishes for. There is nothing to
// tell of it that was not told.
type outcome struct {
	code int
	what string
}

func (o *outcome) Error() string { return o.what }

// also returns err together with what else went wrong, such as closing a file. An outcome is no error beside one.
func also(err, other error) error {
	if other == nil {
		return err
	}
	if _, ok := err.(*outcome); ok {
		return other
	}
	return errors.Join(err, other)
}

func exitCode(err error) int {
	_, isUsage := errors.AsType[*usageError](err)
	_, isHelpTopic := errors.AsType[cli.ExitCoder](err) // --help with a word behind it
	_, isDenied := errors.AsType[*kommo.DeniedError](err)
	_, isBlocked := errors.AsType[*kommo.BlockedError](err)
	_, isDeniedByAccount := errors.AsType[*kommo.AccountDeniedError](err)
	_, isInUse := errors.AsType[*migration.InUseError](err)
	_, noSender := errors.AsType[*importer.NoSenderError](err)
	_, deadLinks := errors.AsType[*importer.DeadLinksError](err)
	_, isStore := errors.AsType[*migration.StoreError](err)
	switch {
	case isStore:
		return exitError
	case isDenied, isDeniedByAccount, isBlocked, deniedByGreenAPI(err):
		return exitDenied
	case isInUse:
		return exitInUse
	case isUsage, isHelpTopic, noSender, deadLinks:
		return exitUsage
	case errors.Is(err, ErrInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitError
}

// hint returns what to do about an error, or "".
func hint(err error) string {
	if hinted, ok := errors.AsType[*hintedError](err); ok {
		return hinted.hint
	}
	if denied, ok := errors.AsType[*kommo.AccountDeniedError](err); ok {
		return accountHint(denied)
	}
	if denied, ok := errors.AsType[*kommo.DeniedError](err); ok {
		return deniedHint(denied)
	}
	if _, ok := errors.AsType[*kommo.BlockedError](err); ok {
		return "Hint: Kommo blocks this address for too many requests. Wait some hours, then run the same command again\n" +
			"      with a lower --rate. Nothing is lost."
	}
	if hint := greenAPIHint(err); hint != "" {
		return hint
	}
	if _, ok := errors.AsType[*importer.DeadLinksError](err); ok {
		return "Hint: set GREEN_API_INSTANCE and GREEN_API_TOKEN as for the load, so that send can make new links. Or do\n" +
			"      without the files: load again with --media=text."
	}
	if notReady, ok := errors.AsType[*importer.NotReadyError](err); ok {
		return notReadyHint(notReady)
	}
	if noSender, ok := errors.AsType[*importer.NoSenderError](err); ok {
		return noSenderHint(noSender)
	}
	if bound, ok := errors.AsType[*importer.ScopeMismatchError](err); ok {
		return fmt.Sprintf("Hint: use the same %s as before. What was sent there would be sent again with another.", bound.What)
	}
	if _, ok := errors.AsType[*migration.InUseError](err); ok {
		return "Hint: wait until it is done, or stop it with Ctrl-C. status and preview work meanwhile."
	}
	if _, ok := errors.AsType[*importer.StoppedError](err); ok {
		return "Hint: what was done is recorded. When the cause is mended, run the same command again to go on."
	}
	if errors.Is(err, fs.ErrNotExist) && !errors.Is(err, migration.ErrNothingLoaded) {
		return "Hint: is the name right, and are you in its folder?"
	}
	if errors.Is(err, migration.ErrNothingLoaded) {
		return "Hint: read the conversations first: kommo-import load --csv FILE, or --green-api (or name the\n" +
			"      file with --migration)."
	}
	return ""
}

func deniedHint(denied *kommo.DeniedError) string {
	if skew := denied.SentAt.Sub(denied.ServerDate); !denied.ServerDate.IsZero() && skew.Abs() > 5*time.Minute {
		direction := "ahead of"
		if skew < 0 {
			direction = "behind"
		}
		return fmt.Sprintf("Hint: the clock of this computer is %s %s Kommo's. Set it right and run the same command again.",
			duration(skew.Abs()), direction)
	}
	switch {
	case denied.Status == 403:
		return "Hint: check that KOMMO_CHANNEL_SECRET is the secret of the channel that KOMMO_SCOPE_ID begins with."
	case denied.Status == 404:
		return "Hint: check KOMMO_SCOPE_ID, and that the channel is still connected to the account."
	}
	return "Hint: check KOMMO_BASE_URL and KOMMO_SCOPE_ID."
}

func notReadyHint(e *importer.NotReadyError) string {
	if e.Source == "" {
		return "Hint: run the same load again; it goes on where it stopped."
	}
	if isGreenAPI(e.Source) {
		return "Hint: read the rest, from where it stopped: kommo-import load --green-api\n" +
			"      Or do without the rest: run the last load again with --forget-unfinished."
	}
	hint := "Hint: run its load again; it goes on where it stopped: kommo-import load " + flagOf(e.Source) + "\n"
	return hint + "      Is that file gone? Load another one with --forget-unfinished."
}

// flagOf returns the flag that reads a source.
func flagOf(source string) string {
	const csv = "csv:"
	if len(source) > len(csv) && source[:len(csv)] == csv {
		return "--csv " + printable(source[len(csv):])
	}
	if isGreenAPI(source) {
		return "--green-api"
	}
	return "..."
}

func isGreenAPI(source string) bool { return strings.HasPrefix(source, "green-api:") }

func noSenderHint(e *importer.NoSenderError) string {
	hint := "Hint: set KOMMO_BOT_ID (you got it when the channel was registered), or map the authors to Kommo users\n" +
		"      under users: in kommo-import.yaml. Without a Kommo user are:"
	for i, author := range e.Authors {
		if i == 10 {
			return hint + fmt.Sprintf("\n        and %s more", number(len(e.Authors)-i))
		}
		hint += fmt.Sprintf("\n        %s (%s)", printable(author.String()), plural(author.Messages, "message"))
	}
	return hint
}
