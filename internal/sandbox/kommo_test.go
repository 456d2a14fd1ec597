package sandbox_test

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

// A caller signs requests for a Kommo and sends them by a transport, which may be the Kommo itself.
type caller struct {
	*sandbox.Kommo
	base      string
	transport http.RoundTripper
}

func newCaller(o sandbox.Options) caller {
	k := sandbox.NewKommo(o)
	return caller{k, "http://kommo.test", k}
}

// A reply is the part of an answer that tests compare.
type reply struct {
	Status int
	Body   string
}

func (c caller) request(ctx context.Context, method, path, body string) *http.Request {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	sign(r, body, c.Options.ChannelSecret, time.Now())
	return r
}

func sign(r *http.Request, body, secret string, now time.Time) {
	sum := md5.Sum([]byte(body))
	r.Header.Set("Date", now.UTC().Format(time.RFC1123Z))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Content-MD5", hex.EncodeToString(sum[:]))
	resign(r, secret)
}

// resign signs the headers as they are.
func resign(r *http.Request, secret string) {
	mac := hmac.New(sha1.New, []byte(secret))
	fmt.Fprintf(mac, "%s\n%s\n%s\n%s\n%s", r.Method, r.Header.Get("Content-MD5"), r.Header.Get("Content-Type"),
		r.Header.Get("Date"), r.URL.EscapedPath())
	r.Header.Set("X-Signature", hex.EncodeToString(mac.Sum(nil)))
}

func (c caller) do(r *http.Request) (reply, http.Header, error) {
	resp, err := c.transport.RoundTrip(r)
	if err != nil {
		return reply{}, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, string(body)}, resp.Header, err
}

func (c caller) call(t testing.TB, method, path, body string) reply {
	t.Helper()
	got, _, err := c.do(c.request(t.Context(), method, path, body))
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

func (c caller) scope() string {
	return "/v2/origin/custom/" + c.ScopeID()
}

func (c caller) post(t testing.TB, body string) reply {
	t.Helper()
	return c.call(t, "POST", c.scope(), body)
}

// incoming is a message from the client of a conversation, msec milliseconds after some second.
func incoming(msgid, conversation string, msec int) string {
	return fmt.Sprintf(`{"event_type":"new_message","payload":{"timestamp":1639604761,"msec_timestamp":%d,`+
		`"msgid":%q,"conversation_id":%q,"silent":true,"sender":{"id":"c1","name":"Анна","profile":{"phone":"+79151112233"}},`+
		`"message":{"type":"text","text":"hello <%[2]s>"}}}`, 1639604761000+msec, msgid, conversation)
}

func mustPost(t testing.TB, c caller, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		if got := c.post(t, body); got.Status != 200 {
			t.Fatalf("POST of %s: got %+v", body, got)
		}
	}
}

// msgids lists the messages in order of arrival.
func msgids(k *sandbox.Kommo) []string {
	var list []string
	for _, c := range k.Dump().Chats {
		for _, m := range c.Messages {
			list = append(list, m.MsgID)
		}
	}
	return list
}

func TestEnvironment(t *testing.T) {
	k := sandbox.NewKommo(sandbox.Options{ChannelID: "channel", AccountID: "account", ChannelSecret: "secret", BotID: "bot"})
	want := []string{"KOMMO_BASE_URL=http://127.0.0.1:8080", "KOMMO_SCOPE_ID=channel_account", "KOMMO_CHANNEL_ID=channel",
		"KOMMO_CHANNEL_SECRET=secret", "KOMMO_BOT_ID=bot"}
	if diff := cmp.Diff(want, k.Environment("http://127.0.0.1:8080")); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[1:], k.Environment("")); diff != "" {
		t.Errorf("environment without a base URL (-want +got):\n%s", diff)
	}
}

func TestOptionsCheck(t *testing.T) {
	tests := []struct {
		name string
		o    sandbox.Options
		want string
	}{
		{"zero", sandbox.Options{}, ""},
		{"words", sandbox.Options{Duplicates: "conflict", RetryAfterIn: "none", Lenient: true}, ""},
		{"duplicates", sandbox.Options{Duplicates: "dorp"}, `duplicates "dorp": want keep, drop, refuse or conflict`},
		{"place", sandbox.Options{RetryAfterIn: "tail"}, `retry-after in "tail": want header, date, body or none`},
		{"limit", sandbox.Options{RateLimit: -1}, "rate limit -1, block after 0: want 0 or more"},
		{"wait", sandbox.Options{Latency: -1}, "latency -1ns, history delay 0s, index delay 0s, retry-after 0s: want 0 or more"},
		{"rule", sandbox.Options{Rules: []sandbox.Rule{{Do: "slow"}}}, `rule "slow": slow: want a duration, as in slow=3s`},
		{"rule of Green-API", sandbox.Options{Rules: []sandbox.Rule{{Do: "466"}}}, `rule "466": 466: only Green-API answers so, not Kommo`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := tt.o.Check(); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(sandbox.Options{Latency: 150 * time.Millisecond})
		start := time.Now()
		mustPost(t, c, incoming("m1", "a", 0))
		if got, want := time.Since(start), 150*time.Millisecond; got != want {
			t.Errorf("answer after %v, want %v", got, want)
		}
		if got := c.Dump().Chats[0].Messages[0].Arrived; !got.Equal(start) {
			t.Errorf("arrived %v, want %v: a message is taken at once", got, start)
		}
	})
}

func TestContextEndsSlowAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(sandbox.Options{Latency: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		_, _, err := c.do(c.request(ctx, "POST", c.scope(), incoming("m1", "a", 0)))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("got %v after %v, want a deadline exceeded after a minute", err, time.Since(start))
		}
		if diff := cmp.Diff([]string{"m1"}, msgids(c.Kommo)); diff != "" {
			t.Errorf("taken (-want +got):\n%s", diff)
		}
		if got := c.Requests()[0].Status; got != 0 {
			t.Errorf("status %d of a request without an answer, want 0", got)
		}
		if _, _, err := c.do(c.request(ctx, "POST", c.scope(), incoming("m2", "a", 0))); err == nil || len(c.Requests()) != 1 {
			t.Errorf("a request that had ended before: got %v and %d requests, want an error and 1", err, len(c.Requests()))
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	c := newCaller(sandbox.Options{})
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			conversation := fmt.Sprintf("chat-%d", g)
			for i := range 50 {
				mustPost(t, c, incoming(fmt.Sprintf("%s-%d", conversation, i), conversation, i))
				c.AddRule(sandbox.Rule{Do: sandbox.Refuse, MsgID: "nobody"})
				c.Summary()
			}
			c.ClearRules()
		})
	}
	wg.Wait()
	want := sandbox.Summary{Chats: 4, Messages: 200, Distinct: 200, Incoming: 200, ChatsWithoutOneLoud: 4, Requests: 200}
	got := c.Summary()
	got.BusiestSecond = 0
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	c := newCaller(sandbox.Options{})
	var requests []*http.Request
	for i := range b.N {
		conversation := fmt.Sprintf("chat-%d", i%100)
		requests = append(requests, c.request(b.Context(), "POST", c.scope(), incoming(fmt.Sprintf("m%d", i), conversation, i%1000)))
	}
	b.ResetTimer()
	for _, r := range requests {
		if got, _, err := c.do(r); err != nil || got.Status != 200 {
			b.Fatal(got, err)
		}
	}
}
