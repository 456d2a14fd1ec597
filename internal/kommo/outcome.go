package kommo

import "errors"

// A Result is what Kommo did with a message that was posted.
type Result string

// The results of posting a message.
const (
	ResultAccepted    Result = "accepted"
	ResultRefused     Result = "refused"      // Kommo rejects this message; the same message again ends the same way
	ResultNotAccepted Result = "not accepted" // the message itself was not judged; it is safe to post it again
	ResultUnknown     Result = "unknown"      // the message may have been accepted: look into the chat's history first
)

// Outcome returns the result of a [Client.Send] that ended with err. An error that is not one of this package's types
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
	return ResultNotAccepted
}
