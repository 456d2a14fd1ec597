package kommo

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter is the longest wait that is believed.
const maxRetryAfter = 24 * time.Hour

// retryAfter returns the wait that an answer asks for, or 0. The header gives seconds or a date, which counts from
// the server's own Date if it tells one, else from now. The body gives seconds, as a number or as a text.
func retryAfter(header http.Header, body []byte, now time.Time) time.Duration {
	told := header.Get("Retry-After")
	wait := seconds(told)
	if until, ok := parseDate(told); ok {
		if date, ok := parseDate(header.Get("Date")); ok {
			now = date
		}
		wait = min(max(until.Sub(now), 0), maxRetryAfter)
	}
	inBody := strings.Trim(string(readFailure(body).RetryAfter), `"`)
	return cmp.Or(wait, seconds(inBody))
}

// seconds returns the time that text gives in seconds: 0 if it is none or negative, maxRetryAfter if it is longer.
func seconds(text string) time.Duration {
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || !(n > 0) {
		return 0
	}
	if n >= maxRetryAfter.Seconds() {
		return maxRetryAfter
	}
	return time.Duration(n * float64(time.Second))
}

// parseDate reads the date of a header: the forms of HTTP, and the one that ends in +0000, which Kommo uses for
// requests (documented).
func parseDate(text string) (time.Time, bool) {
	if date, err := http.ParseTime(text); err == nil {
		return date, true
	}
	date, err := time.Parse(time.RFC1123Z, text)
	return date, err == nil
}
