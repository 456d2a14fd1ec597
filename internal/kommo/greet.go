package kommo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// A PingResult is what can be told of Kommo from any answer, also from one that says no. It is zero if there was none.
type PingResult struct {
	// ServerDate is the time at the server, from the Date header of the answer; zero if it told none.
	ServerDate time.Time
	SentAt     time.Time     // the time the request was signed with
	Took       time.Duration // from the request to the end of the answer
}

// Ping asks for the history of a chat that does not exist, which changes nothing: Kommo answers 204 (documented) if it
// takes the signature and knows the scope. The PingResult is true also with an error. It is safe to repeat.
func (c *Client) Ping(ctx context.Context) (PingResult, error) {
	get := request{
		method: http.MethodGet,
		below:  "/chats/" + newUUID() + "/history",
		query:  "limit=1&offset=0",
		limit:  maxPage,
	}
	target, err := c.target(get)
	if err != nil {
		return PingResult{}, err
	}
	started := time.Now()
	got, err := c.attempt(ctx, get, target)
	var greeting PingResult
	if err == nil {
		greeting = PingResult{SentAt: got.sentAt, Took: time.Since(started)}
		greeting.ServerDate, _ = parseDate(got.header.Get("Date"))
		err = got.problem()
	}
	if err == nil && got.status != http.StatusNoContent {
		err = got.notAHistory()
	}
	if err != nil {
		return greeting, fmt.Errorf("%s %s%s: %w", get.method, target.Host, target.EscapedPath(), err)
	}
	return greeting, nil
}

// notAHistory returns the error for a success that does not come from Kommo, such as a hotel's page.
func (a answer) notAHistory() error {
	var told struct {
		Messages []HistoryMessage `json:"messages"`
	}
	err := a.decode(&told)
	if err == nil && told.Messages == nil {
		err = errors.New("the answer has no messages")
	}
	if err == nil {
		return nil
	}
	return a.unreadable(err)
}

// newUUID returns a random UUID of version 4.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
