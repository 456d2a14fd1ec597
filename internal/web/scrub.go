package web

import (
	"bytes"
	"cmp"
	"errors"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// A Scrubber makes foreign texts fit to be shown and stored: error texts of servers and of net/http. The zero value is
// ready to use. A Scrubber may be used by several goroutines at once, and must not be copied or changed after its first
// use.
type Scrubber struct {
	// Secrets are replaced wherever they stand: as they are, and within a text in base64; both also escaped as in
	// URLs and as in JSON, in letters of any case, and split by white space. An empty secret is ignored. In base64 a
	// secret of fewer than 8 bytes would be found where it is not.
	Secrets []string
	// Mark stands in the place of a secret; "" is "[secret]".
	Mark string
	// MaxRunes is the length at which a text is cut; 0 is 500.
	MaxRunes int

	once  sync.Once
	forms func() *regexp.Regexp // matches the secrets; that of a long secret takes long to compile, and is seldom needed
	lower [][]byte              // the forms that the regexp matches, in lower case
}

var (
	terminalEscape = regexp.MustCompile(`\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)`)
	absoluteURL    = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>]+`)
	// markup matches everything in an HTML page but its text.
	markup = regexp.MustCompile(`(?is)<script\b.*?</script\s*>|<style\b.*?</style\s*>|<!--.*?-->|<[^>]*>`)
)

// Text returns raw on one line, as valid UTF-8 without control characters, terminal escapes and invisible runes. URLs
// lose their user, query and fragment, secrets are replaced, and a long text is cut and ends in "…". Secrets are
// replaced before URLs lose a part, which might be part of a secret, and again after every removal, so that no removal
// can assemble a secret.
func (s *Scrubber) Text(raw string) string {
	text := terminalEscape.ReplaceAllString(strings.ToValidUTF8(raw, "\uFFFD"), "")
	text = strings.Join(strings.Fields(strings.Map(printable, text)), " ")
	text = string(s.ReplaceSecrets([]byte(text)))
	text = absoluteURL.ReplaceAllStringFunc(text, bareURL)
	text = string(s.ReplaceSecrets([]byte(text)))
	return cut(text, cmp.Or(s.MaxRunes, 500))
}

// Error returns err with its text scrubbed. If err holds a [url.Error], only the cause of that remains: the caller
// names the request anyway, and the URL may hold a secret.
func (s *Scrubber) Error(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok && wrapped.Err != nil {
		err = wrapped.Err
	}
	return &Error{s.Text(err.Error()), err}
}

// ReplaceSecrets returns raw with nothing changed but the secrets. It returns raw itself if that holds no secret.
func (s *Scrubber) ReplaceSecrets(raw []byte) []byte {
	if !s.HasSecret(raw) {
		return raw
	}
	return s.forms().ReplaceAllLiteral(raw, []byte(cmp.Or(s.Mark, "[secret]")))
}

// HasSecret reports whether raw holds a secret in any of its forms.
func (s *Scrubber) HasSecret(raw []byte) bool {
	s.once.Do(s.prepare)
	lower := bytes.ToLower(raw) // the regexp alone is slow, and most texts hold no secret
	return (s.holdsForm(lower) || s.holdsForm(withoutSpace(lower))) && s.forms().Match(raw)
}

func (s *Scrubber) holdsForm(lower []byte) bool {
	return slices.ContainsFunc(s.lower, func(form []byte) bool { return bytes.Contains(lower, form) })
}

// prepare collects the forms of the secrets.
func (s *Scrubber) prepare() {
	var patterns []string
	for _, secret := range s.Secrets {
		for _, form := range formsOf(strings.ToValidUTF8(secret, "\uFFFD")) {
			patterns = append(patterns, pattern(form))
			s.lower = append(s.lower, []byte(strings.ToLower(form)))
		}
	}
	s.forms = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)` + strings.Join(patterns, "|")) })
}

// An Error is Err with another text. It hides texts that are foreign or not fit to be shown.
type Error struct {
	Text string
	Err  error
}

func (e *Error) Error() string { return e.Text }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// PageText returns the text of an HTML page, introduced as such. Pages come from proxies, load balancers and hotel
// networks that stand between us and an API. The text is not scrubbed.
func PageText(page string) string {
	text := strings.TrimSpace(html.UnescapeString(markup.ReplaceAllString(page, " ")))
	if text == "" {
		return "an HTML page"
	}
	return "an HTML page: " + text
}

func printable(r rune) rune {
	switch {
	case unicode.IsPrint(r):
		return r
	case unicode.IsSpace(r):
		return ' '
	}
	return -1
}

// bareURL returns an absolute URL without user, query and fragment.
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

func cut(text string, maxRunes int) string {
	runes := 0
	for i := range text {
		if runes == maxRunes {
			return text[:i] + "…"
		}
		runes++
	}
	return text
}
