// Package linkcheck asks links to media for the size, type, name and life of the file, without downloading the file
// where that can be avoided.
//
//	checker := &linkcheck.Checker{}
//	for link, result := range checker.All(ctx, links) {
//		…
//	}
//
// By default it connects to addresses of the public internet only: links come from other people's exports, and must not
// reach into the network of the person who imports them.
package linkcheck

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kommo-import/sources"
)

const (
	timeout      = 20 * time.Second // of one link with all its requests, without the time in the queue
	maxChecks    = 16               // links that are asked at the same time
	window       = 512              // links taken from the sequence and not yet yielded
	maxFailures  = 20               // failures of a host in a row after which it is not asked again
	maxIdleHosts = 1024             // failing hosts remembered while none of their links is in the window
)

// A Link is a link to ask, or a file that a new link can be made for.
type Link struct {
	// Key is the caller's name for the link. The package does not read it.
	Key string
	// URL is the address of the file; "" if there is only Renew.
	URL string
	// Renew makes a new link in the place of a dead or empty one; nil if that is impossible. [sources.ErrMediaGone]
	// means that the file is gone, [sources.ErrUnavailable] that another time may do. An error that is both means
	// that the file is probably gone. After any other error it makes no sense to go on. Several goroutines may call
	// the Renew of different links at once.
	Renew func(ctx context.Context) (string, error)
}

// A Status is the outcome of asking a link.
type Status string

const (
	// Found means that the file exists.
	Found Status = "found"
	// Gone means that there is no file behind the link, or another file than its name promises.
	Gone Status = "gone"
	// Refused means that the link was not asked: it is no http or https address, or its host is not public.
	Refused Status = "refused"
	// Failed means that no reliable answer came. Asking on another day may help.
	Failed Status = "failed"
)

// A Result is the answer about a link.
type Result struct {
	Status  Status
	Size    int64     // bytes; 0 unless found, and for a file of more than 100 MB whose server gives no size up to 1 TB
	MIME    string    // as the server gives it, without parameters, lower case; "" if unknown
	Name    string    // from Content-Disposition, else the last part of the URL's path, which may be ""
	URL     string    // the link as it is now; "" if gone and not renewed
	Renewed bool      // the link was made anew
	Unsure  bool      // gone, but another answer is possible at another time
	Expires time.Time // when the storage deletes the file (X-Amz-Expiration); zero if unknown
	Reason  string    // why the file is gone, or the link refused or failed: a phrase in lower case, without the URL
	// Err is an error of Renew after which it makes no sense to ask other links. The other fields are then zero.
	Err error
}

// A Checker asks links. It asks with HEAD, and with GET for the first byte if the answer to HEAD does not suffice. It
// reads the file only if neither answer gives its size. After a temporary failure it asks once more. The zero value is
// ready to use. A Checker may be used by several goroutines at once, and must not be copied or changed after its first
// use.
type Checker struct {
	// Transport carries the requests; nil is the Checker's own, which connects to public addresses only and uses
	// no proxy.
	Transport http.RoundTripper
	// AllowPrivate lets the Checker's own transport also connect to loopback and private addresses.
	AllowPrivate bool
	// PerHost is the number of links of one host that are asked at the same time; 0 is 4.
	PerHost int

	once   sync.Once
	client *http.Client
}

// Check asks one link. If the link is dead or empty and has a Renew, Check makes a new link, once, and asks that. It
// returns at the latest after 20 seconds and the time that Renew takes, and at once when ctx ends. The
// Result then has no meaning.
func (c *Checker) Check(ctx context.Context, link Link) Result {
	if link.URL == "" && link.Renew != nil {
		return c.renew(ctx, link)
	}
	result := c.ask(ctx, link.URL)
	if result.Status == Gone && link.Renew != nil {
		return c.renew(ctx, link)
	}
	result.URL = link.URL
	return result
}

// renew makes a new link and asks it.
func (c *Checker) renew(ctx context.Context, link Link) Result {
	renewed, err := link.Renew(ctx)
	switch {
	case errors.Is(err, sources.ErrMediaGone):
		return Result{Status: Gone, Reason: err.Error(), Unsure: errors.Is(err, sources.ErrUnavailable)}
	case errors.Is(err, sources.ErrUnavailable):
		return Result{Status: Failed, Reason: err.Error(), URL: link.URL}
	case err != nil:
		return Result{Err: fmt.Errorf("renewing a media link: %w", err)}
	}
	result := c.ask(ctx, renewed)
	result.URL, result.Renewed = renewed, true
	result.Unsure = result.Status == Gone // a new link should work
	return result
}

