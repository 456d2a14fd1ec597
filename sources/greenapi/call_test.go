package greenapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A seen has the typed errors of a call, for comparing.
type seen struct {
	Denied      *DeniedError
	Quota       *QuotaError
	Refused     *RefusedError
	Unavailable *UnavailableError
}

func see(err error) (s seen) {
	s.Denied, _ = errors.AsType[*DeniedError](err)
	s.Quota, _ = errors.AsType[*QuotaError](err)
	s.Refused, _ = errors.AsType[*RefusedError](err)
	s.Unavailable, _ = errors.AsType[*UnavailableError](err)
	return s
}

// about reports whether waits took as long as they should: the pace of 1 per second adds some milliseconds.
func about(got, want time.Duration) bool { return got >= want && got < want+50*time.Millisecond }

// allTries is the duration of six tries.
const allTries = 31 * time.Second

func TestStatuses(t *testing.T) {
	const method = "getSettings"
	denied := func(status int, words string) seen { return seen{Denied: &DeniedError{method, status, words}} }
	refused := func(status int, words string) seen { return seen{Refused: &RefusedError{method, status, words}} }
	unavailable := func(status int, words string) seen {
		return seen{Unavailable: &UnavailableError{Method: method, Tries: 6, Status: status, Detail: words}}
	}
	unauthorized := `{"statusCode":400,"timestamp":"2026-09-04T12:00:00Z","path":"/waInstance7105000000/getSettings/` +
		testToken + `","message":"Instance account not authorized"}`
	for _, test := range []struct {
		name   string
		status int
		header http.Header
		body   string
		want   seen
		text   string
		tries  int
		takes  time.Duration
	}{
		{"wrong token", 401, nil, "Unauthorized", denied(401, "Unauthorized"),
			"the token is not the one of this instance: status 401: Unauthorized", 1, 0},
		{"wrong instance", 403, nil, "", denied(403, ""),
			"there is no instance with this id at this address: status 403", 1, 0},
		{"wrong address", 404, nil, "<html><title>404</title>no &amp; none</html>", denied(404, "an HTML page: 404 no & none"),
			"this is not the address of a Green-API instance: status 404: an HTML page: 404 no & none", 1, 0},
		{"redirect", 301, http.Header{"Location": {"https://user:pw@console.green-api.com/" + testToken}}, "",
			denied(301, "it points to https://console.green-api.com"),
			"this is not the address of a Green-API instance: status 301: it points to https://console.green-api.com", 1, 0},
		{"relative redirect", 308, http.Header{"Location": {"/" + testToken}}, "", denied(308, ""),
			"this is not the address of a Green-API instance: status 308", 1, 0},
		{"no phone", 400, nil, unauthorized, denied(400, "Instance account not authorized"),
			"the instance is not authorized: no phone is connected to it: status 400: Instance account not authorized", 1, 0},
		{"not understood", 400, nil, `{"message":["count must be an integer","chatId is empty"],"error":"Bad Request"}`,
			refused(400, "count must be an integer; chatId is empty"),
			"green-api refuses this: status 400: count must be an integer; chatId is empty", 1, 0},
		{"too large", 413, nil, "", refused(413, ""), "green-api refuses this: status 413", 1, 0},

		{"starting", 400, nil, `{"message":"instance in starting process try later"}`,
			unavailable(400, "instance in starting process try later"),
			"no usable answer after 6 tries: status 400: instance in starting process try later", 6, allTries},
		{"too fast", 429, nil, "", unavailable(429, ""),
			"no usable answer after 6 tries: status 429: too many requests", 6, allTries},
		{"asks for more", 429, http.Header{"Retry-After": {"10"}}, "", unavailable(429, ""),
			"no usable answer after 6 tries: status 429: too many requests", 6, 56 * time.Second},
		{"asks for far more", 503, http.Header{"Retry-After": {"99999999999999999999"}}, "", unavailable(503, ""),
			"no usable answer after 6 tries: status 503", 6, 25 * time.Minute},
		{"asks for a date", 503, http.Header{"Retry-After": {"Sat, 01 Jan 2000 00:00:10 GMT"}}, "", unavailable(503, ""),
			"no usable answer after 6 tries: status 503", 6, allTries + 9*time.Second}, // a bubble begins on 2000-01-01
		{"closed", 499, nil, "", unavailable(499, ""), "no usable answer after 6 tries: status 499", 6, allTries},
		{"500", 500, nil, "Internal Server Error.", unavailable(500, "Internal Server Error."),
			"no usable answer after 6 tries: status 500: Internal Server Error", 6, allTries},
		{"502", 502, nil, "", unavailable(502, ""), "no usable answer after 6 tries: status 502", 6, allTries},
		{"phone offline", 504, nil, "", unavailable(504, ""),
			"no usable answer after 6 tries: status 504: the phone may be offline", 6, allTries},
		{"proxy", 521, nil, "", unavailable(521, ""), "no usable answer after 6 tries: status 521", 6, allTries},

		{"page", 200, nil, "<!DOCTYPE html><script>let a</script><h1>Hotel</h1>", unavailable(200, "an HTML page: Hotel"),
			"no usable answer after 6 tries: the answer cannot be read: it is not JSON: an HTML page: Hotel", 6, allTries},
		{"cut", 200, nil, `{"wid":"secret`, unavailable(200, ""),
			"no usable answer after 6 tries: the answer cannot be read: it is not valid JSON", 6, allTries},
		{"empty", 200, nil, " ", unavailable(200, ""),
			"no usable answer after 6 tries: the answer cannot be read: it is empty", 6, allTries},
		{"list", 200, nil, `[]`, refused(200, "it is a list"), "not the answer of this method: it is a list", 1, 0},
		{"text", 200, nil, `"Error: forbidden"`, refused(200, "it is a text: Error: forbidden"),
			"not the answer of this method: it is a text: Error: forbidden", 1, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries, start := 0, time.Now()
				client := newClient(counting(&tries, func(*http.Request) (*http.Response, error) {
					return respond(test.status, test.header, strings.NewReader(test.body)), nil
				}))
				_, err := client.Settings(t.Context())
				ignore := cmpopts.IgnoreFields(UnavailableError{}, "Err")
				if diff := cmp.Diff(test.want, see(err), ignore); diff != "" {
					t.Errorf("error (-want +got):\n%s", diff)
				}
				if got, want := err.Error(), "green-api getSettings: "+test.text; got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
				if takes := time.Since(start); tries != test.tries || !about(takes, test.takes) {
					t.Errorf("%d tries in %v, want %d in %v", tries, takes, test.tries, test.takes)
				}
				checkClean(t, err.Error())
			})
		})
	}
}

