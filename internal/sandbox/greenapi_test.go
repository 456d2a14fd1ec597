package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

const (
	anna  = "79001234567@c.us"
	group = "120363043968066561@g.us"
	lid   = "250000000000001@lid"
)

// A phone asks a GreenAPI by a transport, which may be the GreenAPI itself.
type phone struct {
	*sandbox.GreenAPI
	base      string
	transport http.RoundTripper
}

func newPhone(a sandbox.Account, o sandbox.GreenAPIOptions) phone {
	g := sandbox.NewGreenAPI(a, o)
	return phone{g, "http://green.test", g}
}

// network returns the same as newPhone, but over a real connection.
func network(t *testing.T, a sandbox.Account, o sandbox.GreenAPIOptions) phone {
	p := newPhone(a, o)
	server := httptest.NewServer(p.GreenAPI)
	t.Cleanup(server.Close)
	p.base, p.transport = server.URL, server.Client().Transport
	return p
}

// bothWays runs a test as a RoundTripper and over a real connection.
func bothWays(t *testing.T, test func(t *testing.T, start func(sandbox.Account, sandbox.GreenAPIOptions) phone)) {
	t.Run("round trip", func(t *testing.T) { test(t, newPhone) })
	t.Run("network", func(t *testing.T) {
		test(t, func(a sandbox.Account, o sandbox.GreenAPIOptions) phone { return network(t, a, o) })
	})
}

func (p phone) path(method string) string {
	return "/waInstance" + p.Options.Instance + "/" + method + "/" + p.Options.Token
}

