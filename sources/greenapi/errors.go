package greenapi

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"kommo-import/sources"
)

// A DeniedError means that Green-API denies access. Every other call will fail too until somebody changes the token (401,
// documented), the id of the instance (403, documented) or the address (404 or 3xx, inferred), or connects a phone (400
// "instance account not authorized", documented).
type DeniedError struct {
	Method string
	Status int
	Detail string // Green-API's error text, fit to be shown; may be empty
}

func (e *DeniedError) Error() string {
	return errorText(e.Method, e.reason(), fmt.Sprintf("status %d", e.Status), e.Detail)
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

// A QuotaError means that the plan of the instance allows no further call of the method (466, documented), or no further
// chat if Correspondents is set. Trying again does not help before Resets.
type QuotaError struct {
	Method         string
	Correspondents bool      // the quota of chats in a month is used up
	Used, Total    int       // 0 if not known
	Description    string    // Green-API's error text, fit to be shown; may be empty
	Resets         time.Time // the next 1st of a month, UTC, when quotas begin anew (documented)
}

func (e *QuotaError) Error() string {
	reason := "the quota of the instance's plan is used up"
	if e.Correspondents {
		reason = "the number of chats that the instance's plan allows in a month is used up"
	}
	if e.Total > 0 {
		reason += fmt.Sprintf(" (%d of %d)", e.Used, e.Total)
	}
	return errorText(e.Method, reason+" until "+e.Resets.Format(time.DateOnly), e.Description)
}

// A quotaAnswer is the body of a 466 (documented). One of the two quotas is used up:
//
//	{"invokeStatus":{"method":"getContacts","used":1000,"total":1000,"status":"QUOTE_EXCEEDED","description":"…"}}
//	{"invokeStatus":{…,"status":"QUOTE_ALLOWED"},"correspondentsStatus":{…,"status":"CORRESPONDENTS_QUOTE_EXCEEDED"}}
type quotaAnswer struct {
	Invoke         quotaStatus `json:"invokeStatus"`
	Correspondents quotaStatus `json:"correspondentsStatus"`
}

type quotaStatus struct {
	Used        optionalNumber `json:"used"`
	Total       optionalNumber `json:"total"`
	Status      lenientText    `json:"status"`
	Description lenientText    `json:"description"`
}

// quota returns the error for a 466.
func (a *answer) quota(body []byte, now time.Time) error {
	var got quotaAnswer
	_ = json.Unmarshal(body, &got) // an unreadable field stays empty
	status, correspondents := got.Invoke, strings.Contains(string(got.Correspondents.Status), "EXCEEDED")
	if correspondents {
		status = got.Correspondents
	}
	now = now.UTC()
	return &QuotaError{
		Method:         a.method,
		Correspondents: correspondents,
		Used:           status.Used.count(),
		Total:          status.Total.count(),
		Description:    cmp.Or(a.client.scrubber().Text(string(status.Description)), a.client.detail(body)),
		Resets:         time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC),
	}
}

// A RefusedError means that this call fails and would fail again: Green-API does not accept it (another 4xx), e.g.
// because it does not know the chat, or does not have the method (501), or its answer is JSON of another form than the method has. Calls about other chats
// may succeed.
type RefusedError struct {
	Method string
	Status int    // 2xx if the answer has another form
	Detail string // Green-API's error text, or the fault of the answer, fit to be shown; may be empty
}

func (e *RefusedError) Error() string {
	if e.Status/100 == 2 {
		return errorText(e.Method, "not the answer of this method", e.Detail)
	}
	return errorText(e.Method, "green-api refuses this", fmt.Sprintf("status %d", e.Status), e.Detail)
}

// An UnavailableError means that no try brought a usable answer. The same call may succeed later. If Status is a 2xx, the
// last answer was not valid JSON or broke off; calls about other chats may then succeed.
type UnavailableError struct {
	Method string
	Tries  int
	Status int    // of the last try; 0 if no answer came. 504 means that the phone may be offline (documented in 2021)
	Detail string // error text of the last answer, fit to be shown; may be empty
	Err    error  // why there was no answer, or why it was not readable, its text fit to be shown; nil otherwise
}

func (e *UnavailableError) Error() string {
	tries := fmt.Sprintf("no usable answer after %d tries", e.Tries)
	return errorText(e.Method, tries, failureText(e.Status, e.Err), e.Detail)
}

func (e *UnavailableError) Unwrap() error { return e.Err }

// Is makes it a [sources.ErrUnavailable].
func (e *UnavailableError) Is(target error) bool { return target == sources.ErrUnavailable }

// ErrEmptyAccount means that Green-API knows no chat of the account.
var ErrEmptyAccount = errors.New("the account has no chats: Green-API holds only what WhatsApp handed over when the " +
	"phone was connected, and what came since while its settings were on")

// ErrUnreadableChats means that Green-API lists chats, and no chat with an id.
var ErrUnreadableChats = errors.New("green-api getChats: none of the chats that it lists has an id")

// An UnknownChatError means that the account does not have a chat of [Source.Only].
type UnknownChatError struct {
	Chat  string
	Chats int // number of chats of the account
}

func (e *UnknownChatError) Error() string {
	return fmt.Sprintf("there is no chat %s among the %d of the account", e.Chat, e.Chats)
}

// A PreflightError means that a history read now would not be whole.
type PreflightError struct {
	State    string   // of the instance
	Problems []string // sentences: the fault and its remedy
}

func (e *PreflightError) Error() string {
	return "the instance is not ready to be read:\n" + strings.Join(e.Problems, "\n")
}
