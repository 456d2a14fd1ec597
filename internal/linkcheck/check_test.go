package linkcheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kommo-import/sources"
)

// A mediaReply is the reply of a media server to one request. Only a Content-Length gives the size of its body.
type mediaReply struct {
	code   int
	header string // "Name: value" lines
	body   io.Reader
	err    error // instead of an answer
	hang   bool  // no answer until the request is given up
}

// A mediaScript answers with its replies in turn, and repeats the last. It records the requests, and counts the bodies
// that nobody has closed.
type mediaScript struct {
	replies []mediaReply
	asked   []string
	open    int
}

func (s *mediaScript) RoundTrip(req *http.Request) (*http.Response, error) {
	r := s.replies[min(len(s.asked), len(s.replies)-1)]
	s.asked = append(s.asked, strings.TrimSpace(req.Method+" "+req.Header.Get("Range")))
	if r.hang {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	if r.err != nil {
		return nil, r.err
	}
	return s.response(req, r), nil
}

func (s *mediaScript) response(req *http.Request, r mediaReply) *http.Response {
	resp := &http.Response{StatusCode: r.code, Header: http.Header{}, ContentLength: -1, Request: req}
	for line := range strings.Lines(r.header) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		resp.Header.Set(name, value)
	}
	_, _ = fmt.Sscan(resp.Header.Get("Content-Length"), &resp.ContentLength)
	if r.body == nil || req.Method == http.MethodHead {
		r.body = strings.NewReader("")
	}
	s.open++
	resp.Body = &scriptBody{r.body, s}
	return resp
}

type scriptBody struct {
	io.Reader
	script *mediaScript
}

func (b *scriptBody) Close() error {
	b.script.open--
	return nil
}

type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.read += int64(len(p))
	return len(p), nil
}

