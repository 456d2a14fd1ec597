package commands

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"kommo-import/importer"
	"kommo-import/internal/kommo"
	"kommo-import/internal/migration"
	"kommo-import/sources/greenapi"
)

// A hintedError is an error with a hint of its own.
type hintedError struct {
	error
	hint string
}

func (e *hintedError) Unwrap() error { return e.error }

// is reports whether err is or wraps an error of the type T.
func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// hintText returns a hint as a single line, without the word Hint.
func hintText(hint string) string {
	return strings.Join(strings.Fields(strings.TrimPrefix(hint, "Hint: ")), " ")
}

// hint returns advice about an error, or "".
func hint(err error) string {
	if hinted, ok := errors.AsType[*hintedError](err); ok {
		return hinted.hint
	}
	if is[*importer.LinkDeniedError](err) {
		return linkDeniedHint
	}
	if hint := hintWithin(err); hint != "" {
		return hint
	}
	switch {
	case errors.Is(err, greenapi.ErrEmptyAccount):
		return "Hint: are incomingWebhook and outgoingMessageWebhook on in the console of Green-API, and is the right phone connected?\n" +
			"      Older messages come only with a new connection, which breaks a live integration for some minutes and makes\n" +
			"      the links to older files empty: docs/green-api.md."
	case errors.Is(err, migration.ErrNothingLoaded):
		return "Hint: read the conversations first: kommo-import load --csv FILE, or --green-api (or name the\n" +
			"      file with --migration)."
	case errors.Is(err, fs.ErrNotExist):
		return "Hint: is the name right, and are you in its folder?"
	}
	return ""
}

// hintWithin returns the hint of the innermost error in err that has a hint: it is the nearest to the cause.
func hintWithin(err error) string {
	var inner []error
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		inner = []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		inner = e.Unwrap()
	}
	for _, err := range inner {
		if hint := hintWithin(err); hint != "" {
			return hint
		}
	}
	return hintOf(err)
}

// hintOf returns the hint of an error itself, whatever it wraps.
func hintOf(err error) string {
	switch e := err.(type) {
	case *kommo.AccountDeniedError:
		return accountHint(e)
	case *kommo.DeniedError:
		return deniedHint(e)
	case *kommo.BlockedError:
		return "Hint: Kommo blocks this address for too many requests. Wait some hours, then run the same command again\n" +
			"      with a lower --rate. Nothing is lost."
	case *kommo.UnclearError:
		return "Hint: Kommo, or a proxy before it, rejects all requests. Check KOMMO_BASE_URL, whether the account is paid for, and the\n" +
			"      network of this computer; then run the same command again."
	case *importer.DeadLinksError:
		return "Hint: set GREEN_API_INSTANCE and GREEN_API_TOKEN as for the load, so that send can make new links. Or do\n" +
			"      without the files: load again with --media=text."
	case *importer.NotReadyError:
		return notReadyHint(e)
	case *importer.MatchedMinutesError:
		return "Hint: leave --match-minutes on. Nothing was changed."
	case *importer.NotTakenOverError:
		return notTakenOverHint(e)
	case *importer.NotInDoubtError:
		return "Hint: kommo-import failures lists the messages in doubt with their ids."
	case *importer.NoSenderError:
		return noSenderHint(e)
	case *importer.ScopeMismatchError:
		if e.Rehearsal && e.What == "scope" {
			return "Hint: this migration file was sent to a Kommo on this computer, so it is for rehearsals. The real send needs a file of\n" +
				"      its own: load the sources again with -m and another name."
		}
		return fmt.Sprintf("Hint: use the same %s as before. What was sent there would be sent again with another.", e.What)
	case *importer.StoppedError:
		return "Hint: what was done is recorded. Run the same command again when the cause is fixed; it goes on where it stopped."
	case *migration.MovedError:
		return lostHint
	case *migration.StoreError:
		if e.Lost() {
			return lostHint
		}
	case *migration.InUseError:
		return "Hint: wait until it is done, or stop it with Ctrl-C. status and preview work meanwhile."
	}
	return cmp.Or(greenAPIHint(err), linkHint(err))
}

