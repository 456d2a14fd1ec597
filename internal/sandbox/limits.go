package sandbox

import (
	"net/http"
	"strconv"
	"time"
)

// limits count requests against Options.RateLimit and 429s against Options.BlockAfter.
type limits struct {
	window
	tooMany int // answers with 429
}

// blocked reports whether a request meets the block that repeated 429s end in.
func (l *limits) blocked(o Options) bool {
	return o.BlockAfter > 0 && l.tooMany >= o.BlockAfter
}

// A window holds the times of the requests of the last second, without those it refused.
type window struct {
	recent []time.Time
}

// exceeded reports whether a request at now is beyond the limit of the second that ends with it; if not, it counts.
// A limit of 0 or less means no limit.
func (w *window) exceeded(now time.Time, perSecond int) bool {
	if perSecond <= 0 {
		return false
	}
	for len(w.recent) > 0 && now.Sub(w.recent[0]) >= time.Second {
		w.recent = w.recent[1:]
	}
	if len(w.recent) >= perSecond {
		return true
	}
	w.recent = append(w.recent, now)
	return false
}

// tooManyAnswer has the body that Kommo documents for its main API; for the Chats API it documents none.
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
