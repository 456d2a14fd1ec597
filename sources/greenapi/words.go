package greenapi

import (
	"encoding/json"
	"errors"
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// maxWords is how much of a text that is not ours is kept, in runes.
const maxWords = 300

var (
	terminalEscape = regexp.MustCompile(`\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)`)
	// markup is what a page holds besides its text.
	markup = regexp.MustCompile(`(?is)<script\b.*?</script\s*>|<style\b.*?</style\s*>|<!--.*?-->|<[^>]*>`)
	// messageField and pathField find these fields in an object that is not valid JSON.
	messageField = regexp.MustCompile(`"(?:message|description|detail|error)"\s*:\s*("(?:[^"\\]|\\.)*"?)`)
	pathField    = regexp.MustCompile(`"path"\s*:\s*"?[^",}\s]*"?`)
)

// words returns what the body of an answer says. Green-API's errors come in many forms:
//
//	{"statusCode":400,"timestamp":"…","path":"/waInstance…","message":"Validation failed"}   (seen in code)
//	{"error":"…"}, or message, description, detail, or plain text                            (seen in code)
//	{"File message encrypted url not found by chatId … and idMessage …"}                     (documented; not JSON)
//
// and a proxy's are pages. The path, which holds the token, is never shown.
func (c *Client) words(body []byte) string {
	text := strings.TrimSpace(string(body))
	var value any
	if json.Unmarshal(body, &value) == nil {
		text = said(value)
	} else if strings.HasPrefix(text, "<") {
		text = "an HTML page: " + html.UnescapeString(markup.ReplaceAllString(text, " "))
	} else if found := messageField.FindStringSubmatch(text); found != nil {
		text = unquote(found[1])
	} else {
		text = strings.Trim(pathField.ReplaceAllString(text, ""), "{}[]\", \t\r\n")
	}
	return c.scrub(text)
}

// said returns what a JSON value says: a text, texts, or an object that has one under a name known for it.
func said(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case []any:
		var all []string
		for _, one := range value {
			if text := said(one); text != "" {
				all = append(all, text)
			}
		}
		return strings.Join(all, "; ")
	case map[string]any:
		for _, name := range []string{"message", "description", "detail", "error"} {
			if text := said(value[name]); text != "" {
				return text
			}
		}
	}
	return ""
}

func unquote(raw string) string {
	var text string
	if json.Unmarshal([]byte(raw), &text) == nil {
		return text
	}
	return strings.Trim(raw, `"`)
}

// scrub returns raw on one line, as valid UTF-8 without control characters, terminal escapes and invisible runes,
// without the token, and cut to maxWords. The token goes last, so that nothing removed before can put it together.
func (c *Client) scrub(raw string) string {
	text := terminalEscape.ReplaceAllString(strings.ToValidUTF8(raw, "\uFFFD"), "")
	text = strings.Join(strings.Fields(strings.Map(showable, text)), " ")
	if c.Token != "" {
		text = c.tokenForms().ReplaceAllLiteralString(text, "[token]")
	}
	if runes := []rune(text); len(runes) > maxWords {
		text = string(runes[:maxWords]) + "…"
	}
	return text
}

// tokenForms matches the token as it is and as it stands in URLs and in JSON, in letters of any case.
func (c *Client) tokenForms() *regexp.Regexp {
	c.makeForms.Do(func() {
		token := strings.ToValidUTF8(c.Token, "\uFFFD")
		var forms []string
		for _, form := range formsOf(url.PathEscape(token), url.QueryEscape(token), token) {
			forms = append(forms, regexp.QuoteMeta(form))
			c.lowerForms = append(c.lowerForms, []byte(strings.ToLower(form)))
		}
		c.forms = regexp.MustCompile(`(?i)` + strings.Join(forms, "|"))
	})
	return c.forms
}

func showable(r rune) rune {
	switch {
	case unicode.IsPrint(r):
		return r
	case unicode.IsSpace(r):
		return ' '
	}
	return -1
}

// tellError returns err with a text fit to be shown. What a [url.Error] says of the URL is dropped: the method is named
// in front of every error anyway.
func (c *Client) tellError(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok && wrapped.Err != nil {
		err = wrapped.Err
	}
	return &toldError{c.scrub(err.Error()), err}
}

// A toldError is err, told in other words.
type toldError struct {
	text string
	err  error
}

func (e *toldError) Error() string { return e.text }
func (e *toldError) Unwrap() error { return e.err }
