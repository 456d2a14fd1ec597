package kommo

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"
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
	got, err := c.do(ctx, historyRequest(newUUID(), 1, 0), func(a answer) error {
		_, err := a.history()
		return err
	})
	return PingResult{ServerDate: got.serverDate(), SentAt: got.sentAt, Took: got.took}, err
}

// newUUID returns a random UUID of version 4.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
