package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// handleAccount answers a request to the account's main API that meets no fault.
func (k *Kommo) handleAccount(q request) answer {
	if refusal, ok := k.authorize(q); !ok {
		return refusal
	}
	query, err := url.ParseQuery(q.query)
	if err != nil {
		return problemAnswer(http.StatusBadRequest)
	}
	switch q.endpoint {
	case OnAccount:
		return k.describeAccount(query)
	case OnContacts:
		return k.listContacts(query)
	case OnContact:
		return k.showContact(q.id)
	case OnLinks:
		return k.listLinks(q, query)
	case OnLink:
		return k.makeLinks(q)
	case OnUnsorted:
		return k.summarizeLeads()
	}
	return k.listUsers(query)
}

// describeAccount answers GET /api/v4/account with the fields that the tool asks for. amojo_id and version are there only
// on request.
func (k *Kommo) describeAccount(query url.Values) answer {
	extra := ""
	if asksFor(query, "amojo_id") {
		extra = fmt.Sprintf(`,"amojo_id":%q`, k.Options.AccountID)
	}
	if asksFor(query, "version") {
		extra += `,"version":16` // as in the published sample
	}
	return halAnswer(fmt.Appendf(nil, `{"id":%d,"name":"Sandbox","subdomain":"sandbox","current_user_id":101%s}`, accountNumber, extra))
}

// asksFor reports whether the comma-separated list of the parameter with has that word.
func asksFor(query url.Values, word string) bool {
	return slices.Contains(strings.Split(query.Get("with"), ","), word)
}

func halAnswer(body []byte) answer { return newAnswer(http.StatusOK, "application/hal+json", body) }

// A user of the account. Its AmojoID is null if the chats do not know the user (documented).
type user struct {
	ID      int64   `json:"id"`
	Name    string  `json:"name"`
	Email   string  `json:"email"`
	AmojoID *string `json:"amojo_id"`
}

// listUsers answers GET /api/v4/users?page=&limit= about two users, of whom the chats know the first: the CRM user of the
// Options.
func (k *Kommo) listUsers(query url.Values) answer {
	users := []user{
		{ID: 101, Name: "Eva Sandbox", Email: "eva@sandbox.test"},
		{ID: 102, Name: "Max Sandbox", Email: "max@sandbox.test"},
	}
	if asksFor(query, "amojo_id") {
		users[0].AmojoID = &k.Options.ManagerID
	}
	page, limit, refusal, ok := parseList(query)
	if !ok {
		return refusal
	}
	start := min((page-1)*limit, len(users))
	end := min(start+limit, len(users))
	return pageAnswer("users", users[start:end], page, limit, end < len(users))
}

// problem is the documented error body of the main API.
//
//	{"title":"Unauthorized","type":"https://httpstatus.es/401","status":401,"detail":"…"}
type problem struct {
	Title      string `json:"title"`
	Type       string `json:"type"`
	Status     int    `json:"status"`
	Detail     string `json:"detail"`
	RetryAfter int    `json:"retry_after,omitzero"` // seconds; only of a 429

	Validation []validationError `json:"validation-errors,omitempty"`
}

func newProblem(status int, detail string) problem {
	return problem{Title: http.StatusText(status), Type: "https://httpstatus.es/" + strconv.Itoa(status), Status: status, Detail: detail}
}

// problemAnswer never shows the token.
func problemAnswer(status int) answer {
	details := map[int]string{
		http.StatusUnauthorized:    "Unauthorized",
		http.StatusPaymentRequired: "Account is not paid",
		http.StatusForbidden:       "The user has no rights for this action",
		http.StatusNotFound:        "Cannot GET this path",
	}
	detail := cmp.Or(details[status], "Request validation failed")
	return jsonAnswer(status, "application/problem+json", newProblem(status, detail))
}

// accountStatus returns the status that the main API answers to a fault with a problem, 0 if it answers as the Chats API.
func accountStatus(do Action) int {
	return map[Action]int{
		Unauthorized:    http.StatusUnauthorized,
		PaymentRequired: http.StatusPaymentRequired,
		NoRights:        http.StatusForbidden,
		BadSignature:    http.StatusForbidden,
		NotFound:        http.StatusNotFound,
		Refuse:          http.StatusBadRequest,
		Conflict:        http.StatusConflict,
		TooLarge:        http.StatusRequestEntityTooLarge,
		Unprocessable:   http.StatusUnprocessableEntity,
	}[do]
}
