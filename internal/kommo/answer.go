package kommo

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"kommo-import/internal/web"
)

// maxRetryAfter is the longest wait that is believed.
const maxRetryAfter = time.Hour

// An answer is the answer to one request.
type answer struct {
	status   int
	header   http.Header
	body     []byte
	cutShort error         // why the body could not be read to its end
	sentAt   time.Time     // the time the request was signed with
	took     time.Duration // from the request to the end of the answer
	scrub    *web.Scrubber
}

// A failure is the body of an answer that is not a success. Two forms are documented, the second for Kommo's main API:
//
//	{"status":0,"error_code":403,"error_type":"ORIGIN_INVALID_SIGNATURE","error_description":"invalid signature"}
//	{"title":"Too Many Requests","status":429,"retry_after":300}
type failure struct {
	Type        string          `json:"error_type"`
	Description string          `json:"error_description"`
	RetryAfter  json.RawMessage `json:"retry_after"`
}

// readFailure reads as many fields as it can. A field of another type than expected does not spoil the others.
func readFailure(body []byte) failure {
	var f failure
	_ = json.Unmarshal(body, &f)
	return f
}

// problem returns the typed error that the status stands for, nil for a 2xx. A refusal is clear from its status alone,
// even if its body broke off. A status that neither accepts nor refuses is an unknown outcome; a proxy answers 408, 425 and
// 499 when it has given up waiting.
func (a answer) problem() error {
	switch {
	case a.status >= 200 && a.status < 300:
		return nil
	case a.status == http.StatusBadRequest:
		return &RefusedError{Detail: a.detail()}
	case a.status == http.StatusTooManyRequests:
		return &RateLimitError{RetryAfter: a.retryAfter()}
	case a.status == http.StatusUnauthorized, a.status == http.StatusNotFound, a.status >= 300 && a.status < 400,
		a.status == http.StatusForbidden && readFailure(a.body).Type != "":
		return a.denied()
	case a.status == http.StatusRequestTimeout, a.status == http.StatusTooEarly, a.status == statusClientClosedRequest:
	case a.status >= 400 && a.status < 500:
		return &UnclearError{Status: a.status, Detail: a.detail()}
	}
	detail := cmp.Or(a.detail(), http.StatusText(a.status), "no such status")
	return &UnknownOutcomeError{Status: a.status, Err: errors.New(detail)}
}

// statusClientClosedRequest is the status of nginx for a request whose client did not wait for the answer.
const statusClientClosedRequest = 499

// denied returns the error that Kommo denies access.
func (a answer) denied() *DeniedError {
	return &DeniedError{
		Status:       a.status,
		Type:         a.scrub.Text(readFailure(a.body).Type),
		Detail:       a.detail(),
		ServerDate:   a.serverDate(),
		SentAt:       a.sentAt,
		RedirectedTo: a.redirectedTo(),
	}
}

// readWith hands the answer to read, unless it is a problem. A success that read cannot use, or of which the body broke
// off, is an unknown outcome.
func (a answer) readWith(read func(answer) error, problem error) error {
	if problem != nil {
		return problem
	}
	err := a.cutShort
	if err == nil {
		err = read(a)
	}
	if err == nil {
		return nil
	}
	return &UnknownOutcomeError{Status: a.status, Garbled: a.cutShort == nil, Err: a.scrub.Error(err)}
}

// decode reads the body into value. If the body is not JSON, the error quotes it only if it is a page: other text may
// hold messages.
func (a answer) decode(value any) error {
	err := json.Unmarshal(a.body, value)
	wrong, typed := errors.AsType[*json.UnmarshalTypeError](err)
	switch text := strings.TrimSpace(string(a.body)); {
	case err == nil:
		return nil
	case text == "":
		return errors.New("the answer is empty")
	case strings.HasPrefix(text, "<"):
		return errors.New("the answer is " + web.PageText(text))
	case typed:
		field := wrong.Field[strings.LastIndexByte(wrong.Field, '.')+1:] // what stands before it are names of our own, too
		return errors.New(join("the answer has an unexpected JSON "+wrong.Value, field))
	}
	return fmt.Errorf("reading the answer: %w", err)
}

// decodeWith reads the body into value, and wants it to fill *required, which has this name in errors.
func (a answer) decodeWith(value any, required *string, name string) error {
	if err := a.decode(value); err != nil {
		return err
	}
	return a.require(*required, name)
}

// require returns an error if a value of the body is empty, which has this name in errors. Kommo's error text may say why.
func (a answer) require(value, name string) error {
	if value == "" {
		return errors.New(join("the answer has no "+name, a.scrub.Text(readFailure(a.body).Description)))
	}
	return nil
}

// detail returns the error text in the body: its error_description, else the text of a page, else all of it.
func (a answer) detail() string {
	text := strings.TrimSpace(string(a.body))
	if description := readFailure(a.body).Description; description != "" {
		text = description
	} else if strings.HasPrefix(text, "<") {
		text = web.PageText(text)
	}
	return a.scrub.Text(text)
}

// retryAfter returns the wait that the answer asks for, or 0. The body gives seconds, as a number or as a text.
func (a answer) retryAfter() time.Duration {
	inBody := strings.Trim(string(readFailure(a.body).RetryAfter), `"`)
	return cmp.Or(web.RetryAfter(a.header, a.sentAt, maxRetryAfter), web.Seconds(inBody, maxRetryAfter))
}

// serverDate returns the time of the Date header; zero if absent.
func (a answer) serverDate() time.Time {
	date, _ := web.ParseDate(a.header.Get("Date"))
	return date
}

// redirectedTo returns the scheme and host that a 3xx points to, "" if it stays on the same host.
func (a answer) redirectedTo() string {
	if a.status >= 400 {
		return ""
	}
	return a.scrub.Text(web.RedirectTarget(a.header))
}
