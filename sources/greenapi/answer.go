package greenapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"kommo-import/internal/web"
)

const (
	maxProblem = 64 << 10 // how much is read of an answer that says no, in bytes
	maxValue   = 16 << 20 // how long one JSON value may be, in bytes. Real entries have some thousand
)

// An answer is what came back for one request.
type answer struct {
	client *Client
	method string
	ctx    context.Context // the caller's
	watch  *watch
	status int // 0: none came
	header http.Header
	body   io.Reader
}

// problem returns the error that the status and text of an answer stand for. What the statuses mean is documented
// (docs/api/common-errors); the form of the body is not, see [Client.words].
func (a *answer) problem() error {
	body, _ := io.ReadAll(io.LimitReader(a.body, maxProblem)) // one that breaks off says no just as well
	text := strings.ToLower(string(body))
	words := a.client.words(body)
	switch a.status {
	case 466: // not in net/http
		return a.quota(body, time.Now())
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return &DeniedError{a.method, a.status, words}
	case http.StatusBadRequest:
		if strings.Contains(text, "not authorized") {
			return &DeniedError{a.method, a.status, words}
		}
	}
	starting := a.status == http.StatusBadRequest && strings.Contains(text, "starting process")
	overloaded := a.status == http.StatusTooManyRequests || a.status == 499 // client closed request
	switch {
	case a.status/100 == 3:
		return &DeniedError{a.method, a.status, a.client.scrubber().Text(redirect(a.header))}
	case a.status/100 == 4 && !starting && !overloaded:
		return &RefusedError{a.method, a.status, words}
	}
	return &setback{method: a.method, status: a.status, words: words, retryAfter: web.RetryAfter(a.header, time.Now(), maxRetryAfter)}
}

// redirect returns a text about the target of a redirect, or "".
func redirect(header http.Header) string {
	if target := web.RedirectTarget(header); target != "" {
		return "it points to " + target
	}
	return ""
}

// broken returns the error for a connection that gave none or half an answer because of err. If the caller's context
// has ended it is the cause of that.
func (a *answer) broken(err error) error {
	if a.ctx.Err() != nil {
		return context.Cause(a.ctx)
	}
	if a.watch.ctx.Err() != nil {
		err = context.Cause(a.watch.ctx)
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = &web.Error{Text: "the connection ended too soon", Err: io.ErrUnexpectedEOF}
	}
	return &setback{method: a.method, status: a.status, err: a.client.scrubber().Error(err)}
}

// misshapen returns the error for an answer that is JSON, but not what the method gives.
func (a *answer) misshapen(words string) error {
	return &RefusedError{a.method, a.status, a.client.scrubber().Text(words)}
}

// noJSON returns the error for an answer that is none. It quotes a page or a line of text, but nothing that begins like
// JSON: that may hold messages.
func (a *answer) noJSON(body []byte) error {
	text := strings.TrimSpace(string(body))
	switch {
	case a.ctx.Err() != nil:
		return context.Cause(a.ctx)
	case text == "":
		return &setback{method: a.method, status: a.status, err: errors.New("it is empty")}
	case strings.ContainsRune(`{["`, rune(text[0])):
		return &setback{method: a.method, status: a.status, err: errors.New("it is not valid JSON")}
	}
	return &setback{method: a.method, status: a.status, err: errors.New("it is not JSON"), words: a.client.words(body)}
}

// decode reads an answer that is one object.
func (a *answer) decode(value any) error {
	body, err := io.ReadAll(io.LimitReader(a.body, maxValue+1))
	switch {
	case err != nil:
		return a.broken(err)
	case len(body) > maxValue:
		return a.misshapen("it is longer than 16 MB")
	case !json.Valid(body):
		return a.noJSON(body)
	case json.Unmarshal(body, value) != nil:
		return a.misshapen(tellKind(body, a.client.words(body)))
	}
	return nil
}

// tellKind says what an answer is that should be another kind of JSON.
func tellKind(body []byte, words string) string {
	kind := map[byte]string{'{': "it is an object", '[': "it is a list", '"': "it is a text"}[strings.TrimSpace(string(body))[0]]
	if kind == "" {
		kind = "it is a number or a word"
	}
	if words != "" {
		kind += ": " + words
	}
	return kind
}
