package greenapi_test

import (
	"encoding/json"
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

// The settings have the account's own ids. Not every version of Green-API has the second method: the administrator is told
// at once.
func TestOwnID(t *testing.T) {
	const notAsked = "It is not known whether WhatsApp has handed over the whole history: green-api getWaSettings: "
	type fields = map[string]any
	for _, tt := range []struct {
		name   string
		wid    any
		wa     fields
		do     sandbox.Action
		want   greenapi.Account
		notice string
	}{
		{"settings", own, fields{"phone": "79991111111", "chatId": nil, "deviceId": nil}, "", greenapi.Account{ID: own, IDs: []string{own, "79991111111@c.us"}}, ""},
		{"all the same", own, fields{"phone": 79990000000, "chatId": own, "deviceId": "79990000000:12@s.whatsapp.net"}, "", greenapi.Account{ID: own, IDs: []string{own}}, ""},
		{"phone", "", fields{"phone": 79990000000, "lid": "158437920014276"}, "", greenapi.Account{ID: own, IDs: []string{own, lid}}, ""},
		{"chat id", nil, fields{"phone": nil, "chatId": lid, "deviceId": nil}, "", greenapi.Account{ID: lid, IDs: []string{lid}}, ""},
		{"nobody tells", nil, fields{"phone": nil, "chatId": nil, "deviceId": "?"}, "", greenapi.Account{}, ""},
		{"no such method", own, nil, sandbox.NotFound, greenapi.Account{ID: own, IDs: []string{own}},
			notAsked + "this is not the address of a Green-API instance: status 404: Not Found."},
		{"not implemented", own, nil, sandbox.NotImplemented, greenapi.Account{ID: own, IDs: []string{own}},
			notAsked + "green-api refuses this: status 501: 501 Not Implemented."},
		{"refused", own, nil, sandbox.PlainBadRequest, greenapi.Account{ID: own, IDs: []string{own}},
			notAsked + "green-api refuses this: status 400: bad request data."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				account := many(1)
				settings("wid", tt.wid)(&account)
				account.WaSettings = tt.wa
				var rules []sandbox.Rule
				if tt.do != "" {
					rules = []sandbox.Rule{{Do: tt.do, On: sandbox.OnGetWaSettings}}
				}
				i := newInstance(account, sandbox.GreenAPIOptions{Rules: rules})
				got, err := i.source().Preflight(t.Context())
				if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
					t.Errorf("%v (-want +got):\n%s", err, diff)
				}
				if asked := len(i.asked(sandbox.OnGetWaSettings)); asked != 1 {
					t.Errorf("getWaSettings was asked %d times", asked)
				}
				if tt.notice != "" {
					wantNotices(t, i, tt.notice)
				} else {
					wantNotices(t, i)
				}
			})
		})
	}
}

// A Green-API without getContacts is read without the names in it.
func TestNoContacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newInstance(many(2), sandbox.GreenAPIOptions{Rules: []sandbox.Rule{{Do: sandbox.NotImplemented, On: sandbox.OnGetContacts}}})
		if batches := read(t, i.source(), ""); len(batches) != 2 {
			t.Errorf("%d batches", len(batches))
		}
		wantNotices(t, i, "Names from the phone's contacts are missing: green-api getContacts: green-api refuses this: status 501: 501 Not Implemented.")
	})
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
		unreadable := sandbox.Account{Chats: []sandbox.AccountChat{{ID: anna, Listing: json.RawMessage(`{"name":"Anna"}`)}}}
		_, err = sourcetest.Read(t.Context(), newInstance(unreadable, sandbox.GreenAPIOptions{}).source(), "")
		if !errors.Is(err, greenapi.ErrUnreadableChats) {
			t.Errorf("chats without ids: %v", err)
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
