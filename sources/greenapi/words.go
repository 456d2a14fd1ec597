package greenapi

import (
	"encoding/json"
	"regexp"
	"strings"

	"kommo-import/internal/web"
)

// maxWords is how much of a text that is not ours is kept, in runes.
const maxWords = 300

var (
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
		text = web.PageText(text)
	} else if found := messageField.FindStringSubmatch(text); found != nil {
		text = unquote(found[1])
	} else {
		text = strings.Trim(pathField.ReplaceAllString(text, ""), "{}[]\", \t\r\n")
	}
	return c.scrubber().Text(text)
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

// tokenMark stands where the token stood.
const tokenMark = "[token]"

// scrubber returns the scrubber of texts that are not ours. It also replaces the token in entries: these are stored and
// sent, and their links may lead to Green-API's own methods, which have the token in their path.
func (c *Client) scrubber() *web.Scrubber {
	c.makeScrub.Do(func() {
		c.scrub = &web.Scrubber{Secrets: []string{c.Token}, Mark: tokenMark, MaxRunes: maxWords}
	})
	return c.scrub
}
