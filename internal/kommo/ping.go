package kommo

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// A PingResult holds the facts about Kommo that any answer shows, also a refusal. It is zero if there was no answer.
type PingResult struct {
	// ServerDate is the time at the server, from the Date header of the answer; zero if absent.
	ServerDate time.Time
	SentAt     time.Time     // the time the request was signed with
	Took       time.Duration // from the request to the end of the answer
}

// Ping asks for the history of a chat that does not exist, which changes nothing. Kommo answers 204 (documented) if it
// takes the signature and knows the scope. The PingResult is valid also with an error. Ping is safe to repeat.
func (c *Client) Ping(ctx context.Context) (PingResult, error) {
	got, err := c.do(ctx, historyRequest(uuid.NewString(), 1, 0), func(a answer) error {
		_, err := a.history()
		return err
	})
	return PingResult{ServerDate: got.serverDate(), SentAt: got.sentAt, Took: got.took}, err
}
