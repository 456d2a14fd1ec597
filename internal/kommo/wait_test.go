package kommo

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	tests := []struct {
		header, date, body string
		want               time.Duration
	}{
		{"", "", "", 0},
		{"7", "", "", 7 * time.Second},
		{" 7 ", "", `{"retry_after":300}`, 7 * time.Second},
		{"1.5", "", "", 1500 * time.Millisecond},
		{"0", "", `{"retry_after":3}`, 3 * time.Second},
		{"-5", "", "", 0},
		{"soon", "", `{"retry_after":300}`, 300 * time.Second},
		{"NaN", "", "", 0},
		{"Inf", "", "", maxRetryAfter},
		{"1e999", "", "", maxRetryAfter},
		{"99999999999999999999", "", "", maxRetryAfter},
		{"86401", "", "", maxRetryAfter},

		{"Fri, 04 Sep 2026 12:02:00 GMT", "", "", 2 * time.Minute},
		{"Fri, 04 Sep 2026 12:02:00 +0000", "", "", 2 * time.Minute},
		{"Fri, 04 Sep 2026 13:02:00 GMT", "Fri, 04 Sep 2026 13:00:00 GMT", "", 2 * time.Minute},
		{"Fri, 04 Sep 2026 13:02:00 GMT", "today", "", time.Hour + 2*time.Minute},
		{"Fri, 04 Sep 2026 11:00:00 GMT", "", "", 0},
		{"Fri, 04 Sep 2099 11:00:00 GMT", "", "", maxRetryAfter},

		{"", "", `{"retry_after":"300"}`, 300 * time.Second},
		{"", "", `{"retry_after":0.5}`, 500 * time.Millisecond},
		{"", "", `{"retry_after":-1}`, 0},
		{"", "", `{"retry_after":null}`, 0},
		{"", "", `{"retry_after":{"seconds":1}}`, 0},
		{"", "", `{"error_type":5,"retry_after":300}`, 300 * time.Second},
		{"", "", `retry_after: 300`, 0},
	}
	for _, test := range tests {
		header := http.Header{"Retry-After": {test.header}, "Date": {test.date}}
		if got := retryAfter(header, []byte(test.body), testNow); got != test.want {
			t.Errorf("header %q, date %q, body %q: got %v, want %v", test.header, test.date, test.body, got, test.want)
		}
	}
}
