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
	"time"
)

const (
	defaultTimeout   = 30 * time.Second
	defaultUserAgent = "kommo-import"
)

// A request is one call of the Chats API, not yet signed.
type request struct {
	method string
	within string // what the path is about instead of the scope; "" is the scope
	below  string // what follows that in the path
	query  string // is not signed
	body   []byte
	limit  int64 // how much of the answer is read, in bytes
}

// do makes one attempt and hands a 2xx to read, whose error makes the outcome unknown.
func (c *Client) do(ctx context.Context, r request, read func(answer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	target, err := c.target(r)
	if err != nil {
		return err
	}
	got, err := c.attempt(ctx, r, target)
	if err == nil {
		err = got.problem()
	}
	if err == nil {
		if bad := read(got); bad != nil {
			err = got.unreadable(bad)
		}
	}
	if err != nil {
		return fmt.Errorf("%s %s%s: %w", r.method, target.Host, target.EscapedPath(), err)
	}
	return nil
}

// attempt signs the request with the time of now, sends it and reads the answer, whatever its status.
func (c *Client) attempt(ctx context.Context, r request, target *url.URL) (answer, error) {
	httpRequest, err := http.NewRequest(r.method, target.String(), bytes.NewReader(r.body))
	if err != nil {
		return answer{}, errors.New("not a valid request")
	}
	now := c.now()
	scrub := c.sign(httpRequest, r.body, now)
	got, err := exchange(ctx, c.transport(), c.Timeout, httpRequest, r.limit, scrub)
	got.sentAt = now
	return got, err
}

// exchange sends a request and reads the answer, limit bytes of it at most and whatever its status, within timeout, of
// which 0 is the default.
//
// It calls the transport directly. An [http.Client] around it would follow redirects, or fail on one that it cannot
// parse instead of returning it, and add the URL to its errors.
func exchange(ctx context.Context, transport http.RoundTripper, timeout time.Duration, r *http.Request, limit int64, scrub scrubber) (answer, error) {
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
	return got, nil
}

// sign puts the headers on the request and returns the scrubber that keeps them, and the secret, out of errors.
//
// The request loses its GetBody, so that net/http cannot send it twice. With one it repeats a POST, on a connection
// used before, when no byte was written or when HTTP/2 says that the server did not look at it, and also on an HTTP/2
// PROTOCOL_ERROR, which does not say that. Without one it repeats none of which it has touched the body.
// A GET has no body; net/http may repeat it, and that is harmless.
func (c *Client) sign(r *http.Request, body []byte, now time.Time) scrubber {
	r.GetBody = nil
	r.Header = c.Signer.Header(r.Method, r.URL.EscapedPath(), body, now)
	r.Header.Set("User-Agent", cmp.Or(c.UserAgent, defaultUserAgent))
	return scrubber{secrets: []string{c.Signer.Secret, r.Header.Get("X-Signature")}}
}

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

// readBody reads an answer, of limit bytes at most, and closes it. What was read is returned with an error too.
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
