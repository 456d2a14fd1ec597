package greenapi

import (
	"net/http"

	"kommo-import/internal/web"
)

// transport returns what carries the requests.
func (c *Client) transport() http.RoundTripper {
	if c.Transport != nil {
		return c.Transport
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.own == nil {
		c.own = web.NewTransport()
	}
	return c.own
}
