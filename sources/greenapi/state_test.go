package greenapi

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestState(t *testing.T) {
	got, err := newClient(answering(200, `{"stateInstance":"notAuthorized"}`)).State(t.Context())
	if err != nil || got != "notAuthorized" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, body := range []string{`{}`, `null`, `{"stateInstance":{}}`} {
		_, err := newClient(answering(200, body)).State(t.Context())
		if got := see(err).Refused; got == nil || got.Detail != "it has no stateInstance" {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

func TestSettings(t *testing.T) {
	for body, want := range map[string]Settings{
		`{"wid":"79001234567@c.us","incomingWebhook":"yes","outgoingMessageWebhook":"no","delaySendMessagesMilliseconds":1000}`: {
			WID: "79001234567@c.us", Incoming: true, IncomingKnown: true, OutgoingMessageKnown: true},
		`{"incomingWebhook":false,"outgoingMessageWebhook":true}`: {OutgoingMessage: true, IncomingKnown: true, OutgoingMessageKnown: true},
		`{"incomingWebhook":"","outgoingMessageWebhook":{}}`:      {},
		`{"incomingWebhook":null,"outgoingMessageWebhook":"Yes"}`: {OutgoingMessage: true, OutgoingMessageKnown: true},
		`{"wid":[],"incomingWebhook":"yes"}`:                      {Incoming: true, IncomingKnown: true},
		`{}`:                                                      {},
	} {
		got, err := newClient(answering(200, body)).Settings(t.Context())
		if err != nil {
			t.Errorf("%s: %v", body, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

func TestWaSettings(t *testing.T) {
	progress := func(p float64) *float64 { return &p }
	for body, want := range map[string]WaSettings{
		`{"avatar":"https://a","phone":79001234567,"historySyncProgress":100}`: {"79001234567", progress(100)},
		`{"phone":"79001234567","historySyncProgress":"37.5"}`:                 {"79001234567", progress(37.5)},
		`{"phone":null,"historySyncProgress":0}`:                               {"", progress(0)},
		`{"phone":{},"historySyncProgress":"NaN"}`:                             {},
		`{"historySyncProgress":null}`:                                         {},
		`{}`:                                                                   {},
	} {
		got, err := newClient(answering(200, body)).WaSettings(t.Context())
		if err != nil {
			t.Errorf("%s: %v", body, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}
