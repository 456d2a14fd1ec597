package kommo

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kommo-import/internal/web"
)

// blocking waits for the end of the request's context, as a server does that never answers.
var blocking = roundTrip(func(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
})

func TestTimeout(t *testing.T) {
	for _, test := range []struct {
		timeout, want time.Duration
	}{{0, 30 * time.Second}, {time.Minute, time.Minute}} {
		synctest.Test(t, func(t *testing.T) {
			client := newClient(blocking)
			client.Timeout = test.timeout
			start := time.Now()
			_, err := client.Send(t.Context(), []byte("{}"))
			if got := time.Since(start); got != test.want {
				t.Errorf("gave up after %v, want %v", got, test.want)
			}
			unknown, ok := errors.AsType[*UnknownOutcomeError](err)
			if !ok || !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("got %v, want an unknown outcome after a deadline", err)
			}
			if want := "no answer within " + test.want.String(); !strings.HasPrefix(unknown.Err.Error(), want) {
				t.Errorf("got %q, want %q …", unknown.Err, want)
			}
		})
	}
}

func TestTimeoutWhileReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(contextReader{r.Context()})}, nil
		}))
		_, err := client.Send(t.Context(), []byte("{}"))
		if unknown, ok := errors.AsType[*UnknownOutcomeError](err); !ok || unknown.Status != 200 {
			t.Errorf("got %v, want an unknown outcome with status 200", err)
		}
	})
}

// A contextReader is a body that never comes.
type contextReader struct{ ctx context.Context }

func (r contextReader) Read([]byte) (int, error) {
	<-r.ctx.Done()
	return 0, r.ctx.Err()
}

func TestCancelledBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	client := newClient(roundTrip(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, io.EOF
	}))
	if _, err := client.Send(ctx, []byte("{}")); err != context.Canceled {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestCancelledDuring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := newClient(blocking).Send(ctx, []byte("{}"))
		if _, ok := errors.AsType[*UnknownOutcomeError](err); !ok || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want an unknown outcome that wraps the cancellation", err)
		}
	})
}

func TestCancelledWithACause(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		cancel(errors.New("interrupt signal received"))
		<-r.Context().Done()
	}))
	defer server.Close()
	client := newClient(nil)
	client.BaseURL = server.URL
	_, err := client.Send(ctx, []byte("{}"))
	unknown, ok := errors.AsType[*UnknownOutcomeError](err)
	if !ok || !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want an unknown outcome that wraps the cancellation", err)
	}
	if got, want := unknown.Err.Error(), "context canceled: interrupt signal received"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Cancelled while connecting, nothing was sent, and the error says only that.
func TestCancelledWhileConnecting(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	client := newClient(&http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	_, err := client.Send(ctx, []byte("{}"))
	_, unknown := errors.AsType[*UnknownOutcomeError](err)
	_, unreachable := errors.AsType[*UnreachableError](err)
	if !errors.Is(err, context.Canceled) || unknown || unreachable {
		t.Errorf("got %v, want the cancellation alone", err)
	}
}

func TestTransportErrors(t *testing.T) {
	refused := os.NewSyscallError("connect", errors.New("connection refused"))
	tests := []struct {
		name        string
		err         error
		unreachable bool
	}{
		{"dial", &net.OpError{Op: "dial", Net: "tcp", Err: refused}, true},
		{"proxy", &net.OpError{Op: "proxyconnect", Net: "tcp", Err: refused}, true},
		{"name", &net.DNSError{Err: "no such host", Name: "amojo.kommo.com", IsNotFound: true}, true},
		{"certificate", &tls.CertificateVerificationError{Err: errors.New("unknown authority")}, true},
		{"dial in a URL error", &url.Error{Op: "Post", URL: "https://u:password@h/p?password", Err: &net.OpError{Op: "dial", Err: refused}}, true},
		{"read", &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}, false},
		{"write", &net.OpError{Op: "write", Net: "tcp", Err: errors.New("broken pipe")}, false},
		{"end", io.EOF, false},
		{"broken later", tls.RecordHeaderError{Msg: "oversized record received"}, false},
		{"anything", errors.New("http: " + testSecret + "\x1b[31m of https://u:password@h/?password"), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client := newClient(roundTrip(func(*http.Request) (*http.Response, error) { return nil, test.err }))
			_, err := client.Send(t.Context(), []byte("{}"))
			_, unreachable := errors.AsType[*UnreachableError](err)
			_, unknown := errors.AsType[*UnknownOutcomeError](err)
			if unreachable != test.unreachable || unknown == test.unreachable {
				t.Errorf("got %v, want unreachable = %v", err, test.unreachable)
			}
			checkClean(t, err.Error())
		})
	}
}

