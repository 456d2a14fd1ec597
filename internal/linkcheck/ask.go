package linkcheck

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kommo-import/internal/web"
	"kommo-import/sources"
)

const (
	maxCounted = 100 << 20 // bytes read to find out a size that the server does not give
	maxDrained = 4 << 10   // bytes read so that a connection can be used again
)

// A finding is the outcome of one request.
type finding struct {
	Result
	unsure bool          // the answer proves nothing: ask in another way; if there is no other way, it has failed
	wait   time.Duration // if failed, before the next try
}

func gone(reason string) finding {
	return finding{Result: Result{Status: Gone, Reason: reason}}
}

func failed(reason string, wait time.Duration) finding {
	return finding{Result: Result{Status: Failed, Reason: reason}, wait: wait}
}

func unsure() finding {
	f := failed("its server does not tell the size of the file", time.Second)
	f.unsure = true
	return f
}

// ask asks a URL. It returns after [timeout] at the latest, and at once when ctx ends; its Result then has no meaning.
func (c *Checker) ask(ctx context.Context, rawURL string) Result {
	u, err := url.Parse(strings.TrimSpace(rawURL))
	if err != nil || !isWeb(u) {
		return Result{Status: Refused, Reason: "not an http or https address"}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	f := c.head(ctx, u)
	if f.unsure {
		f = c.get(ctx, u)
	}
	if f.Status == Failed && web.Sleep(ctx, f.wait) == nil {
		f = c.get(ctx, u) // GET, because some servers fail on HEAD only
	}
	f.Name = cmp.Or(f.Name, fileName(u.Path))
	return f.Result
}

// head asks with HEAD, for at most half of the time. It believes a complete answer, a 404 or 410, and a temporary
// failure. Everything else proves nothing: servers refuse HEAD where they would answer GET, above all for links that
// are signed for GET.
func (c *Checker) head(ctx context.Context, u *url.URL) finding {
	ctx, cancel := context.WithTimeout(ctx, timeout/2)
	defer cancel()
	resp, err := c.do(ctx, http.MethodHead, u, "")
	if err != nil {
		return noAnswer(err)
	}
	defer closeBody(resp)
	switch code := resp.StatusCode; {
	case code == http.StatusNotFound, code == http.StatusGone:
		return gone(statusText(resp))
	case code == http.StatusNotImplemented:
		return unsure()
	case temporary(code):
		return failed(statusText(resp), retryAfter(resp.Header))
	case code == http.StatusOK && resp.ContentLength > 0 && !pageInstead(u, resp.Header):
		return found(resp.Header, resp.ContentLength)
	}
	return unsure()
}

// get asks with GET: for the first byte, whose answer gives the size of the whole, or else for the whole.
func (c *Checker) get(ctx context.Context, u *url.URL) finding {
	f := c.getRange(ctx, u, "bytes=0-0")
	if f.unsure {
		f = c.getRange(ctx, u, "")
	}
	return f
}

// getRange asks with GET for a part of the file, or for all of it if part is "". A part without the size of the whole
// proves nothing.
func (c *Checker) getRange(ctx context.Context, u *url.URL, part string) finding {
	resp, err := c.do(ctx, http.MethodGet, u, part)
	if err != nil {
		return noAnswer(err)
	}
	defer closeBody(resp)
	switch code := resp.StatusCode; {
	case code == http.StatusPartialContent, code == http.StatusRequestedRangeNotSatisfiable && part != "":
		return partOfFile(u, resp)
	case code >= 200 && code < 300:
		return wholeFile(u, resp)
	case temporary(code):
		return failed(statusText(resp), retryAfter(resp.Header))
	}
	return gone(statusText(resp))
}

// partOfFile judges the answer to a request for the first byte. It is a 206, or a 416: the file is empty, or the server
// does not support ranges.
func partOfFile(u *url.URL, resp *http.Response) finding {
	total, ok := contentRangeTotal(resp.Header.Get("Content-Range"))
	switch {
	case !ok, resp.StatusCode == http.StatusRequestedRangeNotSatisfiable && total > 0:
		return unsure()
	case pageInstead(u, resp.Header):
		return gone("a web page came instead of the file")
	}
	return found(resp.Header, total)
}

// wholeFile judges an answer with the whole file. It reads the file, up to [maxCounted], if the header does not give
// its size.
func wholeFile(u *url.URL, resp *http.Response) finding {
	if pageInstead(u, resp.Header) {
		return gone("a web page came instead of the file")
	}
	if resp.ContentLength >= 0 {
		return found(resp.Header, resp.ContentLength)
	}
	size, err := io.Copy(io.Discard, io.LimitReader(resp.Body, maxCounted+1))
	if err != nil {
		return noAnswer(err)
	}
	f := found(resp.Header, size)
	if size > maxCounted {
		f.Size = 0
	}
	return f
}

// found returns the finding for a file of size bytes. An empty file counts as gone: Kommo wants a size, and nobody
// would see anything. A size that no file has is as good as none.
func found(header http.Header, size int64) finding {
	if size == 0 {
		return gone("the file is empty")
	}
	if size > sources.MaxFileSize {
		size = 0
	}
	return finding{Result: Result{
		Status:  Found,
		Size:    size,
		MIME:    contentType(header),
		Name:    dispositionName(header.Get("Content-Disposition")),
		Expires: expiryDate(header.Get("X-Amz-Expiration")),
	}}
}

// do sends one request and follows its redirects.
func (c *Checker) do(ctx context.Context, method string, u *url.URL, part string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "kommo-import")
	req.Header.Set("Accept-Encoding", "identity") // a compressed answer would have another size
	if part != "" {
		req.Header.Set("Range", part)
	}
	return c.httpClient().Do(req)
}

