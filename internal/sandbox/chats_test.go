package sandbox_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

const unregistered = `{"status":0,"error_code":404,"error_type":"ORIGIN_NOT_REGISTERED","error_description":"NOT_FOUND"}`

func TestConnect(t *testing.T) {
	c := newCaller(sandbox.Options{Disconnected: true})
	channel := "/v2/origin/custom/" + c.Options.ChannelID
	account := `{"account_id":"` + c.Options.AccountID + `"}`
	connected := reply{200, `{"account_id":"` + c.Options.AccountID + `","scope_id":"` + c.ScopeID() +
		`","title":"Sandbox","hook_api_version":"v1","is_time_window_disabled":false}`}
	steps := []struct {
		name, method, path, body string
		want                     reply
	}{
		{"before", "POST", c.scope(), incoming("m1", "a", 0), reply{404, unregistered}},
		{"other account", "POST", channel + "/connect", `{"account_id":"x"}`, badRequest("account_id: not the account of the sandbox")},
		{"no account", "POST", channel + "/connect", `{}`, badRequest("account_id: missing")},
		{"old version", "POST", channel + "/connect", `{"account_id":"x","hook_api_version":"v3"}`,
			badRequest(`hook_api_version: want one of v1, v2, got \"v3\"`)},
		{"connect", "POST", channel + "/connect", account, connected},
		{"again", "POST", channel + "/connect", account, connected},
		{"null", "POST", channel + "/connect", strings.Replace(account, "}", `,"title":null,"hook_api_version":null}`, 1), connected},
		{"version 2", "POST", channel + "/connect", strings.Replace(account, "}", `,"hook_api_version":"v2"}`, 1),
			reply{200, strings.Replace(connected.Body, "v1", "v2", 1)}},
		{"history", "GET", c.scope() + "/chats/x/history", "", reply{204, ""}},
		{"other scope", "GET", c.scope() + "0/chats/x/history", "", reply{404, unregistered}},
		{"disconnect by POST", "POST", channel + "/disconnect", account, reply{404, ""}},
		{"disconnect", "DELETE", channel + "/disconnect", account, reply{200, ""}},
		{"disconnect another", "DELETE", channel + "/disconnect", `{"account_id":"x"}`, badRequest("account_id: not the account of the sandbox")},
		{"after", "GET", c.scope() + "/chats/x/history", "", reply{404, unregistered}},
		{"other channel", "POST", channel + "0/connect", account, reply{404, unregistered}},
		{"no such path", "POST", c.scope() + "/reactions", "{}", reply{404, ""}},
		{"root", "GET", "/", "", reply{404, ""}},
	}
	for _, s := range steps {
		if got := c.call(t, s.method, s.path, s.body); got != s.want {
			t.Errorf("%s: got %+v, want %+v", s.name, got, s.want)
		}
	}
}

func TestCreateChat(t *testing.T) {
	c := newCaller(sandbox.Options{})
	path := c.scope() + "/chats"
	first := reply{200, `{"id":"752c2ebe-2b25-50ad-a36c-d0f44265a895","user":{"id":"dad4cedc-9147-5440-9193-08c70965eff8",` +
		`"client_id":"c1","name":"Anna","avatar":"","phone":"79151112233","email":"a@b.c"}}`}
	manager := reply{200, `{"id":"752c2ebe-2b25-50ad-a36c-d0f44265a895","user":{"id":"b3f7d76a-8ae3-55f5-8e72-25df42bcddc9"` +
		`,"name":"Max","avatar":"https://example.com/m.png"}}`}
	steps := []struct {
		name, body string
		want       reply
	}{
		{"new", `{"conversation_id":"a","user":{"id":"c1","name":"Anna","profile":{"phone":"+79151112233","email":"a@b.c"}}}`, first},
		{"there already", `{"conversation_id":"a","user":{"id":"c1","name":"Another"}}`, first},
		{"CRM user", `{"conversation_id":"a","user":{"id":"u1","name":"Max","ref_id":"` + c.Options.ManagerID +
			`","avatar":"https://example.com/m.png"}}`, manager},
		{"CRM user alone", `{"conversation_id":"a","user":{"ref_id":"` + c.Options.ManagerID + `"}}`,
			reply{200, `{"id":"752c2ebe-2b25-50ad-a36c-d0f44265a895","user":{"id":"b3f7d76a-8ae3-55f5-8e72-25df42bcddc9"}}`}},
		{"account", `{"conversation_id":"a","user":{"id":"c1","name":"Anna","avatar":null},"source":null,"account_id":"` + c.Options.AccountID + `"}`, first},
		{"nobody", `{"conversation_id":"a","user":{"name":"Anna"}}`, badRequest("user.id: missing, and so is ref_id")},
		{"no conversation", `{"user":{"id":"c1","name":"Anna"}}`, badRequest("conversation_id: missing")},
		{"no user", `{"conversation_id":"a"}`, badRequest("user: missing")},
		{"user without name", `{"conversation_id":"a","user":{"id":"c1"}}`, badRequest("user.name: missing")},
		{"unknown field", `{"conversation_id":"a","user":{"id":"c1","name":"A"},"title":"x"}`, badRequest("title: unknown field")},
	}
	for _, s := range steps {
		if diff := cmp.Diff(s.want, c.call(t, "POST", path, s.body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.name, diff)
		}
	}
	if got := c.Summary(); got.Chats != 1 || got.Messages != 0 || got.ChatsWithoutOneLoud != 0 {
		t.Errorf("got %+v, want one chat without messages", got)
	}
}

// A message and a chat request with the same conversation id lead to the same chat, with the same ids.
func TestChatOfMessage(t *testing.T) {
	c := newCaller(sandbox.Options{})
	mustPost(t, c, incoming("m1", "a", 0))
	c.call(t, "POST", c.scope()+"/chats", `{"conversation_id":"a","user":{"id":"c1","name":"Anna"}}`)
	chats := c.Dump().Chats
	if len(chats) != 1 || len(chats[0].Participants) != 1 || chats[0].Participants[0].Name != "Анна" {
		t.Errorf("got %+v, want one chat of one person, as first seen", chats)
	}
}
