package sandbox

import (
	"cmp"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strconv"
)

// defaultAccountToken is the token of the account's main API unless Options say otherwise.
const defaultAccountToken = "sandbox-account-token-5a0db0c500004000800000000000"

// What the account's main API answers at, beside the endpoints of the Chats API.
const (
	OnAccount Endpoint = "account" // GET /api/v4/account
	OnUsers   Endpoint = "users"   // GET /api/v4/users
)

// What only the account's main API answers.
const (
	PaymentRequired Action = "402"        // as if the account were not paid for
	NoRights        Action = "403-rights" // as if the token's user were no administrator
)

func accountEndpoints() []Endpoint { return []Endpoint{OnAccount, OnUsers} }
func accountActions() []Action     { return []Action{Unauthorized, PaymentRequired, NoRights} }

// User is somebody who works in the sandbox's account.
type User struct {
	ID      int64
	Name    string
	Email   string
	AmojoID string // "" for one whom the chats do not know
}

// defaultUsers are two people, the first of whom is the CRM user of the Options.
func (o Options) defaultUsers() []User {
	return []User{
		{ID: 101, Name: "Eva Sandbox", Email: "eva@sandbox.test", AmojoID: o.ManagerID},
		{ID: 102, Name: "Max Sandbox", Email: "max@sandbox.test"},
	}
}

// AccountEnvironment returns the lines KEY=value that point kommo-import at the account of this sandbox, whose main API
// is served at baseURL as well.
func (k *Kommo) AccountEnvironment(baseURL string) []string {
	return []string{"KOMMO_ACCOUNT_URL=" + baseURL, "KOMMO_TOKEN=" + k.Options.AccountToken}
}

// routeAccount returns the endpoint of the main API that a request asks for, "" if none.
func routeAccount(method, path string) Endpoint {
	switch {
	case method == http.MethodGet && path == "/api/v4/account":
		return OnAccount
	case method == http.MethodGet && path == "/api/v4/users":
		return OnUsers
	}
	return ""
}

// ofAccount reports whether the endpoint is one of the main API, which has errors of its own.
func (e Endpoint) ofAccount() bool { return e == OnAccount || e == OnUsers }

// handleAccount answers a request to the main API that meets no fault.
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

// accountAnswer is the answer about the account, as far as anybody asks. amojo_id is there only if it is asked for.
//
//	{"id":30896271,"name":"Sandbox","subdomain":"sandbox","current_user_id":101,"amojo_id":"5a0d…"}
type accountAnswer struct {
	ID            int64  `json:"id"`
	Name          string `json:"name"`
	Subdomain     string `json:"subdomain"`
	CurrentUserID int64  `json:"current_user_id"`
	AmojoID       string `json:"amojo_id,omitempty"`
}

func (k *Kommo) describeAccount(query url.Values) answer {
	a := accountAnswer{ID: 30000001, Name: "Sandbox", Subdomain: "sandbox", CurrentUserID: 101}
	if query.Get("with") == "amojo_id" {
		a.AmojoID = k.Options.AccountID
	}
	return halAnswer(a)
}

type usersAnswer struct {
	Page     int               `json:"_page"`
	Links    map[string]anchor `json:"_links"`
	Embedded struct {
		Users []userAnswer `json:"users"`
	} `json:"_embedded"`
}

type anchor struct {
	Href string `json:"href"`
}

// userAnswer has an amojo_id of null where there is none (documented).
type userAnswer struct {
	ID      int64   `json:"id"`
	Name    string  `json:"name"`
	Email   string  `json:"email"`
	AmojoID *string `json:"amojo_id"`
}

const (
	longestUserPage = 250 // documented: more is answered with 422
	usualUserPage   = 50  // the default
)

// listUsers answers GET /api/v4/users?page=&limit=. That a page behind the last one is a 204 is the sandbox's choice.
func (k *Kommo) listUsers(query url.Values) answer {
	page, err := strconv.Atoi(cmp.Or(query.Get("page"), "1"))
	if err != nil || page < 1 {
		return problemAnswer(http.StatusBadRequest)
	}
	limit, err := strconv.Atoi(cmp.Or(query.Get("limit"), strconv.Itoa(usualUserPage)))
	if err != nil || limit < 1 || limit > longestUserPage {
		return problemAnswer(http.StatusUnprocessableEntity)
	}
	users := k.Options.Users
	start := min((page-1)*limit, len(users))
	end := min(start+limit, len(users))
	if start == end {
		return emptyAnswer(http.StatusNoContent)
	}
	a := usersAnswer{Page: page, Links: map[string]anchor{"self": {userPage(page, limit)}}}
	if end < len(users) {
		a.Links["next"] = anchor{userPage(page+1, limit)}
	}
	for _, user := range users[start:end] {
		u := userAnswer{ID: user.ID, Name: user.Name, Email: user.Email}
		if user.AmojoID != "" && query.Get("with") == "amojo_id" {
			u.AmojoID = &user.AmojoID
		}
		a.Embedded.Users = append(a.Embedded.Users, u)
	}
	return halAnswer(a)
}

func userPage(page, limit int) string {
	return "https://sandbox.kommo.com/api/v4/users?page=" + strconv.Itoa(page) + "&limit=" + strconv.Itoa(limit)
}

func halAnswer(v any) answer { return jsonAnswer(http.StatusOK, "application/hal+json", v) }

// problem is the documented error body of the main API.
//
//	{"title":"Unauthorized","type":"https://httpstatus.es/401","status":401,"detail":"…"}
type problem struct {
	Title  string `json:"title"`
	Type   string `json:"type"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// problemAnswer never shows the token.
func problemAnswer(status int) answer {
	details := map[int]string{
		http.StatusUnauthorized:    "Unauthorized",
		http.StatusPaymentRequired: "Account is not paid",
		http.StatusForbidden:       "The user has no rights for this action",
		http.StatusNotFound:        "Cannot GET this path",
	}
	return jsonAnswer(status, "application/problem+json", problem{
		Title: http.StatusText(status), Type: "https://httpstatus.es/" + strconv.Itoa(status), Status: status,
		Detail: cmp.Or(details[status], "Request validation failed"),
	})
}

// refuseAccount returns the answer of a fault that the main API gives in its own words, and whether it is one of them.
func refuseAccount(do Action) (answer, bool) {
	switch do {
	case Unauthorized:
		return problemAnswer(http.StatusUnauthorized), true
	case PaymentRequired:
		return problemAnswer(http.StatusPaymentRequired), true
	case NoRights, BadSignature:
		return problemAnswer(http.StatusForbidden), true
	case NotFound:
		return problemAnswer(http.StatusNotFound), true
	case Refuse:
		return problemAnswer(http.StatusBadRequest), true
	}
	return answer{}, false
}
