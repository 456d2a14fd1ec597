package sandbox

import (
	"net/http"
	"strconv"
	"time"
)

// Kommo is a Chats API with a channel and an account, all in memory. It is made by NewKommo and is safe for
// use by several goroutines.
type Kommo struct {
	// Options are those given to NewKommo with the defaults filled in. They must not be changed.
	Options Options

	server[Request]
	started   time.Time
	connected bool
	store     store
	recent    window // counts against Options.RateLimit
	tooMany   int    // answers with 429, which count against Options.BlockAfter
}

// NewKommo returns a Kommo that has no chats yet but those of the contacts of o. o must pass [Options.Check].
func NewKommo(o Options) *Kommo {
	k := &Kommo{Options: o.withDefaults(), connected: !o.Disconnected, store: newStore(o.Quirks)}
	k.now, k.faultOn = k.Options.Now, OnMessage
	k.started = k.now()
	for _, c := range o.Contacts {
		if _, err := k.store.seed(c, k.started.Add(-k.Options.IndexDelay)); err != nil {
			panic("sandbox: " + err.Error()) // Check finds it
		}
	}
	for _, r := range o.Rules {
		k.AddRule(r)
	}
	return k
}

// ServeHTTP answers a request. A cut closes the connection without an answer.
func (k *Kommo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if k.serveInspection(w, r) {
		return
	}
	handler(k.serve).serveHTTP(w, r)
}

// RoundTrip answers a request in the calling goroutine. A cut is an error that wraps io.ErrUnexpectedEOF.
// When the request's context ends during a slow answer, its cause is returned; the message may have been taken.
func (k *Kommo) RoundTrip(r *http.Request) (*http.Response, error) {
	return handler(k.serve).roundTrip(r)
}

// A request is a request to Kommo with the meaning of its path.
type request struct {
	target
	method string
	path   string // escaped, as it is signed: without the query
	query  string
	header http.Header
	body   []byte
}

// serve takes the request at once and answers after the latency.
func (k *Kommo) serve(r *http.Request, body []byte) (answer, error) {
	q := request{target: route(r.Method, r.URL.EscapedPath()), method: r.Method, path: r.URL.EscapedPath(),
		query: r.URL.RawQuery, header: r.Header, body: body}
	number, fault := k.arrive(q)
	a, err := k.perform(fault, q)
	if waitErr := wait(r.Context(), k.Options.Latency+fault.Wait); waitErr != nil {
		err = waitErr
	}
	if err != nil {
		return answer{}, err
	}
	a.header.Set("Date", k.clock().UTC().Format(http.TimeFormat))
	k.mu.Lock()
	defer k.mu.Unlock()
	k.requests[number].Status = a.status
	return a, nil
}

// arrive writes the request down and decides which fault, if any, it meets: a block and the rate limit come before
// the rules.
func (k *Kommo) arrive(q request) (number int, fault Rule) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	k.requests = append(k.requests, newRequest(q, now))
	switch {
	case k.Options.BlockAfter > 0 && k.tooMany >= k.Options.BlockAfter:
		fault = Rule{Do: Block}
		if q.endpoint.ofAccount() {
			fault.Do = HTMLForbidden // as seen there
		}
	case k.recent.exceeded(now, k.Options.RateLimit):
		fault = Rule{Do: TooMany}
	default:
		fault = k.rules.chooseBy(q.endpoint, k.chatsOf(q), func() subject { return k.subject(q, now) })
	}
	if fault.Do == TooMany {
		k.tooMany++
	}
	return len(k.requests) - 1, fault
}

// clock is the sandbox's system clock, which may be wrong on purpose.
func (k *Kommo) clock() time.Time {
	return k.now().Add(k.Options.ClockSkew)
}

const byRule = "payload: refused by a rule of the sandbox"

// perform answers the request as the fault demands; the zero Rule is no fault. An error is a cut connection.
func (k *Kommo) perform(fault Rule, q request) (answer, error) {
	if q.endpoint.ofAccount() {
		if status := accountStatus(fault.Do); status != 0 {
			return problemAnswer(status), nil
		}
	}
	switch fault.Do {
	case Refuse:
		return refused(byRule), nil
	case Conflict, TooLarge, Unprocessable:
		return refusedWith(fault.Do.status(), byRule), nil
	case TooMany:
		return k.tooManyAnswer(), nil
	case BadSignature:
		return invalidSignature(), nil
	case NotFound:
		return notRegistered(), nil
	case Cut:
		return answer{}, errCut()
	case BadGateway, HTML, HTMLBadGateway, Block, Redirect, HTMLForbidden, HTMLTooLarge, ClientTimeout, TooEarly, Unauthorized,
		ClientClosed, ServerError, Unavailable, GatewayTimeout:
		return proxyAnswer(fault.Do), nil
	}
	right := k.handle(q)
	switch fault.Do {
	case BadGatewayTaken:
		return proxyAnswer(BadGateway), nil
	case CutTaken:
		return answer{}, errCut()
	case Garbage:
		if q.endpoint.ofAccount() {
			return halAnswer([]byte(`{"_total_items":1,"_embedded":{"`)), nil
		}
		return newAnswer(http.StatusOK, "application/json", []byte(`{"new_message":{"conversation_id":"`)), nil
	}
	return right, nil
}

// tooManyAnswer has the body that Kommo documents for its main API. It documents no body for the Chats API.
func (k *Kommo) tooManyAnswer() answer {
	const status = http.StatusTooManyRequests
	seconds := int((k.Options.RetryAfter + time.Second - 1) / time.Second)
	body := newProblem(status, "You have sent too many requests in a given amount of time. Please try again later.")
	if k.Options.RetryAfterIn == InBody {
		body.RetryAfter = seconds
	}
	a := jsonAnswer(status, "application/problem+json", body)
	switch k.Options.RetryAfterIn {
	case InDate:
		at := k.clock().Add(k.Options.RetryAfter + time.Second - 1).Truncate(time.Second)
		a.header.Set("Retry-After", at.UTC().Format(http.TimeFormat))
	case InHeader:
		a.header.Set("Retry-After", strconv.Itoa(seconds))
	}
	return a
}
