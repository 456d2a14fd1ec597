package kommo

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kommo-import/internal/web"
)

const (
	defaultBaseURL = "https://amojo.kommo.com"
	defaultTimeout = 30 * time.Second
	userAgent      = "kommo-import"
)

// A request is one call of the Chats API, not yet signed.
type request struct {
	method string
	within string // the id in the path that stands in the place of the scope id; "" is the scope id
	below  string // follows that id in the path
	query  string // is not signed
	body   []byte
	limit  int64 // of the answer, in bytes
}

// ParseBaseURL reads the address of a Chats API or of an account, as [web.ParseBaseURL] does. The path has at least a
// slash, as [url.URL.JoinPath] makes a relative path of an empty path.
func ParseBaseURL(address string) (*url.URL, error) {
	base, err := web.ParseBaseURL(address)
	if err != nil {
		return nil, err
	}
	base.Path = cmp.Or(base.Path, "/")
	return base, nil
}

// target returns the URL of a request. Its path is signed.
func (c *Client) target(r request) (*url.URL, error) {
	base, err := ParseBaseURL(cmp.Or(c.BaseURL, defaultBaseURL))
	if err != nil {
		return nil, err
	}
	within := r.within
	if within == "" {
		within = c.ScopeID
		if !validID(within) {
			return nil, fmt.Errorf("scope id %q: not an id", within)
		}
	}
	target := base.JoinPath("/v2/origin/custom", within, r.below)
	target.RawQuery = r.query
	return target, nil
}

// validID reports whether id can stand in a path as it is. Kommo's ids are UUIDs, a scope's two with "_" in between.
func validID(id string) bool {
	return id != "" && strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == ""
}

// do makes one attempt and hands a 2xx to read. An error of read makes the outcome unknown. The answer is also returned
// with an error; it is zero if no answer came.
func (c *Client) do(ctx context.Context, r request, read func(Answer) error) (Answer, error) {
	if err := ctx.Err(); err != nil {
		return Answer{}, err
	}
	target, err := c.target(r)
	if err != nil {
		return Answer{}, err
	}
	httpRequest, err := http.NewRequest(r.method, target.String(), bytes.NewReader(r.body))
	if err != nil {
		return Answer{}, errors.New("not a valid request")
	}
	now := c.now()
	scrub := c.sign(httpRequest, r.body, now)
	attempt := Attempt{Transport: c.own.Or(c.Transport), Timeout: c.Timeout, Limit: r.limit, Scrub: scrub, Problem: Answer.Problem}
	got, err := attempt.Do(ctx, httpRequest, now, read)
	if err != nil {
		return got, fmt.Errorf("%w (%s %s)", err, r.method, target.Host)
	}
	return got, nil
}

// sign puts the headers on the request and returns the scrubber that keeps the secret and the signature out of errors.
//
// The request loses its GetBody, so that net/http cannot send it twice. With GetBody, net/http repeats a POST on a
// connection that was used before, if no byte was written or if HTTP/2 says that the server did not look at the
// request. It also repeats a POST after an HTTP/2 PROTOCOL_ERROR, which does not say that. Without GetBody, net/http
// repeats no request of which it has touched the body. A GET has no body; net/http may repeat it, which is harmless.
func (c *Client) sign(r *http.Request, body []byte, now time.Time) *web.Scrubber {
	r.GetBody = nil
	r.Header = c.Signer.Header(r.Method, r.URL.EscapedPath(), body, now)
	r.Header.Set("User-Agent", userAgent)
	return &web.Scrubber{Secrets: []string{c.Signer.Secret, r.Header.Get("X-Signature")}}
}

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}
