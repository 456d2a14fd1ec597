package csvfile

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A timeFormat is the form in which a table writes times, such as DD.MM.YYYY HH:MM.
type timeFormat struct {
	spec   string
	fields []timeField
}

// A timeField is a part of a format: 'Y' a year of four digits, 'y' of two, 'M' a month, 'N' its name, 'D' a day, 'T' the
// time of day; ' ' white space, perhaps behind a comma, or a T; 0 the literal text.
type timeField struct {
	kind byte
	text string // of 'T': what separates hours and minutes
}

// CheckTimeFormat returns an error if spec is no format of times.
func CheckTimeFormat(spec string) error {
	_, err := parseTimeFormat(spec)
	return err
}

// parseTimeFormat reads a format in which YYYY or YY, MM or MMM, DD, and HH:MM stand for parts of the time, and other
// characters for themselves. Seconds, AM/PM and a zone need not be named: values may have them. Case does not matter.
func parseTimeFormat(spec string) (*timeFormat, error) {
	f := &timeFormat{spec: spec}
	rest, seen := strings.ToUpper(strings.TrimSpace(spec)), ""
	clock := regexp.MustCompile(`^H{1,2}([:.])MM([:.]S{1,2})?([.,]F+)?( ?(AM|PM|TT|A)(/PM)?)?`)
	for rest != "" {
		field, width := nextField(rest)
		if match := clock.FindStringSubmatch(rest); match != nil {
			field, width = timeField{'T', match[1]}, len(match[0])
		}
		if field.kind != 0 && field.kind != ' ' {
			seen += string(rune(field.kind))
		}
		f.fields = append(f.fields, field)
		rest = rest[width:]
	}
	switch order := strings.NewReplacer("y", "Y", "N", "M", "T", "").Replace(seen); order {
	case "DMY", "MDY", "YMD", "YDM":
	default:
		return nil, fmt.Errorf(`%q: want a year, month and day once each, such as "DD.MM.YYYY HH:MM" or "MM/DD/YY HH:MM"`, spec)
	}
	return f, nil
}

// nextField returns the first field of a format in capitals, and the number of its bytes.
func nextField(rest string) (timeField, int) {
	r, size := utf8.DecodeRuneInString(rest)
	width := len(rest) - len(strings.TrimLeft(rest, string(r)))
	switch {
	case r == 'Y' && width == 4, r == 'D' && width <= 2, r == 'M' && width <= 2:
		return timeField{kind: byte(r)}, width
	case r == 'Y' && width == 2:
		return timeField{kind: 'y'}, width
	case r == 'M' && width <= 4:
		return timeField{kind: 'N'}, width
	case unicode.IsSpace(r), r == 'T':
		return timeField{kind: ' '}, size
	case strings.ContainsRune("YMDHS", r):
		return timeField{kind: '?'}, width // belongs to no format
	}
	return timeField{text: rest[:size]}, size
}

// A clockTime is a time as a table shows it, of a zone if it names one.
type clockTime struct {
	time.Time
	zoned bool
}

// parse reads a value of the format.
func (f *timeFormat) parse(s string) (c clockTime, ok bool) {
	p := &timeParser{rest: s, ok: true}
	var year, month, day int
	var ofDay time.Duration
	for _, field := range f.fields {
		switch field.kind {
		case 'Y':
			year = p.number(4, 4)
		case 'y':
			year = 2000 + p.number(2, 2)
		case 'M':
			month = p.number(1, 2)
		case 'N':
			month = p.month()
		case 'D':
			day = p.number(1, 2)
		case 'T':
			ofDay = p.timeOfDay(field.text)
		case ' ':
			p.space()
		default:
			p.skip(field.text)
		}
	}
	offset, zoned := p.zone()
	date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if !p.ok || p.rest != "" || date.Day() != day || int(date.Month()) != month {
		return c, false
	}
	return clockTime{date.Add(ofDay - offset), zoned}, true
}
