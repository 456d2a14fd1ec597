package csvfile

import (
	"strings"
	"testing"
	"time"
)

func TestTimeFormats(t *testing.T) {
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ spec, in, want string }{
		{"DD.MM.YYYY HH:MM", "11.04.2023 10:00", "2023-04-11T08:00:00Z"},
		{"dd.mm.yyyy hh:mm", "11.04.2023 10:00:05", "2023-04-11T08:00:05Z"},
		{"DD.MM.YYYY HH:MM", "1.4.2023 9:05", "2023-04-01T07:05:00Z"},
		{"DD.MM.YYYY HH:MM", "11.04.2023, 10:00", "2023-04-11T08:00:00Z"},
		{"DD.MM.YYYY HH:MM", "11.04.2023  10:00:05.25", "2023-04-11T08:00:05.25Z"},
		{"DD.MM.YYYY HH:MM:SS.FFF", "11.04.2023 10:00:05,123456", "2023-04-11T08:00:05.123Z"},
		{"DD/MM/YYYY HH:MM", "04/11/2023 10:00 p. m.", "2023-11-04T21:00:00Z"},
		{"MM/DD/YYYY HH:MM AM", "04/11/2023 12:30 AM", "2023-04-10T22:30:00Z"},
		{"M/D/YY HH:MM", "4/11/23, 12:30\u202fPM", "2023-04-11T10:30:00Z"},
		{"MM/DD/YYYY HH:MM", "04/11/2023 13:30 PM", ""},
		{"MM/DD/YYYY HH:MM", "04/11/2023 00:30 AM", ""},
		{"DD.MM.YYYY HH:MM", "11.04.2023 10:00 UTC", "2023-04-11T10:00:00Z"},
		{"DD.MM.YYYY HH:MM", "11.04.2023 10:00Z", "2023-04-11T10:00:00Z"},
		{"DD.MM.YYYY HH:MM", "11.04.2023 10:00:00 +03:30", "2023-04-11T06:30:00Z"},
		{"DD.MM.YYYY HH:MM", "11.04.2023 10:00 GMT-5", "2023-04-11T15:00:00Z"},
		{"DD.MM.YYYY HH:MM", "11.04.2023 10:00 MSK", ""},
		{"YYYY/MM/DD HH:MM", "2019/8/21 7:00", "2019-08-21T05:00:00Z"},
		{"HH:MM, DD/MM/YYYY", "14:56:01, 18/03/2022", "2022-03-18T13:56:01Z"},
		{"DD.MM.YYYY HH.MM", "18.03.2022 14.56.01", "2022-03-18T13:56:01Z"},
		{"DD MMM YYYY HH:MM", "5 апреля 2023 10:00", "2023-04-05T08:00:00Z"},
		{"MMM DD, YYYY HH:MM", "Sept. 5, 2023 10:00", "2023-09-05T08:00:00Z"},
		{"DD-MMM-YY HH:MM", "05-ene-23 10:00", "2023-01-05T09:00:00Z"},
		{"DD/MM/YYYY", "11/04/2023", "2023-04-10T22:00:00Z"},
		{"YYYYMMDD HH:MM", "20230411 10:00", "2023-04-11T08:00:00Z"},
		{"DD/MM/YYYY HH:MM", "11/04/2023 01:30 م", "2023-04-11T11:30:00Z"},
		{"DD.MM.YYYY HH:MM", "11.04.2023 0.416666666666667", "2023-04-11T08:00:00Z"},
		{"DD.MM.YYYY HH:MM", "11.04.2023 0", "2023-04-10T22:00:00Z"},
		{"DD.MM.YYYY HH.MM", "11.04.2023 0.41", "2023-04-10T22:41:00Z"},
		{"DD.MM.YYYY HH:MM", "11.04.2023 0.5 PM", ""},
		{"DD.MM.YYYY HH:MM", "31.02.2023 10:00", ""},
		{"DD.MM.YYYY HH:MM", "04.13.2023 10:00", ""},
		{"DD.MM.YYYY HH:MM", "11.04.23 10:00", ""},
		{"DD.MM.YYYY HH:MM", "11.04.2023", ""},
		{"DD.MM.YYYY HH:MM", "11.04.2023 10:00 or so", ""},
		{"DD.MM.YYYY HH:MM", "2023-04-11 10:00", "2023-04-11T08:00:00Z"},
		{"YYYY-DD-MM HH:MM", "2023-04-31 10:00", ""},
		{"DD.MM.YYYY HH:MM", "11.04.2023 24:00", ""},
		{"DD.MM.YYYY HH:MM", "31.03.2024 02:30", ""}, // clocks were put forward
		{"DD.MM.YYYY HH:MM", "27.10.2024 02:30", "2024-10-27T00:30:00Z"},
		{"DD.MM.YYYY HH:MM", "1681207200", "2023-04-11T10:00:00Z"},
		{"DD.MM.YYYY HH:MM", "45027.41667", "2023-04-11T08:00:00Z"},
	} {
		format, err := parseTimeFormat(tt.spec)
		if err != nil {
			t.Fatal(err)
		}
		got, err := (&converter{format: format, location: madrid}).parseTime(tt.in)
		want, _ := time.Parse(time.RFC3339, tt.want)
		if (err == nil) != (tt.want != "") || err == nil && !got.Equal(want) {
			t.Errorf("%s as %s = %s, %v, want %s", tt.in, tt.spec, got, err, tt.want)
		}
	}
}

// The size of a number says whether it is a day of a spreadsheet, seconds, milliseconds or microseconds.
func TestNumbersAsTimes(t *testing.T) {
	const want = "2023-04-11T10:00:00Z"
	for _, in := range []string{"45027.416666666664", "45027,41667", "1681207200", "1681207200.0", "1681207200,0", "1681207200000", "1681207200000000"} {
		c := &converter{location: time.UTC, now: time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC), decimalComma: true}
		got, err := c.time(in)
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%s = %s, %v, want %s", in, got, err, want)
		}
	}
}

func TestBadTimeFormats(t *testing.T) {
	for _, spec := range []string{"", "DD.MM", "HH:MM", "DD.MM.YYYY HH:MM DD", "DD.MM.YYY", "yesterday", "MM.YYYY", "MM.DD.MM.YYYY"} {
		if _, err := parseTimeFormat(spec); err == nil || !strings.Contains(err.Error(), `such as "DD.MM.YYYY HH:MM"`) {
			t.Errorf("%q: got %v", spec, err)
		}
	}
}

// FuzzTimeFormat reads any value in any format: it is refused, or it is a time that the same format shows again.
func FuzzTimeFormat(f *testing.F) {
	for _, spec := range []string{"DD.MM.YYYY HH:MM", "MMM D, YY", "HH.MM T YYYYMMDD"} {
		f.Add(spec, "11.04.2023, 10:00:05.2 p. m. UTC-3")
		f.Add(spec, "апр 5, 23")
	}
	f.Fuzz(func(t *testing.T, spec, value string) {
		format, err := parseTimeFormat(spec)
		if err != nil {
			return
		}
		clock, ok := format.parse(value)
		if !ok {
			return
		}
		if year := clock.Year(); year < -1 || year > 10_000 {
			t.Fatalf("%q as %q is %s", value, spec, clock)
		}
	})
}
