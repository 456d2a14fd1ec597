package crm

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

const testToken = "eyJ0eXAi.password.5a0db0c5"

func newClient(transport http.RoundTripper) *Client {
	return &Client{BaseURL: "https://example.kommo.com/leads/list", Token: testToken, Transport: transport}
}

// A roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answering returns a transport that gives every request the same answer.
func answering(status int, header http.Header, body string) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: header.Clone(), Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

// checkClean fails if text holds the token, or what a terminal would obey.
func checkClean(t *testing.T, text string) {
	t.Helper()
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) || text != strings.ToValidUTF8(text, "") {
		t.Errorf("%q is not clean text", text)
	}
	if strings.Contains(text, testToken) {
		t.Errorf("%q holds the token", text)
	}
}

func TestClientIsPrintedWithoutToken(t *testing.T) {
	client := newClient(nil)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", client, client, client, client), slog.AnyValue(client).Resolve().String()} {
		if strings.Contains(text, testToken) {
			t.Errorf("%s holds the token", text)
		}
	}
}
