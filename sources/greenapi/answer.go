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
	maxErrorBody = 64 << 10 // bytes that are read of an answer that is an error
	maxValue     = 16 << 20 // bytes of the longest JSON value; real entries have some thousand
)

// An answer is the answer to a request.
type answer struct {
	client *Client
	method string
	ctx    context.Context // the caller's
	idle   *idleTimer
	status int // 0: no answer came
	header http.Header
	body   io.Reader
}

// failure returns the error for a status other than 2xx. The meaning of a status is documented
// (docs/api/common-errors); the form of the body is not, see [Client.detail].
func (a *answer) failure() error {
	body, _ := io.ReadAll(io.LimitReader(a.body, maxErrorBody)) // a part of the text will do
	text := strings.ToLower(string(body))
	detail := a.client.detail(body)
	switch a.status {
	case 466: // not in net/http
		return a.quota(body, time.Now())
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return &DeniedError{a.method, a.status, detail}
	case http.StatusBadRequest:
		if strings.Contains(text, "not authorized") {
			return &DeniedError{a.method, a.status, detail}
		}
	}
	starting := a.status == http.StatusBadRequest && strings.Contains(text, "starting process")
	overloaded := a.status == http.StatusTooManyRequests || a.status == 499 // client closed request
	switch {
	case a.status/100 == 3:
		return &DeniedError{a.method, a.status, a.redirect()}
	case a.status/100 == 4 && !starting && !overloaded, a.status == http.StatusNotImplemented:
		return &RefusedError{a.method, a.status, detail}
	}
	wait := web.RetryAfter(a.header, time.Now(), maxRetryAfter) // Green-API is not known to send Retry-After
	return &retryableError{method: a.method, status: a.status, detail: detail, retryAfter: wait}
}

// redirect names the host that a redirect points to. It returns "" for a redirect within a host.
func (a *answer) redirect() string {
	target := web.RedirectTarget(a.header)
	if target == "" {
		return ""
	}
	return a.client.scrubber().Text("it points to " + target)
}

// broken returns the error for a connection that broke with err before or in an answer. If the caller's context has
// ended, the error is its cause.
func (a *answer) broken(err error) error {
	if a.ctx.Err() != nil {
		return context.Cause(a.ctx)
	}
	if a.idle.ctx.Err() != nil {
		err = context.Cause(a.idle.ctx)
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = &web.Error{Text: "the connection ended too soon", Err: io.ErrUnexpectedEOF}
	}
	return &retryableError{method: a.method, status: a.status, err: a.client.scrubber().Error(err)}
}

// unexpectedShape returns the error for an answer that is valid JSON, but not of the form that the method has.
func (a *answer) unexpectedShape(detail string) error {
	return &RefusedError{a.method, a.status, a.client.scrubber().Text(detail)}
}

var errInvalidJSON = errors.New("it is not valid JSON")

// notJSON returns the error for an answer that is not valid JSON. It quotes a page or a line of text. It does not quote
// a body that begins like JSON, since that may hold messages.
func (a *answer) notJSON(body []byte) error {
	failed := &retryableError{method: a.method, status: a.status}
	text := strings.TrimSpace(string(body))
	switch {
	case a.ctx.Err() != nil:
		return context.Cause(a.ctx)
	case text == "":
		failed.err = errors.New("it is empty")
	case strings.ContainsRune(`{["`, rune(text[0])):
		failed.err = errInvalidJSON
	default:
		failed.err, failed.detail = errors.New("it is not JSON"), a.client.detail(body)
	}
	return failed
}

// decode reads an answer that is an object.
func (a *answer) decode(value any) error {
	body, err := io.ReadAll(io.LimitReader(a.body, maxValue+1))
	switch {
	case err != nil:
		return a.broken(err)
	case len(body) > maxValue:
		return a.unexpectedShape("it is longer than 16 MB")
	case !json.Valid(body):
		return a.notJSON(body)
	case json.Unmarshal(body, value) != nil:
		return a.unexpectedShape(a.kind(body))
	}
	return nil
}

// kind says which kind of JSON value body is, and its error text if it has one.
func (a *answer) kind(body []byte) string {
	kind := map[byte]string{'{': "it is an object", '[': "it is a list", '"': "it is a text"}[strings.TrimSpace(string(body))[0]]
	if kind == "" {
		kind = "it is a number or a word"
	}
	if detail := a.client.detail(body); detail != "" {
		kind += ": " + detail
	}
	return kind
}
