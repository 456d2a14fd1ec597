package sources

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// ParsePhone returns s in E.164 ("+79001234567") and reports whether s is a valid international number. The number may
// begin with a plus, with 00, or with the digits of its country code. Spaces, dots, dashes and parentheses do not
// matter. Eleven bare digits that begin with 8 are refused: most are Russian numbers as dialled within Russia, and some
// of those would pass for Vietnamese numbers.
//
// A call takes several microseconds, so callers that parse the same number again and again should remember the result.
func ParsePhone(s, country string) (e164 string, ok bool) {
	digits, plus, ok := phoneDigits(s)
	if !ok {
		return "", false
	}
	if !plus {
		if rest, found := strings.CutPrefix(digits, "00"); found {
			digits = rest
		} else if len(digits) == 11 && digits[0] == '8' {
			return "", false
		}
	}
	number, err := phonenumbers.Parse("+"+digits, "")
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return "", false
	}
	return phonenumbers.Format(number, phonenumbers.E164), true
}

// phoneDigits returns the digits of s without a leading plus and without the usual separators. With any other character,
// s is not a phone and ok is false.
func phoneDigits(s string) (digits string, plus, ok bool) {
	s, plus = strings.CutPrefix(strings.TrimSpace(s), "+")
	if len(s) > 40 {
		return "", false, false
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case strings.ContainsRune(" -.()\u00a0", r):
		default:
			return "", false, false
		}
	}
	return b.String(), plus, b.Len() > 0
}

// PhoneOfID returns the phone in E.164 that a WhatsApp id such as "79001234567@c.us" contains. It returns "" for any
// other id: the digits of @lid, @g.us, @newsletter and @broadcast ids are not phones.
func PhoneOfID(id string) string {
	digits, found := strings.CutSuffix(id, "@c.us")
	if !found {
		digits, found = strings.CutSuffix(id, "@s.whatsapp.net")
	}
	if !found || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	phone, _ := ParsePhone("+"+digits, "")
	return phone
}

// KindOfConversation returns Group for the id of a WhatsApp group ("…@g.us") and Person for any other id.
func KindOfConversation(id string) ConversationKind {
	if strings.HasSuffix(id, "@g.us") {
		return Group
	}
	return Person
}
