package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// GreenAPI is an instance of Green-API with its WhatsApp account, which can be read but not written to. Everything is
// in memory but the files of the account. It is made by NewGreenAPI and is safe for use by several goroutines.
//
// Like a Kommo it is an [http.RoundTripper] and an [http.Handler]. One listener can serve both: [GreenAPI.Serves]
// reports whether a request is for this half.
type GreenAPI struct {
	// Options are those given to NewGreenAPI with the defaults filled in. They must not be changed.
	Options GreenAPIOptions

	account Account
	start   time.Time

	server[GreenAPIRequest]
	chats    []*accountChat
	byID     map[string]*accountChat
	grown    int               // entries that the actions grow-new and grow-old have added
	renewals map[string]string // chat id and idMessage → path of the newest link to its file
	links    []renewedLink
	windows  map[Endpoint]*window
	reading  map[string]bool // chats whose history is being sent
}

// NewGreenAPI returns an instance that has this account. The links of its files are as old as the instance.
func NewGreenAPI(account Account, o GreenAPIOptions) *GreenAPI {
	g := &GreenAPI{
		Options:  o.withDefaults(account),
		account:  account.withDefaults(),
		byID:     map[string]*accountChat{},
		renewals: map[string]string{},
		windows:  map[Endpoint]*window{},
		reading:  map[string]bool{},
	}
	g.now, g.faultOn, g.start = g.Options.Now, OnGetChatHistory, g.Options.Now()
	for _, c := range account.Chats {
		g.addChat(c)
	}
	for _, r := range o.Rules {
		g.AddRule(r)
	}
	return g
}

// The instance of the sandbox's Green-API unless options or account name another: made up, of the documented form.
const (
	defaultInstance = "7105000000"
	defaultToken    = "5a0db0c500004000800000000000e15a0db0c500004000800f"
	defaultWID      = "79990000000@c.us"
)

// GreenAPIOptions say how the sandbox's Green-API behaves. The zero value has the documented limits and lifetime of
// links, and no waits or faults.
type GreenAPIOptions struct {
	Instance string // idInstance; "": the account's, or a fixed default
	Token    string // apiTokenInstance; "": the account's, or a fixed default

	Now     func() time.Time // nil: time.Now
	Latency time.Duration    // how long each answer takes before it begins

	HistoryRate  int           // more getChatHistory than this in any second are answered with 429; 0: 1, below: no limit
	LinkLifetime time.Duration // how long a link to a file works from the start, or from its renewal; 0: 15 days

	Rules []Rule // the faults from the start on
}

// Check returns an error about the first option that has no meaning.
func (o GreenAPIOptions) Check() error {
	if min(o.Latency, o.LinkLifetime) < 0 {
		return fmt.Errorf("latency %v, link lifetime %v: want 0 or more", o.Latency, o.LinkLifetime)
	}
	for _, r := range o.Rules {
		if err := r.CheckForGreenAPI(); err != nil {
			return fmt.Errorf("rule %q: %w", r, err)
		}
	}
	return nil
}

func (o GreenAPIOptions) withDefaults(a Account) GreenAPIOptions {
	o.Instance = cmp.Or(o.Instance, a.Instance, defaultInstance)
	o.Token = cmp.Or(o.Token, a.Token, defaultToken)
	o.HistoryRate = cmp.Or(o.HistoryRate, 1)
	o.LinkLifetime = cmp.Or(o.LinkLifetime, 15*24*time.Hour)
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// perSecond returns how many requests of a method are answered in a second; 0: any number. The limits are documented,
// but for getChats, whose limit is assumed.
func (o GreenAPIOptions) perSecond(method Endpoint) int {
	switch method {
	case OnGetChatHistory:
		return max(o.HistoryRate, 0)
	case OnDownloadFile:
		return 5
	case OnMedia, "":
		return 0
	default:
		return 1
	}
}

// Environment returns the lines KEY=value that point kommo-import at this sandbox.
// GREEN_API_URL is among them unless baseURL is empty.
func (g *GreenAPI) Environment(baseURL string) []string {
	lines := []string{
		"GREEN_API_INSTANCE=" + g.Options.Instance,
		"GREEN_API_TOKEN=" + g.Options.Token,
	}
	if baseURL != "" {
		lines = append([]string{"GREEN_API_URL=" + baseURL}, lines...)
	}
	return lines
}

// GreenAPIRequest is a request as it arrived, also if it was refused.
type GreenAPIRequest struct {
	At     time.Time `json:"at"`
	Method Endpoint  `json:"method,omitempty"` // getChatHistory, media …; "" if Green-API has no such method
	ChatID string    `json:"chat_id,omitempty"`
	Count  int       `json:"count,omitempty"` // of getChatHistory, 100 by default
	Status int       `json:"status"`          // of the answer; 0: no answer, or not yet
}

// Serves reports whether a path belongs to Green-API, or to its files.
func (g *GreenAPI) Serves(path string) bool {
	return strings.HasPrefix(path, instancePrefix) || strings.HasPrefix(path, mediaPrefix)
}

// ServeHTTP answers a request. A cut closes the connection.
func (g *GreenAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler(g.serve).serveHTTP(w, r)
}

// RoundTrip answers a request in the calling goroutine. A cut is an error that wraps io.ErrUnexpectedEOF, here or
// from reading the body. When the request's context ends, its cause is returned. As long as the body of a history is
// neither read to its end nor closed, the chat counts as being read.
func (g *GreenAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	return handler(g.serve).roundTrip(r)
}

// serve takes the request at once and answers after the latency.
func (g *GreenAPI) serve(r *http.Request, body []byte) (answer, error) {
	q := newCall(r, body)
	number, fault, release := g.arrive(q)
	a, err := g.perform(fault, q)
	if waitErr := wait(r.Context(), g.Options.Latency+fault.Wait); waitErr != nil {
		err = waitErr
	}
	if err != nil {
		release()
		return answer{}, err
	}
	a.done = release
	a.header.Set("Date", g.now().UTC().Format(http.TimeFormat))
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests[number].Status = a.status
	return a, nil
}

// arrive writes the request down and decides which fault, if any, it meets: the limits come before the rules. Until
// release is called, no other request for the history of the same chat is answered. A request beyond a limit, or with a
// wrong token, does not count against the limit.
func (g *GreenAPI) arrive(q call) (number int, fault Rule, release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests = append(g.requests, GreenAPIRequest{At: g.now(), Method: q.endpoint, ChatID: q.ChatID, Count: q.count()})
	number, release = len(g.requests)-1, func() {}
	if g.admits(q) && g.exceeds(q) {
		return number, Rule{Do: TooMany}, release
	}
	if g.admits(q) && q.endpoint == OnGetChatHistory {
		g.reading[q.ChatID] = true
		release = sync.OnceFunc(func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			delete(g.reading, q.ChatID)
		})
	}
	return number, g.rules.choose(q.endpoint, q.ChatID, func() string { return q.IDMessage }), release
}

// exceeds reports whether the request comes while the same history is read, or too soon after others of its method.
// The caller holds g.mu.
func (g *GreenAPI) exceeds(q call) bool {
	if q.endpoint == OnGetChatHistory && g.reading[q.ChatID] {
		return true
	}
	if g.windows[q.endpoint] == nil {
		g.windows[q.endpoint] = &window{}
	}
	return g.windows[q.endpoint].exceeded(g.now(), g.Options.perSecond(q.endpoint))
}
