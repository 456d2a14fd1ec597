package commands

import (
	"fmt"
	"strings"
	"time"

	"kommo-import/internal/kommo/crm"
)

const checkTokenName = "token"

// checkToken reports what the account's token says of itself, if there is one. It asks nobody.
func (u *checkup) checkToken(now time.Time) {
	if !u.v.hasSecret("kommo-token-file") {
		return // the line about the account says so
	}
	secret, err := u.v.secret("kommo-token-file")
	if err != nil {
		u.failed(checkTokenName, err.Error(), "Set KOMMO_TOKEN to the token of a private integration of the account.")
		return
	}
	token, says := crm.ParseToken(secret)
	if !says {
		u.ok(checkTokenName, "is set; it does not say what it is for")
		return
	}
	u.token = token
	const renew = "Make a new token in the settings of the account: the private integration, tab Keys. Set KOMMO_TOKEN to it."
	switch {
	case token.HasExpired(now):
		u.failed(checkTokenName, "has expired: it was valid "+tokenText(token), renew)
	case token.Lacks(crm.ScopeCRM):
		u.failed(checkTokenName, "lacks the scope "+crm.ScopeCRM+", without which the account does not answer; it is valid "+tokenText(token),
			"Give the private integration access to the data of the account, and make a new token. Set KOMMO_TOKEN to it.")
	default:
		u.ok(checkTokenName, "is valid %s", tokenText(token))
	}
}

// tokenText returns what a token says of itself, for people:
//
//	until 2030-01-01, for account 30896271, with the scopes crm, files, of the integration 3ea7…
func tokenText(t crm.Token) string {
	parts := []string{"without an end"}
	if !t.Expires.IsZero() {
		parts[0] = "until " + t.Expires.Format(time.DateOnly)
	}
	if t.AccountID != 0 {
		parts = append(parts, fmt.Sprintf("for account %d", t.AccountID))
	}
	switch {
	case len(t.Scopes) > 0:
		parts = append(parts, "with the scopes "+strings.Join(t.Scopes, ", "))
	case t.Scopes != nil:
		parts = append(parts, "without a scope")
	}
	if t.IntegrationID != "" {
		parts = append(parts, "of the integration "+t.IntegrationID)
	}
	return strings.Join(parts, ", ")
}
