package kommo

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/web"
)

// seen is which typed error an error is; causes are compared by their text.
type seen struct {
	Refused   *RefusedError
	Denied    *DeniedError
	Blocked   *BlockedError
	Unclear   *UnclearError
	RateLimit *RateLimitError
	Unknown   *UnknownOutcomeError
	Text      string // of Unknown.Err
}

func see(err error) seen {
	var s seen
	s.Refused, _ = errors.AsType[*RefusedError](err)
	s.Denied, _ = errors.AsType[*DeniedError](err)
	s.Blocked, _ = errors.AsType[*BlockedError](err)
	s.Unclear, _ = errors.AsType[*UnclearError](err)
	s.RateLimit, _ = errors.AsType[*RateLimitError](err)
	if unknown, ok := errors.AsType[*UnknownOutcomeError](err); ok {
		s.Unknown = &UnknownOutcomeError{Status: unknown.Status}
		s.Text = unknown.Err.Error()
	}
	return s
}

func unknown(status int, text string) seen {
	return seen{Unknown: &UnknownOutcomeError{Status: status}, Text: text}
}

const invalidSignature = `{"status":0,"error_code":403,"error_type":"ORIGIN_INVALID_SIGNATURE","error_description":"invalid signature"}`

func TestAnswers(t *testing.T) {
	serverDate := testNow.Add(-time.Hour)
	dated := http.Header{"Date": {serverDate.Format(http.TimeFormat)}}
	tests := []struct {
		name   string
		status int
		header http.Header
		body   string
		want   seen
	}{
		{"200", 200, nil, acceptedBody, seen{}},
		{"200 empty", 200, nil, "", unknown(200, "the answer is empty")},
		{"200 garbage", 200, nil, "OK", unknown(200, "reading the answer: invalid character 'O' looking for beginning of value")},
		{"200 page", 200, nil, "<html><title>Hotel</title><p>Please log in", unknown(200, "the answer is an HTML page: Hotel Please log in")},
		{"200 truncated", 200, nil, acceptedBody[:50], unknown(200, "reading the answer: unexpected end of JSON input")},
		{"200 without new_message", 200, nil, `{"id":"1"}`, unknown(200, "the answer has no new_message with a msgid")},
		{"200 with an empty list", 200, nil, `[]`, unknown(200, "the answer has an unexpected JSON array")},
		{"200 with a list", 200, nil, `{"new_message":[]}`, unknown(200, "the answer has an unexpected JSON array: new_message")},
		{"200 with an error", 200, nil, `{"error_description":"try later"}`, unknown(200, "the answer has no new_message with a msgid: try later")},
		{"200 with a null msgid", 200, nil, `{"new_message":{"msgid":null}}`, unknown(200, "the answer has no new_message with a msgid")},
		{"200 too long", 200, nil, acceptedBody + strings.Repeat(" ", maxAnswer), unknown(200, "the answer is longer than 1048576 bytes")},
		{"204", 204, nil, "", unknown(204, "the answer is empty")},

		{"400 in JSON", 400, nil, `{"error_description":"invalid sender"}`, seen{Refused: &RefusedError{"invalid sender"}}},
		{"400 in other JSON", 400, nil, `{"error_description":7,"detail":"no"}`, seen{Refused: &RefusedError{`{"error_description":7,"detail":"no"}`}}},
		{"400 in text", 400, nil, "media is required\n", seen{Refused: &RefusedError{"media is required"}}},
		{"400 empty", 400, nil, "", seen{Refused: &RefusedError{""}}},

		{"403 in JSON", 403, dated, invalidSignature, seen{Denied: &DeniedError{
			Status: 403, Type: "ORIGIN_INVALID_SIGNATURE", Detail: "invalid signature", ServerDate: serverDate, SentAt: testNow,
		}}},
		{"403 in text", 403, nil, "403 Forbidden", seen{Unclear: &UnclearError{403, "403 Forbidden"}}},
		{"403 empty", 403, nil, "", seen{Unclear: &UnclearError{Status: 403}}},
		{"403 as a page", 403, nil, "<html><h1>403 Forbidden</h1>", seen{Unclear: &UnclearError{403, "an HTML page: 403 Forbidden"}}},

		{"404", 404, nil, `{"error_type":"ORIGIN_NOT_REGISTERED","error_description":"NOT_FOUND"}`, seen{Denied: &DeniedError{
			Status: 404, Type: "ORIGIN_NOT_REGISTERED", Detail: "NOT_FOUND", SentAt: testNow,
		}}},
		{"401", 401, nil, "", seen{Denied: &DeniedError{Status: 401, SentAt: testNow}}},
		{"408", 408, nil, "", unknown(408, "Request Timeout")},
		{"425", 425, nil, "", unknown(425, "Too Early")},
		{"499", 499, http.Header{"Location": {"https://x"}}, "", unknown(499, "no such status")},
		{"402", 402, nil, "", seen{Unclear: &UnclearError{Status: 402}}},
		{"409", 409, nil, `{"error_description":"exists"}`, seen{Unclear: &UnclearError{409, "exists"}}},
		{"413", 413, nil, "<h1>Request Entity Too Large</h1>", seen{Unclear: &UnclearError{413, "an HTML page: Request Entity Too Large"}}},
		{"422", 422, nil, "no", seen{Unclear: &UnclearError{422, "no"}}},
		{"302", 302, http.Header{"Location": {"https://u:password@other.example/a?password"}}, "", seen{Denied: &DeniedError{
			Status: 302, SentAt: testNow, RedirectedTo: "https://other.example",
		}}},
		{"307 to itself", 307, http.Header{"Location": {"/login"}}, "moved", seen{Denied: &DeniedError{
			Status: 307, Detail: "moved", SentAt: testNow,
		}}},
		{"308 to nowhere", 308, http.Header{"Location": {"%zz\x1b"}}, "", seen{Denied: &DeniedError{Status: 308, SentAt: testNow}}},
		{"304", 304, nil, "", seen{Denied: &DeniedError{Status: 304, SentAt: testNow}}},

		{"429", 429, nil, "", seen{RateLimit: &RateLimitError{}}},
		{"429 with seconds", 429, http.Header{"Retry-After": {"7"}}, "", seen{RateLimit: &RateLimitError{7 * time.Second}}},
		{"429 with a body", 429, nil, `{"retry_after":300}`, seen{RateLimit: &RateLimitError{300 * time.Second}}},

		{"500", 500, nil, "", unknown(500, "Internal Server Error")},
		{"502 page", 502, nil, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><hr>nginx", unknown(502, "an HTML page: 502 Bad Gateway nginx")},
		{"503 in JSON", 503, nil, `{"error_description":"later"}`, unknown(503, "later")},
		{"101", 101, nil, "", unknown(101, "Switching Protocols")},
		{"999", 999, nil, "", unknown(999, "no such status")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := newClient(answering(test.status, test.header, test.body)).Send(t.Context(), []byte("{}"))
			if diff := cmp.Diff(test.want, see(err)); diff != "" {
				t.Errorf("error differs (-want +got):\n%s", diff)
			}
			if err != nil {
				checkClean(t, err.Error())
			}
		})
	}
}

