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

// faults are what each action does to the first of two messages; status 0 is a broken connection.
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

// The first rule that fits is met, a rule counts from when it was added, and cleared rules are gone.
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
