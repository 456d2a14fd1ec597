package kommo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// An AccountClient asks Kommo's main API, version 4, about one account: who it is, and who its users are. It only reads,
// makes one attempt per call and keeps no pace. It may be used by several goroutines at once, and must not be copied or
// changed after its first request.
//
// Its errors are those of a [Client], but for [AccountDeniedError], which stands for [DeniedError] and [RefusedError].
// No error text holds the token.
type AccountClient struct {
	// BaseURL is the account's address, such as https://example.kommo.com, as [ParseBaseURL] takes it; a path does not
	// count, so that the address of any page of the account will do.
	BaseURL string
	// Token is sent as a Bearer token: that of a private integration, or one that OAuth gave.
	Token string
	// Transport carries the requests; nil is one of the client's own, with the proxies of the environment.
	Transport http.RoundTripper
	// Timeout bounds one attempt; 0 is 30 seconds.
	Timeout time.Duration

	makeOwn sync.Once
	own     *http.Transport
}

// Format prints an AccountClient without its token, with every verb.
func (c *AccountClient) Format(state fmt.State, _ rune) {
	fmt.Fprintf(state, "kommo.AccountClient{%s}", c.LogValue())
}

// LogValue keeps the token out of logs.
func (c *AccountClient) LogValue() slog.Value {
	return slog.GroupValue(slog.String("base_url", c.scrubber().text(c.BaseURL)))
}

// An Account is what is known of an account.
type Account struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Subdomain string `json:"subdomain"`
	AmojoID   string `json:"amojo_id"` // the account's id in the Chats API; it is the second half of a scope id
}

// Account returns the account. Every user may ask (documented).
func (c *AccountClient) Account(ctx context.Context) (Account, error) {
	// {"id":30896271,"name":"Developers Team","subdomain":"devteam","amojo_id":"b462…",…}
	var told Account
	err := c.get(ctx, "/api/v4/account", url.Values{"with": {"amojo_id"}}, func(a answer) error {
		if err := a.decode(&told); err != nil {
			return err
		}
		if told.AmojoID == "" {
			return errors.New("the answer has no amojo_id")
		}
		return nil
	})
	return told, err
}

// A User is somebody who works in the account.
type User struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
	// AmojoID is the user's id in the Chats API; "" if there is none (documented).
	AmojoID string `json:"amojo_id"`
}

const (
	usersPerPage = 250 // the documented maximum
	maxUserPages = 200 // a server that gives a page again and again must come to an end
)

// Users returns all users of the account. Only an administrator may ask (documented).
func (c *AccountClient) Users(ctx context.Context) ([]User, error) {
	var users []User
	for page := 1; page <= maxUserPages; page++ {
		found, more, err := c.usersPage(ctx, page)
		if err != nil {
			return nil, err
		}
		users = append(users, found...)
		if !more {
			return users, nil
		}
	}
	return nil, fmt.Errorf("the users of %s: there is no end to the pages", c.scrubber().text(c.BaseURL))
}

func (c *AccountClient) usersPage(ctx context.Context, page int) (users []User, more bool, err error) {
	// {"_page":1,"_links":{"self":{"href":"…"},"next":{"href":"…?page=2&limit=250"}},
	//  "_embedded":{"users":[{"id":1,"name":"Anna","email":"anna@example.com","amojo_id":"76fc…"},…]}}
	var told struct {
		Links struct {
			Next struct {
				Href string `json:"href"`
			} `json:"next"`
		} `json:"_links"`
		Embedded struct {
			Users []User `json:"users"`
		} `json:"_embedded"`
	}
	query := url.Values{"with": {"amojo_id"}, "limit": {strconv.Itoa(usersPerPage)}, "page": {strconv.Itoa(page)}}
	err = c.get(ctx, "/api/v4/users", query, func(a answer) error {
		if a.status == http.StatusNoContent {
			return nil
		}
		if err := a.decode(&told); err != nil {
			return err
		}
		if told.Embedded.Users == nil {
			return errors.New("the answer has no users")
		}
		return nil
	})
	return told.Embedded.Users, told.Links.Next.Href != "" && len(told.Embedded.Users) > 0, err
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
	r.Header.Set("User-Agent", defaultUserAgent)
	got, err := exchange(ctx, c.transport(), c.Timeout, r, maxAnswer, c.scrubber())
	got.sentAt = time.Now()
	if err == nil {
		err = got.accountProblem()
	}
	if err == nil {
		if bad := read(got); bad != nil {
			err = got.unreadable(bad)
		}
	}
	if err != nil {
		return fmt.Errorf("GET %s%s: %w", target.Host, path, err)
	}
	return nil
}

func (c *AccountClient) transport() http.RoundTripper {
	if c.Transport != nil {
		return c.Transport
	}
	c.makeOwn.Do(func() { c.own = newTransport() })
	return c.own
}

func (c *AccountClient) scrubber() scrubber { return scrubber{secrets: []string{c.Token}} }
