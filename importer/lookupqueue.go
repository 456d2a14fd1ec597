package importer

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// all looks the links up and yields each with its answer as it comes, in no order: l.PerHost of one host and
// [maxMediaLookups] in all at one time. A host that fails [maxDeadLookups] times in a row is not asked again, and the
// rest of its links fail at once: one dead host must not take days.
//
// It is the loop of one goroutine: links is read, a window of [mediaWindow] ahead, and answers are yielded in the
// caller's. It ends early when ctx is done or the caller breaks off; the links that were not yielded are then as if
// they had never been asked.
func (l *mediaLookup) all(ctx context.Context, links iter.Seq[mediaLink]) iter.Seq2[mediaLink, mediaInfo] {
	return func(yield func(mediaLink, mediaInfo) bool) {
		ctx, cancel := context.WithCancel(ctx)
		q := &mediaQueue{lookup: l, hosts: map[string]*mediaHost{}, answers: make(chan mediaAnswer, maxMediaLookups)}
		defer l.httpClient().CloseIdleConnections()
		defer q.underWay.Wait()
		defer cancel()
		for link := range links {
			if ctx.Err() != nil {
				return
			}
			q.add(ctx, link)
			for q.full() || q.answered() {
				if !q.deliver(ctx, yield) {
					return
				}
			}
		}
		for !q.empty() && q.deliver(ctx, yield) {
		}
	}
}

// A mediaQueue holds the links that were taken from the sequence and not yet yielded. It belongs to one goroutine.
type mediaQueue struct {
	lookup   *mediaLookup
	waiting  []mediaJob // in order of arrival
	busy     int        // lookups begun whose answer has not been delivered
	hosts    map[string]*mediaHost
	answers  chan mediaAnswer // has room for all that are busy
	underWay sync.WaitGroup
}

type mediaJob struct {
	link mediaLink
	host *mediaHost
}

// A mediaHost is a host with something waiting or under way, or one that failed the last time.
type mediaHost struct {
	name    string
	waiting int
	busy    int
	failed  int // times in a row
}

type mediaAnswer struct {
	mediaJob
	info mediaInfo
}

func (q *mediaQueue) full() bool     { return len(q.waiting)+q.busy >= mediaWindow }
func (q *mediaQueue) empty() bool    { return len(q.waiting)+q.busy == 0 }
func (q *mediaQueue) answered() bool { return len(q.answers) > 0 }

// add puts a link into the queue and begins what can be begun.
func (q *mediaQueue) add(ctx context.Context, link mediaLink) {
	name := urlHost(link.url)
	host := q.hosts[name]
	if host == nil {
		host = &mediaHost{name: name}
		q.hosts[name] = host
	}
	host.waiting++
	q.waiting = append(q.waiting, mediaJob{link, host})
	q.begin(ctx)
}

// urlHost returns host and port of rawURL, "" if there are none.
func urlHost(rawURL string) string {
	u, err := url.Parse(strings.TrimSpace(rawURL))
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// begin begins, in order of arrival, all that the limits allow: a host at its limit is passed over.
func (q *mediaQueue) begin(ctx context.Context) {
	perHost := cmp.Or(q.lookup.PerHost, 4)
	if q.busy == maxMediaLookups {
		return
	}
	q.waiting = slices.DeleteFunc(q.waiting, func(job mediaJob) bool {
		may := q.busy < maxMediaLookups && job.host.busy < perHost
		if may {
			q.ask(ctx, job)
		}
		return may
	})
}

// ask looks job up in the background, or gives its host up.
func (q *mediaQueue) ask(ctx context.Context, job mediaJob) {
	q.busy++
	job.host.waiting--
	job.host.busy++
	if job.host.failed >= maxDeadLookups {
		reason := fmt.Sprintf("its server failed %d times in a row and was not asked again", maxDeadLookups)
		q.answers <- mediaAnswer{job, mediaInfo{Status: mediaFailed, Reason: reason, URL: job.link.url}}
		return
	}
	q.underWay.Go(func() {
		q.answers <- mediaAnswer{job, q.lookup.find(ctx, job.link)}
	})
}

// deliver waits for an answer, begins what it made room for, and yields it. It reports whether to go on.
func (q *mediaQueue) deliver(ctx context.Context, yield func(mediaLink, mediaInfo) bool) bool {
	select {
	case <-ctx.Done():
		return false
	case a := <-q.answers:
		if ctx.Err() != nil {
			return false // it may have failed of that
		}
		q.settle(a)
		q.begin(ctx)
		return yield(a.link, a.info)
	}
}

// settle counts a as done. It forgets a host that has nothing more to do, unless its failures are worth remembering.
func (q *mediaQueue) settle(a mediaAnswer) {
	q.busy--
	a.host.busy--
	a.host.failed++
	if a.info.Status != mediaFailed {
		a.host.failed = 0
	}
	idle := a.host.waiting+a.host.busy == 0
	if idle && (a.host.failed == 0 || len(q.hosts) > maxIdleHosts) {
		delete(q.hosts, a.host.name)
	}
}