func (c *Checker) httpClient() *http.Client {
	c.once.Do(func() {
		c.client = &http.Client{Transport: c.Transport, CheckRedirect: checkRedirect}
		if c.Transport == nil {
			c.client.Transport = newTransport(c.AllowPrivate)
		}
	})
	return c.client
}

// closeBody closes the body. It first reads the rest of a short one, so that the connection can be used again.
func closeBody(resp *http.Response) {
	if n := resp.ContentLength; n > 0 && n <= maxDrained {
		_, _ = io.CopyN(io.Discard, resp.Body, n+1)
	}
	_ = resp.Body.Close()
}

// noAnswer returns the finding for a request without an answer. Its reason does not quote err, which may hold the URL.
func noAnswer(err error) finding {
	if refusal, ok := errors.AsType[refusal](err); ok {
		return finding{Result: Result{Status: Refused, Reason: refusal.Error()}}
	}
	netErr, isNet := errors.AsType[net.Error](err)
	_, isDNS := errors.AsType[*net.DNSError](err)
	_, isTLS := errors.AsType[*tls.CertificateVerificationError](err)
	op, isOp := errors.AsType[*net.OpError](err)
	reason := "the connection broke off"
	switch {
	case errors.Is(err, errManyRedirects):
		reason = errManyRedirects.Error()
	case isDNS:
		reason = "its host name cannot be resolved"
	case isNet && netErr.Timeout():
		reason = "no answer in time"
	case isTLS:
		reason = "the certificate of its server is not valid"
	case isOp && op.Op == "dial":
		reason = "its server cannot be reached"
	}
	return failed(reason, time.Second)
}

// statusText returns the status as a phrase, e.g. "its server answers 404 not found".
func statusText(resp *http.Response) string {
	text := strings.ToLower(http.StatusText(resp.StatusCode))
	return strings.TrimSpace(fmt.Sprintf("its server answers %d %s", resp.StatusCode, text))
}

// temporary reports whether a status stands for a failure that may be over soon.
func temporary(code int) bool {
	return code >= 500 || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout
}

// retryAfter returns the wait before the next try: the time that the server asks for, between 1 and 10 seconds.
func retryAfter(header http.Header) time.Duration {
	return max(web.RetryAfter(header, time.Now(), 10*time.Second), time.Second)
}
