// Package greenapi reads the WhatsApp history of an instance of Green-API.
//
// A [Client] calls the methods of Green-API, a [Source] makes messages of their answers:
//
//	client := &greenapi.Client{BaseURL: "https://7105.api.greenapi.com", Instance: "7105000000", Token: token}
//	err := client.History(ctx, "79001234567@c.us", 100, func(entries iter.Seq2[json.RawMessage, error]) error {
//		for entry, err := range entries {
//			…
//		}
//	})
//
// Errors are meant for [errors.AsType]: [DeniedError], [QuotaError], [RefusedError] and [UnavailableError]. When the
// context ends, the error is its cause. [Client.DownloadFile] also returns [sources.ErrMediaGone], and [Client.History]
// the errors of its callback. Any other error of a Client means that its own fields are wrong and nothing was sent. No
// error text holds the token.
package greenapi

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"kommo-import/internal/pace"
	"kommo-import/internal/web"
)

// A Client calls methods of a Green-API instance: those that read, and downloadFile, which renews a link. It keeps
// the documented rate limit of each method, retries where that helps, and streams long answers. Zero values of the
// fields are their documented defaults. A Client may be used by several goroutines at once, and must not be copied or
// changed after its first call.
//
// Every method is safe to repeat after any error. When ctx ends, a request under way is cancelled, and the error is
// [context.Cause] of ctx: nothing is lost by reading again.
type Client struct {
	// BaseURL is the address of the instance, as [ParseBaseURL] takes it: "apiUrl" of the console (documented), e.g.
	// "https://7105.api.greenapi.com".
	BaseURL string
	// Instance is idInstance, digits.
	Instance string
	// Token is apiTokenInstance. It stands in the path of every request (documented), and in no error or log.
	Token string
	// Transport carries the requests; nil is a transport of its own, with the proxies of the environment. It must
	// honour the request's context.
	Transport http.RoundTripper
	// HistoryRate is the number of calls of getChatHistory per second, not negative; 0 is 1, which is documented.
	HistoryRate float64
	// IdleTimeout is the longest silence on a connection: until the answer begins, and between its parts. 0 is 3
	// minutes, as in Green-API's Python SDK (seen in code).
	IdleTimeout time.Duration
	// Log gets the waits and retries; nil is silence.
	Log *slog.Logger

	makeScrub sync.Once
	scrub     *web.Scrubber

	chatLocks keyedMutex // one history of a chat is read at a time

	mu    sync.Mutex // guards the following fields
	own   *http.Transport
	paces map[string]*pace.Pace // by method
}

// Format prints a Client without its token, with every verb.
func (c *Client) Format(state fmt.State, _ rune) {
	fmt.Fprintf(state, "greenapi.Client{%s}", c.LogValue())
}

// LogValue keeps the token out of logs.
func (c *Client) LogValue() slog.Value {
	scrub := c.scrubber()
	return slog.GroupValue(slog.String("base_url", scrub.Text(c.BaseURL)), slog.String("instance", scrub.Text(c.Instance)))
}

func (c *Client) log() *slog.Logger {
	if c.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Log
}