// A refusal is believed even if its body breaks off; a success is not.
func TestAnswersThatBreakOff(t *testing.T) {
	broken := func(status int, body string) *Client {
		return newClient(roundTrip(func(r *http.Request) (*http.Response, error) {
			rest := io.MultiReader(strings.NewReader(body), errorReader{io.ErrUnexpectedEOF})
			return &http.Response{StatusCode: status, Body: io.NopCloser(rest)}, nil
		}))
	}
	_, err := broken(200, acceptedBody).Send(t.Context(), []byte("{}"))
	if diff := cmp.Diff(unknown(200, "unexpected EOF"), see(err)); diff != "" {
		t.Errorf("200 differs (-want +got):\n%s", diff)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v does not wrap its cause", err)
	}
	_, err = broken(400, "media is").Send(t.Context(), []byte("{}"))
	if diff := cmp.Diff(seen{Refused: &RefusedError{"media is"}}, see(err)); diff != "" {
		t.Errorf("400 differs (-want +got):\n%s", diff)
	}
}

func TestAnswerWithoutBody(t *testing.T) {
	client := newClient(roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200}, nil
	}))
	_, err := client.CreateChat(t.Context(), NewChat{})
	if diff := cmp.Diff(unknown(200, "the answer is empty"), see(err)); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}

