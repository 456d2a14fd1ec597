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

// An Answer is Kommo's answer to one [Attempt], of either API.
type Answer struct {
	Status   int
	Body     []byte
	header   http.Header
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

// Problem returns the typed error that the status stands for in the Chats API, nil for a 2xx. A refusal is clear from its status alone,
// even if its body broke off. A status that neither accepts nor refuses is an unknown outcome; a proxy answers 408, 425 and
// 499 when it has given up waiting.
func (a Answer) Problem() error {
	switch {
	case a.Status >= 200 && a.Status < 300:
		return nil
	case a.Status == http.StatusBadRequest:
		return &RefusedError{Detail: a.Detail()}
	case a.Status == http.StatusTooManyRequests:
		return &RateLimitError{RetryAfter: a.retryAfter()}
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusNotFound, a.Status >= 300 && a.Status < 400,
		a.Status == http.StatusForbidden && readFailure(a.Body).Type != "":
		return a.denied()
	case a.Status == http.StatusRequestTimeout, a.Status == http.StatusTooEarly, a.Status == statusClientClosedRequest:
	case a.Status >= 400 && a.Status < 500:
		return &UnclearError{Status: a.Status, Detail: a.Detail()}
	}
	detail := cmp.Or(a.Detail(), http.StatusText(a.Status), "no such status")
	return &UnknownOutcomeError{Status: a.Status, Err: errors.New(detail)}
}

// statusClientClosedRequest is the status of nginx for a request whose client did not wait for the answer.
const statusClientClosedRequest = 499

// denied returns the error that Kommo denies access.
func (a Answer) denied() *DeniedError {
	return &DeniedError{
		Status:       a.Status,
		Type:         a.scrub.Text(readFailure(a.Body).Type),
		Detail:       a.Detail(),
		ServerDate:   a.serverDate(),
		SentAt:       a.sentAt,
		RedirectedTo: a.RedirectedTo(),
	}
}

// readWith hands the answer to read, unless it is a problem. A success that read cannot use, or of which the body broke
// off, is an unknown outcome.
func (a Answer) readWith(read func(Answer) error, problem error) error {
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
	return &UnknownOutcomeError{Status: a.Status, Garbled: a.cutShort == nil, Err: a.scrub.Error(err)}
}

// Decode reads the body into value. If the body is not JSON, the error quotes it only if it is a page: other text may
// hold messages.
func (a Answer) Decode(value any) error {
	err := json.Unmarshal(a.Body, value)
	wrong, typed := errors.AsType[*json.UnmarshalTypeError](err)
	switch text := strings.TrimSpace(string(a.Body)); {
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
func (a Answer) decodeWith(value any, required *string, name string) error {
	if err := a.Decode(value); err != nil {
		return err
	}
	return a.Require(*required, name)
}

// Require returns an error if a value of the body is empty, which has this name in errors. Kommo's error text may say why.
func (a Answer) Require(value, name string) error {
	if value == "" {
		return errors.New(join("the answer has no "+name, a.scrub.Text(readFailure(a.Body).Description)))
	}
	return nil
}

// Detail returns the error text in the body, fit to be shown: its error_description, else the text of a page, else all of it.
func (a Answer) Detail() string {
	text := strings.TrimSpace(string(a.Body))
	if description := readFailure(a.Body).Description; description != "" {
		text = description
	} else if strings.HasPrefix(text, "<") {
		text = web.PageText(text)
	}
	return a.scrub.Text(text)
}

// retryAfter returns the wait that the answer asks for, or 0. The body gives seconds, as a number or as a text.
func (a Answer) retryAfter() time.Duration {
	inBody := strings.Trim(string(readFailure(a.Body).RetryAfter), `"`)
	return cmp.Or(web.RetryAfter(a.header, a.sentAt, maxRetryAfter), web.Seconds(inBody, maxRetryAfter))
}

// serverDate returns the time of the Date header; zero if absent.
func (a Answer) serverDate() time.Time {
	date, _ := web.ParseDate(a.header.Get("Date"))
	return date
}

// RedirectedTo returns the scheme and host that a 3xx points to, "" if it stays on the same host.
func (a Answer) RedirectedTo() string {
	if a.Status >= 400 {
		return ""
	}
	return a.scrub.Text(web.RedirectTarget(a.header))
}