// cutOff is a body whose connection breaks after a few bytes.
type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestCheck(t *testing.T) {
	const (
		first = "GET bytes=0-0"
		jpeg  = "Content-Type: image/jpeg\n"
		html  = "Content-Type: text/html; charset=utf-8\nContent-Length: 900"
	)
	found := func(size int64, kind string) Result {
		return Result{Status: Found, Size: size, MIME: kind, Name: "cat.jpg"}
	}
	gone := func(reason string) Result {
		return Result{Status: Gone, Name: "cat.jpg", Reason: reason}
	}
	failed := func(reason string) Result {
		return Result{Status: Failed, Name: "cat.jpg", Reason: reason}
	}
	whole := mediaReply{code: 200, header: jpeg + "Content-Length: 4711"}
	partial := mediaReply{code: 206, header: jpeg + "Content-Range: bytes 0-0/4711\nContent-Length: 1", body: strings.NewReader("x")}
	tests := []struct {
		name   string
		script []mediaReply
		want   Result
		asked  []string
		took   time.Duration
	}{
		{"HEAD tells all",
			[]mediaReply{{code: 200, header: "Content-Type: Image/JPEG; q=1\nContent-Length: 4711\n" +
				"Content-Disposition: attachment; filename=\"Rechnung.jpg\"\n" +
				"X-Amz-Expiration: expiry-date=\"Sat, 22 Mar 2025 00:00:00 GMT\", rule-id=\"x\""}},
			Result{Status: Found, Size: 4711, MIME: "image/jpeg", Name: "Rechnung.jpg",
				Expires: time.Date(2025, 3, 22, 0, 0, 0, 0, time.UTC)},
			[]string{"HEAD"}, 0},
		{"HEAD tells no length", []mediaReply{{code: 200, header: jpeg}, partial},
			found(4711, "image/jpeg"), []string{"HEAD", first}, 0},
		{"HEAD says 0 bytes, GET knows better", []mediaReply{{code: 200, header: "Content-Length: 0"}, partial},
			found(4711, "image/jpeg"), []string{"HEAD", first}, 0},
		{"HEAD not allowed", []mediaReply{{code: 405}, partial}, found(4711, "image/jpeg"), []string{"HEAD", first}, 0},
		{"HEAD not implemented", []mediaReply{{code: 501}, partial}, found(4711, "image/jpeg"), []string{"HEAD", first}, 0},
		{"link signed for GET", []mediaReply{{code: 403}, partial}, found(4711, "image/jpeg"), []string{"HEAD", first}, 0},
		{"HEAD is a bad request", []mediaReply{{code: 400}, partial}, found(4711, "image/jpeg"), []string{"HEAD", first}, 0},
		{"ranges ignored, length told", []mediaReply{{code: 405}, whole}, found(4711, "image/jpeg"), []string{"HEAD", first}, 0},
		{"ranges ignored, length not told", []mediaReply{{code: 405}, {code: 200, body: strings.NewReader("0123456789")}},
			found(10, ""), []string{"HEAD", first}, 0},
		{"total not told", []mediaReply{{code: 405}, {code: 206, header: "Content-Range: bytes 0-0/*"}, whole},
			found(4711, "image/jpeg"), []string{"HEAD", first, "GET"}, 0},
		{"ranges refused", []mediaReply{{code: 405}, {code: 416}, whole},
			found(4711, "image/jpeg"), []string{"HEAD", first, "GET"}, 0},
		{"a total that cannot be", []mediaReply{{code: 405}, {code: 206, header: "Content-Range: bytes 0-0/-5"}, whole},
			found(4711, "image/jpeg"), []string{"HEAD", first, "GET"}, 0},
		{"a size that no file has", []mediaReply{{code: 200, header: jpeg + "Content-Length: 9000000000000000000"}},
			found(0, "image/jpeg"), []string{"HEAD"}, 0},
		{"size never told", []mediaReply{{code: 405}, {code: 206}},
			failed("its server does not tell the size of the file"), []string{"HEAD", first, "GET", first, "GET"}, time.Second},
		{"larger than is counted", []mediaReply{{code: 405}, {code: 200, header: jpeg, body: &endless{}}},
			found(0, "image/jpeg"), []string{"HEAD", first}, 0},
		{"count cut off", []mediaReply{{code: 405}, {code: 200, body: cutOff{}}, partial},
			found(4711, "image/jpeg"), []string{"HEAD", first, first}, time.Second},
		{"MIME type that is none", []mediaReply{{code: 200, header: "Content-Type: jpg\nContent-Length: 5"}},
			found(5, ""), []string{"HEAD"}, 0},

		{"404", []mediaReply{{code: 404}}, gone("its server answers 404 not found"), []string{"HEAD"}, 0},
		{"410", []mediaReply{{code: 410}}, gone("its server answers 410 gone"), []string{"HEAD"}, 0},
		{"404 to GET only", []mediaReply{{code: 405}, {code: 404}}, gone("its server answers 404 not found"), []string{"HEAD", first}, 0},
		{"403 twice", []mediaReply{{code: 403}}, gone("its server answers 403 forbidden"), []string{"HEAD", first}, 0},
		{"401 twice", []mediaReply{{code: 401}}, gone("its server answers 401 unauthorized"), []string{"HEAD", first}, 0},
		{"a status nobody knows", []mediaReply{{code: 499}}, gone("its server answers 499"), []string{"HEAD", first}, 0},
		{"empty", []mediaReply{{code: 200, header: "Content-Length: 0"}}, gone("the file is empty"), []string{"HEAD", first}, 0},
		{"empty, by 416", []mediaReply{{code: 405}, {code: 416, header: "Content-Range: bytes */0"}},
			gone("the file is empty"), []string{"HEAD", first}, 0},
		{"empty, counted", []mediaReply{{code: 405}, {code: 200}}, gone("the file is empty"), []string{"HEAD", first}, 0},
		{"web page", []mediaReply{{code: 200, header: html}},
			gone("a web page came instead of the file"), []string{"HEAD", first}, 0},
		{"web page to HEAD only", []mediaReply{{code: 200, header: html}, partial},
			found(4711, "image/jpeg"), []string{"HEAD", first}, 0},
		{"web page in parts", []mediaReply{{code: 405}, {code: 206, header: html + "\nContent-Range: bytes 0-0/900"}},
			gone("a web page came instead of the file"), []string{"HEAD", first}, 0},

		{"500 once", []mediaReply{{code: 500}, partial}, found(4711, "image/jpeg"), []string{"HEAD", first}, time.Second},
		{"503 twice", []mediaReply{{code: 503}}, failed("its server answers 503 service unavailable"), []string{"HEAD", first}, time.Second},
		{"GET fails once", []mediaReply{{code: 405}, {code: 502}, partial},
			found(4711, "image/jpeg"), []string{"HEAD", first, first}, time.Second},
		{"429 with a wait", []mediaReply{{code: 429, header: "Retry-After: 3"}, partial},
			found(4711, "image/jpeg"), []string{"HEAD", first}, 3 * time.Second},
		{"429 with a long wait", []mediaReply{{code: 429, header: "Retry-After: 99999999999"}, partial},
			found(4711, "image/jpeg"), []string{"HEAD", first}, 10 * time.Second},
		{"408", []mediaReply{{code: 408}}, failed("its server answers 408 request timeout"), []string{"HEAD", first}, time.Second},
		{"cut", []mediaReply{{err: io.ErrUnexpectedEOF}}, failed("the connection broke off"), []string{"HEAD", first}, time.Second},
		{"name not known", []mediaReply{{err: &net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}}},
			failed("its host name cannot be resolved"), []string{"HEAD", first}, time.Second},
		{"HEAD hangs", []mediaReply{{hang: true}, partial}, found(4711, "image/jpeg"), []string{"HEAD", first}, 11 * time.Second},
		{"everything hangs", []mediaReply{{hang: true}}, failed("no answer in time"), []string{"HEAD", first}, 20 * time.Second},

		{"redirect to a file of this machine", []mediaReply{{code: 302, header: "Location: file:///etc/passwd"}},
			Result{Status: Refused, Name: "cat.jpg", Reason: "it redirects to something that is not http or https"},
			[]string{"HEAD"}, 0},
		{"redirects in a circle", []mediaReply{{code: 302, header: "Location: https://other.example/?signature=S3CRET"}},
			failed("it redirects too many times"), slices.Concat(slices.Repeat([]string{"HEAD"}, 6), slices.Repeat([]string{first}, 6)),
			time.Second},
		{"redirect that cannot be read", []mediaReply{{code: 302, header: "Location: http://[S3CRET"}},
			failed("the connection broke off"), []string{"HEAD", first}, time.Second},
		{"redirect to nowhere", []mediaReply{{code: 302}}, gone("its server answers 302 found"), []string{"HEAD", first}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				script := &mediaScript{replies: tt.script}
				l := &Checker{Transport: script}
				start := time.Now()
				got := l.ask(t.Context(), "https://files.example/a/cat.jpg?signature=S3CRET")
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("info (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.asked, script.asked); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				if took := time.Since(start); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				if script.open != 0 {
					t.Errorf("%d bodies left open", script.open)
				}
				if strings.Contains(got.Reason, "S3CRET") {
					t.Errorf("reason %q tells a secret", got.Reason)
				}
			})
		})
	}
}