func TestQuota(t *testing.T) {
	resets := time.Date(2000, 2, 1, 0, 0, 0, 0, time.UTC) // a bubble begins on 2000-01-01
	for name, test := range map[string]struct {
		body string
		want QuotaError
		text string
	}{
		"calls": {
			`{"invokeStatus":{"method":"getContacts","used":1000,"total":"1000","status":"QUOTE_EXCEEDED","description":"Monthly quota."}}`,
			QuotaError{Used: 1000, Total: 1000, Description: "Monthly quota."},
			"the quota of the instance's plan is used up (1000 of 1000) until 2000-02-01: Monthly quota",
		},
		"correspondents": {
			`{"invokeStatus":{"used":1,"total":-1,"status":"QUOTE_ALLOWED","description":"ok"},` +
				`"correspondentsStatus":{"used":3,"total":3,"status":"CORRESPONDENTS_QUOTE_EXCEEDED","description":"` + testToken + `\n1@c.us"}}`,
			QuotaError{Correspondents: true, Used: 3, Total: 3, Description: "[token] 1@c.us"},
			"the number of chats that the instance's plan allows in a month is used up (3 of 3) until 2000-02-01: [token] 1@c.us",
		},
		"text":  {"pay", QuotaError{Description: "pay"}, "the quota of the instance's plan is used up until 2000-02-01: pay"},
		"empty": {"", QuotaError{}, "the quota of the instance's plan is used up until 2000-02-01"},
		"strange": {
			`{"invokeStatus":{"used":[],"total":1e300,"status":7,"description":{}},"correspondentsStatus":"no"}`,
			QuotaError{}, "the quota of the instance's plan is used up until 2000-02-01",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				client := newClient(counting(&tries, answering(466, test.body)))
				_, err := client.Contacts(t.Context())
				want := test.want
				want.Method, want.Resets = "getContacts", resets
				if diff := cmp.Diff(seen{Quota: &want}, see(err)); diff != "" {
					t.Errorf("error (-want +got):\n%s", diff)
				}
				if got, want := err.Error(), "green-api getContacts: "+test.text; got != want || tries != 1 {
					t.Errorf("got %q after %d tries, want %q after 1", got, tries, want)
				}
			})
		})
	}
}