// lostHint leads back to a migration file that knows what was sent.
const lostHint = "Hint: put the migration file back, with its -wal file if there is one, and run the same command again. An older copy\n" +
	"      will do: send reads the chats before it sends into them.\n" +
	"      Is it lost? Move what is in its place away, but keep the .lock file. Load all sources again with the settings\n" +
	"      of then, take the decisions of the sheet again if there was one (conversations --from), and run:\n" +
	"      kommo-import send --look-first"

func deniedHint(denied *kommo.DeniedError) string {
	if isSkewed(denied) {
		return fmt.Sprintf("Hint: the clock of this computer is %s Kommo's. Set it right and run the same command again.",
			skewText(denied.SentAt.Sub(denied.ServerDate)))
	}
	return cmp.Or(map[int]string{
		403: "Hint: check that KOMMO_CHANNEL_SECRET is the secret of the channel that KOMMO_SCOPE_ID begins with.",
		404: "Hint: check KOMMO_SCOPE_ID, and that the channel is still connected to the account.",
	}[denied.Status], "Hint: check KOMMO_BASE_URL and KOMMO_SCOPE_ID.")
}

// isSkewed reports whether the clock may be why Kommo denied a request.
func isSkewed(denied *kommo.DeniedError) bool {
	return !denied.ServerDate.IsZero() && denied.SentAt.Sub(denied.ServerDate).Abs() > 5*time.Minute
}

// skewText returns the error of a clock in words: "12 min ahead of", "1 h 00 min behind".
func skewText(skew time.Duration) string {
	if skew < 0 {
		return duration(-skew) + " behind"
	}
	return duration(skew) + " ahead of"
}

// connectHint returns advice about an error of connecting.
func connectHint(err error) string {
	if is[*kommo.RefusedError](err) {
		return "Hint: check --account-id: it is the account's amojo id. A channel that is not public yet can only be connected to\n" +
			"      the accounts that were named at its registration; Kommo's support adds others."
	}
	if isUnreached(err) {
		return "Hint: check KOMMO_BASE_URL, and the network of this computer; then run the same command again. It is safe."
	}
	denied, ok := errors.AsType[*kommo.DeniedError](err)
	if !ok || isSkewed(denied) {
		return hint(err)
	}
	return cmp.Or(map[int]string{
		403: "Hint: check that KOMMO_CHANNEL_SECRET is the secret of the channel KOMMO_CHANNEL_ID.",
		404: "Hint: check KOMMO_CHANNEL_ID: Kommo knows no such channel. Or is KOMMO_BASE_URL of another country?",
	}[denied.Status], "Hint: check KOMMO_BASE_URL.")
}

// isUnreached reports whether there was no answer, or an answer that is not Kommo's.
func isUnreached(err error) bool {
	return is[*kommo.UnreachableError](err) || is[*kommo.UnknownOutcomeError](err)
}

// accountHint returns advice about an account that denies access.
func accountHint(denied *kommo.AccountDeniedError) string {
	return cmp.Or(map[int]string{
		401: "Hint: check KOMMO_TOKEN: is it of this account, and not expired? kommo-import check reads that in it.",
		402: "Hint: the account is not paid for; its owner can pay in its settings.",
		403: "Hint: the token must be an administrator's, its integration must have access to the account's data, and the account must let\n" +
			"      this computer's address in. kommo-import check reads in the token what it is for.",
	}[denied.Status], "Hint: check KOMMO_ACCOUNT_URL: it is the address you see when you work in the account.")
}

func notReadyHint(e *importer.NotReadyError) string {
	if e.Source == "" {
		return "Hint: run the same load again; it goes on where it stopped."
	}
	return "Hint: run that load again; it goes on where it stopped. To do without: kommo-import load --discard"
}

func noSenderHint(e *importer.NoSenderError) string {
	hint := "Hint: set KOMMO_BOT_ID (you got it when the channel was registered), or map the authors to Kommo users\n" +
		"      under users: in kommo-import.yaml. Without a Kommo user are:"
	const indent = "\n        "
	return hint + indent + strings.Join(namesOf(e.Authors), indent)
}

// namesOf returns the names of the first authors with their numbers of messages.
func namesOf(authors []importer.UnmappedAuthor) (names []string) {
	const most = 10
	for _, author := range authors[:min(most, len(authors))] {
		names = append(names, fmt.Sprintf("%s (%s)", printable(author.String()), plural(author.Messages, "message")))
	}
	if len(authors) > most {
		names = append(names, "and "+number(len(authors)-most)+" more")
	}
	return names
}
