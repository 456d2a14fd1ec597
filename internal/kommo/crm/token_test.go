package crm

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// jwt returns a token with these claims.
func jwt(claims string) string {
	return "eyJ0eXAiOiJKV1QifQ." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2lnbmF0dXJl"
}

func TestParseToken(t *testing.T) {
	whole := Token{AccountID: 30896271, APIDomain: "api-b.kommo.com", IntegrationID: "3ea7", Scopes: []string{"crm", "files"},
		Issued: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Expires: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	const claims = `{"aud":"3ea7","exp":1893456000,"iat":1767225600,"account_id":30896271,"api_domain":"api-b.kommo.com","scopes":["crm","files"],"jti":"x"}`
	padded := base64.StdEncoding.EncodeToString([]byte(claims + " "))
	for token, want := range map[string]Token{
		jwt(claims):              whole,
		" " + jwt(claims) + "\n": whole,
		"a." + padded + ".b":     whole,
		jwt(`{"aud":["3ea7","4"],"exp":"1893456000","iat":1767225600.5,"account_id":"30896271","api_domain":"api-b.kommo.com","scopes":"crm files"}`): whole,
		jwt(`{}`):                           {},
		jwt(`{"scopes":[]}`):                {Scopes: []string{}},
		jwt(`{"scopes":[7,null,{},"crm"]}`): {Scopes: []string{"7", "crm"}},
		jwt(`{"aud":{},"exp":"soon","iat":-1,"account_id":1.5,"api_domain":[],"scopes":7}`): {},
		jwt(`{"exp":1e300,"iat":null,"scopes":null,"aud":[]}`):                              {},
		jwt(`{"scopes":""}`): {},
	} {
		got, ok := ParseToken(token)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%s: ok %v (-want +got):\n%s", token, ok, diff)
		}
	}
	for _, token := range []string{"", "a", "a.b", "a.b.c.d", "a.!.c", "a..c", jwt(""), jwt("[]"), jwt("null"), jwt(claims[:50]), testToken} {
		if got, ok := ParseToken(token); ok || !cmp.Equal(got, Token{}) {
			t.Errorf("%s: got %+v, want no token", token, got)
		}
	}
}

func TestTokenSays(t *testing.T) {
	end := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	token := Token{Expires: end, Scopes: []string{"files"}}
	if token.HasExpired(end.Add(-1)) || !token.HasExpired(end) || (Token{}).HasExpired(end) {
		t.Error("a token expires at its end, and without an end never")
	}
	if !token.Lacks(ScopeCRM) || token.Lacks("files") || (Token{}).Lacks(ScopeCRM) || !(Token{Scopes: []string{}}).Lacks(ScopeCRM) {
		t.Error("a token lacks what its scopes do not have, and without scopes nothing")
	}
}

// FuzzParseToken gives the parser tokens of any kind: it must not panic, and nothing that it returns may hold the token.
func FuzzParseToken(f *testing.F) {
	f.Add(jwt(`{"aud":"3ea7","exp":1893456000,"iat":1,"account_id":30896271,"api_domain":"x","scopes":["crm"]}`))
	f.Add(jwt(`{"aud":["a"],"scopes":"a b","exp":"1"}`))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		got, ok := ParseToken(token)
		if !ok && !cmp.Equal(got, Token{}) {
			t.Errorf("%+v of no token", got)
		}
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if len(token) > 20 && strings.Contains(string(text), token) {
			t.Errorf("%s holds the token", text)
		}
		got.HasExpired(time.Now())
	})
}