func TestQuotaResetsNextYear(t *testing.T) {
	for now, want := range map[string]string{
		"2026-12-31T23:59:59Z":      "2027-01-01T00:00:00Z",
		"2026-09-01T00:00:00Z":      "2026-10-01T00:00:00Z",
		"2026-10-01T02:00:00+03:00": "2026-10-01T00:00:00Z",
		"2026-01-31T12:00:00Z":      "2026-02-01T00:00:00Z",
	} {
		now, _ := time.Parse(time.RFC3339, now)
		err := (&answer{client: newClient(nil), method: "getChats"}).quota(nil, now)
		if got := see(err).Quota.Resets.Format(time.RFC3339); got != want {
			t.Errorf("at %v: %s, want %s", now, got, want)
		}
	}
}

func TestBrokenConnections(t *testing.T) {
	address := "https://7105.api.greenapi.com/waInstance7105000000/getSettings/" + testToken
	for _, test := range []struct {
		err   error
		text  string
		cause error
	}{
		{syscall.ECONNRESET, "connection reset by peer", syscall.ECONNRESET},
		{io.EOF, "the connection ended too soon", io.ErrUnexpectedEOF},
		{&url.Error{Op: "Get", URL: address, Err: syscall.ECONNREFUSED}, "connection refused", syscall.ECONNREFUSED},
		{fmt.Errorf("proxy said no to %s: %w", address, io.ErrClosedPipe),
			"proxy said no to https://7105.api.greenapi.com/waInstance7105000000/getSettings/[token]: io: read/write on closed pipe",
			io.ErrClosedPipe},
	} {
		synctest.Test(t, func(t *testing.T) {
			tries := 0
			client := newClient(counting(&tries, func(*http.Request) (*http.Response, error) { return nil, test.err }))
			_, err := client.Settings(t.Context())
			want := "green-api getSettings: no usable answer after 6 tries: no answer: " + test.text
			if err.Error() != want || tries != 6 {
				t.Errorf("got %v after %d tries, want %s after 6", err, tries, want)
			}
			failed := see(err).Unavailable
			if failed == nil || failed.Status != 0 || !errors.Is(err, test.cause) {
				t.Errorf("got %#v, want it to wrap %v", failed, test.cause)
			}
			checkClean(t, err.Error())
		})
	}
}

func TestRetryHelps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		start := time.Now()
		client := newClient(inTurn(
			answering(502, "bad "+testToken),
			answering(200, `{"stateInstance":`),
			func(*http.Request) (*http.Response, error) { return nil, errors.New("reset " + testToken) },
			answering(200, `{"stateInstance":"authorized"}`),
		))
		client.Log = slog.New(slog.NewTextHandler(&log, nil))
		state, err := client.State(t.Context())
		if err != nil || state != "authorized" {
			t.Errorf("got %q, %v", state, err)
		}
		if got, want := time.Since(start), 7*time.Second; !about(got, want) {
			t.Errorf("took %v, want %v", got, want)
		}
		if got := strings.Count(log.String(), "trying again"); got != 3 {
			t.Errorf("%d waits were logged, want 3:\n%s", got, log.String())
		}
		for line := range strings.Lines(log.String()) {
			checkClean(t, strings.TrimSuffix(line, "\n"))
		}
	})
}

