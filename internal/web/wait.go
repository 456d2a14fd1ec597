package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Sleep waits for d. It returns the cause when ctx ends first, also if d is 0 or negative.
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// RetryAfter returns the wait that the Retry-After of an answer asks for, at most longest. It is 0 if the header is
// absent, invalid or in the past. The header holds seconds or a date. A date is counted from the server's own Date,
// or from now if the answer has no valid Date.
func RetryAfter(header http.Header, now time.Time, longest time.Duration) time.Duration {
	value := header.Get("Retry-After")
	until, ok := ParseDate(value)
	if !ok {
		return Seconds(value, longest)
	}
	if date, ok := ParseDate(header.Get("Date")); ok {
		now = date
	}
	return min(max(until.Sub(now), 0), longest)
}

// Seconds reads a number of seconds, perhaps with decimals, as a duration of at most longest. It returns 0 for a
// negative number and for text that is not a number.
func Seconds(text string, longest time.Duration) time.Duration {
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || !(n > 0) {
		return 0
	}
	if n >= longest.Seconds() {
		return longest
	}
	return time.Duration(n * float64(time.Second))
}

// ParseDate reads the date of a header: in the forms of HTTP, or ending in +0000 as Kommo's requests do (documented).
func ParseDate(text string) (time.Time, bool) {
	if date, err := http.ParseTime(text); err == nil {
		return date, true
	}
	date, err := time.Parse(time.RFC1123Z, text)
	return date, err == nil
}
