package greenapi

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"kommo-import/sources"
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
			WID: "79001234567@c.us", OutgoingMessageOff: true},
		`{"incomingWebhook":false,"outgoingMessageWebhook":true}`: {IncomingOff: true},
		`{"incomingWebhook":"","outgoingMessageWebhook":{}}`:      {},
		`{"incomingWebhook":null,"outgoingMessageWebhook":"No"}`:  {OutgoingMessageOff: true},
		`{"wid":[],"incomingWebhook":"yes"}`:                      {},
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
		`{"avatar":"https://a","phone":79001234567,"historySyncProgress":100}`: {Phone: "79001234567", SyncProgress: progress(100)},
		`{"phone":"79001234567","historySyncProgress":"37.5"}`:                 {Phone: "79001234567", SyncProgress: progress(37.5)},
		`{"phone":null,"historySyncProgress":0}`:                               {SyncProgress: progress(0)},
		`{"chatId":"1@c.us","deviceId":"1:2@s.whatsapp.net","lid":"5"}`:        {IDs: []string{"1@c.us", "1:2@s.whatsapp.net", "5@lid"}},
		`{"chatId":null,"deviceId":"x","lid":"5@lid"}`:                         {IDs: []string{"5@lid"}},
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

func TestChats(t *testing.T) {
	var log bytes.Buffer
	client := newClient(answering(200, `[
		{"archive":true,"id":"79001234567@c.us","ephemeralExpiration":0,"ephemeralSettingTimestamp":0,"name":"Анна","type":"user"},
		{"archive":"no","id":"1@g.us","name":null,"type":"group"},
		{"id":5,"name":7,"type":[]},
		{"chatId":"2@lid","phoneNumber":79007654321},
		{"id":{"server":"c.us","user":"3","_serialized":"3@c.us"}},
		{"name":"nobody"}, null, "x"]`))
	client.Log = slog.New(slog.NewTextHandler(&log, nil))
	got, err := client.Chats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []Chat{{ID: "79001234567@c.us", Name: "Анна"}, {ID: "1@g.us"}, {ID: "5@c.us", Name: "7"}, {ID: "2@lid", Phone: "79007654321"}, {ID: "3@c.us"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("chats (-want +got):\n%s", diff)
	}
	if want := "entries=3"; !strings.Contains(log.String(), want) {
		t.Errorf("the log does not say %s:\n%s", want, log.String())
	}
}

func TestContacts(t *testing.T) {
	client := newClient(answering(200, `[{"id":"1@c.us","name":"A","contactName":"B","type":"user"},
		{"chatId":"2@lid","phoneNumber":79001234567}, {"id":"3@c.us","chatId":"3@lid","lid":"4"}]`))
	got, err := client.Contacts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []Contact{
		{ID: "1@c.us", Name: "A", ContactName: "B"},
		{ID: "2@lid", Phone: "79001234567"},
		{ID: "3@c.us", OtherID: "3@lid", LID: "4@lid"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("contacts (-want +got):\n%s", diff)
	}
}

// A list without any id is not an empty list.
func TestUnreadableChats(t *testing.T) {
	for body, want := range map[string]error{`[]`: nil, `null`: nil, `[{"name":"A"}]`: ErrUnreadableChats, `[{"id":""},{"id":null,"chatId":{}}]`: ErrUnreadableChats, `[{"chatId":"1@c.us"},{}]`: nil} {
		if _, err := newClient(answering(200, body)).Chats(t.Context()); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", body, err, want)
		}
	}
}

// A list that breaks off is read again from its beginning.
func TestChatsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(inTurn(answering(200, `[{"id":"1@c.us"},`), answering(200, `[{"id":"1@c.us"}]`)))
		got, err := client.Chats(t.Context())
		if err != nil || len(got) != 1 {
			t.Errorf("got %v, %v, want one chat", got, err)
		}
	})
}

// A list of chats with an invalid element is read again.
func TestChatsThatAreNotJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(inTurn(answering(200, `[{"id":"1@c.us"},{"id":2@c.us}]`), answering(200, `[{"id":"1@c.us"},{"id":"2@c.us"}]`)))
		got, err := client.Chats(t.Context())
		if err != nil || len(got) != 2 {
			t.Errorf("got %v, %v, want two chats", got, err)
		}
	})
}