// All asks the links and yields each of them with its Result as answers come, in no order. It asks at most 16 links
// at the same time, and at most PerHost of one host. A slow host does not hold up the others. A host that fails 20
// times in a row is not asked again, and the rest of its links fail at once: one dead host must not take days.
//
// All reads links in the caller's goroutine, at most 512 ahead. It ends early when ctx ends or the caller breaks off,
// and then yields no more. It returns only when no request is under way.
func (c *Checker) All(ctx context.Context, links iter.Seq[Link]) iter.Seq2[Link, Result] {
	return func(yield func(Link, Result) bool) {
		ctx, cancel := context.WithCancel(ctx)
		q := &queue{
			checker: c,
			hosts:   make(map[string]*host),
			slots:   make(chan struct{}, maxChecks),
			answers: make(chan answer, window),
		}
		defer c.httpClient().CloseIdleConnections()
		defer q.underWay.Wait()
		defer cancel()
		for link := range links {
			if ctx.Err() != nil {
				return
			}
			q.add(ctx, link)
			for q.open == window || len(q.answers) > 0 {
				if !q.deliver(ctx, yield) {
					return
				}
			}
		}
		for q.open > 0 && q.deliver(ctx, yield) {
		}
	}
}

// A queue holds the links that were taken from the sequence and not yet yielded. Each has a goroutine, which waits for
// a slot of its host and then for one of all.
type queue struct {
	checker  *Checker
	hosts    map[string]*host
	open     int // links added and not yet delivered
	slots    chan struct{}
	answers  chan answer // has room for all links
	underWay sync.WaitGroup
}

// A host is a host with links in the queue, or a host that failed the last time.
type host struct {
	name     string
	open     int // links added and not yet delivered
	slots    chan struct{}
	failures atomic.Int32 // in a row
}

type answer struct {
	link   Link
	host   *host
	result Result
}

// add puts a link into the queue.
func (q *queue) add(ctx context.Context, link Link) {
	name := hostOf(link.URL)
	h := q.hosts[name]
	if h == nil {
		h = &host{name: name, slots: make(chan struct{}, cmp.Or(q.checker.PerHost, 4))}
		q.hosts[name] = h
	}
	h.open++
	q.open++
	q.underWay.Go(func() {
		if acquire(ctx, h.slots) {
			q.answers <- answer{link, h, q.check(ctx, h, link)}
			<-h.slots
		}
	})
}

// hostOf returns host and port of a URL, or "".
func hostOf(rawURL string) string {
	u, err := url.Parse(strings.TrimSpace(rawURL))
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// acquire takes a slot, unless ctx ends before.
func acquire(ctx context.Context, slots chan struct{}) bool {
	select {
	case slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// check asks a link when it is its turn, unless its host was given up. Its Result has no meaning when ctx has ended.
func (q *queue) check(ctx context.Context, h *host, link Link) Result {
	if h.failures.Load() >= maxFailures {
		reason := fmt.Sprintf("its server failed %d times in a row and was not asked again", maxFailures)
		return Result{Status: Failed, Reason: reason, URL: link.URL}
	}
	if !acquire(ctx, q.slots) {
		return Result{}
	}
	defer func() { <-q.slots }()
	result := q.checker.Check(ctx, link)
	if result.Status == Failed {
		h.failures.Add(1)
	} else {
		h.failures.Store(0)
	}
	return result
}

// deliver waits for an answer and yields it. It reports whether to go on.
func (q *queue) deliver(ctx context.Context, yield func(Link, Result) bool) bool {
	select {
	case <-ctx.Done():
		return false
	case a := <-q.answers:
		if ctx.Err() != nil {
			return false // the end of ctx may have caused the answer
		}
		q.settle(a.host)
		return yield(a.link, a.result)
	}
}

// settle counts a link of the host as delivered. It forgets a host without further links, unless its failures are worth
// remembering.
func (q *queue) settle(h *host) {
	q.open--
	h.open--
	if h.open == 0 && (h.failures.Load() == 0 || len(q.hosts) > maxIdleHosts) {
		delete(q.hosts, h.name)
	}
}
