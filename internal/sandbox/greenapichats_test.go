package sandbox_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

func TestLists(t *testing.T) {
	a := account(0)
	a.Chats = append(a.Chats,
		sandbox.AccountChat{ID: "unlisted@c.us"},
		sandbox.AccountChat{ID: group, Listing: json.RawMessage(`{ "id":"` + group + `" }`)},
	)
	a.Contacts = []json.RawMessage{json.RawMessage(`{"id":"1"}`), json.RawMessage(`{"id": "2"}`), json.RawMessage(`{"id":"3"}`)}
	anna := string(a.Chats[0].Listing)
	tests := []struct {
		method, query string
		status        int
		want          string
	}{
		{"getChats", "", 200, `[` + anna + `,{ "id":"` + group + `" }]`},
		{"getChats", "?count=1", 200, `[` + anna + `]`},
		{"getChats", "?count=0", 400, ""},
		{"getContacts", "", 200, `[{"id":"1"},{"id": "2"},{"id":"3"}]`},
		{"getContacts", "?count=2", 200, `[{"id":"1"},{"id": "2"}]`},
		{"getContacts", "?count=20", 200, `[{"id":"1"},{"id": "2"},{"id":"3"}]`},
		{"getContacts", "?count=x", 400, ""},
	}
	for _, tt := range tests {
		p := newPhone(a, unlimited)
		got := p.call(t, "GET", p.path(tt.method)+tt.query, "")
		if got.Status != tt.status || tt.status == 200 && got.Body != tt.want {
			t.Errorf("%s%s: got %+v, want %d %s", tt.method, tt.query, got, tt.status, tt.want)
		}
	}
	none := newPhone(sandbox.Account{}, unlimited)
	for _, method := range []string{"getChats", "getContacts"} {
		if diff := cmp.Diff(reply{200, "[]"}, none.get(t, method)); diff != "" {
			t.Errorf("%s of nothing (-want +got):\n%s", method, diff)
		}
	}
}

func TestGetContactInfo(t *testing.T) {
	info := func(name, contactName, chatID, isArchive string) string {
		return `{"avatar":"","name":"` + name + `","contactName":"` + contactName + `","email":"","category":"","description":"",` +
			`"products":[],"chatId":"` + chatID + `","lastSeen":null,"isArchive":` + isArchive + `,"isDisappearing":false,"isMute":false,` +
			`"messageExpiration":0,"muteExpiration":null,"isBusiness":false}`
	}
	a := sandbox.Account{
		Chats: []sandbox.AccountChat{
			{ID: anna, Listing: json.RawMessage(`{"id":"` + anna + `","name":"Chat","archive":true}`)},
			{ID: lid, Listing: json.RawMessage(`{"id":"` + lid + `","name":"Only chat"}`)},
			{ID: "unlisted"},
		},
		Contacts: []json.RawMessage{
			json.RawMessage(`{"id":"` + anna + `","name":"Anna","contactName":"Anna at work"}`),
			json.RawMessage(`{"id":"only","name":"Only contact"}`),
			json.RawMessage(`{"id":"` + lid + `","name":""}`),
		},
		ContactInfo: map[string]json.RawMessage{group: json.RawMessage(`{"name": "G"}`)},
	}
	for chatID, want := range map[string]string{
		anna:       info("Anna", "Anna at work", anna, "true"),
		lid:        info("Only chat", "", lid, "false"),
		"only":     info("Only contact", "", "only", "false"),
		"unlisted": info("", "", "unlisted", "false"),
		"nobody":   info("", "", "nobody", "false"),
		group:      `{"name": "G"}`,
	} {
		p := newPhone(a, unlimited)
		if diff := cmp.Diff(reply{200, want}, p.call(t, "POST", p.path("getContactInfo"), `{"chatId":"`+chatID+`"}`)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", chatID, diff)
		}
	}
	for _, body := range []string{"", "{}", `{"chatId":""}`, `{"chatId":7}`} {
		p := newPhone(a, unlimited)
		if got := p.call(t, "POST", p.path("getContactInfo"), body); got.Status != 400 || !strings.Contains(got.Body, "Validation failed") {
			t.Errorf("%s: got %+v, want 400", body, got)
		}
	}
}

func TestSettings(t *testing.T) {
	tests := []struct {
		name    string
		account sandbox.Account
		method  string
		want    map[string]any // among other fields
	}{
		{"defaults", sandbox.Account{}, "getSettings", map[string]any{"wid": "79990000000@c.us", "incomingWebhook": "yes", "outgoingMessageWebhook": "yes"}},
		{"given", sandbox.Account{WID: "1@c.us", Settings: map[string]any{"incomingWebhook": "no", "new": 1.0}}, "getSettings",
			map[string]any{"wid": "1@c.us", "incomingWebhook": "no", "outgoingMessageWebhook": "yes", "new": 1.0}},
		{"defaults", sandbox.Account{}, "getWaSettings", map[string]any{"phone": "79990000000", "chatId": "79990000000@c.us",
			"stateInstance": "authorized", "historySyncProgress": 100.0}},
		{"given", sandbox.Account{WID: "1@c.us", WaSettings: map[string]any{"historySyncProgress": 12}}, "getWaSettings",
			map[string]any{"phone": "1", "historySyncProgress": 12.0}},
		{"defaults", sandbox.Account{}, "getStateInstance", map[string]any{"stateInstance": "authorized"}},
		{"given", sandbox.Account{State: "yellowCard"}, "getStateInstance", map[string]any{"stateInstance": "yellowCard"}},
	}
	for _, tt := range tests {
		var got map[string]any
		answer := newPhone(tt.account, unlimited).get(t, tt.method)
		if err := json.Unmarshal([]byte(answer.Body), &got); err != nil || answer.Status != 200 {
			t.Errorf("%s: got %+v, %v", tt.method, answer, err)
		}
		for name, want := range tt.want {
			if got[name] != want {
				t.Errorf("%s, %s: %s is %v, want %v", tt.method, tt.name, name, got[name], want)
			}
		}
	}
}

func TestStates(t *testing.T) {
	tests := []struct{ state, message string }{
		{"authorized", ""},
		{"starting", "instance in starting process try later"},
		{"notAuthorized", "instance account not authorized"},
		{"blocked", "instance account not authorized"},
	}
	calls := []struct {
		verb, method, body string
		always             bool
	}{
		{"GET", "getStateInstance", "", true},
		{"GET", "getSettings", "", true},
		{"GET", "getWaSettings", "", false},
		{"GET", "getChats", "", false},
		{"GET", "getContacts", "", false},
		{"POST", "getContactInfo", `{"chatId":"` + anna + `"}`, false},
		{"POST", "getChatHistory", asking(anna, 1), false},
		{"POST", "downloadFile", `{"chatId":"` + anna + `","idMessage":"photo"}`, false},
	}
	for _, tt := range tests {
		a := withPhoto()
		a.State = tt.state
		for _, c := range calls {
			p := newPhone(a, unlimited)
			got := p.call(t, c.verb, p.path(c.method), c.body)
			if c.always || tt.message == "" {
				if got.Status != 200 {
					t.Errorf("%s when %s: got %+v, want 200", c.method, tt.state, got)
				}
			} else if got.Status != 400 || !strings.HasSuffix(got.Body, `,"message":"`+tt.message+`"}`) {
				t.Errorf("%s when %s: got %+v, want 400 and %s", c.method, tt.state, got, tt.message)
			}
		}
	}
}
