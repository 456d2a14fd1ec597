package greenapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"kommo-import/internal/pace"
	"kommo-import/internal/web"
)

const (
	maxTries      = 6
	maxRetryAfter = 5 * time.Minute // a longer Retry-After is cut to this

	defaultHistoryRate = 1 // calls of getChatHistory per second (documented)
	// margin stretches the gaps between requests. A server may count the requests of any second; it then accepts
	// ours even if timers or packets are a few milliseconds early or late.
	margin = 1.008
)

// A method is a method of Green-API.
type method struct {
	name string
	rate float64 // calls per second and instance (docs/api/ratelimiter, documented); 0: Client.HistoryRate
	// triesAt500 is the number of answers with status 500 after which a call fails; 0: the limit is maxTries.
	triesAt500 int
}

var (
	getStateInstance = method{name: "getStateInstance", rate: 1}
	getSettings      = method{name: "getSettings", rate: 1}
	getWaSettings    = method{name: "getWaSettings", rate: 1}
	getChats         = method{name: "getChats", rate: 1} // inferred: not in the table of rates
	getContacts      = method{name: "getContacts", rate: 1}
	getContactInfo   = method{name: "getContactInfo", rate: 1}
	getChatHistory   = method{name: "getChatHistory"}
	// A missing file, too, is answered with 500 (documented): only a passing fault ends with the second try.
	downloadFile = method{name: "downloadFile", rate: 5, triesAt500: 2}
)

// A call is a call of a method.
type call struct {
	method method
	body   any // is sent as JSON; nil: the call is a GET
}

// A chatRequest is the body of a call about a chat.
type chatRequest struct {
	ChatID    string `json:"chatId"`
	Count     int    `json:"count,omitempty"` // an SDK that sent a text broke the method (#623)
	IDMessage string `json:"idMessage,omitempty"`
}

// A retryableError is a failure after which another try may succeed: 429, 499, 5xx, a 400 while the instance is
// starting, no answer, a broken answer, or an answer that is not JSON. The list is inferred; the vendor's clients do
// about the same.
type retryableError struct {
	method     string
	status     int // 0: no answer came
	detail     string
	err        error // why no answer came, or why the answer is not readable
	retryAfter time.Duration
}

func (e *retryableError) Error() string {
	return errorText(e.method, failureText(e.status, e.err), e.detail)
}
func (e *retryableError) Unwrap() error { return e.err }

// do makes a call, and repeats it after a retryableError. read gets each 2xx answer. An error of read that is not a
// retryableError is returned as it is. Each try waits for the rate limit of the method. A 429 lowers that a little:
// Green-API may count more strictly than its documents say, or another program may use the instance.
func (c *Client) do(ctx context.Context, q call, read func(*answer) error) error {
	limit := c.paceOf(q.method)
	for try, at500 := 1, 0; ; try++ {
		if err := limit.Wait(ctx); err != nil {
			return err
		}
		err := c.try(ctx, q, read)
		failed, ok := err.(*retryableError)
		if !ok {
			return err
		}
		if failed.status == http.StatusInternalServerError {
			at500++
		}
		if try == maxTries || at500 > 0 && at500 == q.method.triesAt500 {
			return &UnavailableError{failed.method, try, failed.status, failed.detail, failed.err}
		}
		wait := failed.wait(try)
		if failed.status == http.StatusTooManyRequests {
			limit.SlowDown()
		}
		c.log().Warn("no usable answer from Green-API; trying again", "in", wait, "why", failed)
		if err := web.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// paceOf returns the pace of a method.
func (c *Client) paceOf(m method) *pace.Pace {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paces == nil {
		c.paces = map[string]*pace.Pace{}
	}
	if c.paces[m.name] == nil {
		c.paces[m.name] = pace.New(cmp.Or(m.rate, c.HistoryRate, defaultHistoryRate) / margin)
	}
	return c.paces[m.name]
}

// wait returns how long to wait after a try: 1, 2, 4, 8, 16 s, or longer if the answer asks for it. The vendor's own
// client waits 1 s × try after a 429 (seen in code), which is never longer.
func (e *retryableError) wait(try int) time.Duration {
	return max(time.Second<<(try-1), e.retryAfter)
}

// try sends the request once and passes a 2xx answer to read.
//
// It uses the transport directly. An [http.Client] would follow redirects, and its errors would hold the URL and so the
// token.
func (c *Client) try(ctx context.Context, q call, read func(*answer) error) error {
	idle := startIdleTimer(ctx, cmp.Or(c.IdleTimeout, defaultIdleTimeout))
	defer idle.end()
	request, err := c.request(idle.ctx, q)
	if err != nil {
		return err
	}
	response, err := c.transport().RoundTrip(request)
	idle.pause()
	got := &answer{client: c, method: q.method.name, ctx: ctx, idle: idle}
	if err != nil {
		return got.broken(err)
	}
	got.status, got.header, got.body = response.StatusCode, response.Header, http.NoBody
	if response.Body != nil {
		defer response.Body.Close()
		idle.body, got.body = response.Body, idle
	}
	if got.status/100 != 2 {
		return got.failure()
	}
	return read(got)
}

// request returns the request of a call. It has no GetBody, so net/http cannot repeat a POST by itself. It may repeat a
// GET after the server has closed an idle connection.
func (c *Client) request(ctx context.Context, q call) (*http.Request, error) {
	target, err := c.target(q.method.name)
	if err != nil {
		return nil, err
	}
	verb, body := http.MethodGet, []byte(nil)
	if q.body != nil {
		verb = http.MethodPost
		if body, err = json.Marshal(q.body); err != nil {
			return nil, err
		}
	}
	request, err := http.NewRequestWithContext(ctx, verb, target, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("not a valid request")
	}
	request.GetBody = nil
	request.Header.Set("User-Agent", "kommo-import")
	if q.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}
