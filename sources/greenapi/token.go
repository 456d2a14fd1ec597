package greenapi

import (
	"bytes"
	"strings"
)

// tokenMark stands where the token stood.
const tokenMark = "[token]"

// withoutToken returns raw with the token replaced, in any of its forms: what becomes of an entry is stored and sent, and
// its links may lead to Green-API's own methods, which have the token in their path.
func (c *Client) withoutToken(raw []byte) []byte {
	if c.Token == "" {
		return raw
	}
	forms := c.tokenForms() // slow; most entries have none of them
	lower := bytes.ToLower(raw)
	for _, form := range c.lowerForms {
		if bytes.Contains(lower, form) {
			return forms.ReplaceAllLiteral(raw, []byte(tokenMark))
		}
	}
	return raw
}

// formsOf returns the token as it is and as it stands in URLs, and each of them as it stands in JSON, the longest first.
func formsOf(escaped ...string) (forms []string) {
	for _, form := range escaped {
		forms = append(forms, strings.ReplaceAll(form, "/", `\/`), form)
	}
	return forms
}
