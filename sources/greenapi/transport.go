package greenapi

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
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.own == nil {
		c.own = newTransport()
	}
	return c.own
}

// newTransport returns a transport for one host and few requests at a time.
//
// It speaks HTTP/1.1 only: a history that takes minutes to arrive shares its connection with nothing. Idle connections
// are closed after 30 seconds, sooner than servers do it. How long an answer may take is up to Client.Patience.
func newTransport() *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  proxy,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConnsPerHost:    8,
		MaxResponseHeaderBytes: 64 << 10,
		Protocols:              protocols,
	}
}

// proxy returns the environment's proxy for a request. Its error leaves out what the variable holds, which may be a
// password.
func proxy(r *http.Request) (*url.URL, error) {
	address, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, errors.New("the proxy in the environment is not a valid address")
	}
	return address, nil
}
