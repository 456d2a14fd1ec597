package kommo

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// transport returns what carries the requests.
func (c *Client) transport() http.RoundTripper {
	if c.Transport != nil {
		return c.Transport
	}
	c.makeOwn.Do(func() { c.own = newTransport() })
	return c.own
}

// newTransport returns a transport for a few workers and one host.
//
// It speaks HTTP/1.1 only. Over HTTP/2 all workers would share one connection, and a server that retires it, as
// nginx does after a thousand requests, turns the ones in flight into unknown outcomes. Idle connections are closed
// after 30 seconds, sooner than servers do it, so that a request seldom meets one that is being closed.
func newTransport() *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  proxy,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConnsPerHost:    64,
		MaxResponseHeaderBytes: 64 << 10,
		Protocols:              protocols,
	}
}

// proxy returns the environment's proxy for a request. Its error leaves out what the variable holds, which may be
// a password.
func proxy(r *http.Request) (*url.URL, error) {
	address, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, errors.New("the proxy in the environment is not a valid address")
	}
	return address, nil
}