func TestNobodyListens(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	client := newClient(nil)
	client.BaseURL = server.URL
	_, err := client.Send(t.Context(), []byte("{}"))
	if _, ok := errors.AsType[*UnreachableError](err); !ok {
		t.Errorf("got %v, want an UnreachableError", err)
	}
}

// None of these errors has a type that says so: net/http's silence about a connection does.
func TestNoConnection(t *testing.T) {
	selfSigned := httptest.NewTLSServer(nil)
	selfSigned.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	defer selfSigned.Close()
	plain := httptest.NewServer(nil)
	defer plain.Close()
	hangUp := listen(t, func(conn net.Conn) { conn.Close() })
	forbidding := listen(t, func(conn net.Conn) {
		io.WriteString(conn, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
		conn.Close()
	})
	proxy := &url.URL{Scheme: "http", Host: forbidding, User: url.UserPassword("u", "password")}

	tests := []struct {
		name, base string
		transport  *http.Transport
	}{
		{"self-signed certificate", selfSigned.URL, web.NewTransport()},
		{"http on the port of https", strings.Replace(plain.URL, "http:", "https:", 1), web.NewTransport()},
		{"hung up in the handshake", "https://" + hangUp, web.NewTransport()},
		{"proxy says no", "https://amojo.kommo.com", &http.Transport{Proxy: http.ProxyURL(proxy)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client := newClient(test.transport)
			client.BaseURL = test.base
			_, err := client.Send(t.Context(), []byte("{}"))
			if _, ok := errors.AsType[*UnreachableError](err); !ok {
				t.Errorf("got %v, want an UnreachableError", err)
			}
			checkClean(t, err.Error())
		})
	}
}

// listen returns the address of a server that does serve with each connection, after its first bytes.
func listen(t *testing.T, serve func(net.Conn)) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Read(make([]byte, 1<<16))
			serve(conn)
		}
	}()
	return listener.Addr().String()
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var reached atomic.Int32
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer target.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.RedirectHandler(target.URL+"/stolen?password", status))
		client := newClient(nil)
		client.BaseURL = server.URL
		_, err := client.Send(t.Context(), []byte("{}"))
		server.Close()
		denied, ok := errors.AsType[*DeniedError](err)
		if !ok || denied.Status != status || denied.RedirectedTo != target.URL {
			t.Errorf("%d: got %v, want a DeniedError to %s", status, err, target.URL)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("the target received %d requests, want none", n)
	}
}

// A server that closes a connection on which it has answered before gets the request once.
func TestPostIsNotReplayed(t *testing.T) {
	var posts atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if posts.Add(1) == 1 {
			io.WriteString(w, acceptedBody)
			return
		}
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	client := newClient(nil)
	client.BaseURL = server.URL
	if _, err := client.Send(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	_, err := client.Send(t.Context(), []byte("{}"))
	if _, ok := errors.AsType[*UnknownOutcomeError](err); !ok {
		t.Errorf("got %v, want an unknown outcome", err)
	}
	if got := posts.Load(); got != 2 {
		t.Errorf("the server saw %d requests, want 2", got)
	}
}

func TestPostHasNoSecondBody(t *testing.T) {
	client := newClient(roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.GetBody != nil {
			t.Error("net/http could send the body again")
		}
		if r.ContentLength != 2 {
			t.Errorf("content length = %d, want 2", r.ContentLength)
		}
		return answering(200, nil, acceptedBody)(r)
	}))
	if _, err := client.Send(t.Context(), []byte("{}")); err != nil {
		t.Error(err)
	}
}
