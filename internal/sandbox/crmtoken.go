package sandbox

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"slices"
	"time"
)

// accountNumber is the account's id in the main API; in the Chats API the account has an amojo id.
const accountNumber = 30000001

// defaultIntegrationID is the integration whose token the sandbox makes.
const defaultIntegrationID = "5a0db0c5-0000-4000-8000-0000000000f1"

// The token of the Options is valid between these times, unless it has a lifetime. They are fixed, so that the token is the same
// each time.
var (
	tokenIssued  = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tokenExpires = time.Date(2099, 12, 31, 0, 0, 0, 0, time.UTC)
)

// mintToken returns a long-lived token as a private integration has it: a JWT. The names of its claims were seen at work, and its
// signature is not one.
func mintToken(account int64, scopes []string, issued, expires time.Time) string {
	claims := map[string]any{
		"aud": defaultIntegrationID, "jti": uuidOf("token", expires.String()), "iat": issued.Unix(), "nbf": issued.Unix(),
		"exp": expires.Unix(), "sub": "101", "account_id": account, "base_domain": "kommo.com", "version": 2,
		"scopes": scopes, "api_domain": "sandbox.kommo.com",
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"typ":"JWT","alg":"RS256"}`)) + "." + encode(mustMarshal(claims))
	sum := sha256.Sum256([]byte(signed))
	return signed + "." + encode(sum[:])
}

// token returns the token of the Options, which it makes if they do not name one.
func (o Options) token() string {
	if o.AccountToken != "" {
		return o.AccountToken
	}
	issued, expires := tokenIssued, tokenExpires
	if o.TokenLifetime != 0 {
		issued = o.Now().Truncate(time.Second)
		expires = issued.Add(o.TokenLifetime)
		if o.TokenLifetime < 0 {
			issued = expires.Add(-time.Hour)
		}
	}
	return mintToken(accountNumber, o.TokenScopes, issued, expires)
}

// authorize answers a request whose token is wrong or has expired, with 401, or lacks the scope of the main API, with 403
// (documented, the latter for the scopes of chats).
func (k *Kommo) authorize(q request) (refusal answer, ok bool) {
	given, want := []byte(q.header.Get("Authorization")), []byte("Bearer "+k.Options.AccountToken)
	switch {
	case subtle.ConstantTimeCompare(given, want) != 1, k.tokenExpired():
		return problemAnswer(http.StatusUnauthorized), false
	case !slices.Contains(k.Options.TokenScopes, "crm"):
		return jsonAnswer(http.StatusForbidden, "application/problem+json", newProblem(http.StatusForbidden, "Invalid scope")), false
	}
	return answer{}, true
}

func (k *Kommo) tokenExpired() bool {
	return k.Options.TokenLifetime != 0 && !k.now().Before(k.started.Add(k.Options.TokenLifetime))
}