func (p phone) request(ctx context.Context, verb, link, body string) *http.Request {
	if strings.HasPrefix(link, "/") {
		link = p.base + link
	}
	r, err := http.NewRequestWithContext(ctx, verb, link, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	return r
}

func (p phone) do(r *http.Request) (reply, http.Header, error) {
	return caller{transport: p.transport}.do(r)
}

func (p phone) call(t testing.TB, verb, path, body string) reply {
	t.Helper()
	got, _, err := p.do(p.request(t.Context(), verb, path, body))
	if err != nil {
		t.Fatalf("%s %s: %v", verb, path, err)
	}
	return got
}

func (p phone) get(t testing.TB, method string) reply {
	t.Helper()
	return p.call(t, "GET", p.path(method), "")
}

func (p phone) history(t testing.TB, chatID string, count int) reply {
	t.Helper()
	return p.call(t, "POST", p.path("getChatHistory"), asking(chatID, count))
}

func asking(chatID string, count int) string {
	return fmt.Sprintf(`{"chatId":%q,"count":%d}`, chatID, count)
}

func (p phone) downloadFile(t testing.TB, chatID, idMessage string) reply {
	t.Helper()
	return p.call(t, "POST", p.path("downloadFile"), fmt.Sprintf(`{"chatId":%q,"idMessage":%q}`, chatID, idMessage))
}

// ids lists the idMessages of an answer of getChatHistory.
func ids(t testing.TB, r reply) []string {
	t.Helper()
	var entries []struct{ IDMessage string }
	if err := json.Unmarshal([]byte(r.Body), &entries); err != nil || r.Status != 200 {
		t.Fatalf("got %d %s: %v", r.Status, r.Body, err)
	}
	list := []string{}
	for _, e := range entries {
		list = append(list, e.IDMessage)
	}
	return list
}

// numbered is a history of n texts m1, m2 …, the newest first.
func numbered(n int) func() iter.Seq[json.RawMessage] {
	return func() iter.Seq[json.RawMessage] {
		return func(yield func(json.RawMessage) bool) {
			for i := range n {
				entry := fmt.Sprintf(`{"type":"incoming","timestamp":%d,"idMessage":"m%d","typeMessage":"textMessage",`+
					`"chatId":%q,"textMessage":"hello"}`, 1700000000-i, i+1, anna)
				if !yield(json.RawMessage(entry)) {
					return
				}
			}
		}
	}
}

// account has one chat of n texts.
func account(n int) sandbox.Account {
	return sandbox.Account{Chats: []sandbox.AccountChat{{
		ID: anna, Listing: json.RawMessage(`{"archive":false,"id":"` + anna + `","name":"Anna <3","type":"user"}`), Entries: numbered(n),
	}}}
}

// unlimited removes the limit of getChatHistory.
var unlimited = sandbox.GreenAPIOptions{HistoryRate: -1}

func TestGreenAPIEnvironment(t *testing.T) {
	given := sandbox.NewGreenAPI(sandbox.Account{Instance: "account", Token: "its token"}, sandbox.GreenAPIOptions{Instance: "7105", Token: "t"})
	want := []string{"GREEN_API_URL=http://127.0.0.1:8080", "GREEN_API_INSTANCE=7105", "GREEN_API_TOKEN=t"}
	if diff := cmp.Diff(want, given.Environment("http://127.0.0.1:8080")); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	own := sandbox.NewGreenAPI(sandbox.Account{Instance: "account", Token: "its token"}, sandbox.GreenAPIOptions{})
	if diff := cmp.Diff([]string{"GREEN_API_INSTANCE=account", "GREEN_API_TOKEN=its token"}, own.Environment("")); diff != "" {
		t.Errorf("environment of the account (-want +got):\n%s", diff)
	}
	made := sandbox.NewGreenAPI(sandbox.Account{}, sandbox.GreenAPIOptions{}).Options
	if made.Instance != "7105000000" || len(made.Token) != 50 || strings.Trim(made.Token, "0123456789abcdef") != "" {
		t.Errorf("defaults %q and %q, want 7105000000 and 50 hexadecimal digits", made.Instance, made.Token)
	}
}

func TestGreenAPIOptionsCheck(t *testing.T) {
	tests := []struct {
		name string
		o    sandbox.GreenAPIOptions
		want string
	}{
		{"zero", sandbox.GreenAPIOptions{}, ""},
		{"no limit", unlimited, ""},
		{"latency", sandbox.GreenAPIOptions{Latency: -1}, "latency -1ns, link lifetime 0s: want 0 or more"},
		{"lifetime", sandbox.GreenAPIOptions{LinkLifetime: -1}, "latency 0s, link lifetime -1ns: want 0 or more"},
		{"rule", sandbox.GreenAPIOptions{Rules: []sandbox.Rule{{Do: "466"}}}, ""},
		{"rule of Kommo", sandbox.GreenAPIOptions{Rules: []sandbox.Rule{{Do: "refuse"}}},
			`rule "refuse": refuse: only Kommo answers so, not Green-API`},
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

func TestServes(t *testing.T) {
	g := sandbox.NewGreenAPI(sandbox.Account{}, sandbox.GreenAPIOptions{})
	for path, want := range map[string]bool{
		"/waInstance7105000000/getChats/token": true, "/media/x.jpg": true, "/media/r/1/x.jpg": true,
		"/v2/origin/custom/x": false, "/sandbox/state": false, "/": false, "/mediatheque": false,
	} {
		if got := g.Serves(path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}

func TestGreenAPIRoutes(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 3, 1, 13, 0, 0, 5e6, time.FixedZone("", 3600)) }
	tests := []struct {
		verb, path string
		status     int
		message    string // of the error; "": no error
	}{
		{"POST", "/waInstance7105/getChatHistory/t0k3n", 200, ""},
		{"POST", "/waInstance7105/GetChatHistory/t0k3n", 200, ""},
		{"GET", "/waInstance7105/GetStateInstance/t0k3n", 200, ""},
		{"POST", "/waInstance7105/getchathistory/t0k3n", 404, "Cannot POST /waInstance7105/getchathistory/t0k3n"},
		{"GET", "/waInstance7105/getChatHistory/t0k3n", 404, "Cannot GET /waInstance7105/getChatHistory/t0k3n"},
		{"POST", "/waInstance7105/getChats/t0k3n", 404, "Cannot POST /waInstance7105/getChats/t0k3n"},
		{"POST", "/waInstance7105/sendMessage/t0k3n", 404, "Cannot POST /waInstance7105/sendMessage/t0k3n"},
		{"GET", "/waInstance7105/media/t0k3n", 404, "Cannot GET /waInstance7105/media/t0k3n"},
		{"GET", "/waInstance7105/t0k3n", 404, "Cannot GET /waInstance7105/t0k3n"},
		{"GET", "/waInstance7105/getChats/t0k3n/more", 404, "Cannot GET /waInstance7105/getChats/t0k3n/more"},
		{"GET", "/elsewhere", 404, "Cannot GET /elsewhere"},
		{"GET", "/waInstance7105/getChats/wr0ng", 401, "Unauthorized"},
		{"GET", "/waInstance7106/getChats/t0k3n", 403, "Forbidden"},
		{"GET", "/waInstance7106/getChats/wr0ng", 403, "Forbidden"},
		{"POST", "/waInstance7105/sendMessage/wr0ng", 401, "Unauthorized"},
	}
	bothWays(t, func(t *testing.T, start func(sandbox.Account, sandbox.GreenAPIOptions) phone) {
		for _, tt := range tests {
			p := start(account(1), sandbox.GreenAPIOptions{Instance: "7105", Token: "t0k3n", Now: now})
			got := p.call(t, tt.verb, tt.path, asking(anna, 1))
			want := reply{tt.status, fmt.Sprintf(`{"statusCode":%d,"timestamp":"2026-03-01T12:00:00.005Z","path":%q,"message":%q}`,
				tt.status, tt.path, tt.message)}
			if tt.message == "" {
				want.Body = got.Body
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", tt.verb, tt.path, diff)
			}
		}
	})
}

// A torn body fails at its first byte, and records whether it was closed.
type torn struct{ closed bool }

func (*torn) Read([]byte) (int, error) { return 0, io.ErrNoProgress }
func (b *torn) Close() error           { b.closed = true; return nil }

func TestUnreadableRequest(t *testing.T) {
	p := newPhone(account(1), unlimited)
	body := &torn{}
	r := p.request(t.Context(), "POST", p.path("getChatHistory"), "")
	r.Body = body
	if _, err := p.RoundTrip(r); !errors.Is(err, io.ErrNoProgress) || !body.closed {
		t.Errorf("got %v, closed %v; want the error of the closed body", err, body.closed)
	}
	func() {
		defer func() {
			if got := recover(); got != http.ErrAbortHandler {
				t.Errorf("served: got %v, want that the connection is dropped", got)
			}
		}()
		p.ServeHTTP(httptest.NewRecorder(), r)
	}()
	if got := p.Requests(); len(got) != 0 {
		t.Errorf("got %v, want no request", got)
	}
	r = p.request(t.Context(), "GET", p.path("getChats"), "")
	r.Body = nil
	if got, _, err := p.do(r); err != nil || got.Status != 200 {
		t.Errorf("without a body: got %+v, %v", got, err)
	}
}

func TestLinksOverTLS(t *testing.T) {
	p := newPhone(withPhoto(), unlimited)
	server := httptest.NewTLSServer(p.GreenAPI)
	defer server.Close()
	p.base, p.transport = server.URL, server.Client().Transport
	if got := p.history(t, anna, 2); !strings.Contains(got.Body, `"`+server.URL+`/media/photo.jpg"`) {
		t.Errorf("got %s, want links to %s", got.Body, server.URL)
	}
}

func TestGreenAPIRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPhone(account(3), sandbox.GreenAPIOptions{})
		now := time.Now()
		p.history(t, anna, 2)
		p.call(t, "POST", p.path("GetChatHistory"), `{"chatId":"`+anna+`"}`)
		time.Sleep(time.Second)
		p.call(t, "POST", p.path("getChatHistory"), `{"chatId":"`+anna+`","count":"9"}`)
		p.get(t, "getChats")
		p.call(t, "POST", p.path("getContactInfo"), `{"chatId":"x@c.us"}`)
		p.call(t, "GET", "/media/x.jpg", "")
		p.call(t, "GET", p.path("getQR"), "")
		p.call(t, "GET", "/waInstance"+p.Options.Instance+"/"+p.Options.Token, "")
		later := now.Add(time.Second)
		want := []sandbox.GreenAPIRequest{
			{At: now, Method: "getChatHistory", ChatID: anna, Count: 2, Status: 200},
			{At: now, Method: "getChatHistory", ChatID: anna, Count: 100, Status: 429},
			{At: later, Method: "getChatHistory", ChatID: anna, Status: 400},
			{At: later, Method: "getChats", Status: 200},
			{At: later, Method: "getContactInfo", ChatID: "x@c.us", Status: 200},
			{At: later, Method: "media", Status: 404},
			{At: later, Status: 404},
			{At: later, Status: 404},
		}
		got := p.Requests()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if text, _ := json.Marshal(got); strings.Contains(string(text), p.Options.Token) {
			t.Errorf("the token is in %s", text)
		}
		got[0].Status = 0
		if p.Requests()[0].Status != 200 {
			t.Error("Requests gives away its own list")
		}
	})
}

func TestGreenAPILatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPhone(account(1), sandbox.GreenAPIOptions{Latency: 150 * time.Millisecond,
			Rules: []sandbox.Rule{{Do: sandbox.Slow, Wait: time.Second, N: 2}}, HistoryRate: -1})
		for i, want := range []time.Duration{150 * time.Millisecond, 1150 * time.Millisecond} {
			start := time.Now()
			if got := ids(t, p.history(t, anna, 1)); len(got) != 1 || time.Since(start) != want {
				t.Errorf("request %d: %v after %v, want one entry after %v", i, got, time.Since(start), want)
			}
		}
	})
}

func TestContextEndsSlowHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPhone(account(1), sandbox.GreenAPIOptions{HistoryRate: -1,
			Rules: []sandbox.Rule{{Do: sandbox.Slow, Wait: time.Hour, Count: 1}}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		request := p.request(ctx, "POST", p.path("getChatHistory"), asking(anna, 1))
		if _, _, err := p.do(request); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("got %v after %v, want a deadline exceeded after a minute", err, time.Since(start))
		}
		if got := p.Requests()[0].Status; got != 0 {
			t.Errorf("status %d of a request without an answer, want 0", got)
		}
		if _, _, err := p.do(request); err == nil || len(p.Requests()) != 1 {
			t.Errorf("a request that had ended before: got %v and %d requests, want an error and 1", err, len(p.Requests()))
		}
		if got := p.history(t, anna, 1); got.Status != 200 {
			t.Errorf("got %+v, want that the chat is free again", got)
		}
	})
}

