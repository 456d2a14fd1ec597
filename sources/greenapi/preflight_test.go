package greenapi_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
	"kommo-import/sources/greenapi"
	"kommo-import/sources/sourcetest"
)

const again = " Switch it on in the console of Green-API and save; messages from before need more: log the instance out, and scan its QR code again."

// Problems that would leave a history incomplete end a load before it reads. With Force they are notices.
func TestPreflight(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*sandbox.Account)
		want   []string
		denied bool // by Green-API, with Force
	}{
		{"nothing", func(*sandbox.Account) {}, nil, false},
		{"not authorized", state("notAuthorized"), []string{"No phone is connected to the instance. Scan its QR code in the console of Green-API."}, true},
		{"starting", state("starting"), []string{"The instance is starting, and WhatsApp hands over the history. Wait some minutes."}, true},
		{"asleep", state("sleepMode"), []string{"The phone is off or has no network. Switch it on."}, true},
		{"blocked", state("blocked"), []string{"WhatsApp has blocked the number of the instance."}, true},
		{"yellow card", state("yellowCard"), []string{"WhatsApp has suspended the number of the instance for a while (yellowCard)."}, true},
		{"suspended", state("suspended"), []string{"WhatsApp has suspended the number of the instance for a while (suspended)."}, true},
		{"pending code", state("pendingCode"), []string{"The instance waits for the code that connects the phone. Enter it in the console of Green-API."}, true},
		{"a new state", state("on\x1b[31m vacation"), []string{`The instance is in a state that is not known here: "on\x1b[31m vacation".`}, true},
		{"incoming off", settings("incomingWebhook", "no"), []string{"Incoming messages are not recorded: the setting incomingWebhook is off." + again}, false},
		{"outgoing off", settings("outgoingMessageWebhook", "no"),
			[]string{"Messages sent from the phone are not recorded: the setting outgoingMessageWebhook is off." + again}, false},
		{"another setting that is not told", settings("incomingWebhook", ""), nil, false},
		{"a setting that is not told", settings("outgoingMessageWebhook", nil), nil, false},
		{"40 %", progress(40), []string{"WhatsApp has handed over 40 % of the history so far. Wait until it is done."}, false},
		{"99.9 %", progress(99.9), []string{"WhatsApp has handed over 99 % of the history so far. Wait until it is done."}, false},
		{"100 %", progress("100"), nil, false},
		{"progress not told", progress(nil), nil, false},
		{"several", func(a *sandbox.Account) {
			settings("incomingWebhook", "no")(a)
			settings("outgoingMessageWebhook", "no")(a)
			progress(0)(a)
		}, []string{"Incoming messages are not recorded: the setting incomingWebhook is off." + again,
			"Messages sent from the phone are not recorded: the setting outgoingMessageWebhook is off." + again,
			"WhatsApp has handed over 0 % of the history so far. Wait until it is done."}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				account := many(1)
				account.WID = own
				tt.change(&account)
				i := newInstance(account, sandbox.GreenAPIOptions{})
				source := i.source()
				got, err := source.Preflight(t.Context())
				found, _ := errors.AsType[*greenapi.PreflightError](err)
				if tt.want == nil && err != nil || tt.want != nil && found == nil {
					t.Fatalf("got %v", err)
				}
				if tt.want != nil {
					if diff := cmp.Diff(tt.want, found.Problems); diff != "" || found.Error() != "the instance is not ready to be read:\n"+strings.Join(tt.want, "\n") {
						t.Errorf("%v (-want +got):\n%s", err, diff)
					}
				}
				if got.ID != own {
					t.Errorf("the account is %q", got.ID)
				}
				batches, err := sourcetest.Read(t.Context(), source, "")
				if asked := len(i.asked(sandbox.OnGetChatHistory)); tt.want == nil != (err == nil) || tt.want != nil && (asked > 0 || len(batches) > 0) {
					t.Errorf("read %d batches with %d questions, %v", len(batches), asked, err)
				}
				if diff := cmp.Diff([]string(nil), i.notices()); diff != "" {
					t.Errorf("notices (-want +got):\n%s", diff)
				}

				time.Sleep(time.Minute)
				source.Force = true
				batches, err = sourcetest.Read(t.Context(), source, "")
				if tt.denied != (err != nil) || tt.denied == (len(batches) > 0) {
					t.Errorf("with force: %d batches, %v", len(batches), err)
				}
				if diff := cmp.Diff(tt.want, i.notices()); diff != "" {
					t.Errorf("notices with force (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func state(name string) func(*sandbox.Account) {
	return func(a *sandbox.Account) { a.State = name }
}

func settings(name string, value any) func(*sandbox.Account) {
	return func(a *sandbox.Account) {
		if a.Settings == nil {
			a.Settings = map[string]any{}
		}
		a.Settings[name] = value
	}
}

func progress(value any) func(*sandbox.Account) {
	return func(a *sandbox.Account) { a.WaSettings = map[string]any{"historySyncProgress": value} }
}

// Either of two methods has the account's own id. Not every version of Green-API has the second.
func TestOwnID(t *testing.T) {
	for _, tt := range []struct {
		name  string
		wid   any
		phone any
		rules []sandbox.Rule
		want  string
	}{
		{"settings", own, "79991111111", nil, own},
		{"phone", "", 79990000000, nil, own},
		{"nobody tells", nil, nil, nil, ""},
		{"no such method", own, nil, []sandbox.Rule{{Do: sandbox.NotFound, On: sandbox.OnGetWaSettings}}, own},
		{"refused", own, nil, []sandbox.Rule{{Do: sandbox.PlainBadRequest, On: sandbox.OnGetWaSettings}}, own},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				account := many(1)
				settings("wid", tt.wid)(&account)
				account.WaSettings = map[string]any{"phone": tt.phone}
				got, err := newInstance(account, sandbox.GreenAPIOptions{Rules: tt.rules}).source().Preflight(t.Context())
				if err != nil || got.ID != tt.want {
					t.Errorf("got %q, %v, want %q", got.ID, err, tt.want)
				}
			})
		})
	}
}

