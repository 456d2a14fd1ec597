package greenapi

import "kommo-import/sources"

// withoutToken keeps the token out of what is stored and sent. A link that holds it, as one to Green-API's own methods
// does, is as good as none: a new one is made.
func (c *Client) withoutToken(m sources.Message, invalid *sources.Invalid) (sources.Message, *sources.Invalid) {
	if m.Media != nil && c.tokenForms().MatchString(m.Media.URL) {
		m.Media.URL = ""
	}
	if invalid != nil {
		invalid.Raw = c.tokenForms().ReplaceAllLiteralString(invalid.Raw, "[token]")
	}
	return m, invalid
}