// A retry waits for the rate limit: here the pace is slower than the waits between tries.
func TestRetryTakesATurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries, start := 0, time.Now()
		client := newClient(counting(&tries, inTurn(answering(502, ""), answering(200, `[]`))))
		client.HistoryRate = 0.1
		if err := client.History(t.Context(), "1@c.us", 1, noEntries(t)); err != nil {
			t.Error(err)
		}
		if got := time.Since(start); tries != 2 || got < 10*time.Second {
			t.Errorf("%d tries in %v, want 2 in 10 s", tries, got)
		}
	})
}

func TestInterrupted(t *testing.T) {
	stop := errors.New("the user said stop")
	silent := func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, fmt.Errorf("%s: %w", r.URL, r.Context().Err())
	}
	silentBody := func(r *http.Request) (*http.Response, error) {
		return respond(200, nil, io.MultiReader(strings.NewReader(`{"wid":`), silence{r.Context()})), nil
	}
	for name, transport := range map[string]roundTrip{
		"while waiting for an answer": silent,
		"while reading":               silentBody,
		"between tries":               answering(503, ""),
		"in a long pause": func(*http.Request) (*http.Response, error) {
			return respond(503, http.Header{"Retry-After": {"300"}}, strings.NewReader("")), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(1500*time.Millisecond, func() { cancel(stop) })
				start := time.Now()
				_, err := newClient(transport).Settings(ctx)
				if got := time.Since(start); err != stop || got != 1500*time.Millisecond {
					t.Errorf("got %v after %v, want %v after 1.5 s", err, got, stop)
				}
			})
		})
	}
	t.Run("before", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(stop)
		sent := 0
		if _, err := newClient(counting(&sent, silent)).Settings(ctx); err != stop || sent != 0 {
			t.Errorf("got %v and %d requests, want %v and none", err, sent, stop)
		}
	})
}

// A silence is a body that never arrives.
type silence struct{ ctx context.Context }

func (s silence) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

func TestIdleTimeout(t *testing.T) {
	noAnswer := func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	noBody := func(r *http.Request) (*http.Response, error) { return respond(200, nil, silence{r.Context()}), nil }
	for _, test := range []struct {
		transport roundTrip
		patience  time.Duration
		status    int
		text      string
	}{
		{noAnswer, 0, 0, "no answer: no data for 3m0s"},
		{noBody, 0, 200, "the answer cannot be read: no data for 3m0s"},
		{noAnswer, 10 * time.Second, 0, "no answer: no data for 10s"},
	} {
		synctest.Test(t, func(t *testing.T) {
			client := newClient(test.transport)
			client.IdleTimeout = test.patience
			start := time.Now()
			_, err := client.Settings(t.Context())
			want := "green-api getSettings: no usable answer after 6 tries: " + test.text
			if err.Error() != want || !errors.Is(err, context.DeadlineExceeded) || see(err).Unavailable.Status != test.status {
				t.Errorf("got %v, want %s, status %d", err, want, test.status)
			}
			wait := test.patience
			if wait == 0 {
				wait = 3 * time.Minute
			}
			if got, want := time.Since(start), 6*wait+allTries; got != want {
				t.Errorf("took %v, want %v", got, want)
			}
		})
	}
}

// An answer in parts may take longer than the idle timeout, and so may its reader.
func TestIdleTimeoutBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &drip{parts: []string{`[1`, `,2`, `,3`, `]`}, pause: 2 * time.Minute}
		client := newClient(roundTrip(func(*http.Request) (*http.Response, error) { return respond(200, nil, slow), nil }))
		var got int
		err := client.History(t.Context(), "1@c.us", 3, func(entries entries) error {
			time.Sleep(time.Hour)
			for _, err := range entries {
				if err != nil {
					return err
				}
				got++
				time.Sleep(time.Hour)
			}
			return nil
		})
		if err != nil || got != 3 {
			t.Errorf("got %d entries, %v, want 3", got, err)
		}
	})
}

// A drip is a body that arrives part by part.
type drip struct {
	parts []string
	pause time.Duration
}

func (d *drip) Read(p []byte) (int, error) {
	if len(d.parts) == 0 {
		return 0, io.EOF
	}
	time.Sleep(d.pause)
	n := copy(p, d.parts[0])
	d.parts = d.parts[1:]
	return n, nil
}
