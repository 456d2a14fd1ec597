package sandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

// claims returns the claims of the token that a sandbox prints.
func claims(t *testing.T, k *sandbox.Kommo) map[string]any {
	t.Helper()
	_, token, _ := strings.Cut(k.AccountEnvironment("")[1], "=")
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("token of %d parts, want 3", len(parts))
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(data, &claims); err != nil {
		t.Fatal(err)
	}
	delete(claims, "jti")
	return claims
}

func TestToken(t *testing.T) {
	want := map[string]any{"aud": "5a0db0c5-0000-4000-8000-0000000000f1", "iat": 1767225600.0, "nbf": 1767225600.0, "exp": 4102358400.0,
		"sub": "101", "account_id": 30000001.0, "base_domain": "kommo.com", "version": 2.0, "scopes": []any{"crm"},
		"api_domain": "sandbox.kommo.com"}
	first := sandbox.NewKommo(sandbox.Options{})
	if diff := cmp.Diff(want, claims(t, first)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if again := sandbox.NewKommo(sandbox.Options{}); again.Options.AccountToken != first.Options.AccountToken {
		t.Error("the token is another each time")
	}
}

func TestTokenLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(sandbox.Options{TokenLifetime: time.Hour})
		if got := claims(t, c.Kommo)["exp"]; got != float64(time.Now().Add(time.Hour).Unix()) {
			t.Errorf("expires at %v", got)
		}
		time.Sleep(time.Hour - 1)
		checkReply(t, "valid", c.crm(t, "account"), 200)
		time.Sleep(time.Nanosecond)
		checkReply(t, "expired", c.crm(t, "account"), 401)

		c = newCaller(sandbox.Options{TokenLifetime: -time.Hour})
		got := claims(t, c.Kommo)
		if got["exp"] != float64(time.Now().Add(-time.Hour).Unix()) || got["iat"].(float64) >= got["exp"].(float64) {
			t.Errorf("claims %v, want a token that expired an hour ago", got)
		}
		checkReply(t, "expired before", c.crm(t, "account"), 401)
	})
}

// Without the scope crm nothing of the main API answers, and the messages do not need it.
func TestTokenScopes(t *testing.T) {
	c := newCaller(sandbox.Options{TokenScopes: []string{"files", "notifications"}})
	if diff := cmp.Diff([]any{"files", "notifications"}, claims(t, c.Kommo)["scopes"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, path := range []string{"account", "users", "contacts", "contacts/1", "contacts/chats?contact_id=1", "leads/unsorted/summary"} {
		checkReply(t, path, c.crm(t, path), 403, `"detail":"Invalid scope"`)
	}
	mustPost(t, c, incoming("m1", "a", 0))
	checkReply(t, "with more scopes", newCaller(sandbox.Options{TokenScopes: []string{"files", "crm"}}).crm(t, "account"), 200)
}
