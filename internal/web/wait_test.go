package web

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 9, 4, 12, 0, 0, 0, time.UTC)
	const longest = 24 * time.Hour
	for _, test := range []struct {
		header, date string
		want         time.Duration
	}{
		{"", "", 0},
		{"7", "", 7 * time.Second},
		{" 7 ", "", 7 * time.Second},
		{"1.5", "", 1500 * time.Millisecond},
		{"0", "", 0},
		{"-5", "", 0},
		{"soon", "", 0},
		{"NaN", "", 0},
		{"Inf", "", longest},
		{"1e999", "", longest},
		{"99999999999999999999", "", longest},
		{"86401", "", longest},

		{"Fri, 04 Sep 2026 12:02:00 GMT", "", 2 * time.Minute},
		{"Fri, 04 Sep 2026 12:02:00 +0000", "", 2 * time.Minute},
		{"Fri, 04 Sep 2026 13:02:00 GMT", "Fri, 04 Sep 2026 13:00:00 GMT", 2 * time.Minute},
		{"Fri, 04 Sep 2026 13:02:00 GMT", "today", time.Hour + 2*time.Minute},
		{"Fri, 04 Sep 2026 11:00:00 GMT", "", 0},
		{"Fri, 04 Sep 2099 11:00:00 GMT", "", longest},
	} {
		header := http.Header{"Retry-After": {test.header}, "Date": {test.date}}
		if got := RetryAfter(header, now, longest); got != test.want {
			t.Errorf("header %q, date %q: got %v, want %v", test.header, test.date, got, test.want)
		}
	}
}

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if err := Sleep(t.Context(), time.Hour); err != nil || time.Since(start) != time.Hour {
			t.Errorf("got %v after %v, want no error after an hour", err, time.Since(start))
		}
		stop := errors.New("stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { cancel(stop) })
		start = time.Now()
		if err := Sleep(ctx, time.Hour); err != stop || time.Since(start) != time.Minute {
			t.Errorf("got %v after %v, want %v after a minute", err, time.Since(start), stop)
		}
		if err := Sleep(ctx, -1); err != stop {
			t.Errorf("got %v without a wait, want %v", err, stop)
		}
	})
}
