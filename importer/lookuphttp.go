package importer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// do sends one request and follows its redirects.
func (l *mediaLookup) do(ctx context.Context, method string, u *url.URL, part string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "kommo-import")
	req.Header.Set("Accept-Encoding", "identity") // a compressed answer would have another size
	if part != "" {
		req.Header.Set("Range", part)
	}
	return l.httpClient().Do(req)
}

func (l *mediaLookup) httpClient() *http.Client {
	l.once.Do(func() {
		l.client = &http.Client{Transport: l.Transport, CheckRedirect: checkRedirect}
		if l.Transport == nil {
			l.client.Transport = newPublicTransport(l.AllowPrivate)
		}
	})
	return l.client
}

// closeBody closes the body, after reading what is left of a short one: only then is the connection used again.
func closeBody(resp *http.Response) {
	if n := resp.ContentLength; n > 0 && n <= maxDrained {
		_, _ = io.CopyN(io.Discard, resp.Body, n+1)
	}
	_ = resp.Body.Close()
}

// transportFailure tells in our words why no answer came. The error's own words may hold the URL.
func transportFailure(err error) mediaFinding {
	if r, ok := errors.AsType[addressRefusal](err); ok {
		return mediaFinding{mediaInfo: mediaInfo{Status: mediaRefused, Reason: r.Error()}}
	}
	return failedMedia(transportReason(err), time.Second)
}

func transportReason(err error) string {
	netErr, isNet := errors.AsType[net.Error](err)
	_, isDNS := errors.AsType[*net.DNSError](err)
	_, isTLS := errors.AsType[*tls.CertificateVerificationError](err)
	op, isOp := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, errManyRedirects):
		return errManyRedirects.Error()
	case isDNS:
		return "its host name cannot be resolved"
	case isNet && netErr.Timeout():
		return "no answer in time"
	case isTLS:
		return "the certificate of its server is not valid"
	case isOp && op.Op == "dial":
		return "its server cannot be reached"
	default:
		return "the connection broke off"
	}
}

// serverAnswer says what the server answered, e.g. "its server answers 404 not found".
func serverAnswer(resp *http.Response) string {
	text := strings.ToLower(http.StatusText(resp.StatusCode))
	return strings.TrimSpace(fmt.Sprintf("its server answers %d %s", resp.StatusCode, text))
}

// passingTrouble reports whether a status stands for trouble that may be over soon.
func passingTrouble(code int) bool {
	return code >= 500 || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout
}

// timeToRetry returns how long to wait before the next try: as many seconds as the server asks for, between 1 and 10.
func timeToRetry(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil {
		seconds = 1
	}
	return time.Duration(min(max(seconds, 1), 10)) * time.Second
}
