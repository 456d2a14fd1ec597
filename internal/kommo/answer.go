package kommo

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// An answer is what came back for one request.
type answer struct {
	status   int
	header   http.Header
	body     []byte
	cutShort error     // why the body could not be read to its end
	sentAt   time.Time // the time the request was signed with
	scrub    scrubber
}

// A failure is the body of an answer that is not a success. Only the form of two of them is documented:
//
//	{"status":0,"error_code":403,"error_type":"ORIGIN_INVALID_SIGNATURE","error_description":"invalid signature"}
//	{"title":"Too Many Requests","status":429,"retry_after":300}
//
// The second is of Kommo's main API.
type failure struct {
	Type        string          `json:"error_type"`
	Description string          `json:"error_description"`
	RetryAfter  json.RawMessage `json:"retry_after"`
}

// readFailure reads what can be read. A field of another type than expected does not spoil the others.
func readFailure(body []byte) failure {
	var f failure
	_ = json.Unmarshal(body, &f)
	return f
}

// problem returns the typed error that the status stands for, nil for a 2xx. An answer that says no says so by its
// status alone, even if its body broke off; what is neither yes nor no is an unknown outcome.
func (a answer) problem() error {
	switch {
	case a.status == http.StatusBadRequest:
		return &RefusedError{Detail: a.scrub.words(a.body)}
	case a.status == http.StatusTooManyRequests:
		return &RateLimitError{RetryAfter: retryAfter(a.header, a.body, a.sentAt)}
	case a.status == http.StatusForbidden && readFailure(a.body).Type == "":
		return &BlockedError{Detail: a.scrub.words(a.body)}
	case a.status >= 300 && a.status < 500:
		return a.denied()
	case a.status >= 200 && a.status < 300:
		return a.incomplete()
	}
	words := cmp.Or(a.scrub.words(a.body), http.StatusText(a.status), "no such status")
	return &UnknownOutcomeError{Status: a.status, Err: errors.New(words)}
}

func (a answer) denied() error {
	date, _ := parseDate(a.header.Get("Date"))
	return &DeniedError{
		Status:       a.status,
		Type:         a.scrub.text(readFailure(a.body).Type),
		Detail:       a.scrub.words(a.body),
		ServerDate:   date,
		SentAt:       a.sentAt,
		RedirectedTo: a.scrub.text(redirect(a.status, a.header)),
	}
}

func (a answer) incomplete() error {
	if a.cutShort == nil {
		return nil
	}
	return a.unreadable(a.cutShort)
}

// unreadable is the error for a success whose body is not what was expected.
func (a answer) unreadable(err error) error {
	return &UnknownOutcomeError{Status: a.status, Err: a.scrub.error(err)}
}

// decode reads the body into value. Of a body that is not JSON only a page is quoted: the rest may hold messages.
func (a answer) decode(value any) error {
	err := json.Unmarshal(a.body, value)
	wrong, typed := errors.AsType[*json.UnmarshalTypeError](err)
	switch text := strings.TrimSpace(string(a.body)); {
	case err == nil:
		return nil
	case text == "":
		return errors.New("the answer is empty")
	case strings.HasPrefix(text, "<"):
		return errors.New("the answer is " + pageText(text))
	case typed:
		return errors.New(join("the answer has an unexpected JSON "+wrong.Value, wrong.Field))
	}
	return fmt.Errorf("reading the answer: %w", err)
}

// redirect returns the scheme and host that a 3xx points to, "" if it stays where it is.
func redirect(status int, header http.Header) string {
	location, err := url.Parse(header.Get("Location"))
	if err != nil || status >= 400 || location.Host == "" {
		return ""
	}
	return (&url.URL{Scheme: location.Scheme, Host: location.Host}).String()
}
