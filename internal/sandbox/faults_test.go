package sandbox_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

// faults are the effects of each action on the first of two messages; status 0 is a broken connection.
var faults = []struct {
	rule   sandbox.Rule
	status int
	kind   string // Content-Type
	taken  bool
}{
	{sandbox.Rule{Do: sandbox.Refuse}, 400, "application/json", false},
	{sandbox.Rule{Do: sandbox.TooMany}, 429, "application/problem+json", false},
	{sandbox.Rule{Do: sandbox.BadGateway}, 502, "text/plain; charset=utf-8", false},
	{sandbox.Rule{Do: sandbox.BadGatewayTaken}, 502, "text/plain; charset=utf-8", true},
	{sandbox.Rule{Do: sandbox.Cut}, 0, "", false},
	{sandbox.Rule{Do: sandbox.CutTaken}, 0, "", true},
	{sandbox.Rule{Do: sandbox.Slow, Wait: time.Millisecond}, 200, "application/json", true},
	{sandbox.Rule{Do: sandbox.Garbage}, 200, "application/json", true},
	{sandbox.Rule{Do: sandbox.HTML}, 200, "text/html; charset=utf-8", false},
	{sandbox.Rule{Do: sandbox.HTMLBadGateway}, 502, "text/html; charset=utf-8", false},
	{sandbox.Rule{Do: sandbox.Block}, 403, "text/plain; charset=utf-8", false},
	{sandbox.Rule{Do: sandbox.BadSignature}, 403, "application/json", false},
	{sandbox.Rule{Do: sandbox.NotFound}, 404, "application/json", false},
	{sandbox.Rule{Do: sandbox.Redirect}, 302, "text/html; charset=utf-8", false},
	{sandbox.Rule{Do: sandbox.Conflict}, 409, "application/json", false},
	{sandbox.Rule{Do: sandbox.TooLarge}, 413, "application/json", false},
	{sandbox.Rule{Do: sandbox.Unprocessable}, 422, "application/json", false},
	{sandbox.Rule{Do: sandbox.HTMLForbidden}, 403, "text/html; charset=utf-8", false},
	{sandbox.Rule{Do: sandbox.HTMLTooLarge}, 413, "text/html; charset=utf-8", false},
	{sandbox.Rule{Do: sandbox.Unauthorized}, 401, "text/plain; charset=utf-8", false},
	{sandbox.Rule{Do: sandbox.ClientTimeout}, 408, "text/plain; charset=utf-8", false},
	{sandbox.Rule{Do: sandbox.TooEarly}, 425, "text/plain; charset=utf-8", false},
	{sandbox.Rule{Do: sandbox.ClientClosed}, 499, "text/plain; charset=utf-8", false},
	{sandbox.Rule{Do: sandbox.ServerError}, 500, "text/plain; charset=utf-8", false},
	{sandbox.Rule{Do: sandbox.Unavailable}, 503, "text/plain; charset=utf-8", false},
	{sandbox.Rule{Do: sandbox.GatewayTimeout}, 504, "text/plain; charset=utf-8", false},
}

func TestFaults(t *testing.T) {
	for _, tt := range faults {
		tt.rule.Count = 1
		t.Run(tt.rule.String(), func(t *testing.T) {
			c := newCaller(sandbox.Options{Rules: []sandbox.Rule{tt.rule}})
			t.Run("round trip", func(t *testing.T) { checkFault(t, c, tt.status, tt.kind, tt.taken) })

			over := caller{Kommo: sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{tt.rule}})}
			server := httptest.NewServer(over)
			defer server.Close()
			over.base, over.transport = server.URL, server.Client().Transport
			t.Run("network", func(t *testing.T) { checkFault(t, over, tt.status, tt.kind, tt.taken) })
		})
	}
}

func checkFault(t *testing.T, c caller, status int, kind string, taken bool) {
	t.Helper()
	got, header, err := c.do(c.request(t.Context(), "POST", c.scope(), incoming("m1", "a", 0)))
	if broken := errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF); broken != (status == 0) {
		t.Fatalf("got error %v, want status %d", err, status)
	}
	if got.Status != status || header.Get("Content-Type") != kind {
		t.Errorf("got %+v of type %q, want status %d of type %q", got, header.Get("Content-Type"), status, kind)
	}
	if _, err := http.ParseTime(header.Get("Date")); err != nil && status != 0 {
		t.Errorf("Date: %v", err)
	}
	mustPost(t, c, incoming("m2", "a", 1))
	want := []string{"m2"}
	if taken {
		want = []string{"m1", "m2"}
	}
	if diff := cmp.Diff(want, msgids(c.Kommo)); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
	if got := c.Requests()[0].Status; got != status {
		t.Errorf("noted status %d, want %d", got, status)
	}
}

