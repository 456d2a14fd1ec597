package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

// ask asks the account's main API with a token.
func (c caller) ask(t testing.TB, path, token string) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	got, _, err := c.do(r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAccount(t *testing.T) {
	c := newCaller(sandbox.Options{})
	want := reply{200, `{"id":30000001,"name":"Sandbox","subdomain":"sandbox","current_user_id":101,"amojo_id":"` + c.Options.AccountID + `"}`}
	if diff := cmp.Diff(want, c.ask(t, "/api/v4/account?with=amojo_id", c.Options.AccountToken)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for with, version := range map[string]string{"amojo_id,version": `,"version":16`, "version,amojo_id,drive_url": `,"version":16`, "users_groups,amojo_id": ""} {
		more := strings.Replace(want.Body, "}", version+"}", 1)
		if diff := cmp.Diff(reply{200, more}, c.ask(t, "/api/v4/account?with="+with, c.Options.AccountToken)); diff != "" {
			t.Errorf("with=%s (-want +got):\n%s", with, diff)
		}
	}
	if got := c.ask(t, "/api/v4/account", c.Options.AccountToken); strings.Contains(got.Body, "amojo_id") {
		t.Errorf("got %s, want no amojo_id, as nobody asked for it", got.Body)
	}
	want = reply{401, `{"title":"Unauthorized","type":"https://httpstatus.es/401","status":401,"detail":"Unauthorized"}`}
	if diff := cmp.Diff(want, c.ask(t, "/api/v4/account?with=amojo_id", "another")); diff != "" {
		t.Errorf("with another token (-want +got):\n%s", diff)
	}
	if got := c.Requests(); len(got) != 6 || got[0].Endpoint != sandbox.OnAccount || got[5].Status != 401 {
		t.Errorf("got requests %+v, want six for the account", got)
	}
}

func TestUsers(t *testing.T) {
	c := newCaller(sandbox.Options{AccountToken: "token"})
	const self = `{"href":"https://sandbox.kommo.com/api/v4/users?page=%d\u0026limit=1"}`
	const max = `{"id":102,"name":"Max Sandbox","email":"max@sandbox.test","amojo_id":null}`
	eva := `{"id":101,"name":"Eva Sandbox","email":"eva@sandbox.test","amojo_id":"` + c.Options.ManagerID + `"}`
	tests := []struct {
		query string
		want  reply
	}{
		{"with=role,amojo_id&limit=1", reply{200, `{"_page":1,"_links":{"next":` + fmt.Sprintf(self, 2) + `,"self":` + fmt.Sprintf(self, 1) +
			`},"_embedded":{"users":[` + eva + `]}}`}},
		{"limit=1&page=2", reply{200, `{"_page":2,"_links":{"self":` + fmt.Sprintf(self, 2) + `},"_embedded":{"users":[` + max + `]}}`}},
		{"limit=1&page=3", reply{204, ""}},
		{"limit=251", reply{422, `{"title":"Unprocessable Entity","type":"https://httpstatus.es/422","status":422,"detail":"Request validation failed"}`}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, c.ask(t, "/api/v4/users?"+tt.query, "token")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.query, diff)
		}
	}
}

func TestAccountFaults(t *testing.T) {
	tests := []struct {
		rule   string
		status int
		text   string
	}{
		{"401:on=account", 401, `"title":"Unauthorized"`},
		{"402:on=account", 402, `"title":"Payment Required"`},
		{"403-rights:on=account", 403, `"title":"Forbidden"`},
		{"403:on=account", 403, "403 Forbidden"},
		{"404:on=account", 404, `"title":"Not Found"`},
		{"429:on=account", 429, `"title":"Too Many Requests"`},
		{"302:on=any", 302, "302"},
		{"401:on=users", 200, "amojo_id"},
	}
	for _, tt := range tests {
		rule, err := sandbox.ParseRule(tt.rule)
		if err != nil {
			t.Fatal(err)
		}
		if err := rule.CheckForKommo(); err != nil {
			t.Errorf("%s: %v", tt.rule, err)
		}
		c := newCaller(sandbox.Options{Rules: []sandbox.Rule{rule}})
		got := c.ask(t, "/api/v4/account?with=amojo_id", c.Options.AccountToken)
		if got.Status != tt.status || !strings.Contains(got.Body, tt.text) {
			t.Errorf("%s: got %+v, want %d with %s", tt.rule, got, tt.status, tt.text)
		}
	}
	for text, want := range map[string]string{
		"402:on=message": "402: only the account answers so: want on= and one of account, users, contacts, contact, links, link, unsorted",
		"403-rights":     "403-rights: only the account answers so: want on= and one of account, users, contacts, contact, links, link, unsorted",
		"402:on=link":    "",
		"401:on=chats":   "",
	} {
		rule, err := sandbox.ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := rule.CheckForKommo(); message(err) != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func TestAccountEnvironment(t *testing.T) {
	want := []string{"KOMMO_ACCOUNT_URL=http://127.0.0.1:1", "KOMMO_TOKEN=t"}
	if diff := cmp.Diff(want, sandbox.NewKommo(sandbox.Options{AccountToken: "t"}).AccountEnvironment("http://127.0.0.1:1")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
