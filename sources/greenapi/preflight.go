package greenapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// An Account is the account of an instance.
type Account struct {
	ID  string   // at WhatsApp, e.g. "79001234567@c.us"; "" if it is not known
	IDs []string // all ids that the settings have, e.g. also "158437920014276@lid"
}

// Preflight checks whether a history read now would be whole: the instance is authorized, its settings record messages
// of both directions, and WhatsApp has handed over its history. If not, it returns a [PreflightError], or with Force
// passes the problems to Notice.
func (s *Source) Preflight(ctx context.Context) (Account, error) {
	found := &PreflightError{}
	var err error
	if found.State, err = s.Client.State(ctx); err != nil {
		return Account{}, err
	}
	if problem := stateProblem(found.State); problem != "" {
		found.Problems = append(found.Problems, problem)
	}
	settings, err := s.Client.Settings(ctx)
	if err != nil {
		return Account{}, err
	}
	found.Problems = append(found.Problems, settingsProblems(settings)...)
	whatsApp, err := s.whatsApp(ctx, found.State)
	if err != nil {
		return Account{}, err
	}
	if progress := whatsApp.SyncProgress; progress != nil && *progress < 100 {
		found.Problems = append(found.Problems, fmt.Sprintf("WhatsApp has handed over %d %% of the history so far. Wait until it is done.", int(*progress)))
	}
	account := accountOf(settings, whatsApp)
	if len(found.Problems) == 0 {
		return account, nil
	}
	if !s.Force {
		return account, found
	}
	for _, problem := range found.Problems {
		s.notice("%s", problem)
	}
	return account, nil
}

// accountOf returns the account that the settings name.
func accountOf(settings Settings, whatsApp WaSettings) Account {
	account := Account{ID: settings.WID}
	for _, id := range append([]string{settings.WID, phoneID(whatsApp.Phone)}, whatsApp.IDs...) {
		if id = plainID(id); id != "" && !slices.Contains(account.IDs, id) {
			account.IDs = append(account.IDs, id)
		}
	}
	if account.ID == "" && len(account.IDs) > 0 {
		account.ID = account.IDs[0]
	}
	return account
}

// whatsApp asks for the settings of the WhatsApp account. Only an authorized instance has them, and not every version of
// Green-API has the method (inferred).
func (s *Source) whatsApp(ctx context.Context, state string) (WaSettings, error) {
	if state != "authorized" {
		return WaSettings{}, nil
	}
	settings, err := s.Client.WaSettings(ctx)
	if _, refused := errors.AsType[*RefusedError](err); refused || isMissing(err) {
		s.notice("It is not known whether WhatsApp has handed over the whole history: %v.", err)
		return WaSettings{}, nil
	}
	return settings, err
}

// isMissing reports whether err means that this Green-API does not have the method.
func isMissing(err error) bool {
	if denied, ok := errors.AsType[*DeniedError](err); ok {
		return denied.Status == http.StatusNotFound
	}
	refused, ok := errors.AsType[*RefusedError](err)
	return ok && (refused.Status == http.StatusMethodNotAllowed || refused.Status == http.StatusNotImplemented)
}

// stateProblem returns the problem of a state of the instance, or "". The states are documented.
func stateProblem(state string) string {
	switch state {
	case "authorized":
		return ""
	case "notAuthorized":
		return "No phone is connected to the instance. Scan its QR code in the console of Green-API."
	case "starting":
		return "The instance is starting, and WhatsApp hands over the history. Wait some minutes."
	case "sleepMode":
		return "The phone is off or has no network. Switch it on."
	case "blocked":
		return "WhatsApp has blocked the number of the instance."
	case "yellowCard", "suspended":
		return "WhatsApp has suspended the number of the instance for a while (" + state + ")."
	case "pendingCode":
		return "The instance waits for the code that connects the phone. Enter it in the console of Green-API."
	}
	return fmt.Sprintf("The instance is in a state that is not known here: %q.", state)
}

// settingsProblems returns the journals that are off. Messages from before they were on are handed over only when the
// phone is connected anew (documented).
func settingsProblems(settings Settings) (problems []string) {
	const again = " Switch it on in the console of Green-API and save; messages from before need more: log the instance out, " +
		"and scan its QR code again."
	if settings.IncomingOff {
		problems = append(problems, "Incoming messages are not recorded: the setting incomingWebhook is off."+again)
	}
	if settings.OutgoingMessageOff {
		problems = append(problems, "Messages sent from the phone are not recorded: the setting outgoingMessageWebhook is off."+again)
	}
	return problems
}
