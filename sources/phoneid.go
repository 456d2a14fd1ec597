package sources

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// PhoneOfID returns the phone in E.164 that a WhatsApp id such as "79001234567@c.us" contains. It returns "" for any
// other id: the digits of @lid, @g.us, @newsletter, @broadcast and @bot ids are not phones.
//
// WhatsApp has accepted the number of such an id, so the phone need not be one that the rules of its country allow now.
// WhatsApp keeps the number with which a client once registered. PhoneOfID returns the form that is dialled today where
// it knows the change, and else the digits as they are.
func PhoneOfID(id string) string {
	if !HoldsPhone(id) {
		return ""
	}
	digits := userOfID(id)
	if number := parseValid("+"+digits, ""); number != nil {
		return dialled(number)
	}
	return "+" + digits
}

// IDOfPhone returns the id of the WhatsApp chat with the phone s ("79001234567@c.us"), and reports whether s is a phone. s and
// country are as for [ParsePhone]. The digits stay as they are written, also where another form is dialled today, because
// WhatsApp keeps the number with which a client once registered. For the same reason, a number behind a plus or 00 need only
// be possible.
func IDOfPhone(s, country string) (id string, ok bool) {
	if strings.Contains(s, "@") {
		user := userOfID(cleanPhone(s))
		return user + "@c.us", HoldsPhone(user + "@c.us")
	}
	number, marked := findNumber(s, country)
	if marked != "" {
		number = parsePossible("+" + marked)
	}
	if number == nil {
		return "", false
	}
	return strings.TrimPrefix(phonenumbers.Format(number, phonenumbers.E164), "+") + "@c.us", true
}

// parsePossible returns the number that s is, nil if no number of its country has so many digits.
func parsePossible(s string) *phonenumbers.PhoneNumber {
	number, err := phonenumbers.Parse(s, "")
	if err != nil || !phonenumbers.IsPossibleNumber(number) {
		return nil
	}
	return number
}

// HoldsPhone reports whether [PhoneOfID] returns a phone for id. It takes much less time.
func HoldsPhone(id string) bool {
	user := userOfID(id)
	return plausible(user) && strings.Trim(user, "0123456789") == ""
}

// userOfID returns the part of a person's id before the @, without the number of a device ("79001234567:12"). It
// returns "" for the ids of others.
func userOfID(id string) string {
	user, found := strings.CutSuffix(id, "@c.us")
	if !found {
		user, found = strings.CutSuffix(id, "@s.whatsapp.net")
	}
	if !found {
		return ""
	}
	user, device, _ := strings.Cut(user, ":")
	if strings.Trim(device, "0123456789") != "" {
		return ""
	}
	return user
}

// plausible reports whether digits can be a phone with its country code.
func plausible(digits string) bool {
	return len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0'
}

var (
	// A Brazilian mobile phone as it was until 2016: the area code and eight digits.
	brazilOld = regexp.MustCompile(`^([1-9]{2})([6-9][0-9]{7})$`)
	// A Mexican mobile phone as it was dialled until 2019: 1 from abroad, 044, 045 or 01 within Mexico.
	mexicoOld = regexp.MustCompile(`^(?:0?1|04[45])([2-9][0-9]{9})$`)
)

// dialledToday returns the number that replaced number when its country changed its numbers. It returns nil if it does
// not know of a change, or if the result would not be valid.
func dialledToday(number *phonenumbers.PhoneNumber) *phonenumbers.PhoneNumber {
	national := phonenumbers.GetNationalSignificantNumber(number)
	changed := national
	switch number.GetCountryCode() {
	case 52:
		changed = mexicoOld.ReplaceAllString(national, "$1")
	case 55:
		changed = brazilOld.ReplaceAllString(national, "${1}9$2")
	}
	if changed == national {
		return nil
	}
	today, err := phonenumbers.Parse("+"+strconv.Itoa(int(number.GetCountryCode()))+changed, "")
	if err != nil || !phonenumbers.IsValidNumber(today) {
		return nil
	}
	return today
}
