package crm

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAccount(t *testing.T) {
	var asked string
	client := newClient(roundTrip(func(r *http.Request) (*http.Response, error) {
		asked = r.Method + " " + r.URL.String() + " " + r.Header.Get("Authorization")
		return answering(200, nil, `{"id":30896271,"name":"Developers Team","subdomain":"devteam","amojo_id":"b462"}`)(r)
	}))
	got, err := client.Account(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Account{ID: 30896271, Name: "Developers Team", Subdomain: "devteam", AmojoID: "b462"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := "GET https://example.kommo.com/api/v4/account?with=amojo_id Bearer " + testToken; asked != want {
		t.Errorf("asked %s, want %s", asked, want)
	}
}

// All pages are read, a user without an amojo id counts, and an unreadable user spoils nothing.
func TestUsers(t *testing.T) {
	pages := map[string]string{
		"": `{"_links":{"next":{"href":"https://elsewhere.test/api/v4/users?limit=2&page=2"}},"_embedded":{"users":[` +
			`{"id":1,"name":"Anna","amojo_id":"a1"},{"id":"2","name":"Ben","email":"b@x","amojo_id":null},"gone"]}}`,
		"2": `{"_links":{"self":{"href":"x"}},"_embedded":{"users":[{"id":3,"name":"Cleo","amojo_id":"a3"}]}}`,
	}
	client := newClient(roundTrip(func(r *http.Request) (*http.Response, error) {
		if query := r.URL.Query(); r.URL.Host != "example.kommo.com" || query.Get("limit") != "250" || query.Get("with") != "amojo_id" {
			t.Errorf("asked %s", r.URL)
		}
		return answering(200, nil, pages[r.URL.Query().Get("page")])(r)
	}))
	got, err := All(func(next string) (Page[User], error) { return client.Users(t.Context(), next) })
	if err != nil {
		t.Fatal(err)
	}
	want := []User{{ID: 1, Name: "Anna", AmojoID: "a1"}, {ID: 2, Name: "Ben", Email: "b@x"}, {ID: 3, Name: "Cleo", AmojoID: "a3"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAccountErrors(t *testing.T) {
	const problem = `{"title":"Unauthorized","type":"https://httpstatus.es/401","status":401,"detail":"bad token ` + testToken + `"}`
	html := http.Header{"Content-Type": {"text/html"}}
	tests := []struct {
		name   string
		status int
		header http.Header
		body   string
		want   string
	}{
		{"token", 401, nil, problem, "*kommo.AccountDeniedError: the account denies access: status 401: Unauthorized: bad token [secret]"},
		{"not paid", 402, nil, `{"title":"Payment Required","detail":"pay"}`, "*kommo.AccountDeniedError: the account denies access: status 402: Payment Required: pay"},
		{"no rights", 403, nil, `{"title":"Forbidden","status":403}`, "*kommo.AccountDeniedError: the account denies access: status 403: Forbidden"},
		{"blocked", 403, nil, "403 Forbidden", "*kommo.BlockedError: kommo blocks us, probably after too many requests: 403 Forbidden"},
		{"blocked with a page", 403, html, "<html><h1>403 Forbidden</h1></html>", "*kommo.BlockedError: kommo blocks us, probably after too many requests: an HTML page: 403 Forbidden"},
		{"no such account", 404, nil, `{"title":"Not Found","detail":"Account not found"}`, "*kommo.AccountDeniedError: the account denies access: status 404: Not Found: Account not found"},
		{"no account", 404, html, "<html><h1>Not here</h1></html>", "*kommo.AccountDeniedError: the account denies access: status 404: an HTML page: Not here"},
		{"redirect", 302, http.Header{"Location": {"https://www.kommo.com/?u=" + testToken}}, "", "*kommo.AccountDeniedError: the account denies access: status 302: redirects to https://www.kommo.com, which is not followed"},
		{"too fast", 429, nil, `{"title":"Too Many Requests","retry_after":300}`, "*kommo.RateLimitError: too many requests to kommo: retry after 5m0s"},
		{"broken", 500, nil, `oops`, "*kommo.UnknownOutcomeError: kommo gave no clear answer; the outcome is unknown: status 500: oops"},
		{"page", 200, html, "<html>login</html>", "*kommo.UnknownOutcomeError: kommo gave no clear answer; the outcome is unknown: status 200: the answer is an HTML page: login"},
		{"no id", 200, nil, `{"id":1}`, "*kommo.UnknownOutcomeError: kommo gave no clear answer; the outcome is unknown: status 200: the answer has no amojo_id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newClient(answering(tt.status, tt.header, tt.body)).Account(t.Context())
			if err == nil {
				t.Fatal("got no error")
			}
			inner := errors.Unwrap(err)
			if got := fmt.Sprintf("%T: %v", inner, inner); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			checkClean(t, err.Error())
		})
	}
}

func TestAccountURL(t *testing.T) {
	for _, address := range []string{"http://example.kommo.com", "example.kommo.com", "", "https://me:password@example.kommo.com"} {
		client := newClient(answering(200, nil, `{}`))
		client.BaseURL = address
		_, err := client.Account(t.Context())
		if err == nil || !strings.HasPrefix(err.Error(), "base URL: ") || strings.Contains(err.Error(), "password") {
			t.Errorf("%q: got %v, want an error about the base URL", address, err)
		} else {
			checkClean(t, err.Error())
		}
	}
}
