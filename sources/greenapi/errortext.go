package greenapi

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"kommo-import/internal/web"
)

// tokenMark stands in the place of the token.
const tokenMark = "[token]"

// scrubber returns the scrubber of foreign texts. It also removes the token from entries: they are stored and sent, and
// their links may lead to methods of Green-API, which have the token in their path.
func (c *Client) scrubber() *web.Scrubber {
	c.makeScrub.Do(func() {
		c.scrub = &web.Scrubber{Secrets: []string{c.Token}, Mark: tokenMark, MaxRunes: 300}
	})
	return c.scrub
}

// messageField and pathField find these fields in an object that is not valid JSON.
var (
	messageField = regexp.MustCompile(`"(?:message|description|detail|error)"\s*:\s*("(?:[^"\\]|\\.)*"?)`)
	pathField    = regexp.MustCompile(`"path"\s*:\s*"?[^",}\s]*"?`)
)

// detail returns the error text in the body of an answer, fit to be shown. Green-API's errors have many forms:
//
//	{"statusCode":400,"timestamp":"…","path":"/waInstance…","message":"Validation failed"}   (seen in code)
//	{"error":"…"}, or message, description, detail, or plain text                            (seen in code)
//	{"File message encrypted url not found by chatId … and idMessage …"}                     (documented; not JSON)
//
// Proxies answer with HTML pages. The path, which holds the token, is never shown.
func (c *Client) detail(body []byte) string {
	text := strings.TrimSpace(string(body))
	var value any
	if json.Unmarshal(body, &value) == nil {
		text = detailOf(value)
	} else if strings.HasPrefix(text, "<") {
		text = web.PageText(text)
	} else if found := messageField.FindStringSubmatch(text); found != nil {
		text = unquote(found[1])
	} else {
		text = strings.Trim(pathField.ReplaceAllString(text, ""), "{}[]\", \t\r\n")
	}
	return c.scrubber().Text(text)
}

// detailOf returns the error text in a JSON value: the value itself, the texts of an array, or a field of a known name.
func detailOf(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case []any:
		var all []string
		for _, element := range value {
			if text := detailOf(element); text != "" {
				all = append(all, text)
			}
		}
		return strings.Join(all, "; ")
	case map[string]any:
		for _, name := range []string{"message", "description", "detail", "error"} {
			if text := detailOf(value[name]); text != "" {
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

// failureText returns why a try failed.
func failureText(status int, err error) string {
	switch {
	case status == 0 && err != nil:
		return "no answer: " + err.Error()
	case err != nil:
		return "the answer cannot be read: " + err.Error()
	case status == 429:
		return "status 429: too many requests"
	case status == 504:
		return "status 504: the phone may be offline"
	}
	return fmt.Sprintf("status %d", status)
}

// errorText joins the method and the parts that are not empty with colons.
func errorText(method string, parts ...string) string {
	text := "green-api " + method
	for _, part := range parts {
		if part != "" {
			text += ": " + part
		}
	}
	return strings.TrimSuffix(text, ".")
}