// An answer that is missing is an error of its own, also with Force.
func TestPreflightWithoutAnswers(t *testing.T) {
	for _, method := range []sandbox.Endpoint{sandbox.OnGetStateInstance, sandbox.OnGetSettings, sandbox.OnGetWaSettings,
		sandbox.OnGetChats, sandbox.OnGetContacts} {
		for _, do := range []sandbox.Action{sandbox.Unauthorized, sandbox.BadGateway, sandbox.QuotaExceeded} {
			synctest.Test(t, func(t *testing.T) {
				i := newInstance(many(1), sandbox.GreenAPIOptions{Rules: []sandbox.Rule{{Do: do, On: method}}})
				source := i.source()
				source.Force = true
				batches, err := sourcetest.Read(t.Context(), source, "")
				if err == nil || len(batches) > 0 || len(i.asked(sandbox.OnGetChatHistory)) > 0 || !strings.Contains(err.Error(), string(method)) {
					t.Errorf("%s answers %s: %d batches, %v", method, do, len(batches), err)
				}
			})
		}
	}
}

// An account without chats, and a chat that it does not have, are errors, not an empty history.
func TestNothingToRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := sourcetest.Read(t.Context(), newInstance(sandbox.Account{}, sandbox.GreenAPIOptions{}).source(), "")
		if !errors.Is(err, greenapi.ErrEmptyAccount) {
			t.Errorf("an empty account: %v", err)
		}
		i := newInstance(many(3), sandbox.GreenAPIOptions{})
		source := i.source()
		source.Only = []string{"79000000001@c.us", boris}
		_, err = sourcetest.Read(t.Context(), source, "")
		unknown, _ := errors.AsType[*greenapi.UnknownChatError](err)
		if unknown == nil || *unknown != (greenapi.UnknownChatError{Chat: boris, Chats: 3}) ||
			err.Error() != "there is no chat 79007654321@c.us among the 3 of the account" {
			t.Errorf("an unknown chat: %v", err)
		}
		if asked := i.histories(); asked != nil {
			t.Errorf("asked for %v", asked)
		}
	})
}