func TestCheckReadsNoMoreThanItMust(t *testing.T) {
	body := &endless{}
	l := &Checker{Transport: &mediaScript{replies: []mediaReply{{code: 405}, {code: 200, body: body}}}}
	l.ask(t.Context(), "https://files.example/stream")
	if body.read > maxCounted+1<<20 {
		t.Errorf("read %d bytes, want about %d", body.read, maxCounted)
	}
}

func TestCheckWebPageThatMayBeOne(t *testing.T) {
	for _, u := range []string{"https://files.example/view", "https://files.example/page.html", "https://files.example/?file=a.jpg"} {
		script := &mediaScript{replies: []mediaReply{{code: 200, header: "Content-Type: text/html\nContent-Length: 9"}}}
		l := &Checker{Transport: script}
		if got := l.ask(t.Context(), u); got.Status != Found {
			t.Errorf("%s: got %+v, want it found", u, got)
		}
	}
}

func TestCheckRefusesWhatIsNoWebAddress(t *testing.T) {
	l := &Checker{Transport: &mediaScript{}} // panics when asked
	for _, u := range []string{"", "cat.jpg", "ftp://files.example/cat.jpg", "file:///etc/passwd", "data:image/png;base64,AAAA",
		"https://", "https://:443/cat.jpg", "http://[::1", "https://files.example/\x00", "javascript:alert(1)"} {
		want := Result{Status: Refused, Reason: "not an http or https address"}
		if diff := cmp.Diff(want, l.ask(t.Context(), u)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", u, diff)
		}
	}
}

func TestCheckTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Checker{Transport: &mediaScript{replies: []mediaReply{{hang: true}}}}
		start := time.Now()
		l.ask(t.Context(), "https://files.example/cat.jpg")
		if took := time.Since(start); took != 20*time.Second {
			t.Errorf("took %v, want 20s", took)
		}
	})
}

func TestCheckEndsWithItsContext(t *testing.T) {
	for name, reply := range map[string]mediaReply{"asking": {hang: true}, "waiting": {code: 503}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
				defer cancel()
				script := &mediaScript{replies: []mediaReply{reply}}
				start := time.Now()
				(&Checker{Transport: script}).ask(ctx, "https://files.example/cat.jpg")
				if took := time.Since(start); took != 500*time.Millisecond {
					t.Errorf("took %v, want 500ms", took)
				}
				if diff := cmp.Diff([]string{"HEAD"}, script.asked); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestNames(t *testing.T) {
	tests := []struct{ disposition, path, want string }{
		{"", "/a/b/cat.jpg", "cat.jpg"},
		{"", "/a/b/", ""},
		{"", "", ""},
		{"", "/..", ""},
		{"", "/a/%D1%81%D1%87%D1%91%D1%82.pdf", "счёт.pdf"},
		{"", "/a/x%2F..%2Fpasswd", "passwd"},
		{"", "/a/%ff%00b%0a.pdf", "b.pdf"},
		{"", "/a/fdp%E2%80%AE.exe", "fdp.exe"},
		{"", "/" + strings.Repeat("%D1%8F", 200) + ".jpeg", strings.Repeat("я", 125) + ".jpeg"},
		{"", "/" + strings.Repeat("a", 300), strings.Repeat("a", 255)},
		{"", "/a." + strings.Repeat("b", 300), "a." + strings.Repeat("b", 253)},
		{`attachment; filename="my file.pdf"`, "/x.bin", "my file.pdf"},
		{`attachment; filename="a.pdf"; filename*=UTF-8''%D1%81%D1%87%D1%91%D1%82.pdf`, "/x.bin", "счёт.pdf"},
		{`attachment; filename="=?UTF-8?B?0YHRh9GR0YIucGRm?="`, "/x.bin", "счёт.pdf"},
		{`attachment; filename="счёт.pdf"`, "/x.bin", "счёт.pdf"},
		{`attachment; filename="../../etc/passwd"`, "/x.bin", "passwd"},
		{`attachment; filename="C:\\Users\\me\\a.pdf"`, "/x.bin", "a.pdf"},
		{`attachment; filename=".."`, "/x.bin", "x.bin"},
		{`attachment`, "/x.bin", "x.bin"},
		{`;;;`, "/x.bin", "x.bin"},
	}
	for _, tt := range tests {
		reply := mediaReply{code: 200, header: "Content-Length: 5\nContent-Disposition: " + tt.disposition}
		l := &Checker{Transport: &mediaScript{replies: []mediaReply{reply}}}
		if got := l.ask(t.Context(), "https://files.example"+tt.path).Name; got != tt.want {
			t.Errorf("disposition %q, path %q: got %q, want %q", tt.disposition, tt.path, got, tt.want)
		}
	}
}

func TestExpiryDate(t *testing.T) {
	day := time.Date(2025, 3, 22, 0, 0, 0, 0, time.UTC)
	tests := map[string]time.Time{
		`expiry-date="Sat, 22 Mar 2025 00:00:00 GMT", rule-id="15 days"`: day,
		`rule-id="x", expiry-date="Sat, 22 Mar 2025 00:00:00 GMT"`:       day,
		`expiry-date="soon"`: {},
		`expiry-date=`:       {},
		``:                   {},
	}
	for value, want := range tests {
		if got := expiryDate(value); !got.Equal(want) {
			t.Errorf("%s: got %v, want %v", value, got, want)
		}
	}
}

func TestIsPublic(t *testing.T) {
	public := []string{"8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1",
		"192.167.0.1", "198.17.255.255", "198.20.0.1", "223.255.255.255", "2606:4700::1111", "2001:4860:4860::8888",
		"2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"}
	private := []string{"127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255",
		"192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1",
		"198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "100::1",
		"2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "64:ff9b:1::8.8.8.8",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:127.0.0.1%eth0", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe"}
	for _, a := range public {
		if !isPublic(netip.MustParseAddr(a)) {
			t.Errorf("%s is refused, want it allowed", a)
		}
	}
	for _, a := range private {
		if isPublic(netip.MustParseAddr(a)) {
			t.Errorf("%s is allowed, want it refused", a)
		}
	}
	if isPublic(netip.Addr{}) {
		t.Error("no address at all is allowed")
	}
}

// mediaServer serves files the way real servers do, and counts the requests that got through.
func mediaServer(t *testing.T) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var requests atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/cat.jpg", func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "cat.jpg", time.Time{}, strings.NewReader(strings.Repeat("x", 4711)))
	})
	mux.HandleFunc("GET /chunked", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		for range 10 {
			_, _ = io.WriteString(w, "0123456789")
			_ = http.NewResponseController(w).Flush()
		}
	})
	mux.HandleFunc("/hop/{n}", func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscan(r.PathValue("n"), &n)
		if referer := r.Header.Get("Referer"); referer != "" {
			t.Errorf("Referer is %q, want none", referer)
		}
		to := fmt.Sprintf("/hop/%d?signature=S3CRET", n-1)
		if n == 1 {
			to = "/cat.jpg"
		}
		http.Redirect(w, r, to, http.StatusFound)
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if got := r.UserAgent(); got != "kommo-import" {
			t.Errorf("User-Agent is %q, want kommo-import", got)
		}
		if got := r.Header.Get("Accept-Encoding"); got != "identity" {
			t.Errorf("Accept-Encoding is %q, want identity: a compressed answer has another size", got)
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server, &requests
}

func TestCheckOverTheNetwork(t *testing.T) {
	server, _ := mediaServer(t)
	l := &Checker{AllowPrivate: true}
	tests := []struct {
		path string
		want Result
	}{
		{"/cat.jpg", Result{Status: Found, Size: 4711, MIME: "image/jpeg", Name: "cat.jpg"}},
		{"/chunked", Result{Status: Found, Size: 100, MIME: "text/plain", Name: "chunked"}},
		{"/hop/5?signature=S3CRET", Result{Status: Found, Size: 4711, MIME: "image/jpeg", Name: "5"}},
		{"/nothing.pdf", Result{Status: Gone, Name: "nothing.pdf", Reason: "its server answers 404 not found"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, l.ask(t.Context(), server.URL+tt.path)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.path, diff)
		}
	}
	l.httpClient().CloseIdleConnections()
}

func TestCheckUsesItsConnectionAgain(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		http.ServeContent(w, r, "cat.jpg", time.Time{}, strings.NewReader("meow"))
	}))
	var connections atomic.Int64
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	l := &Checker{AllowPrivate: true}
	for range 10 {
		if got := l.ask(t.Context(), server.URL); got.Size != 4 {
			t.Fatalf("got %+v, want 4 bytes", got)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections made, want 1", n)
	}
}

