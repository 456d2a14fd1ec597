package sources

import (
	"strings"
	"unicode"
)

// maxPhoneText is the longest text in bytes that phoneDigits looks at. Invisible marks and their like need three bytes.
const maxPhoneText = 200

// phoneDigits returns the digits of s without the usual separators: spaces, dots, any dashes, parentheses. It passes
// over invisible marks and over what spreadsheets and links put around a phone: an apostrophe, ="…", a trailing ".0",
// "tel:", "whatsapp:", "https://wa.me/". A plus is reported apart. With any other character, s is not a phone and ok is
// false.
func phoneDigits(s string) (digits string, plus, ok bool) {
	if len(s) > maxPhoneText {
		return "", false, false
	}
	s, ok = withoutFraction(cleanPhone(s))
	if !ok {
		return "", false, false
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '+' && !plus && b.Len() == 0:
			plus = true
		case r == ' ', r == '-', r == '.', r == '(', r == ')':
		default:
			return "", false, false
		}
	}
	return b.String(), plus, b.Len() > 0 && b.Len() <= 20
}

// cleanPhone returns s without what stands around a phone, in plain characters.
func cleanPhone(s string) string {
	s = strings.TrimSpace(strings.Map(plainRune, s))
	s = strings.Trim(strings.TrimPrefix(s, "="), `"'`)
	for _, prefix := range []string{"tel:", "whatsapp:", "sms:", "callto:", "https://wa.me/", "http://wa.me/", "wa.me/"} {
		if len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
			s = strings.TrimPrefix(s[len(prefix):], "//")
		}
	}
	return strings.TrimSpace(s)
}

// plainRune returns the character of ASCII that stands for r in a phone, or -1 if r is invisible.
func plainRune(r rune) rune {
	switch {
	case r < 0x80 && r != '\t':
		return r
	case r >= '\uff10' && r <= '\uff19': // full width
		return r - '\uff10' + '0'
	case r >= '\u0660' && r <= '\u0669': // Arabic
		return r - '\u0660' + '0'
	case r >= '\u06f0' && r <= '\u06f9': // Persian
		return r - '\u06f0' + '0'
	case unicode.Is(unicode.Cf, r):
		return -1
	case r == '\u2028', r == '\u2029', r == '\u0085': // line ends, which can stand between two phones
		return '\n'
	case unicode.IsSpace(r):
		return ' '
	case unicode.Is(unicode.Pd, r), r == '\u2212', r == '\u2043': // any dash, the minus sign, the bullet
		return '-'
	}
	switch r {
	case '\uff0b', '\ufe62':
		return '+'
	case '\uff08':
		return '('
	case '\uff09':
		return ')'
	case '\uff0e', '\u00b7': // full width, middle dot
		return '.'
	case '\u2018', '\u2019', '\u00b4':
		return '\''
	case '\u201c', '\u201d':
		return '"'
	}
	return r
}

// withoutFraction returns s without the fraction that a spreadsheet gave to a whole number: "79001234567.0". A single
// digit after the last dot or comma is a fraction, not a group of digits. So are zeros after a number without other
// separators. With a fraction that is not zero, s is not a phone and ok is false.
func withoutFraction(s string) (whole string, ok bool) {
	i := strings.LastIndexAny(s, ".,")
	if i < 0 {
		return s, true
	}
	whole, fraction := s[:i], s[i+1:]
	bare := len(whole) > 6 && strings.Trim(strings.TrimPrefix(whole, "+"), "0123456789") == ""
	if len(fraction) != 1 && !(bare && len(fraction) > 0 && strings.Trim(fraction, "0") == "") {
		return s, true
	}
	return whole, strings.Trim(fraction, "0") == ""
}
