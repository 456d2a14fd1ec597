package sandbox

import (
	"cmp"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// handleAccount answers a request to the account's main API that meets no fault.
func (k *Kommo) handleAccount(q request) answer {
	given, want := []byte(q.header.Get("Authorization")), []byte("Bearer "+k.Options.AccountToken)
	if subtle.ConstantTimeCompare(given, want) != 1 {
		return problemAnswer(http.StatusUnauthorized)
	}
	query, err := url.ParseQuery(q.query)
	if err != nil {
		return problemAnswer(http.StatusBadRequest)
	}
	if q.endpoint == OnAccount {
		return k.describeAccount(query)
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
	return halAnswer(fmt.Appendf(nil, `{"id":30000001,"name":"Sandbox","subdomain":"sandbox","current_user_id":101%s}`, extra))
}

// asksFor reports whether the comma-separated list of the parameter with has that word.
func asksFor(query url.Values, word string) bool {
	return slices.Contains(strings.Split(query.Get("with"), ","), word)
}

func halAnswer(body []byte) answer { return newAnswer(http.StatusOK, "application/hal+json", body) }

type usersAnswer struct {
	Page     int                          `json:"_page"`
	Links    map[string]map[string]string `json:"_links"`
	Embedded struct {
		Users []user `json:"users"`
	} `json:"_embedded"`
}

// A user of the account. Its AmojoID is null if the chats do not know the user (documented).
type user struct {
	ID      int64   `json:"id"`
	Name    string  `json:"name"`
	Email   string  `json:"email"`
	AmojoID *string `json:"amojo_id"`
}

// listUsers answers GET /api/v4/users?page=&limit= about two users, of whom the chats know the first: the CRM user of the
// Options. A limit above 250 is a 422 (documented); a page behind the last is a 204 (the sandbox's own choice).
func (k *Kommo) listUsers(query url.Values) answer {
	users := []user{
		{ID: 101, Name: "Eva Sandbox", Email: "eva@sandbox.test"},
		{ID: 102, Name: "Max Sandbox", Email: "max@sandbox.test"},
	}
	if asksFor(query, "amojo_id") {
		users[0].AmojoID = &k.Options.ManagerID
	}
	page, err := strconv.Atoi(cmp.Or(query.Get("page"), "1"))
	if err != nil || page < 1 {
		return problemAnswer(http.StatusBadRequest)
	}
	limit, err := strconv.Atoi(cmp.Or(query.Get("limit"), "50"))
	if err != nil || limit < 1 || limit > 250 {
		return problemAnswer(http.StatusUnprocessableEntity)
	}
	start := min((page-1)*limit, len(users))
	end := min(start+limit, len(users))
	if start == end {
		return emptyAnswer(http.StatusNoContent)
	}
	address := func(page int) map[string]string {
		return map[string]string{"href": fmt.Sprintf("https://sandbox.kommo.com/api/v4/users?page=%d&limit=%d", page, limit)}
	}
	a := usersAnswer{Page: page, Links: map[string]map[string]string{"self": address(page)}}
	if end < len(users) {
		a.Links["next"] = address(page + 1)
	}
	a.Embedded.Users = users[start:end]
	return halAnswer(mustMarshal(a))
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
	}[do]
}
