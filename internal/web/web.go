// Package web holds the parts of an HTTP client that kommo, greenapi and linkcheck share: a transport, the rules for
// base URLs, the scrubbing of foreign texts, Retry-After and a sleep that ends with its context.
package web

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// NewTransport returns a transport for the requests to one API. It uses the proxies of the environment; no error
// shows a proxy's password.
//
// It speaks HTTP/1.1 only. Over HTTP/2 all requests would share one connection: a long answer would slow down the
// others, and a server that retires the connection, as nginx does after a thousand requests, would leave the outcome
// of every request on it unknown. Idle connections are closed after 30 seconds, sooner than servers do it, so that a
// request seldom meets a connection that is being closed. The transport limits connecting to 10 seconds, and the TLS
// handshake too. It does not limit the wait for an answer.
func NewTransport() *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment, // its errors hold no part of the variable
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConnsPerHost:    64,
		MaxResponseHeaderBytes: 64 << 10,
		Protocols:              protocols,
	}
}

// ParseBaseURL reads the address of an API: https, or http to loopback, with a host, and without user, query and
// fragment. A path is kept. The error does not repeat any part of the address, which may hold a password or a token.
func ParseBaseURL(address string) (*url.URL, error) {
	base, err := url.Parse(address)
	switch {
	case err != nil || base.Hostname() == "" || base.Scheme != "https" && base.Scheme != "http":
		return nil, errors.New("base URL: not of the form https://host")
	case base.User != nil || base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		return nil, errors.New("base URL: has a user, a query or a fragment")
	case base.Scheme == "http" && !loopback(base.Hostname()):
		return nil, errors.New("base URL: plain http: only https leaves this machine")
	}
	return base, nil
}

// IsLoopback reports whether an address of an API, as [ParseBaseURL] takes it, is on this machine.
func IsLoopback(address string) bool {
	base, err := url.Parse(address)
	return err == nil && loopback(base.Hostname())
}

func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// RedirectTarget returns the scheme and host of the Location in header. It is "" if there is no valid Location, and
// if the Location stays on the same host by being relative. The text is not scrubbed.
func RedirectTarget(header http.Header) string {
	location, err := url.Parse(header.Get("Location"))
	if err != nil || location.Host == "" {
		return ""
	}
	return (&url.URL{Scheme: location.Scheme, Host: location.Host}).String()
}