func TestCheckRefusesPrivateAddresses(t *testing.T) {
	server, requests := mediaServer(t)
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "10.0.0.1"} {
		l := &Checker{}
		got := l.ask(t.Context(), "http://"+net.JoinHostPort(strings.Trim(host, "[]"), port)+"/cat.jpg")
		if got.Status != Refused || !strings.Contains(got.Reason, "is not one of the public internet") {
			t.Errorf("%s: got %+v, want it refused", host, got)
		}
	}
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests arrived, want none", n)
	}
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestCheckRefusesRedirectsToPrivateAddresses(t *testing.T) {
	server, requests := mediaServer(t)
	guarded := newTransport(false)
	l := &Checker{Transport: roundTripFunc(func(req *http.Request) (*http.Response, error) {
		if req.URL.Host != "public.example" {
			return guarded.RoundTrip(req)
		}
		header := http.Header{"Location": {server.URL + "/cat.jpg?signature=S3CRET"}}
		return &http.Response{StatusCode: 302, Header: header, Body: http.NoBody, Request: req}, nil
	})}
	want := Result{Status: Refused, Name: "cat.jpg", Reason: "its address 127.0.0.1 is not one of the public internet"}
	if diff := cmp.Diff(want, l.ask(t.Context(), "https://public.example/cat.jpg")); diff != "" {
		t.Errorf("info (-want +got):\n%s", diff)
	}
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests arrived, want none", n)
	}
}

