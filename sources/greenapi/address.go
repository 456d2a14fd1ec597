package greenapi

import (
	"errors"
	"net/url"
	"strings"

	"kommo-import/internal/web"
)

// ParseBaseURL reads the address of an instance: https, or http to the machine itself, with a host, and without user,
// query and fragment. A path in front of Green-API's own is kept; a whole request URL, as the console shows one too, is
// refused. The error does not repeat the address: it may hold the token.
func ParseBaseURL(address string) (*url.URL, error) {
	base, err := web.ParseBaseURL(address)
	if err == nil && strings.Contains(strings.ToLower(base.Path), "wainstance") {
		return nil, errors.New("base URL: goes on behind the host: take what the console shows as apiUrl")
	}
	return base, err
}

// target returns the URL of a method: {apiUrl}/waInstance{idInstance}/{method}/{apiTokenInstance} (documented).
func (c *Client) target(method string) (string, error) {
	base, err := ParseBaseURL(c.BaseURL)
	switch {
	case err != nil:
		return "", err
	case c.Instance == "" || strings.Trim(c.Instance, "0123456789") != "":
		return "", errors.New("id of the instance: not digits")
	case c.Token == "" || strings.ContainsFunc(c.Token, notInToken):
		return "", errors.New("token of the instance: empty, or with characters that none has")
	}
	return strings.TrimRight(base.String(), "/") + "/waInstance" + c.Instance + "/" + method + "/" + url.PathEscape(c.Token), nil
}

func notInToken(r rune) bool { return r <= ' ' || r > '~' }