func TestChatWithoutID(t *testing.T) {
	_, err := newClient(answering(200, nil, `{"id":""}`)).CreateChat(t.Context(), NewChat{})
	if diff := cmp.Diff(unknown(200, "the answer has no id of a chat"), see(err)); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

func TestSentences(t *testing.T) {
	cause := errors.New("connection refused")
	tests := []struct {
		err  error
		want string
	}{
		{&RefusedError{}, "kommo refused the request"},
		{&RefusedError{"bad media"}, "kommo refused the request: bad media"},
		{&DeniedError{Status: 404}, "kommo denies access: status 404"},
		{&DeniedError{Status: 403, Type: "A", Detail: "b"}, "kommo denies access: status 403: A: b"},
		{&DeniedError{Status: 301, RedirectedTo: "https://x"}, "kommo denies access: status 301: redirects to https://x, which is not followed"},
		{&BlockedError{"403 Forbidden"}, "kommo blocks us, probably after too many requests: 403 Forbidden"},
		{&RateLimitError{}, "too many requests to kommo"},
		{&RateLimitError{5 * time.Minute}, "too many requests to kommo: retry after 5m0s"},
		{&UnknownOutcomeError{Status: 502, Err: cause}, "kommo gave no clear answer; the outcome is unknown: status 502: connection refused"},
		{&UnknownOutcomeError{Err: cause}, "kommo gave no clear answer; the outcome is unknown: connection refused"},
		{&UnreachableError{Err: cause}, "cannot reach kommo: connection refused"},
		{&UnreachableError{Err: &net.DNSError{Err: "no such host"}}, "cannot reach kommo: its address is not found; is this computer online?"},
		{&UnreachableError{Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}, "cannot reach kommo: its server takes no connections"},
		{&UnreachableError{Err: &tls.CertificateVerificationError{Err: cause}},
			"cannot reach kommo: the certificate of its server is not valid here: tls: failed to verify certificate: connection refused"},
		{&UnknownOutcomeError{Err: io.ErrUnexpectedEOF}, "kommo gave no clear answer; the outcome is unknown: the connection broke"},
	}
	for _, test := range tests {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// The form of the text is up to web.Scrubber, whose tests have more of it.
func TestDetail(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"text", "  no such\r\n\tthing ", "no such thing"},
		{"description", `{"error_description":"неверно"}`, "неверно"},
		{"escaped in JSON", `{"error_description":"a\u001b[31mb\u0000c"}`, "abc"},
		{"page", `<!DOCTYPE html><script>x<y</script><p class="c">No&nbsp;such &lt;page&gt;&#27;[1m`, "an HTML page: No such <page>"},
		{"empty page", "<html></html>", "an HTML page"},
		{"secret", "you sent " + testSecret + "!", "you sent [secret]!"},
		{"URL", `cannot get "https://u:password@h.example:8/a?token=password", sorry`, `cannot get "https://h.example:8/a", sorry`},
		{"long", strings.Repeat("ы", 600), strings.Repeat("ы", 500) + "…"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Answer{Body: []byte(test.body), scrub: &web.Scrubber{Secrets: []string{testSecret}}}.Detail()
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			checkClean(t, got)
		})
	}
}

func TestRetryAfter(t *testing.T) {
	tests := []struct {
		header, date, body string
		want               time.Duration
	}{
		{"", "", "", 0},
		{" 7 ", "", `{"retry_after":300}`, 7 * time.Second},
		{"0", "", `{"retry_after":3}`, 3 * time.Second},
		{"soon", "", `{"retry_after":300}`, 300 * time.Second},
		{"3601", "", "", maxRetryAfter},
		{"Fri, 04 Sep 2026 12:02:00 GMT", "", "", 2 * time.Minute},
		{"Fri, 04 Sep 2026 13:02:00 GMT", "Fri, 04 Sep 2026 13:00:00 GMT", "", 2 * time.Minute},

		{"", "", `{"retry_after":"300"}`, 300 * time.Second},
		{"", "", `{"retry_after":0.5}`, 500 * time.Millisecond},
		{"", "", `{"retry_after":-1}`, 0},
		{"", "", `{"retry_after":null}`, 0},
		{"", "", `{"retry_after":{"seconds":1}}`, 0},
		{"", "", `{"error_type":5,"retry_after":300}`, 300 * time.Second},
		{"", "", `{"retry_after":1e9}`, maxRetryAfter},
		{"", "", `retry_after: 300`, 0},
	}
	for _, test := range tests {
		header := http.Header{"Retry-After": {test.header}, "Date": {test.date}}
		got := Answer{header: header, Body: []byte(test.body), sentAt: testNow}.retryAfter()
		if got != test.want {
			t.Errorf("header %q, date %q, body %q: got %v, want %v", test.header, test.date, test.body, got, test.want)
		}
	}
}
