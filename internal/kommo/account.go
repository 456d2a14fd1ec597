package kommo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kommo-import/internal/web"
)

// An AccountClient reads one account and its users from Kommo's main API, version 4. It changes nothing, makes one
// attempt of at most 30 seconds per call and has no rate limit. It may be used by several goroutines at once, and must
// not be copied or changed after its first request.
//
// Its errors are those of a [Client], with [AccountDeniedError] in the place of [DeniedError] and [RefusedError].
// No error text holds the token.
type AccountClient struct {
	// BaseURL is the account's address, such as https://example.kommo.com, as [ParseBaseURL] takes it; its path is
	// ignored, so that the address of any page of the account will do.
	BaseURL string
	// Token is sent as a Bearer token. It comes from a private integration or from OAuth.
	Token string
	// Transport carries the requests; nil is a [web.NewTransport] of the client.
	Transport http.RoundTripper

	own ownTransport
}

// Format prints an AccountClient without its token, with every verb.
func (c *AccountClient) Format(state fmt.State, _ rune) {
	fmt.Fprintf(state, "kommo.AccountClient{%s}", c.LogValue())
}

// LogValue keeps the token out of logs.
func (c *AccountClient) LogValue() slog.Value {
	return slog.GroupValue(slog.String("base_url", c.scrubber().Text(c.BaseURL)))
}

// An Account is an account as the main API describes it.
type Account struct {
	Name    string `json:"name"`
	AmojoID string `json:"amojo_id"` // the account's id in the Chats API; it is the second half of a scope id
}

// Account returns the account. Every user may ask (documented).
func (c *AccountClient) Account(ctx context.Context) (Account, error) {
	// {"id":30896271,"name":"Developers Team","subdomain":"devteam","amojo_id":"b462…",…}
	var account Account
	err := c.get(ctx, "/api/v4/account", url.Values{"with": {"amojo_id"}}, func(a answer) error {
		return a.decodeWith(&account, &account.AmojoID, "amojo_id")
	})
	return account, err
}

// A User is a person who works in the account.
type User struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
	// AmojoID is the user's id in the Chats API; "" if the user has no such id (documented).
	AmojoID string `json:"amojo_id"`
}

const (
	usersPerPage = 250 // the documented maximum
	maxUserPages = 200 // bounds the reading from a server that repeats a page for ever
)

// Users returns all users of the account. Only an administrator may ask (documented).
func (c *AccountClient) Users(ctx context.Context) ([]User, error) {
	var users []User
	for page := 1; page <= maxUserPages; page++ {
		query := url.Values{"with": {"amojo_id"}, "limit": {strconv.Itoa(usersPerPage)}, "page": {strconv.Itoa(page)}}
		var reply usersPage
		err := c.get(ctx, "/api/v4/users", query, func(a answer) error {
			if a.status == http.StatusNoContent {
				return nil
			}
			if err := a.decode(&reply); err != nil {
				return err
			}
			if reply.Embedded.Users == nil {
				return errors.New("the answer has no users")
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		users = append(users, reply.Embedded.Users...)
		if reply.Links.Next.Href == "" || len(reply.Embedded.Users) == 0 {
			return users, nil
		}
	}
	return nil, fmt.Errorf("the users of %s: the pages have no end", c.scrubber().Text(c.BaseURL))
}

// A usersPage is a page of the list of users:
//
//	{"_page":1,"_links":{"self":{"href":"…"},"next":{"href":"…?page=2&limit=250"}},
//	 "_embedded":{"users":[{"id":1,"name":"Anna","email":"anna@example.com","amojo_id":"76fc…"},…]}}
type usersPage struct {
	Links struct {
		Next struct {
			Href string `json:"href"`
		} `json:"next"`
	} `json:"_links"`
	Embedded struct {
		Users []User `json:"users"`
	} `json:"_embedded"`
}

// get makes one attempt and hands a 2xx to read.
func (c *AccountClient) get(ctx context.Context, path string, query url.Values, read func(answer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	base, err := ParseBaseURL(c.BaseURL)
	if err != nil {
		return err
	}
	target := &url.URL{Scheme: base.Scheme, Host: base.Host, Path: path, RawQuery: query.Encode()}
	r, err := http.NewRequest(http.MethodGet, target.String(), nil)
	if err != nil {
		return errors.New("not a valid request")
	}
	r.Header.Set("Authorization", "Bearer "+c.Token)
	r.Header.Set("User-Agent", userAgent)
	got, err := exchange(ctx, c.own.or(c.Transport), defaultTimeout, r, maxAnswer, c.scrubber())
	if err == nil {
		got.sentAt = time.Now()
		err = got.readWith(read, got.accountProblem())
	}
	if err != nil {
		return fmt.Errorf("GET %s%s: %w", target.Host, path, err)
	}
	return nil
}

func (c *AccountClient) scrubber() *web.Scrubber { return &web.Scrubber{Secrets: []string{c.Token}} }

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
		return &BlockedError{Detail: a.detail()}
	}
	denied := &AccountDeniedError{Status: a.status, RedirectedTo: a.redirectedTo()}
	if isProblem {
		denied.Title, denied.Detail = a.scrub.Text(problem.Title), a.scrub.Text(problem.Detail)
	} else {
		denied.Detail = a.detail()
	}
	return denied
}
