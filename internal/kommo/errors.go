package kommo

import (
	"fmt"
	"strings"
	"time"
)

// A RefusedError means that Kommo understood the request and will not have it (400). What it was about was not
// taken, and the same request again ends the same way.
type RefusedError struct {
	// Detail is what Kommo says is wrong, fit to be shown; "" if it says nothing. The shape of such an answer is not
	// documented: it is error_description if there is one, else the whole text.
	Detail string
}

func (e *RefusedError) Error() string {
	return join("kommo refused it", e.Detail)
}

// A DeniedError means that Kommo did not look at the request: wrong secret or clock (403 with an error_type), a
// channel that is not connected (404), a wrong address (3xx), or any other 4xx. Nothing was taken. Every other
// request will fare the same until somebody changes something.
type DeniedError struct {
	Status int
	Type   string // Kommo's error_type, e.g. ORIGIN_INVALID_SIGNATURE; "" if it gave none
	Detail string // what Kommo says, fit to be shown
	// ServerDate is the time at the server, from the Date header of its answer; zero if it told none. Far from
	// SentAt, it explains a refused signature: one is valid for 15 minutes (documented).
	ServerDate time.Time
	// SentAt is the time the request was signed with.
	SentAt time.Time
	// RedirectedTo is where a 3xx points to, scheme and host only; "" if nowhere else.
	RedirectedTo string
}

func (e *DeniedError) Error() string {
	status := fmt.Sprintf("kommo does not let us in: status %d", e.Status)
	if e.RedirectedTo != "" {
		return join(status, "points to "+e.RedirectedTo+", which is not followed")
	}
	return join(status, e.Type, e.Detail)
}

// A BlockedError means that Kommo answers nothing any more after too many requests: a 403 without an error_type, in
// plain text (documented, shown beside the Chats API). Nothing was taken. How long it lasts is not documented;
// trying on does not help.
type BlockedError struct {
	Detail string // what Kommo says, fit to be shown
}

func (e *BlockedError) Error() string {
	return join("kommo blocks us, as it does after too many requests", e.Detail)
}

// A RateLimitError means that this request came too soon (429) and was not taken. It is safe to repeat after a while.
type RateLimitError struct {
	// RetryAfter is the wait that was asked for, a day at most; 0 if none was. It comes from the Retry-After
	// header, else from retry_after in the body (documented for Kommo's main API only).
	RetryAfter time.Duration
}

func (e *RateLimitError) Error() string {
	if e.RetryAfter == 0 {
		return "kommo asks to slow down"
	}
	return fmt.Sprintf("kommo asks to slow down and to wait %v", e.RetryAfter)
}

// An UnknownOutcomeError means that the request may have been taken or not: a 5xx, no answer in time, a broken
// connection, or a 2xx that cannot be read. After a message, look into the chat's history before sending it again.
// Reading history and creating a chat are safe to repeat at once.
type UnknownOutcomeError struct {
	Status int   // 0 if no answer came
	Err    error // why, its text fit to be shown
}

func (e *UnknownOutcomeError) Error() string {
	status := ""
	if e.Status != 0 {
		status = fmt.Sprintf("status %d", e.Status)
	}
	return join("kommo gave no clear answer, the outcome is unknown", status, e.Err.Error())
}

func (e *UnknownOutcomeError) Unwrap() error { return e.Err }

// An UnreachableError means that there never was a connection to send the request on, so that it cannot have been
// taken. It is safe to repeat.
type UnreachableError struct {
	Err error // why, its text fit to be shown
}

func (e *UnreachableError) Error() string {
	return join("kommo was not reached", e.Err.Error())
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// join returns the parts that are not empty, with colons between them.
func join(parts ...string) string {
	var told []string
	for _, part := range parts {
		if part != "" {
			told = append(told, part)
		}
	}
	return strings.Join(told, ": ")
}
