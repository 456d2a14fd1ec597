package kommo

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// maxWords is how much of a text that is not ours is kept, in runes.
const maxWords = 500

// A scrubber makes texts of others fit to be shown: what a server says, or what an error of net/http tells.
type scrubber struct {
	secrets []string // are replaced wherever they stand
}

var (
	terminalEscape = regexp.MustCompile(`\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)`)
	absoluteURL    = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>]+`)
)

// text returns raw on one line, as valid UTF-8 without control characters, terminal escapes and invisible runes,
// with URLs bare of users and queries, without the secrets, and cut to maxWords. The secrets go last, so that
// nothing removed before can put one together.
func (s scrubber) text(raw string) string {
	text := terminalEscape.ReplaceAllString(strings.ToValidUTF8(raw, "\uFFFD"), "")
	text = strings.Map(printable, text)
	text = strings.Join(strings.Fields(text), " ")
	text = absoluteURL.ReplaceAllStringFunc(text, bareURL)
	for _, secret := range s.secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	return cut(text)
}

// words returns what the body of an answer says: its error_description, else the text of a page, else all of it.
func (s scrubber) words(body []byte) string {
	text := strings.TrimSpace(string(body))
	if said := readFailure(body).Description; said != "" {
		text = said
	} else if strings.HasPrefix(text, "<") {
		text = pageText(text)
	}
	return s.text(text)
}

// error returns err with a text fit to be shown. What a [url.Error] says of the URL is dropped: it is named in
// front of every error anyway.
func (s scrubber) error(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok && wrapped.Err != nil {
		err = wrapped.Err
	}
	return &scrubbedError{s.text(err.Error()), err}
}

// A scrubbedError is err, told in other words.
type scrubbedError struct {
	text string
	err  error
}

func (e *scrubbedError) Error() string { return e.text }
func (e *scrubbedError) Unwrap() error { return e.err }

func printable(r rune) rune {
	switch {
	case unicode.IsPrint(r):
		return r
	case unicode.IsSpace(r):
		return ' '
	}
	return -1
}

func bareURL(raw string) string {
	raw, _, _ = strings.Cut(raw, "?")
	raw, _, _ = strings.Cut(raw, "#")
	scheme, rest, _ := strings.Cut(raw, "://")
	host, path, slash := strings.Cut(rest, "/")
	host = host[strings.LastIndexByte(host, '@')+1:]
	if slash {
		path = "/" + path
	}
	return scheme + "://" + host + path
}

func cut(text string) string {
	runes := 0
	for i := range text {
		if runes == maxWords {
			return text[:i] + "…"
		}
		runes++
	}
	return text
}
