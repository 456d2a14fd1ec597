package kommo

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"kommo-import/internal/web"
)

// A RefusedError means that Kommo understood the request and refused it (400; in the main API also 409, 413 and 422). Nothing was
// accepted, and the same request ends the same way again.
type RefusedError struct {
	// Detail is Kommo's error text, fit to be shown; "" if absent. The shape of such an answer is not documented for the
	// Chats API: Detail is its error_description, or else the whole text. For the main API it is title, detail and the first
	// validation errors.
	Detail string
}

func (e *RefusedError) Error() string {
	return join("kommo refused the request", e.Detail)
}

// A DeniedError means that Kommo did not look at the request: wrong secret or clock (401, 403 with an error_type), a
// channel that is not connected (404), or a wrong address (3xx). Nothing was accepted. Every other request ends the same
// way until somebody changes something. A 404 of a chat's history can also mean that there is no such chat.
type DeniedError struct {
	Status int
	Type   string // Kommo's error_type, e.g. ORIGIN_INVALID_SIGNATURE; "" if absent
	Detail string // Kommo's error text, fit to be shown
	// ServerDate is the time at the server, from the Date header of its answer; zero if absent. A large
	// difference from SentAt explains a refused signature, which is valid for 15 minutes (documented).
	ServerDate time.Time
	// SentAt is the time the request was signed with.
	SentAt time.Time
	// RedirectedTo is the scheme and host that a 3xx points to; "" if it points to no other host.
	RedirectedTo string
}

func (e *DeniedError) Error() string {
	return deniedText("kommo", e.Status, e.RedirectedTo, e.Type, e.Detail)
}

// An AccountDeniedError means that the account denies access: the token is not valid (401), the account is not paid
// for (402), the token's user lacks the right or the account admits only some addresses (403), there is no such
// account (404, 3xx), or it does not know the method (another 4xx). All but the 3xx are documented. Only the main API has
// this error, of package crm.
type AccountDeniedError struct {
	Status       int
	Title        string // e.g. Unauthorized; "" if absent
	Detail       string // Kommo's error text, fit to be shown
	RedirectedTo string // the scheme and host that a 3xx points to; "" if it points to no other host
}

func (e *AccountDeniedError) Error() string {
	return deniedText("the account", e.Status, e.RedirectedTo, e.Title, e.Detail)
}

func deniedText(who string, status int, redirectedTo string, details ...string) string {
	text := fmt.Sprintf("%s denies access: status %d", who, status)
	if redirectedTo != "" {
		return join(text, "redirects to "+redirectedTo+", which is not followed")
	}
	return join(text, join(details...))
}

// An UnclearError means that Kommo, or a proxy before it, rejected a request for a reason that may be in this request alone,
// such as its size (413), or in none of them: any 4xx that is not another error of this package, or a 403 without an
// error_type. Nothing was accepted. [Client.Ping] tells the two cases apart.
type UnclearError struct {
	Status int
	Detail string // the error text, fit to be shown
}

func (e *UnclearError) Error() string {
	return join(fmt.Sprintf("status %d", e.Status), e.Detail)
}

// A BlockedError means that Kommo answers no request any more after too many of them: also [Client.Ping] gets a 403 without
// an error_type, in plain text (documented, shown beside the Chats API). The length of the block is not documented; trying
// on does not help.
type BlockedError struct {
	Detail string // Kommo's error text, fit to be shown
}

func (e *BlockedError) Error() string {
	return join("kommo blocks us, probably after too many requests", e.Detail)
}

// A RateLimitError means that there were too many requests (429) and that this one was not accepted. It is safe to
// repeat after a while.
type RateLimitError struct {
	// RetryAfter is the wait that Kommo asks for, at most an hour; 0 if it does not ask. It comes from the Retry-After
	// header, else from retry_after in the body (documented for Kommo's main API only).
	RetryAfter time.Duration
}

func (e *RateLimitError) Error() string {
	if e.RetryAfter == 0 {
		return "too many requests to kommo"
	}
	return fmt.Sprintf("too many requests to kommo: retry after %v", e.RetryAfter)
}

// An UnknownOutcomeError means that the request may have been accepted or not: a 5xx, no answer in time, a broken
// connection, or a 2xx that cannot be read. After a message, look into the chat's history before sending the message
// again. Reading history and creating a chat are safe to repeat at once.
type UnknownOutcomeError struct {
	Status int // 0 if no answer came
	// Garbled means that the whole of a 2xx came, and that it is not what the documents describe.
	Garbled bool
	Err     error // the reason, its text fit to be shown
}

