package commands

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
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

// hintText returns a hint as a single line, without the word Hint.
func hintText(hint string) string {
	return strings.Join(strings.Fields(strings.TrimPrefix(hint, "Hint: ")), " ")
}

// hint returns advice about an error, or "".
func hint(err error) string {
	if hinted, ok := errors.AsType[*hintedError](err); ok {
		return hinted.hint
	}
	for _, hint := range []string{kommoHint(err), greenAPIHint(err), migrationHint(err)} {
		if hint != "" {
			return hint
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "Hint: is the name right, and are you in its folder?"
	}
	return ""
}

// kommoHint returns advice about an error of Kommo.
func kommoHint(err error) string {
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
	return ""
}

func deniedHint(denied *kommo.DeniedError) string {
	if isSkewed(denied) {
		return fmt.Sprintf("Hint: the clock of this computer is %s Kommo's. Set it right and run the same command again.",
			skewText(denied.SentAt.Sub(denied.ServerDate)))
	}
	switch denied.Status {
	case http.StatusForbidden:
		return "Hint: check that KOMMO_CHANNEL_SECRET is the secret of the channel that KOMMO_SCOPE_ID begins with."
	case http.StatusNotFound:
		return "Hint: check KOMMO_SCOPE_ID, and that the channel is still connected to the account."
	}
	return "Hint: check KOMMO_BASE_URL and KOMMO_SCOPE_ID."
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
	if _, ok := errors.AsType[*kommo.RefusedError](err); ok {
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
	switch denied.Status {
	case http.StatusForbidden:
		return "Hint: check that KOMMO_CHANNEL_SECRET is the secret of the channel KOMMO_CHANNEL_ID."
	case http.StatusNotFound:
		return "Hint: check KOMMO_CHANNEL_ID: Kommo knows no such channel. Or is KOMMO_BASE_URL of another country?"
	}
	return "Hint: check KOMMO_BASE_URL."
}

// isUnreached reports whether there was no answer, or an answer that is not Kommo's.
func isUnreached(err error) bool {
	_, isUnreachable := errors.AsType[*kommo.UnreachableError](err)
	_, isUnknown := errors.AsType[*kommo.UnknownOutcomeError](err)
	return isUnreachable || isUnknown
}

// accountHint returns advice about an account that denies access.
func accountHint(denied *kommo.AccountDeniedError) string {
	switch denied.Status {
	case http.StatusUnauthorized:
		return "Hint: check KOMMO_TOKEN: is it of this account, and not expired?"
	case http.StatusPaymentRequired:
		return "Hint: the account is not paid for; its owner can pay in its settings."
	case http.StatusForbidden:
		return "Hint: the token must be an administrator's, and the account must let this computer's address in."
	}
	return "Hint: check KOMMO_ACCOUNT_URL: it is the address you see when you work in the account."
}

// migrationHint returns advice about an error of a migration or its file.
func migrationHint(err error) string {
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
	if mismatch, ok := errors.AsType[*importer.ScopeMismatchError](err); ok {
		return fmt.Sprintf("Hint: use the same %s as before. What was sent there would be sent again with another.", mismatch.What)
	}
	if _, ok := errors.AsType[*migration.InUseError](err); ok {
		return "Hint: wait until it is done, or stop it with Ctrl-C. status and preview work meanwhile."
	}
	if _, ok := errors.AsType[*importer.StoppedError](err); ok {
		return "Hint: what was done is recorded. When the cause is mended, run the same command again to go on."
	}
	if errors.Is(err, migration.ErrNothingLoaded) {
		return "Hint: read the conversations first: kommo-import load --csv FILE, or --green-api (or name the\n" +
			"      file with --migration)."
	}
	return ""
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

// isDeniedByGreenAPI reports whether Green-API denies access.
func isDeniedByGreenAPI(err error) bool {
	_, isDenied := errors.AsType[*greenapi.DeniedError](err)
	_, isQuota := errors.AsType[*greenapi.QuotaError](err)
	preflight, isPreflight := errors.AsType[*greenapi.PreflightError](err)
	return isDenied || isQuota || isPreflight && preflight.State != "authorized"
}

// greenAPIHint returns advice about an error of Green-API.
func greenAPIHint(err error) string {
	if denied, ok := errors.AsType[*greenapi.DeniedError](err); ok {
		return greenAPIDeniedHint(denied)
	}
	if quota, ok := errors.AsType[*greenapi.QuotaError](err); ok {
		hint := fmt.Sprintf("Hint: go on after %s, or with another plan of Green-API: run the same command again.", quota.Resets.Format(time.DateOnly))
		if quota.Method == "downloadFile" {
			hint += "\n      Or do without the files: load with --media=text."
		}
		return hint
	}
	if _, ok := errors.AsType[*greenapi.PreflightError](err); ok {
		return "Hint: mend that and run the same command again. --force reads what there is all the same."
	}
	if _, ok := errors.AsType[*greenapi.UnknownChatError](err); ok {
		return "Hint: ids look like 79001234567@c.us, for groups like 120363025486842017@g.us."
	}
	if errors.Is(err, greenapi.ErrEmptyAccount) {
		return "Hint: switch incomingWebhook and outgoingMessageWebhook on in the console of Green-API and save, then log the\n" +
			"      instance out and scan its QR code again. WhatsApp then hands over what it has; that takes some minutes."
	}
	if failed, ok := errors.AsType[*greenapi.UnavailableError](err); ok {
		hint := "Hint: what was read is kept. Run the same command again to go on."
		if failed.Method == "getChatHistory" {
			hint += "\n      Does it stop at the same chat each time? --count-max 1000 asks for less of each."
		}
		return hint
	}
	return ""
}

func greenAPIDeniedHint(denied *greenapi.DeniedError) string {
	switch denied.Status {
	case 400:
		return "Hint: connect the phone in the console of Green-API: scan the QR code of the instance."
	case 401:
		return "Hint: check GREEN_API_TOKEN; it is apiTokenInstance in the console of Green-API."
	case 403:
		return "Hint: check GREEN_API_INSTANCE and GREEN_API_URL; the console of Green-API shows them as idInstance and apiUrl."
	}
	return "Hint: check GREEN_API_URL; it is apiUrl in the console of Green-API."
}
