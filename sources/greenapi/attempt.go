package greenapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// attempt sends the request once and hands a 2xx to read.
//
// It calls the transport directly. An [http.Client] around it would follow redirects, and add the URL, which holds the
// token, to its errors.
func (c *Client) attempt(ctx context.Context, q question, read func(*answer) error) error {
	watch := startWatch(ctx, cmp.Or(c.Patience, defaultPatience))
	defer watch.end()
	request, err := c.request(watch.ctx, q)
	if err != nil {
		return err
	}
	response, err := c.transport().RoundTrip(request)
	watch.rest()
	got := &answer{client: c, method: q.method.name, ctx: ctx, watch: watch}
	if err != nil {
		return got.broken(err)
	}
	got.status, got.header, got.body = response.StatusCode, response.Header, http.NoBody
	if response.Body != nil {
		defer response.Body.Close()
		got.body = watch.over(response.Body)
	}
	if got.status/100 != 2 {
		return got.problem()
	}
	return read(got)
}

// request returns the request of a question. A POST loses its GetBody, so that net/http cannot send it twice in one
// turn; a GET it may repeat on a connection that the server had closed already.
func (c *Client) request(ctx context.Context, q question) (*http.Request, error) {
	target, err := c.target(q.method.name)
	if err != nil {
		return nil, err
	}
	verb, body := http.MethodGet, []byte(nil)
	if q.body != nil {
		verb = http.MethodPost
		if body, err = json.Marshal(q.body); err != nil {
			return nil, err
		}
	}
	request, err := http.NewRequestWithContext(ctx, verb, target, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("not a valid request")
	}
	request.GetBody = nil
	request.Header.Set("User-Agent", "kommo-import")
	if q.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}
