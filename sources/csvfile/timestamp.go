package csvfile

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"kommo-import/sources"
)

var (
	errNotATime   = errors.New("not a time; use unix seconds, RFC 3339 or YYYY-MM-DD HH:MM:SS")
	errNoTimezone = errors.New("has no time zone; name it with --timezone, e.g. --timezone Europe/Madrid")
	errSkipped    = errors.New("this local time does not exist, clocks were put forward")
)

// time parses a timestamp without blanks around it and refuses the times that [sources.CheckTime] refuses.
func (c *converter) time(s string) (time.Time, error) {
	t, err := parseTime(s, c.location)
	if err != nil {
		return t, err
	}
	return t, sources.CheckTime(t, c.now)
}

// parseTime parses s and returns its time in UTC, cut to milliseconds. A time that names no zone is a time of location.
// Where clocks were put back, some local times came twice; parseTime returns the earlier time.
func parseTime(s string, location *time.Location) (time.Time, error) {
	if whole, fraction, _ := strings.Cut(s, "."); areDigits(whole) && strings.Trim(fraction, "0123456789") == "" {
		return parseUnix(whole, fraction)
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
	if location == nil {
		return time.Time{}, errNoTimezone
	}
	t, err := inLocation(clock, location)
	return t.UTC().Truncate(time.Millisecond), err
}

// parseUnix parses unix seconds or, from 100,000,000,000 on (the year 5138), milliseconds. Programs write seconds with a
// fraction, and spreadsheets add one of zeros.
func parseUnix(whole, fraction string) (time.Time, error) {
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, errNotATime
	}
	if n < 100_000_000_000 {
		milliseconds, _ := strconv.Atoi((fraction + "000")[:3])
		n = n*1000 + int64(milliseconds)
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
