package greenapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kommo-import/internal/web"
)

// ParseBaseURL parses the address of an instance: https, or http to loopback, with a host, and without user, query and
// fragment. A path is kept. The URL of a method, which the console also shows, is refused. The error does not repeat the
// address, which may hold the token.
func ParseBaseURL(address string) (*url.URL, error) {
	base, err := web.ParseBaseURL(address)
	if err == nil && strings.Contains(strings.ToLower(base.Path), "wainstance") {
		return nil, errors.New("base URL: is the URL of a method: use apiUrl as the console shows it")
	}
	return base, err
}

// target returns the URL of a method: {apiUrl}/waInstance{idInstance}/{method}/{apiTokenInstance} (documented).
func (c *Client) target(method string) (string, error) {
	base, err := ParseBaseURL(c.BaseURL)
	switch {
	case err != nil:
		return "", err
	case c.Instance == "" || strings.Trim(c.Instance, "0123456789") != "":
		return "", errors.New("id of the instance: not digits")
	case c.Token == "" || strings.ContainsFunc(c.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", errors.New("token of the instance: empty, or with characters that no token has")
	}
	return strings.TrimRight(base.String(), "/") + "/waInstance" + c.Instance + "/" + method + "/" + url.PathEscape(c.Token), nil
}

// transport returns the caller's transport, or the client's own.
func (c *Client) transport() http.RoundTripper {
	if c.Transport != nil {
		return c.Transport
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.own == nil {
		c.own = web.NewTransport()
	}
	return c.own
}

const defaultIdleTimeout = 3 * time.Minute

// An idleTimer cancels a request whose connection is silent for too long. It runs only while we wait for the connection:
// from the request to the beginning of the answer, and during each read of the body, which goes through it.
type idleTimer struct {
	ctx     context.Context // of the request
	cancel  context.CancelCauseFunc
	timer   *time.Timer
	timeout time.Duration
	body    io.Reader
}

func startIdleTimer(ctx context.Context, timeout time.Duration) *idleTimer {
	silent := &web.Error{Text: fmt.Sprintf("no data for %v", timeout), Err: context.DeadlineExceeded}
	watched, cancel := context.WithCancelCause(ctx)
	return &idleTimer{ctx: watched, cancel: cancel, timer: time.AfterFunc(timeout, func() { cancel(silent) }), timeout: timeout}
}

func (t *idleTimer) pause() { t.timer.Stop() }

func (t *idleTimer) end() {
	t.timer.Stop()
	t.cancel(context.Canceled)
}

func (t *idleTimer) Read(p []byte) (int, error) {
	if t.ctx.Err() != nil {
		return 0, context.Cause(t.ctx)
	}
	t.timer.Reset(t.timeout)
	defer t.timer.Stop()
	return t.body.Read(p)
}