func TestCheckUsesNoProxy(t *testing.T) {
	if newTransport(false).Proxy != nil {
		t.Error("the transport would let a proxy connect for it")
	}
}

func TestCheckServersThatCannotBeTalkedTo(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(nil)
	closed.Close()
	selfSigned := httptest.NewUnstartedServer(nil)
	selfSigned.Config.ErrorLog = log.New(io.Discard, "", 0)
	selfSigned.StartTLS()
	defer selfSigned.Close()
	tests := map[string]string{
		closed.URL:     "its server cannot be reached",
		selfSigned.URL: "the certificate of its server is not valid",
	}
	for u, reason := range tests {
		want := Result{Status: Failed, Reason: reason}
		if diff := cmp.Diff(want, (&Checker{AllowPrivate: true}).ask(t.Context(), u)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", u, diff)
		}
	}
}

// A dead or empty link is made anew, once, and the errors of Renew keep their meaning.
func TestCheckRenews(t *testing.T) {
	const link, renewed = "https://files.example/old.jpg", "https://files.example/new.jpg"
	broken := errors.New("the quota is used up")
	alive := func(u string) Result { return Result{Status: Found, Size: 5, Name: "new.jpg", URL: u, Renewed: true} }
	tests := []struct {
		name  string
		url   string
		dead  []string
		err   error // of Renew
		want  Result
		calls int
	}{
		{"alive", renewed, nil, nil, Result{Status: Found, Size: 5, Name: "new.jpg", URL: renewed}, 0},
		{"dead", link, []string{"/old.jpg"}, nil, alive(renewed), 1},
		{"empty", "", nil, nil, alive(renewed), 1},
		{"dead twice", link, []string{"/old.jpg", "/new.jpg"}, nil, Result{Status: Gone, Name: "new.jpg", URL: renewed, Renewed: true,
			Unsure: true, Reason: "its server answers 404 not found"}, 1},
		{"file gone", "", nil, sources.ErrMediaGone, Result{Status: Gone, Reason: sources.ErrMediaGone.Error()}, 1},
		{"probably gone", "", nil, errors.Join(sources.ErrMediaGone, sources.ErrUnavailable), Result{Status: Gone, Unsure: true,
			Reason: errors.Join(sources.ErrMediaGone, sources.ErrUnavailable).Error()}, 1},
		{"later", link, []string{"/old.jpg"}, sources.ErrUnavailable,
			Result{Status: Failed, URL: link, Reason: sources.ErrUnavailable.Error()}, 1},
		{"broken", "", nil, broken, Result{Err: broken}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			c := &Checker{Transport: roundTripFunc(func(req *http.Request) (*http.Response, error) {
				code := http.StatusOK
				if slices.Contains(tt.dead, req.URL.Path) {
					code = http.StatusNotFound
				}
				return &http.Response{StatusCode: code, ContentLength: 5, Body: http.NoBody, Request: req}, nil
			})}
			got := c.Check(t.Context(), Link{URL: tt.url, Renew: func(context.Context) (string, error) {
				calls++
				return renewed, tt.err
			}})
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateErrors()); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if calls != tt.calls {
				t.Errorf("renewed %d times, want %d", calls, tt.calls)
			}
		})
	}
}

// A crowd stands for many media hosts. It takes pace for every answer, and records the most requests under way at once.
type crowd struct {
	pace func(host string) time.Duration
	code func(host string) int

	mu      sync.Mutex
	busy    map[string]int
	most    map[string]int
	total   int
	mostAll int
	asked   int
}

