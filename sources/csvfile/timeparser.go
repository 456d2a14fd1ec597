package csvfile

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A timeParser takes the parts of a time off the beginning of a text. After a part that is not there, ok is false.
type timeParser struct {
	rest string
	ok   bool
}

// number takes a number of that many digits.
func (p *timeParser) number(least, most int) int {
	end := 0
	for end < most && end < len(p.rest) && p.rest[end] >= '0' && p.rest[end] <= '9' {
		end++
	}
	n, _ := strconv.Atoi(p.rest[:end]) // 0 without digits
	p.ok = p.ok && end >= least
	p.rest = p.rest[end:]
	return n
}

// skip takes a text.
func (p *timeParser) skip(text string) {
	p.ok = p.ok && p.has(text)
}

// has takes a text, in any case, and reports whether it is there.
func (p *timeParser) has(text string) bool {
	if len(p.rest) < len(text) || !strings.EqualFold(p.rest[:len(text)], text) {
		return false
	}
	p.rest = p.rest[len(text):]
	return true
}

// space takes white space, perhaps behind a comma, or a T.
func (p *timeParser) space() {
	before := len(p.rest)
	_ = p.has(",") || p.has("T")
	p.blanks()
	p.ok = p.ok && len(p.rest) < before
}

// blanks takes any white space, also that which does not break lines.
func (p *timeParser) blanks() { p.rest = strings.TrimLeftFunc(p.rest, unicode.IsSpace) }

// month takes the name of a month, or its beginning, in English, Russian, Spanish or Portuguese.
func (p *timeParser) month() int {
	end := strings.IndexFunc(p.rest+" ", func(r rune) bool { return !unicode.IsLetter(r) })
	word := strings.ToLower(p.rest[:end])
	p.rest = strings.TrimPrefix(p.rest[end:], ".")
	for i, beginnings := range []string{"jan янв ene", "feb фев fev", "mar мар", "apr апр abr", "may май мая mai", "jun июн", "jul июл",
		"aug авг ago", "sep сен set", "oct окт out", "nov ноя", "dec дек dic dez"} {
		for beginning := range strings.FieldsSeq(beginnings) {
			if strings.HasPrefix(word, beginning) {
				return i + 1
			}
		}
	}
	p.ok = false
	return 1
}

// dayPart matches a time of day as a spreadsheet keeps it: a part of a day.
var dayPart = regexp.MustCompile(`^0(\.[0-9]+)?$`)

// timeOfDay takes hours and minutes and what may follow them: seconds, a fraction, AM or PM. It also takes a part of a day.
func (p *timeParser) timeOfDay(separator string) time.Duration {
	if separator == ":" && dayPart.MatchString(p.rest) {
		days, _ := strconv.ParseFloat(p.rest, 64)
		p.rest = ""
		return time.Duration(math.Round(days*24*60*60)) * time.Second
	}
	hour := p.number(1, 2)
	p.skip(separator)
	minute, second, fraction := p.number(2, 2), 0, time.Duration(0)
	if p.has(separator) || p.has(":") {
		second = p.number(2, 2)
		fraction = p.fraction()
	}
	hour = p.half(hour)
	p.ok = p.ok && hour < 24 && minute < 60 && second < 60
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + fraction
}

// fraction takes a fraction of a second, if there is one.
func (p *timeParser) fraction() time.Duration {
	if len(p.rest) < 2 || p.rest[0] != '.' && p.rest[0] != ',' || p.rest[1] < '0' || p.rest[1] > '9' {
		return 0
	}
	p.rest = p.rest[1:]
	digits := len(p.rest) - len(strings.TrimLeft(p.rest, "0123456789"))
	n, _ := strconv.Atoi((p.rest[:digits] + "000")[:3])
	p.rest = p.rest[digits:]
	return time.Duration(n) * time.Millisecond
}

// half takes AM or PM, if it is there, and returns the hour of the day: 12 AM is 0.
func (p *timeParser) half(hour int) int {
	before := p.rest
	p.blanks()
	for i, names := range [][]string{{"a. m.", "a.\u00a0m.", "a.m.", "am", "ص"}, {"p. m.", "p.\u00a0m.", "p.m.", "pm", "م"}} {
		for _, name := range names {
			if p.has(name) {
				p.ok = p.ok && hour >= 1 && hour <= 12
				return hour%12 + 12*i
			}
		}
	}
	p.rest = before
	return hour
}

// zone takes a zone at the end, if there is one: Z, UTC, GMT, +03, +03:00, UTC+3.
func (p *timeParser) zone() (offset time.Duration, found bool) {
	p.blanks()
	named := p.has("UTC") || p.has("GMT") || p.has("Z")
	r, size := utf8.DecodeRuneInString(p.rest)
	if !strings.ContainsRune("+-−", r) || p.rest == "" {
		return 0, named
	}
	p.rest = p.rest[size:]
	hours := p.number(1, 2)
	_ = p.has(":")
	minutes := 0
	if p.rest != "" {
		minutes = p.number(2, 2)
	}
	p.ok = p.ok && hours <= 14 && minutes < 60
	offset = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if r != '+' {
		offset = -offset
	}
	return offset, true
}