func (e *UnknownOutcomeError) Error() string {
	status := ""
	if e.Status != 0 {
		status = fmt.Sprintf("status %d", e.Status)
	}
	return join("kommo gave no clear answer; the outcome is unknown", status, plain(e.Err))
}

// Unwrap returns the reason.
func (e *UnknownOutcomeError) Unwrap() error { return e.Err }

// An UnreachableError means that there never was a connection to send the request on, so that Kommo cannot have
// accepted it. It is safe to repeat.
type UnreachableError struct {
	Err error // the reason, its text fit to be shown
	// Certificate says that the server's certificate is not valid for its address. Trying again does not help.
	Certificate bool
}

func (e *UnreachableError) Error() string {
	return join("cannot reach kommo", plain(e.Err))
}

// Unwrap returns the reason.
func (e *UnreachableError) Unwrap() error { return e.Err }

// plain returns an error of the network in words that need no knowledge of networks. [errors.Unwrap] gives the technical
// text.
func plain(err error) string {
	_, lookup := errors.AsType[*net.DNSError](err)
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case certificate:
		return "the certificate of its server is not valid here: " + err.Error()
	case lookup:
		return "its address is not found; is this computer online?"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "its server takes no connections"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection broke"
	case isNet && timeout.Timeout() && !errors.Is(err, context.DeadlineExceeded):
		return "it did not answer in time"
	}
	return err.Error()
}

// join returns the parts that are not empty, with colons between them.
func join(parts ...string) string {
	var filled []string
	for _, part := range parts {
		if part != "" {
			filled = append(filled, part)
		}
	}
	return strings.Join(filled, ": ")
}

// A connection records whether net/http looked for a connection for a request and got it.
type connection struct {
	asked, got atomic.Bool
}

func traceConnection(ctx context.Context) (context.Context, *connection) {
	c := new(connection)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { c.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { c.got.Store(true) },
	}), c
}

// transportError returns the typed error for a request without an answer. ctx is the caller's, limited the attempt's.
func transportError(ctx, limited context.Context, err error, c *connection, scrub *web.Scrubber) error {
	unsent := neverSent(err, c)
	if unsent && ctx.Err() != nil {
		return ctx.Err()
	}
	switch ended := ctx.Err(); {
	case ended == nil && limited.Err() != nil:
		err = context.Cause(limited)
	case ended != nil && !errors.Is(err, ended):
		err = fmt.Errorf("%w: %w", ended, err) // net/http returns the cause of the end, which need not wrap it
	}
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	err = scrub.Error(err)
	if unsent {
		return &UnreachableError{Err: err, Certificate: certificate}
	}
	return &UnknownOutcomeError{Err: err}
}

// neverSent reports whether it is certain that no byte of the request left. That is so if net/http looked for a
// connection and got none, and after an error that only the making of a connection has. Only net/http's own transport
// is traced; for others the error alone counts.
//
// A [tls.RecordHeaderError] is no proof: it also comes from a connection that breaks later.
func neverSent(err error, c *connection) bool {
	if c.asked.Load() && !c.got.Load() {
		return true
	}
	if operation, ok := errors.AsType[*net.OpError](err); ok {
		return operation.Op == "dial" || operation.Op == "proxyconnect"
	}
	_, lookup := errors.AsType[*net.DNSError](err)
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	return lookup || certificate
}

// A Result is what Kommo did with a message that was posted.
type Result string

// The results of posting a message.
const (
	ResultAccepted    Result = "accepted"
	ResultRefused     Result = "refused"      // Kommo rejects this message; the same message again ends the same way
	ResultNotAccepted Result = "not accepted" // the message itself was not judged; it is safe to post it again
	ResultUnknown     Result = "unknown"      // the message may have been accepted: look into the chat's history first
	ResultUnclear     Result = "unclear"      // not accepted; [Client.Ping] tells whether this message alone is the reason
)

// Outcome returns the result of a [Client.Send], or of linking a chat in the main API, that ended with err. An error that is not one of this package's types
// means that the request did not leave, so the message was not accepted.
func Outcome(err error) Result {
	if err == nil {
		return ResultAccepted
	}
	if _, refused := errors.AsType[*RefusedError](err); refused {
		return ResultRefused
	}
	if _, unknown := errors.AsType[*UnknownOutcomeError](err); unknown {
		return ResultUnknown
	}
	if _, unclear := errors.AsType[*UnclearError](err); unclear {
		return ResultUnclear
	}
	return ResultNotAccepted
}
