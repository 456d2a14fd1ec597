package sources

import (
	"fmt"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// ParsePhone returns s in E.164 ("+79001234567") and reports whether s is a valid number. The number may begin with a
// plus, with 00, or with the digits of its country code. It may also be a WhatsApp id that holds a phone, see
// [PhoneOfID]. Traces of spreadsheets and of links do not matter, see phoneDigits.
//
// The country is the ISO 3166 code of the country in which a number without country code was written; "" if it is
// not known. Without a country, eleven bare digits that begin with 8 are refused: most are Russian numbers as dialled within
// Russia, and some of those would pass for Vietnamese numbers.
//
// A call takes several microseconds, so callers that parse the same number again and again should remember the result.
func ParsePhone(s, country string) (e164 string, ok bool) {
	if strings.Contains(s, "@") {
		phone := PhoneOfID(cleanPhone(s))
		return phone, phone != ""
	}
	number, _ := findNumber(s, country)
	if number == nil {
		return "", false
	}
	return dialled(number), true
}

// findNumber returns the valid number that s is, as it is written. If s is no valid number, it returns nil, and the digits of s if a plus
// or 00 marks them as a number with its country code.
func findNumber(s, country string) (number *phonenumbers.PhoneNumber, marked string) {
	digits, plus, ok := phoneDigits(s)
	if !ok {
		return nil, ""
	}
	if !plus && country != "" {
		if number := localNumber(digits, strings.ToUpper(country)); number != nil {
			return number, ""
		}
	}
	rest, ok := internationalDigits(digits, plus)
	if !ok {
		return nil, ""
	}
	if number = parseValid("+"+rest, ""); number == nil && (plus || len(rest) < len(digits)) {
		marked = rest
	}
	return number, marked
}

// LooksInternational reports whether s has the form of a phone with its country code: digits after a plus or 00, or at
// least eleven bare digits. Such a number need not exist. A call takes much less time than [ParsePhone].
func LooksInternational(s string) bool {
	digits, plus, ok := phoneDigits(s)
	if !ok {
		return false
	}
	marked := plus || strings.HasPrefix(digits, "00")
	digits, ok = internationalDigits(digits, plus)
	return ok && plausible(digits) && (marked || len(digits) >= 11)
}

// CheckCountry returns an error unless s is the ISO 3166 code of a country with phones, such as ES or ru.
func CheckCountry(s string) error {
	if len(s) == 2 && phonenumbers.GetSupportedRegions()[strings.ToUpper(s)] {
		return nil
	}
	hint := "use the two letters of ISO 3166, such as ES, BR or RU"
	if strings.EqualFold(s, "UK") {
		hint = "the United Kingdom is GB"
	}
	return fmt.Errorf("%q is not the code of a country: %s", s, hint)
}

// internationalDigits returns digits without a leading 00. It refuses bare digits that look like a Russian number as
// dialled within Russia.
func internationalDigits(digits string, plus bool) (rest string, ok bool) {
	if plus {
		return digits, true
	}
	if rest, found := strings.CutPrefix(digits, "00"); found {
		return rest, true
	}
	return digits, len(digits) != 11 || digits[0] != '8'
}

// localNumber returns the valid number that digits without a plus are in the country, or nil. Where they begin with the
// country's own code, that reading comes first: 491711234567 in Germany is a mobile phone, not one of the town Leer.
func localNumber(digits, country string) *phonenumbers.PhoneNumber {
	code := phonenumbers.GetCountryCodeForRegion(country)
	if code != 0 && strings.HasPrefix(digits, fmt.Sprint(code)) {
		if number := parseValid("+"+digits, ""); number != nil {
			return number
		}
	}
	return parseValid(digits, country)
}

// parseValid returns the number that s is in the country, nil if it is not valid, neither as written nor as dialled today.
func parseValid(s, country string) *phonenumbers.PhoneNumber {
	number, err := phonenumbers.Parse(s, country)
	if err != nil || dialledToday(number) == nil && !phonenumbers.IsValidNumber(number) {
		return nil
	}
	return number
}

// dialled returns a number in E.164, in the form that is dialled today.
func dialled(number *phonenumbers.PhoneNumber) string {
	if today := dialledToday(number); today != nil {
		number = today
	}
	return phonenumbers.Format(number, phonenumbers.E164)
}

// KindOfConversation returns Group for the id of a WhatsApp group ("…@g.us") and Person for any other id.
func KindOfConversation(id string) ConversationKind {
	if strings.HasSuffix(id, "@g.us") {
		return Group
	}
	return Person
}
