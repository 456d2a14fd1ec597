package kommo

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"kommo-import/signing"
)

const (
	testSecret = "5a44c5dff55f3c15a4cce8d7c4cc27e207c7e189"
	testScope  = "f62a0162-46a7-430e-b06c-0ef798d76a21_52fd2a28-d2eb-4bd8-b862-a67934927b38"
	testChat   = "742a15d7-dd9b-45af-9462-4111d17c407b"
)

var testNow = time.Date(2026, 9, 4, 12, 0, 0, 0, time.UTC)

// A roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func newClient(transport http.RoundTripper) *Client {
	return &Client{
		ScopeID:   testScope,
		Signer:    signing.Signer{Secret: testSecret},
		Transport: transport,
		Now:       func() time.Time { return testNow },
	}
}

// answering returns a transport that gives every request the same answer.
func answering(status int, header http.Header, body string) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status,
			Header:     header.Clone(),
			Body:       io.NopCloser(strings.NewReader(body)),
			Request:    r,
		}, nil
	}
}

// checkSignature verifies the four headers of a request with the rules of the documents and nothing of ours.
func checkSignature(t *testing.T, r *http.Request, path string, body []byte) {
	t.Helper()
	date, err := time.Parse("Mon, 02 Jan 2006 15:04:05 +0000", r.Header.Get("Date"))
	if err != nil || !date.Equal(testNow) {
		t.Errorf("Date = %q, want %v", r.Header.Get("Date"), testNow)
	}
	if got, want := r.Header.Get("Content-Type"), "application/json"; got != want {
		t.Errorf("Content-Type = %q, want %q", got, want)
	}
	sum := fmt.Sprintf("%x", md5.Sum(body))
	if got := r.Header.Get("Content-MD5"); got != sum {
		t.Errorf("Content-MD5 = %q, want %q", got, sum)
	}
	mac := hmac.New(sha1.New, []byte(testSecret))
	fmt.Fprintf(mac, "%s\n%s\napplication/json\n%s\n%s", r.Method, sum, r.Header.Get("Date"), path)
	if got, want := r.Header.Get("X-Signature"), fmt.Sprintf("%x", mac.Sum(nil)); got != want {
		t.Errorf("X-Signature = %q, want %q", got, want)
	}
}

// checkClean fails if text holds a secret, a signature, or what a terminal would obey.
func checkClean(t *testing.T, text string) {
	t.Helper()
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) ||
		text != strings.ToValidUTF8(text, "") {
		t.Errorf("%q is not clean text", text)
	}
	for _, secret := range []string{testSecret, "password"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q holds a secret", text)
		}
	}
}