func TestContextEndsReading(t *testing.T) {
	p := newPhone(account(1000), unlimited)
	ctx, cancel := context.WithCancel(t.Context())
	response, err := p.RoundTrip(p.request(ctx, "POST", p.path("getChatHistory"), asking(anna, 1000)))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.ReadFull(response.Body, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if rest, err := io.ReadAll(response.Body); !errors.Is(err, context.Canceled) || len(rest) != 0 {
		t.Errorf("got %v after %d bytes, want context canceled after none", err, len(rest))
	}
}

func TestGreenAPIConcurrentUse(t *testing.T) {
	a := withPhoto()
	for i := range 4 {
		a.Chats = append(a.Chats, sandbox.AccountChat{ID: fmt.Sprint(i), Entries: a.Chats[0].Entries})
	}
	p := newPhone(a, sandbox.GreenAPIOptions{HistoryRate: -1, Rules: []sandbox.Rule{{Do: sandbox.GrowOld}, {Do: sandbox.GrowNew}}})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for n := range 50 {
				if got := ids(t, p.history(t, fmt.Sprint(i), 1000)); len(got) != 3+2*n {
					t.Errorf("chat %d: got %d entries, want %d", i, len(got), 3+2*n)
				}
				p.AddEntry(fmt.Sprint(i), json.RawMessage(`{}`), n%2 == 0)
				p.downloadFile(t, fmt.Sprint(i), "photo")
				p.AddRule(sandbox.Rule{Do: sandbox.ServerError, Chat: "nobody"})
				p.get(t, "getChats")
				p.Requests()
			}
		})
	}
	wg.Wait()
	p.ClearRules()
	if got := len(p.Requests()); got != 4*50*3 {
		t.Errorf("got %d requests, want 600", got)
	}
}

// withPhoto has a chat with a text and a photo.
func withPhoto() sandbox.Account {
	a := account(0)
	a.Chats[0].Entries = func() iter.Seq[json.RawMessage] {
		return slices.Values([]json.RawMessage{
			json.RawMessage(`{"type":"incoming","timestamp":1700000001,"idMessage":"text","textMessage":"hello"}`),
			json.RawMessage(`{"type":"incoming","timestamp":1700000000,"idMessage":"photo","downloadUrl":"media/photo.jpg"}`),
		})
	}
	a.Media = fstest.MapFS{"photo.jpg": {Data: []byte("a photo")}}
	return a
}