func TestContactInfo(t *testing.T) {
	body := `{"avatar":"https://pps.whatsapp.net/a","name":"A","contactName":"B","email":"a@example.com","products":[]}`
	got, err := newClient(answering(200, body)).ContactInfo(t.Context(), "1@c.us")
	want := ContactInfo{Name: "A", ContactName: "B", Email: "a@example.com", Avatar: "https://pps.whatsapp.net/a"}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	long := `{"base64Avatar":"` + strings.Repeat("A", maxValue) + `"}`
	_, err = newClient(answering(200, long)).ContactInfo(t.Context(), "1@c.us")
	if refused := see(err).Refused; refused == nil || refused.Detail != "it is longer than 16 MB" {
		t.Errorf("got %v of an answer that is too long", err)
	}
}

func TestDownloadFile(t *testing.T) {
	const link = "https://sw-media.storage.yandexcloud.net/7105000000/a.png"
	found := answering(200, `{"downloadUrl":"`+link+`"}`)
	notFound := "{\n\"File message encrypted url not found by chatId 1@c.us and idMessage 3EB0\"\n}"
	for name, test := range map[string]struct {
		transport roundTrip
		gone      bool
		text      string // of the error
		tries     int
	}{
		"there":          {found, false, "", 1},
		"one 500":        {inTurn(answering(500, ""), found), false, "", 2},
		"502 in between": {inTurn(answering(502, ""), answering(500, ""), answering(502, ""), found), false, "", 4},
		"too fast":       {inTurn(answering(429, ""), answering(429, ""), answering(429, ""), found), false, "", 4},

		"not found": {answering(400, notFound), true,
			"status 400: File message encrypted url not found by chatId 1@c.us and idMessage 3EB0", 1},
		"another 400": {answering(400, `{"message":"Validation failed"}`), true, "status 400: Validation failed", 1},
		"404":         {answering(404, ""), true, "status 404", 1},
		"500":         {answering(500, "oops"), true, "status 500: oops", 2},
		"500 later":   {inTurn(answering(502, ""), answering(500, "")), true, "status 500", 3},
		"no link":     {answering(200, `{"downloadUrl":""}`), true, "status 200: it has no downloadUrl", 1},
		"null":        {answering(200, `null`), true, "status 200: it has no downloadUrl", 1},
		"text":        {answering(200, `"gone"`), true, "status 200: it is a text: gone", 1},

		"starting": {answering(400, `instance in starting process try later`), false,
			"no usable answer after 6 tries: status 400: instance in starting process try later", 6},
		"no phone": {answering(400, `instance account not authorized`), false,
			"the instance is not authorized: no phone is connected to it: status 400: instance account not authorized", 1},
		"wrong token": {answering(401, ``), false, "the token is not the one of this instance: status 401", 1},
		"quota":       {answering(466, ``), false, "the quota of the instance's plan is used up until 2000-02-01", 1},
		"page":        {answering(200, `<h1>Hotel`), false, "no usable answer after 6 tries: the answer cannot be read: it is not JSON: an HTML page: Hotel", 6},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				got, err := newClient(counting(&tries, test.transport)).DownloadFile(t.Context(), "1@c.us", "3EB0")
				if tries != test.tries {
					t.Errorf("%d tries, want %d", tries, test.tries)
				}
				if test.text == "" {
					if err != nil || got != link {
						t.Errorf("got %q, %v, want %q", got, err, link)
					}
					return
				}
				want := "green-api downloadFile: " + test.text
				if test.gone {
					want += ": " + sources.ErrMediaGone.Error()
				}
				if err == nil || err.Error() != want || errors.Is(err, sources.ErrMediaGone) != test.gone || got != "" {
					t.Errorf("got %q, %v, want %s, gone %t", got, err, want, test.gone)
				}
				if test.gone && see(err) != (seen{}) {
					t.Errorf("%v is an error of the connection, too", err)
				}
			})
		})
	}
}
