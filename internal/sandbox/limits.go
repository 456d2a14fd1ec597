package sandbox

import (
	"net/http"
	"strconv"
	"time"
)

// limits count requests against Options.RateLimit and 429s against Options.BlockAfter.
type limits struct {
	window
	tooMany      int // 429s since the start or the last block
	isBlocked    bool
	blockedSince time.Time
}

// A window holds the requests of the last second that were not turned away.
type window struct {
	recent []time.Time
}

// exceeded reports whether a request at now is one too many in the second that ends with it; if not, it counts.
// A limit of 0 or less is none.
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

// count notes that a 429 is given at now.
func (l *limits) count(now time.Time, o Options) {
	l.tooMany++
	if o.BlockAfter > 0 && l.tooMany >= o.BlockAfter {
		l.isBlocked, l.blockedSince = true, now
	}
}

// blocked reports whether a request at now meets the block that repeated 429s end in.
func (l *limits) blocked(now time.Time, o Options) bool {
	if l.isBlocked && o.BlockFor > 0 && now.Sub(l.blockedSince) >= o.BlockFor {
		l.isBlocked, l.tooMany = false, 0
	}
	return l.isBlocked
}

// tooManyRequests is the body that Kommo documents for its main API; for the Chats API it documents none.
type tooManyRequests struct {
	Title      string `json:"title"`
	Type       string `json:"type"`
	Status     int    `json:"status"`
	Detail     string `json:"detail"`
	RetryAfter int    `json:"retry_after,omitzero"`
}

func (k *Kommo) tooManyAnswer() answer {
	seconds := int((k.Options.RetryAfter + time.Second - 1) / time.Second)
	body := tooManyRequests{
		Title:  "Too Many Requests",
		Type:   "https://httpstatus.es/429",
		Status: http.StatusTooManyRequests,
		Detail: "You have sent too many requests in a given amount of time. Please try again later.",
	}
	if k.Options.RetryAfterIn == InBody {
		body.RetryAfter = seconds
	}
	a := jsonAnswer(http.StatusTooManyRequests, "application/problem+json", body)
	switch k.Options.RetryAfterIn {
	case InDate:
		at := k.clock().Add(k.Options.RetryAfter + time.Second - 1).Truncate(time.Second)
		a.header.Set("Retry-After", at.UTC().Format(http.TimeFormat))
	case InBody, Nowhere:
	default:
		a.header.Set("Retry-After", strconv.Itoa(seconds))
	}
	return a
}