func TestFaultBodies(t *testing.T) {
	tests := []struct {
		do   sandbox.Action
		want string
	}{
		{sandbox.BadGateway, "502 Bad Gateway"},
		{sandbox.Garbage, `{"new_message":{"conversation_id":"`},
		{sandbox.Block, "403 Forbidden"},
		{sandbox.BadSignature, forbidden},
		{sandbox.NotFound, unregistered},
		{sandbox.Refuse, badRequest("payload: refused by a rule of the sandbox").Body},
		{sandbox.TooLarge, `{"status":0,"error_code":413,"error_type":"REQUEST_ENTITY_TOO_LARGE",` +
			`"error_description":"payload: refused by a rule of the sandbox"}`},
		{sandbox.ClientClosed, "499"},
		{sandbox.HTMLForbidden, "<!DOCTYPE html>\n<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1></body></html>\n"},
	}
	for _, tt := range tests {
		c := newCaller(sandbox.Options{Rules: []sandbox.Rule{{Do: tt.do}}})
		if got := c.post(t, incoming("m1", "a", 0)); got.Body != tt.want {
			t.Errorf("%s: got %q, want %q", tt.do, got.Body, tt.want)
		}
	}
}

func TestRedirectLocation(t *testing.T) {
	c := newCaller(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.Redirect}}})
	_, header, err := c.do(c.request(t.Context(), "POST", c.scope(), incoming("m1", "a", 0)))
	if got := header.Get("Location"); err != nil || got != "/login" {
		t.Errorf("got %q, %v, want /login", got, err)
	}
}

// A fault that takes a message does not take an invalid one.
func TestTakenOnlyIfRight(t *testing.T) {
	c := newCaller(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.BadGatewayTaken}}})
	if got := c.post(t, payload(t, `"msgid":""`)); got.Status != 502 || c.Summary().Messages != 0 {
		t.Errorf("got %+v and %d messages, want 502 and none", got, c.Summary().Messages)
	}
}

func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(sandbox.Options{Latency: time.Second, Rules: []sandbox.Rule{
			{Do: sandbox.Slow, Wait: time.Minute, N: 1},
			{Do: sandbox.BadGateway, Wait: time.Hour, N: 2},
		}})
		for i, want := range []time.Duration{time.Minute + time.Second, time.Hour + time.Second, time.Second} {
			start := time.Now()
			c.post(t, incoming(fmt.Sprintf("m%d", i), "a", i))
			if got := time.Since(start); got != want {
				t.Errorf("request %d: %v, want %v", i+1, got, want)
			}
		}
	})
}

func TestRuleConditions(t *testing.T) {
	tests := []struct {
		rule string
		want string // of six messages m1 to m6, each followed by a look at the history: x is a fault
	}{
		{"502", "x-x-x-x-x-x-"},
		{"502:on=any", "xxxxxxxxxxxx"},
		{"502:on=history", "-x-x-x-x-x-x"},
		{"502:on=chats", "------------"},
		{"502:n=2", "--x---------"},
		{"502:n=2,on=any", "-x----------"},
		{"502:every=3", "----x-----x-"},
		{"502:every=2,count=2", "--x---x-----"},
		{"502:count=1", "x-----------"},
		{"502:msgid=m4", "------x-----"},
		{"502:msgid=m4,n=2", "------------"},
		{"502:p=1", "x-x-x-x-x-x-"},
		{"502:p=0.5", "x---x-x-----"},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			rule, err := sandbox.ParseRule(tt.rule)
			if err != nil {
				t.Fatal(err)
			}
			c := newCaller(sandbox.Options{Rules: []sandbox.Rule{rule}})
			got := ""
			for i := range 6 {
				got += mark(c.post(t, incoming(fmt.Sprintf("m%d", i+1), "a", i)))
				got += mark(c.call(t, "GET", c.scope()+"/chats/x/history", ""))
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func mark(r reply) string {
	if r.Status == 502 {
		return "x"
	}
	return "-"
}

// The first matching rule is met, a rule counts from its addition, and cleared rules are gone.
func TestRulesWhileRunning(t *testing.T) {
	c := newCaller(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.NotFound, N: 2}}})
	var got []int
	post := func() { got = append(got, c.post(t, incoming("m", "a", 0)).Status) }
	post()
	c.AddRule(sandbox.Rule{Do: sandbox.Refuse, N: 1})
	c.AddRule(sandbox.Rule{Do: sandbox.BadGateway, N: 2})
	post()
	post()
	c.AddRule(sandbox.Rule{Do: sandbox.BadGateway})
	post()
	c.ClearRules()
	post()
	if diff := cmp.Diff([]int{200, 404, 502, 502, 200}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

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
