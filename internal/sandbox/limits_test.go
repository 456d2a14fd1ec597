package sandbox_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(sandbox.Options{RateLimit: 2})
		var got []int
		for i, pause := range []time.Duration{0, 600, 300, 99, 1, 1} {
			time.Sleep(pause * time.Millisecond)
			got = append(got, c.post(t, incoming(fmt.Sprintf("m%d", i), "a", i)).Status)
		}
		if diff := cmp.Diff([]int{200, 200, 429, 429, 200, 429}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		want := sandbox.Summary{Chats: 1, Messages: 3, Distinct: 3, Incoming: 3, ChatsWithoutOneLoud: 1, Requests: 6,
			TooManyRequests: 3, BusiestSecond: 5}
		if diff := cmp.Diff(want, c.Summary()); diff != "" {
			t.Errorf("summary (-want +got):\n%s", diff)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 1, time.UTC)
	const body = `{"title":"Too Many Requests","type":"https://httpstatus.es/429","status":429,` +
		`"detail":"You have sent too many requests in a given amount of time. Please try again later."`
	tests := []struct {
		in         sandbox.RetryAfterPlace
		retryAfter time.Duration
		header     string
		body       string
	}{
		{"", 0, "1", body + "}"},
		{sandbox.InHeader, 2000 * time.Second, "2000", body + "}"},
		{sandbox.InHeader, 1500 * time.Millisecond, "2", body + "}"},
		{sandbox.InDate, 30 * time.Second, "Sun, 01 Mar 2026 13:00:31 GMT", body + "}"},
		{sandbox.InBody, 300 * time.Second, "", body + `,"retry_after":300}`},
		{sandbox.Nowhere, 300 * time.Second, "", body + "}"},
	}
	for _, tt := range tests {
		t.Run(string(tt.in), func(t *testing.T) {
			c := newCaller(sandbox.Options{RetryAfterIn: tt.in, RetryAfter: tt.retryAfter, ClockSkew: time.Hour,
				Now: func() time.Time { return now }, Rules: []sandbox.Rule{{Do: sandbox.TooMany}}})
			got, header, err := c.do(c.request(t.Context(), "POST", c.scope(), incoming("m", "a", 0)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(reply{429, tt.body}, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if got := header.Get("Retry-After"); got != tt.header {
				t.Errorf("Retry-After %q, want %q", got, tt.header)
			}
		})
	}
}

func TestBlock(t *testing.T) {
	tests := []struct {
		name string
		o    sandbox.Options
		want []int
	}{
		{"for good", sandbox.Options{RateLimit: 1, BlockAfter: 2}, []int{200, 429, 429, 403, 403, 403}},
		{"never", sandbox.Options{RateLimit: 1}, []int{200, 429, 429, 429, 200, 429}},
		{"by a rule", sandbox.Options{BlockAfter: 1, Rules: []sandbox.Rule{{Do: sandbox.TooMany, N: 2}}}, []int{200, 429, 403, 403, 403, 403}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCaller(tt.o)
				var got []int
				for i := range 6 {
					if i == 4 {
						time.Sleep(time.Minute)
					}
					a := c.post(t, incoming(fmt.Sprintf("m%d", i), "a", i))
					if got = append(got, a.Status); a.Status == http.StatusForbidden && a.Body != "403 Forbidden" {
						t.Errorf("blocked with %q, want the plain text 403 Forbidden", a.Body)
					}
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}
