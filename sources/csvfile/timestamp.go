package csvfile

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"kommo-import/sources"
)

var (
	errNotATime   = errors.New(`not a time such as 2024-01-31 08:00; name its form with --time-format, such as --time-format "DD.MM.YYYY HH:MM"`)
	errNoTimezone = errors.New("has no time zone; name it with --timezone, e.g. --timezone Europe/Madrid")
	errSkipped    = errors.New("this local time does not exist, clocks were put forward")
)

// time parses a timestamp without blanks around it and refuses the times that [sources.CheckTime] refuses.
func (c *converter) time(s string) (time.Time, error) {
	if c.decimalComma && strings.Count(s, ",") == 1 && areDigits(strings.Replace(s, ",", "", 1)) {
		s = strings.Replace(s, ",", ".", 1)
	}
	t, err := c.parseTime(s)
	if err != nil {
		return t, err
	}
	return t, sources.CheckTime(t, c.now)
}

// parseTime parses s in the format of the table. Numbers and times such as 2023-04-11 10:00 need no format, because their
// order is known. In a workbook, some cells of a column are dates, others texts. Only a format with the year in front could
// mean another order.
func (c *converter) parseTime(s string) (time.Time, error) {
	if c.format == nil {
		return parseTime(s, c.location)
	}
	if clock, ok := c.format.parse(s); ok {
		return clock.in(c.location)
	}
	if yearFirst := strings.ContainsRune("Yy", rune(c.format.fields[0].kind)); !yearFirst || isNumber(s) {
		if t, err := parseTime(s, c.location); !errors.Is(err, errNotATime) {
			return t, err
		}
	}
	return time.Time{}, fmt.Errorf("not a time of the form %q; --time-format names another one", c.format.spec)
}

// in returns the time in UTC, cut to milliseconds. Where clocks were put back, some local times came twice; in returns the
// earlier time.
func (c clockTime) in(location *time.Location) (time.Time, error) {
	t, err := c.Time, error(nil)
	if !c.zoned {
		if location == nil {
			return time.Time{}, errNoTimezone
		}
		t, err = inLocation(c.Time, location)
	}
	return t.UTC().Truncate(time.Millisecond), err
}

// parseTime parses s and returns its time in UTC, cut to milliseconds. A time that names no zone is a time of location.
func parseTime(s string, location *time.Location) (time.Time, error) {
	if isNumber(s) {
		return parseNumber(s, location)
	}
	if len(s) < len("2006-01-02T15:04") {
		return time.Time{}, errNotATime
	}
	s = s[:10] + strings.Replace(s[10:], " ", "T", 1)
	s = strings.ToUpper(s)
	if strings.ContainsAny(s[10:], "Z+-") {
		// The offset of RFC 3339, of ISO 8601's basic form, and of PostgreSQL.
		t, err := parseAny(s, time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07")
		return t.UTC().Truncate(time.Millisecond), err
	}
	clock, err := parseAny(s, "2006-01-02T15:04:05", "2006-01-02T15:04")
	if err != nil {
		return clock, err
	}
	return clockTime{clock, false}.in(location)
}

// isNumber reports whether s is a number, perhaps with a fraction.
func isNumber(s string) bool {
	whole, fraction, _ := strings.Cut(s, ".")
	return areDigits(whole) && strings.Trim(fraction, "0123456789") == ""
}

// parseNumber parses a time that is a number. Since 2009 the days of spreadsheets, seconds, milliseconds and microseconds
// have other sizes, so that a number says itself which of them it is:
//
//	45027.41667        a day since 1899-12-30 and its part: local time, as Excel keeps it
//	1681207200         unix seconds; programs write them with a fraction too
//	1681207200000      milliseconds, from 100,000,000,000 on
//	1681207200000000   microseconds, from 100,000,000,000,000 on
func parseNumber(s string, location *time.Location) (time.Time, error) {
	whole, fraction, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, errNotATime
	}
	switch {
	case n >= 30_000 && n < 100_000: // 1982 to 2173; as seconds, the second day of 1970
		days, _ := strconv.ParseFloat(s, 64)
		seconds := math.Round(days * 24 * 60 * 60)
		return clockTime{time.Date(1899, 12, 30, 0, 0, int(seconds), 0, time.UTC), false}.in(location)
	case n < 100_000_000_000:
		milliseconds, _ := strconv.Atoi((fraction + "000")[:3])
		n = n*1000 + int64(milliseconds)
	case n >= 100_000_000_000_000:
		n /= 1000
	}
	return time.UnixMilli(n).UTC(), nil
}

func parseAny(s string, layouts ...string) (time.Time, error) {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errNotATime
}

// inLocation returns the first time at which clocks in location showed the date and time of clock.
func inLocation(clock time.Time, location *time.Location) (time.Time, error) {
	shows := func(t time.Time) bool {
		_, offset := t.Zone()
		return t.Unix()+int64(offset) == clock.Unix()
	}
	year, month, day := clock.Date()
	t := time.Date(year, month, day, clock.Hour(), clock.Minute(), clock.Second(), clock.Nanosecond(), location)
	if !shows(t) {
		return time.Time{}, errSkipped
	}
	start, _ := t.ZoneBounds()
	if start.IsZero() {
		return t, nil
	}
	_, offset := start.Add(-time.Second).Zone()
	earlier := clock.Add(-time.Duration(offset) * time.Second).In(location)
	if earlier.Before(start) && shows(earlier) {
		return earlier, nil
	}
	return t, nil
}