func newCrowd() *crowd {
	return &crowd{busy: map[string]int{}, most: map[string]int{},
		pace: func(string) time.Duration { return 100 * time.Millisecond },
		code: func(string) int { return 200 },
	}
}

func (c *crowd) RoundTrip(req *http.Request) (*http.Response, error) {
	host := req.URL.Host
	c.count(host, 1)
	defer c.count(host, -1)
	select {
	case <-req.Context().Done():
		return nil, req.Context().Err()
	case <-time.After(c.pace(host)):
	}
	return &http.Response{StatusCode: c.code(host), ContentLength: 5, Body: http.NoBody, Request: req}, nil
}

func (c *crowd) count(host string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy[host] += n
	c.total += n
	c.asked += max(n, 0)
	c.most[host] = max(c.most[host], c.busy[host])
	c.mostAll = max(c.mostAll, c.total)
}

// urlsOf yields n URLs of each host, host after host, and counts in pulled the URLs that were taken.
func urlsOf(n int, pulled *int, hosts ...string) iter.Seq[Link] {
	return func(yield func(Link) bool) {
		for _, host := range hosts {
			for i := range n {
				*pulled++
				if !yield(Link{URL: fmt.Sprintf("https://%s/%d.jpg", host, i)}) {
					return
				}
			}
		}
	}
}

func TestAllKeepsItsLimits(t *testing.T) {
	tests := []struct {
		name        string
		perHost     int
		hosts       int
		mostPerHost int
		mostAll     int
	}{
		{"one host", 0, 1, 4, 4},
		{"one host, one at a time", 1, 1, 1, 1},
		{"three hosts", 0, 3, 4, 12},
		{"many hosts", 0, 20, 4, maxChecks},
		{"one host, all at once", 100, 1, maxChecks, maxChecks},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var hosts []string
				for i := range tt.hosts {
					hosts = append(hosts, fmt.Sprintf("host%d.example", i))
				}
				c, pulled, seen := newCrowd(), 0, map[string]int{}
				l := &Checker{Transport: c, PerHost: tt.perHost}
				for link, info := range l.All(t.Context(), urlsOf(50, &pulled, hosts...)) {
					seen[link.URL]++
					if info.Status != Found {
						t.Fatalf("%s: %+v, want it found", link.URL, info)
					}
				}
				if len(seen) != 50*tt.hosts || slices.Max(slices.Collect(maps.Values(seen))) != 1 {
					t.Errorf("%d URLs answered, want each of %d once", len(seen), 50*tt.hosts)
				}
				if got := slices.Max(slices.Collect(maps.Values(c.most))); got != tt.mostPerHost {
					t.Errorf("%d under way to one host, want %d", got, tt.mostPerHost)
				}
				if c.mostAll != tt.mostAll {
					t.Errorf("%d under way in all, want %d", c.mostAll, tt.mostAll)
				}
			})
		})
	}
}

func TestAllIsNotHeldUpByASlowHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, pulled, start := newCrowd(), 0, time.Now()
		c.pace = func(host string) time.Duration {
			if host == "slow.example" {
				return 9 * time.Second
			}
			return 100 * time.Millisecond
		}
		last := map[string]time.Duration{}
		l := &Checker{Transport: c}
		for link := range l.All(t.Context(), urlsOf(100, &pulled, "slow.example", "fast.example")) {
			last[hostOf(link.URL)] = time.Since(start)
		}
		if got, want := last["fast.example"], 2500*time.Millisecond; got != want {
			t.Errorf("the fast host was done after %v, want %v", got, want)
		}
		if got, want := last["slow.example"], 225*time.Second; got != want {
			t.Errorf("the slow host was done after %v, want %v", got, want)
		}
	})
}

func TestAllReadsAheadNoFurtherThanItsWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pulled, yielded := 0, 0
		l := &Checker{Transport: newCrowd()}
		for range l.All(t.Context(), urlsOf(3000, &pulled, "a.example")) {
			yielded++
			if ahead := pulled - yielded; ahead >= window {
				t.Fatalf("%d URLs ahead, want less than %d", ahead, window)
			}
		}
		if yielded != 3000 {
			t.Errorf("%d answers, want 3000", yielded)
		}
	})
}

func TestAllGivesADeadHostUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, pulled := newCrowd(), 0
		c.code = func(host string) int {
			if host == "dead.example" {
				return 502
			}
			return 200
		}
		got := map[string]int{}
		l := &Checker{Transport: c}
		for link, info := range l.All(t.Context(), urlsOf(1000, &pulled, "dead.example", "alive.example")) {
			got[hostOf(link.URL)+": "+info.Reason]++
		}
		want := map[string]int{"alive.example: ": 1000}
		asked := got["dead.example: its server answers 502 bad gateway"]
		want["dead.example: its server answers 502 bad gateway"] = asked
		want["dead.example: its server failed 20 times in a row and was not asked again"] = 1000 - asked
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("answers (-want +got):\n%s", diff)
		}
		if asked < maxFailures || asked > maxFailures+3 { // three more may be under way
			t.Errorf("the dead host was asked for %d URLs, want about %d", asked, maxFailures)
		}
	})
}

func TestAllKeepsAskingAHostThatFailsNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, pulled, found := newCrowd(), 0, 0
		c.code = func(string) int {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.asked%10 == 0 {
				return 200
			}
			return 502
		}
		l := &Checker{Transport: c, PerHost: 1}
		for _, info := range l.All(t.Context(), urlsOf(500, &pulled, "shaky.example")) {
			if info.Status == Found {
				found++
			}
		}
		if found < 90 {
			t.Errorf("%d found, want about one in five of 500", found)
		}
	})
}

func TestAllAnswersWhatItRefuses(t *testing.T) {
	l := &Checker{Transport: &mediaScript{}}
	got := map[string]Status{}
	for link, info := range l.All(t.Context(), slices.Values([]Link{{}, {URL: "ftp://a/b"}, {URL: "http://[::1"}})) {
		got[link.URL] = info.Status
	}
	want := map[string]Status{"": Refused, "ftp://a/b": Refused, "http://[::1": Refused}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

func TestAllEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 350*time.Millisecond, errors.New("enough"))
		defer cancel()
		c, pulled, start := newCrowd(), 0, time.Now()
		yielded := 0
		for link, info := range (&Checker{Transport: c}).All(ctx, urlsOf(1000, &pulled, "a.example")) {
			yielded++
			if info.Status != Found {
				t.Errorf("%s: %+v, want only what was finished", link.URL, info)
			}
		}
		if took := time.Since(start); took != 350*time.Millisecond {
			t.Errorf("took %v, want 350ms", took)
		}
		if yielded != 12 {
			t.Errorf("%d answers, want 12", yielded)
		}
		if c.total != 0 {
			t.Errorf("%d requests still under way", c.total)
		}
	})
}

func TestAllEndsWhenItsContextHasEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, pulled := newCrowd(), 0
	for link := range (&Checker{Transport: c}).All(ctx, urlsOf(1000, &pulled, "a.example")) {
		t.Errorf("%s answered", link.URL)
	}
	if c.asked != 0 || pulled > 1 {
		t.Errorf("%d URLs taken and %d asked, want none", pulled, c.asked)
	}
}

func TestAllEndsWhenTheCallerBreaksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, pulled, start := newCrowd(), 0, time.Now()
		for range (&Checker{Transport: c}).All(t.Context(), urlsOf(1000, &pulled, "a.example")) {
			break
		}
		if took := time.Since(start); took != 100*time.Millisecond {
			t.Errorf("took %v, want 100ms", took)
		}
		if c.total != 0 {
			t.Errorf("%d requests still under way", c.total)
		}
	})
}

func TestAllForgetsHosts(t *testing.T) {
	q := &queue{hosts: make(map[string]*host)}
	for i := range 3 * maxIdleHosts {
		h := &host{name: fmt.Sprint(i), open: 1}
		h.failures.Store(1)
		q.hosts[h.name] = h
		q.open++
		q.settle(h)
	}
	if len(q.hosts) > maxIdleHosts {
		t.Errorf("%d hosts remembered, want at most %d", len(q.hosts), maxIdleHosts)
	}
}
