package sandbox

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// GreenAPI is one instance of Green-API with its WhatsApp account, which can be read but not written to. Everything is
// in memory but the files of the account. It is made by NewGreenAPI and is safe for use by several goroutines.
//
// Like a Kommo it is an [http.RoundTripper] and an [http.Handler]. One listener can serve both: [GreenAPI.Serves] tells
// whose a request is.
type GreenAPI struct {
	// Options are those given to NewGreenAPI with the defaults filled in. They must not be changed.
	Options GreenAPIOptions

	account Account
	start   time.Time

	mu       sync.Mutex // guards what follows
	chats    []*accountChat
	byID     map[string]*accountChat
	grown    int
	renewals map[string]map[string]string // chat id → idMessage → path of the newest link
	links    []renewedLink
	requests []GreenAPIRequest
	windows  map[Endpoint]*window
	reading  map[string]bool // chats whose history is being sent
	rules    rules
}

// NewGreenAPI returns an instance that has this account. The links of its files are as old as the instance.
func NewGreenAPI(account Account, o GreenAPIOptions) *GreenAPI {
	g := &GreenAPI{
		Options:  o.withDefaults(account),
		account:  account.withDefaults(),
		byID:     map[string]*accountChat{},
		renewals: map[string]map[string]string{},
		windows:  map[Endpoint]*window{},
		reading:  map[string]bool{},
	}
	g.start = g.Options.Now()
	for _, c := range account.Chats {
		g.addChat(c)
	}
	for _, r := range o.Rules {
		g.AddRule(r)
	}
	return g
}

// GreenAPIRequest is a request as it arrived, whatever became of it.
type GreenAPIRequest struct {
	At     time.Time `json:"at"`
	Method Endpoint  `json:"method,omitempty"` // getChatHistory, media …; "" if Green-API has none of that name
	ChatID string    `json:"chat_id,omitempty"`
	Count  int       `json:"count,omitempty"` // of getChatHistory, 100 if none was given
	Status int       `json:"status"`          // of the answer; 0: none was given, or not yet
}

// Requests returns what arrived, in order of arrival, refused requests included.
func (g *GreenAPI) Requests() []GreenAPIRequest {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.requests)
}

// AddRule adds a rule behind those that are there. It may be called while requests are served.
func (g *GreenAPI) AddRule(r Rule) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r.On = cmp.Or(r.On, OnGetChatHistory)
	g.rules.add(r, g.Options.Seed)
}

// ClearRules takes all rules away.
func (g *GreenAPI) ClearRules() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rules = nil
}

// ServeHTTP answers one request. A cut closes the connection.
func (g *GreenAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	base := "http://" + r.Host
	if r.TLS != nil {
		base = "https://" + r.Host
	}
	q, err := readGreenAPICall(r, base)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	a, err := g.serve(r.Context(), q)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	a.write(w)
}

// RoundTrip answers one request in the calling goroutine; a history is made while its body is read there. A cut is an
// error that wraps io.ErrUnexpectedEOF, here or from reading the body. When the request's context ends its cause is
// returned. As long as the body of a history is neither read to its end nor closed, the chat counts as being read.
func (g *GreenAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	q, err := readGreenAPICall(r, r.URL.Scheme+"://"+r.URL.Host)
	if err != nil {
		return nil, fmt.Errorf("sandbox: read the request: %w", err)
	}
	if r.Context().Err() != nil {
		return nil, context.Cause(r.Context())
	}
	a, err := g.serve(r.Context(), q)
	if err != nil {
		return nil, err
	}
	if r.Method == http.MethodHead {
		a.stream, a.body = nil, nil
	}
	return a.response(r), nil
}

// serve takes the request at once and gives the answer when its time has come.
func (g *GreenAPI) serve(ctx context.Context, q greenAPICall) (answer, error) {
	number, fault, release := g.arrive(q)
	a, err := g.perform(fault, q)
	if waitErr := wait(ctx, g.Options.Latency+fault.Wait); waitErr != nil {
		err = waitErr
	}
	if err != nil {
		release()
		return answer{}, err
	}
	if a.done = release; a.stream == nil {
		release()
	}
	a.header.Set("Date", g.Options.Now().UTC().Format(http.TimeFormat))
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests[number].Status = a.status
	return a, nil
}

// arrive writes the request down and decides which fault, if any, it meets: the limits come before the rules. Until
// release is called no other request for the history of the same chat is answered. What the limits turn away does not
// count against them, and neither does what has the wrong token.
func (g *GreenAPI) arrive(q greenAPICall) (number int, fault Rule, release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.Options.Now()
	g.requests = append(g.requests, q.asRequest(now))
	number, release = len(g.requests)-1, func() {}
	if g.admits(q) && g.exceeds(q, now) {
		return number, Rule{Do: TooMany}, release
	}
	if g.admits(q) && q.endpoint == OnGetChatHistory {
		g.reading[q.ChatID] = true
		release = sync.OnceFunc(func() { g.release(q.ChatID) })
	}
	return number, g.rules.choose(q.endpoint, q.ChatID, func() string { return q.IDMessage }), release
}

// exceeds reports whether the request comes while the same history is read, or too soon after others of its method.
// The caller holds g.mu.
func (g *GreenAPI) exceeds(q greenAPICall, now time.Time) bool {
	if q.endpoint == OnGetChatHistory && g.reading[q.ChatID] {
		return true
	}
	if g.windows[q.endpoint] == nil {
		g.windows[q.endpoint] = &window{}
	}
	return g.windows[q.endpoint].exceeded(now, g.Options.perSecond(q.endpoint))
}

func (g *GreenAPI) release(chatID string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.reading, chatID)
}
