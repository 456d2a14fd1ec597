package greenapi

import (
	"fmt"
	"strings"
	"time"

	"kommo-import/sources"
)

// A DeniedError means that Green-API does not let us in. Every other call will fare the same until somebody changes
// something: the token (401, documented), the id of the instance (403, documented), the address (404 or 3xx,
// inferred), or the phone, which is not connected (400 "instance account not authorized", documented).
type DeniedError struct {
	Method string
	Status int
	Detail string // what Green-API says, fit to be shown; "" if nothing
}

func (e *DeniedError) Error() string {
	return tell(e.Method, e.reason(), fmt.Sprintf("status %d", e.Status), e.Detail)
}

func (e *DeniedError) reason() string {
	switch e.Status {
	case 400:
		return "the instance is not authorized: no phone is connected to it"
	case 401:
		return "the token is not the one of this instance"
	case 403:
		return "there is no instance with this id at this address"
	}
	return "this is not the address of a Green-API instance"
}

// A QuotaError means that the plan of the instance has no call of the method left (466, documented), or no further
// chat if Correspondents is set. Trying again does not help before Resets.
type QuotaError struct {
	Method         string
	Correspondents bool      // it is the number of chats in a month that is used up
	Used, Total    int       // 0 if Green-API does not tell
	Description    string    // what Green-API says, fit to be shown; "" if nothing
	Resets         time.Time // the next 1st of a month, UTC, when quotas begin anew (documented)
}

func (e *QuotaError) Error() string {
	what := "the quota of the instance's plan is used up"
	if e.Correspondents {
		what = "the number of chats that the instance's plan allows in a month is used up"
	}
	if e.Total > 0 {
		what += fmt.Sprintf(" (%d of %d)", e.Used, e.Total)
	}
	return tell(e.Method, what+" until "+e.Resets.Format(time.DateOnly), e.Description)
}

// A RefusedError means that this call came to nothing and would again: Green-API does not understand it (another 4xx),
// e.g. because it does not know the chat, or its answer is JSON of another kind than the method gives. Calls about
// other chats may fare better.
type RefusedError struct {
	Method string
	Status int    // 2xx if it is the answer that is not what it should be
	Detail string // what Green-API says, or what is wrong with the answer, fit to be shown; "" if nothing
}

func (e *RefusedError) Error() string {
	if e.Status/100 == 2 {
		return tell(e.Method, "not the answer of this method", e.Detail)
	}
	return tell(e.Method, "green-api refuses this", fmt.Sprintf("status %d", e.Status), e.Detail)
}

// An UnavailableError means that no try brought an answer that can be used. The same may work later. If Status is a 2xx,
// the last answer was no JSON or broke off; calls about other chats may then fare better.
type UnavailableError struct {
	Method string
	Tries  int
	Status int    // of the last try; 0 if no answer came. 504 means that the phone may be offline (documented in 2021)
	Detail string // what the last answer says, fit to be shown; "" if nothing
	Err    error  // why there was no answer, or why it could not be read, its text fit to be shown; nil otherwise
}

func (e *UnavailableError) Error() string {
	tries := fmt.Sprintf("no usable answer after %d tries", e.Tries)
	return tell(e.Method, tries, whyNot(e.Status, e.Err), e.Detail)
}

func (e *UnavailableError) Unwrap() error { return e.Err }

// Is makes it a [sources.ErrUnavailable].
func (e *UnavailableError) Is(target error) bool { return target == sources.ErrUnavailable }

// whyNot says why an attempt brought nothing.
func whyNot(status int, err error) string {
	switch {
	case status == 0 && err != nil:
		return "no answer: " + err.Error()
	case err != nil:
		return "the answer cannot be read: " + err.Error()
	case status == 429:
		return "status 429: too many requests"
	case status == 504:
		return "status 504: the phone may be offline"
	}
	return fmt.Sprintf("status %d", status)
}

// tell returns what there is to tell of a call of a method, with colons in between.
func tell(method string, parts ...string) string {
	text := "green-api " + method
	for _, part := range parts {
		if part != "" {
			text += ": " + part
		}
	}
	return strings.TrimSuffix(text, ".")
}
