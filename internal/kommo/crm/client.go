// Package crm speaks api/v4, the main API of a Kommo account: the account, its users, its contacts, and which chat belongs to
// which contact. It has no call that changes a contact or a lead.
//
//	client := &crm.Client{BaseURL: "https://example.kommo.com", Token: token}
//	contacts, err := client.Contacts(ctx, "")
//	…
//	links, err := client.ChatLinks(ctx, chatIDs)
//	…
//	_, err = client.Link(ctx, []crm.NewLink{{ChatID: chatID, ContactID: contactID}})
//	if kommo.Outcome(err) == kommo.ResultUnknown {
//		// read client.ChatLinks before linking again
//	}
//
// Every call makes one attempt at one request. Kommo counts the requests of both APIs together, by the address that they
// come from (documented), so the caller keeps one rate limit for both.
//
// The errors are those of package kommo, wrapped in the request they belong to, and [kommo.Outcome] classifies them:
//
//	429                                      *kommo.RateLimitError        repeat after a while
//	408, 425, 499, 5xx, no answer            *kommo.UnknownOutcomeError   a read may be repeated at once; see Client.Link
//	  or one that cannot be read
//	no connection                            *kommo.UnreachableError      repeat
//	403 that is no JSON                      *kommo.BlockedError          stop: too many requests
//	401, 402, 403, 404, another 4xx, 3xx     *kommo.AccountDeniedError    stop: the token, its rights, the account, the address
//	400, 409, 413, 422; 404 of a POST        *kommo.RefusedError          about this request alone
//	  that is not about the path
//
// Any other error means that nothing was sent. No error text holds the token.
//
// amoCRM's API is the same at other hosts (documented).
package crm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"kommo-import/internal/kommo"
	"kommo-import/internal/web"
)

// A Client makes requests to one account. It has no rate limit and repeats nothing; both are up to the caller. It may be used
// by several goroutines at once, and must not be copied or changed after its first request.
type Client struct {
	// BaseURL is the account's address, such as https://example.kommo.com, as [kommo.ParseBaseURL] takes it; its path is
	// ignored, so that the address of any page of the account will do.
	BaseURL string
	// Token is sent as a Bearer token. It comes from a private integration or from OAuth.
	Token string
	// Transport carries the requests; nil is a [web.NewTransport] of the client. It must honour the request's context, and
	// have no cookies: the requests about chats fail with the cookies of a session (documented).
	Transport http.RoundTripper
	// Timeout bounds one attempt, from connecting to the last byte of the answer; 0 is 30 seconds.
	Timeout time.Duration

	own kommo.OwnTransport
}

// Format prints a Client without its token, with every verb.
func (c *Client) Format(state fmt.State, _ rune) {
	fmt.Fprintf(state, "crm.Client{%s}", c.LogValue())
}

// LogValue keeps the token out of logs.
func (c *Client) LogValue() slog.Value {
	return slog.GroupValue(slog.String("base_url", c.scrubber().Text(c.BaseURL)))
}

func (c *Client) scrubber() *web.Scrubber { return &web.Scrubber{Secrets: []string{c.Token}} }

// maxAnswer is the length of an answer that is read, in bytes. A page of 250 contacts with many fields has some hundred
// thousand.
const maxAnswer = 32 << 20

// get makes one attempt to read path, and hands a 2xx to read.
func (c *Client) get(ctx context.Context, path string, query url.Values, read func(kommo.Answer) error) error {
	return c.do(ctx, http.MethodGet, path, query, nil, read)
}

// post makes one attempt to send body as JSON to path, and hands a 2xx to read.
func (c *Client) post(ctx context.Context, path string, body any, read func(kommo.Answer) error) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return c.do(ctx, http.MethodPost, path, nil, data, read)
}

func (c *Client) do(ctx context.Context, method, path string, query url.Values, body []byte, read func(kommo.Answer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	base, err := kommo.ParseBaseURL(c.BaseURL)
	if err != nil {
		return err
	}
	target := &url.URL{Scheme: base.Scheme, Host: base.Host, Path: path, RawQuery: query.Encode()}
	r, err := http.NewRequest(method, target.String(), bytes.NewReader(body))
	if err != nil {
		return errors.New("not a valid request")
	}
	r.GetBody = nil // net/http must not send a request twice, as in kommo.Client
	r.Header.Set("Authorization", "Bearer "+c.Token)
	r.Header.Set("User-Agent", "kommo-import")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	scrub := c.scrubber()
	attempt := kommo.Attempt{Transport: c.own.Or(c.Transport), Timeout: c.Timeout, Limit: maxAnswer, Scrub: scrub,
		Problem: func(a kommo.Answer) error { return problem(method, a, scrub) }}
	if _, err := attempt.Do(ctx, r, time.Now(), read); err != nil {
		return fmt.Errorf("%s %s%s: %w", method, target.Host, path, err)
	}
	return nil
}
