package web

import (
	"net/http"
	"strings"
	"testing"
)

func TestParseBaseURL(t *testing.T) {
	for _, test := range []struct{ address, want, err string }{
		{"https://amojo.kommo.com", "https://amojo.kommo.com", ""},
		{"https://api.green-api.com/", "https://api.green-api.com/", ""},
		{"https://proxy.example/below/it", "https://proxy.example/below/it", ""},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080", ""},
		{"http://[::1]:8080", "http://[::1]:8080", ""},
		{"http://localhost", "http://localhost", ""},
		{"", "", "base URL: not of the form https://host"},
		{"amojo.kommo.com", "", "base URL: not of the form https://host"},
		{"ftp://host/password", "", "base URL: not of the form https://host"},
		{"https:///password", "", "base URL: not of the form https://host"},
		{"https://host/%zzpassword", "", "base URL: not of the form https://host"},
		{"https://u:password@h:port", "", "base URL: not of the form https://host"},
		{"https://u:password@host", "", "base URL: has a user, a query or a fragment"},
		{"https://host/?password", "", "base URL: has a user, a query or a fragment"},
		{"https://host/?", "", "base URL: has a user, a query or a fragment"},
		{"https://host/#password", "", "base URL: has a user, a query or a fragment"},
		{"http://password", "", "base URL: plain http: only https leaves this machine"},
		{"http://10.0.0.1", "", "base URL: plain http: only https leaves this machine"},
	} {
		base, err := ParseBaseURL(test.address)
		got, problem := "", ""
		if err == nil {
			got = base.String()
		} else {
			problem = err.Error()
		}
		if got != test.want || problem != test.err {
			t.Errorf("%s: got %q and error %q, want %q and %q", test.address, got, problem, test.want, test.err)
		}
	}
}

func TestRedirectTarget(t *testing.T) {
	for location, want := range map[string]string{
		"":      "",
		"/a":    "",
		"%zz":   "",
		"//h/a": "//h",
		"https://u:password@other.example/a?password": "https://other.example",
	} {
		if got := RedirectTarget(http.Header{"Location": {location}}); got != want {
			t.Errorf("%q: got %q, want %q", location, got, want)
		}
	}
}

// The proxy's address may hold a password, which no error may show.
func TestProxyOfTheEnvironment(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://user:password@127.0.0.1:1")
	r, err := http.NewRequest(http.MethodGet, "https://amojo.kommo.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = NewTransport().RoundTrip(r)
	if err == nil || !strings.HasPrefix(err.Error(), "proxyconnect") || strings.Contains(err.Error(), "password") {
		t.Errorf("got %v, want a proxy that cannot be reached", err)
	}
}
