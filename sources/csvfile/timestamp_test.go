package csvfile

import (
	"errors"
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		in   string
		want string
		err  error
	}{
		{"1714557600", "2024-05-01T10:00:00Z", nil},
		{"1714557600123", "2024-05-01T10:00:00.123Z", nil},
		{"1714557600.0", "2024-05-01T10:00:00Z", nil},
		{"1714557600.12", "2024-05-01T10:00:00.12Z", nil},
		{"1714557600.1234567", "2024-05-01T10:00:00.123Z", nil},
		{"1714557600123.0", "2024-05-01T10:00:00.123Z", nil},
		{"1714557600.x", "", errNotATime},
		{"1.714.557.600", "", errNotATime},
		{".5", "", errNotATime},
		{"010", "1970-01-01T00:00:10Z", nil},
		{"99999999999", "5138-11-16T09:46:39Z", nil},
		{"100000000000", "1973-03-03T09:46:40Z", nil},
		{"99999999999999999999", "", errNotATime},
		{"-1714557600", "", errNotATime},
		{"1.7E+09", "", errNotATime},
		{"2024-05-01T10:00:00Z", "2024-05-01T10:00:00Z", nil},
		{"2024-05-01t10:00:00z", "2024-05-01T10:00:00Z", nil},
		{"2024-05-01 10:00:00Z", "2024-05-01T10:00:00Z", nil},
		{"2024-05-01T10:00:00.123456Z", "2024-05-01T10:00:00.123Z", nil},
		{"2024-05-01T13:00:00+03:00", "2024-05-01T10:00:00Z", nil},
		{"2024-05-01T13:00:00+0300", "2024-05-01T10:00:00Z", nil},
		{"2024-05-01 13:00:00+03", "2024-05-01T10:00:00Z", nil},
		{"2024-05-01T05:00:00-05:00", "2024-05-01T10:00:00Z", nil},
		{"2024-05-01T10:00Z", "2024-05-01T10:00:00Z", nil},
		{"2024-05-01 12:00", "2024-05-01T10:00:00Z", nil},
		{"2024-05-01 12:00:05", "2024-05-01T10:00:05Z", nil},
		{"2024-05-01T12:00:05.5", "2024-05-01T10:00:05.5Z", nil},
		{"2024-01-01 12:00", "2024-01-01T11:00:00Z", nil},
		{"2024-03-31 01:59:59", "2024-03-31T00:59:59Z", nil},
		{"2024-03-31 02:00", "", errSkipped},
		{"2024-03-31 02:59:59", "", errSkipped},
		{"2024-03-31 03:00", "2024-03-31T01:00:00Z", nil},
		{"2024-10-27 01:59:59", "2024-10-26T23:59:59Z", nil},
		{"2024-10-27 02:00", "2024-10-27T00:00:00Z", nil}, // twice, the first
		{"2024-10-27 02:59:59", "2024-10-27T00:59:59Z", nil},
		{"2024-10-27 03:00", "2024-10-27T02:00:00Z", nil},
		{"2024-02-30 10:00", "", errNotATime},
		{"2024-05-01", "", errNotATime},
		{"01.05.2024 10:00:00", "", errNotATime},
		{"05/01/2024 10:00:00", "", errNotATime},
		{"2024-05-01T25:00:00Z", "", errNotATime},
		{"yesterday", "", errNotATime},
		{"позавчера в 10:00", "", errNotATime},
		{"", "", errNotATime},
	} {
		got, err := parseTime(tt.in, madrid)
		want, _ := time.Parse(time.RFC3339, tt.want)
		if !errors.Is(err, tt.err) || err == nil && !got.Equal(want) {
			t.Errorf("parseTime(%q) = %s, %v, want %s, %v", tt.in, got, err, tt.want, tt.err)
		}
		if err == nil && got.Location() != time.UTC {
			t.Errorf("parseTime(%q) is in %s, want UTC", tt.in, got.Location())
		}
	}
}

func TestParseTimeWithoutLocation(t *testing.T) {
	if _, err := parseTime("2024-05-01 12:00", nil); !errors.Is(err, errNoTimezone) {
		t.Errorf("local time: got %v, want %v", err, errNoTimezone)
	}
	if _, err := parseTime("2024-05-01 12:00Z", nil); err != nil {
		t.Errorf("time with a zone: got %v", err)
	}
	if _, err := parseTime("2024-05-99 12:00", nil); !errors.Is(err, errNotATime) {
		t.Errorf("no time at all: got %v, want %v", err, errNotATime)
	}
}

// Samoa had no 30 December 2011, and Lord Howe Island moves its clocks by half an hour.
func TestParseTimeInOddZones(t *testing.T) {
	for _, tt := range []struct{ zone, in, want string }{
		{"Pacific/Apia", "2011-12-30 12:00", ""},
		{"Pacific/Apia", "2011-12-31 00:00", "2011-12-30T10:00:00Z"},
		{"Australia/Lord_Howe", "2024-04-07 01:45", "2024-04-06T14:45:00Z"},
		{"Australia/Lord_Howe", "2024-10-06 02:15", ""},
		{"UTC", "2024-10-06 02:15", "2024-10-06T02:15:00Z"},
	} {
		location, err := time.LoadLocation(tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if parsed, err := parseTime(tt.in, location); err == nil {
			got = parsed.Format(time.RFC3339)
		}
		if got != tt.want {
			t.Errorf("%s in %s: got %q, want %q", tt.in, tt.zone, got, tt.want)
		}
	}
}
