package kommo

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
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
func (c *Client) do(ctx context.Context, r request, read func(answer) error) (answer, error) {
	if err := ctx.Err(); err != nil {
		return answer{}, err
	}
	target, err := c.target(r)
	if err != nil {
		return answer{}, err
	}
	httpRequest, err := http.NewRequest(r.method, target.String(), bytes.NewReader(r.body))
	if err != nil {
		return answer{}, errors.New("not a valid request")
	}
	now := c.now()
	scrub := c.sign(httpRequest, r.body, now)
	got, err := exchange(ctx, c.own.or(c.Transport), c.Timeout, httpRequest, r.limit, scrub)
	if err == nil {
		got.sentAt = now
		err = got.readWith(read, got.problem())
	}
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

// exchange sends a request and reads the answer, whatever its status, up to limit bytes. It takes no longer than
// timeout; 0 is the default.
//
// It calls the transport directly. An [http.Client] around it would follow redirects, or fail on a redirect that it
// cannot parse instead of returning it, and add the URL to its errors.
func exchange(ctx context.Context, transport http.RoundTripper, timeout time.Duration, r *http.Request, limit int64,
	scrub *web.Scrubber) (answer, error) {
	started := time.Now()
	timeout = cmp.Or(timeout, defaultTimeout)
	late := fmt.Errorf("no answer within %v: %w", timeout, context.DeadlineExceeded)
	limited, cancel := context.WithTimeoutCause(ctx, timeout, late)
	defer cancel()
	traced, connection := traceConnection(limited)
	response, err := transport.RoundTrip(r.WithContext(traced))
	if err != nil {
		return answer{}, transportError(ctx, limited, err, connection, scrub)
	}
	got := answer{status: response.StatusCode, header: response.Header, scrub: scrub}
	got.body, got.cutShort = readBody(response, limit)
	got.took = time.Since(started)
	return got, nil
}

// readBody reads an answer up to limit bytes and closes it. It returns the bytes read before an error too.
func readBody(response *http.Response, limit int64) ([]byte, error) {
	if response.Body == nil {
		return nil, nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		return body[:limit], fmt.Errorf("the answer is longer than %d bytes", limit)
	}
	return body, err
}

// An ownTransport is the transport of a client without a given transport. It is made with the first request.
type ownTransport struct {
	once      sync.Once
	transport *http.Transport
}

// or returns given, or else the own transport.
func (o *ownTransport) or(given http.RoundTripper) http.RoundTripper {
	if given != nil {
		return given
	}
	o.once.Do(func() { o.transport = web.NewTransport() })
	return o.transport
}
