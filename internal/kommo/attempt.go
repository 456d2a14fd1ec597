package kommo

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"kommo-import/internal/web"
)

// An Attempt makes one attempt at a request, of either API. The clients of both APIs use it, so that a lost answer, a
// network that is down and a rate limit are the same errors for both.
type Attempt struct {
	Transport http.RoundTripper
	Timeout   time.Duration // from connecting to the last byte of the answer; 0 is 30 seconds
	Limit     int64         // of the answer, in bytes; a longer answer is an [UnknownOutcomeError]
	Scrub     *web.Scrubber // keeps the secrets of the request out of errors
	// Problem returns the typed error that the status of an answer stands for, nil for a success.
	Problem func(Answer) error
}

// Do sends a request and hands a success to read. An error of read makes the outcome unknown. The answer is also returned
// with an error; it is zero if no answer came. sentAt is the time that Retry-After is counted from.
//
// Do calls the transport directly. An [http.Client] around it would follow redirects, or fail on a redirect that it
// cannot parse instead of returning it, and add the URL to its errors.
func (t Attempt) Do(ctx context.Context, r *http.Request, sentAt time.Time, read func(Answer) error) (Answer, error) {
	started := time.Now()
	timeout := cmp.Or(t.Timeout, defaultTimeout)
	late := fmt.Errorf("no answer within %v: %w", timeout, context.DeadlineExceeded)
	limited, cancel := context.WithTimeoutCause(ctx, timeout, late)
	defer cancel()
	traced, connection := traceConnection(limited)
	response, err := t.Transport.RoundTrip(r.WithContext(traced))
	if err != nil {
		return Answer{}, transportError(ctx, limited, err, connection, t.Scrub)
	}
	got := Answer{Status: response.StatusCode, header: response.Header, sentAt: sentAt, scrub: t.Scrub}
	got.Body, got.cutShort = readBody(response, t.Limit)
	got.took = time.Since(started)
	return got, got.readWith(read, t.Problem(got))
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

// An OwnTransport is the transport of a client without a given transport. It is made with the first request.
type OwnTransport struct {
	once      sync.Once
	transport *http.Transport
}

// Or returns given, or else the own transport.
func (o *OwnTransport) Or(given http.RoundTripper) http.RoundTripper {
	if given != nil {
		return given
	}
	o.once.Do(func() { o.transport = web.NewTransport() })
	return o.transport
}
