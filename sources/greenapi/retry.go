package greenapi

import (
	"context"
	"net/http"
	"time"

	"kommo-import/internal/web"
)

const (
	maxTries      = 6
	maxRetryAfter = 5 * time.Minute // the longest wait that is believed
)

// A question is one call of a method.
type question struct {
	method method
	body   any // is sent as JSON; nil: a GET
}

// A setback is the failure of an attempt after which another is worth it (which ones are is inferred; the vendor's
// clients do about the same): 429, 499, 5xx, a 400 while the instance is starting, no answer, a broken one, or one that
// is no JSON.
type setback struct {
	method     string
	status     int // 0: no answer came
	words      string
	err        error // why no answer came, or why it cannot be read
	retryAfter time.Duration
}

func (s *setback) Error() string { return tell(s.method, whyNot(s.status, s.err), s.words) }
func (s *setback) Unwrap() error { return s.err }

// call asks until there is an answer that read takes, or an error that another try would meet again. Each try takes its
// turn. What read returns other than a setback is returned as it is.
func (c *Client) call(ctx context.Context, q question, read func(*answer) error) error {
	limit := c.paceOf(q.method)
	for try, at500 := 1, 0; ; try++ {
		if err := limit.Wait(ctx); err != nil {
			return err
		}
		err := c.attempt(ctx, q, read)
		failed, ok := err.(*setback)
		if !ok {
			return err
		}
		if failed.status == http.StatusInternalServerError {
			at500++
		}
		if try == maxTries || at500 > 0 && at500 == q.method.triesAt500 {
			return &UnavailableError{failed.method, try, failed.status, failed.words, failed.err}
		}
		wait := failed.wait(try)
		c.log().Warn("no usable answer from Green-API; trying again", "in", wait, "why", failed)
		if err := web.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// wait returns how long to wait after the try: 1, 2, 4, 8, 16 s, and no less than the answer asks for. That is never
// sooner than the vendor's own client comes back after a 429, after 1 s × try (seen in code).
func (s *setback) wait(try int) time.Duration {
	return max(time.Second<<(try-1), s.retryAfter)
}
