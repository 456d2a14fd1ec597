package kommo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// An AccountDeniedError means that the account does not answer us: the token is not valid (401), the account is not
// paid for (402), the token's user has no right to it or the account lets only some addresses in (403), there is no such
// account (404, 3xx), or it does not understand the question (another 4xx). All but the 3xx are documented.
type AccountDeniedError struct {
	Status       int
	Title        string // e.g. Unauthorized; "" if it gave none
	Detail       string // what Kommo says, fit to be shown
	RedirectedTo string // where a 3xx points to, scheme and host only; "" if nowhere else
}

func (e *AccountDeniedError) Error() string {
	status := fmt.Sprintf("the account does not let us in: status %d", e.Status)
	if e.RedirectedTo != "" {
		return join(status, "points to "+e.RedirectedTo+", which is not followed")
	}
	return join(status, e.Title, e.Detail)
}

// accountProblem returns the typed error that the status stands for in the main API, nil for a 2xx. A 403 in plain text
// is the block after too many requests (documented).
func (a answer) accountProblem() error {
	// {"title":"Unauthorized","type":"https://httpstatus.es/401","status":401,"detail":"…"}
	var problem struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	isProblem := json.Unmarshal(a.body, &problem) == nil && problem.Title != ""
	switch {
	case a.status == http.StatusTooManyRequests, a.status < 300, a.status >= 500:
		return a.problem()
	case a.status == http.StatusForbidden && !isProblem && !strings.HasPrefix(strings.TrimSpace(string(a.body)), "{"):
		return &BlockedError{Detail: a.scrub.words(a.body)}
	}
	denied := &AccountDeniedError{Status: a.status, RedirectedTo: a.scrub.text(redirect(a.status, a.header))}
	if isProblem {
		denied.Title, denied.Detail = a.scrub.text(problem.Title), a.scrub.text(problem.Detail)
	} else {
		denied.Detail = a.scrub.words(a.body)
	}
	return denied
}
