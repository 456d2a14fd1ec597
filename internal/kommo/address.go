package kommo

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

const defaultBaseURL = "https://amojo.kommo.com"

// ParseBaseURL reads the address of a Chats API: https, or http to the machine itself, with a host and perhaps a
// path, and without user, query and fragment. The error does not repeat the address: it may hold a password.
func ParseBaseURL(address string) (*url.URL, error) {
	base, err := url.Parse(address)
	switch {
	case err != nil || base.Hostname() == "" || base.Scheme != "https" && base.Scheme != "http":
		return nil, errors.New("base URL: not of the form https://host")
	case base.User != nil || base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		return nil, errors.New("base URL: has a user, a query or a fragment")
	case base.Scheme == "http" && !loopback(base.Hostname()):
		return nil, fmt.Errorf("base URL: plain http to %s: only https leaves this machine", base.Host)
	}
	base.Path = cmp.Or(base.Path, "/") // JoinPath makes a relative path of an empty one
	return base, nil
}

func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// target returns the URL of a request, of which the path is signed.
func (c *Client) target(r request) (*url.URL, error) {
	base, err := ParseBaseURL(cmp.Or(c.BaseURL, defaultBaseURL))
	if err != nil {
		return nil, err
	}
	within := r.within
	if within == "" {
		within = c.ScopeID
		if !validID(within) {
			return nil, fmt.Errorf("scope id %q: not an id", within)
		}
	}
	target := base.JoinPath("/v2/origin/custom", within, r.below)
	target.RawQuery = r.query
	return target, nil
}

// validID reports whether id can stand in a path as it is. Kommo's ids are UUIDs, a scope's two with "_" in between.
func validID(id string) bool {
	return id != "" && strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == ""
}
