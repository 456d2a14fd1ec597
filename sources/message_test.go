package sources

import (
	"testing"
	"time"
)

func TestCheckTime(t *testing.T) {
	now := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		time time.Time
		want string
	}{
		{now, ""},
		{time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC), ""},
		{now.Add(24 * time.Hour), ""},
		{time.Date(2008, 12, 31, 23, 59, 59, 0, time.UTC), "2008-12-31 23:59:59 UTC is before 2009"},
		{time.Date(2055, 1, 1, 0, 0, 0, 0, time.UTC), "2055-01-01 00:00:00 UTC is in the future"},
		{now.Add(24*time.Hour + time.Millisecond), "2025-06-02 12:00:00 UTC is in the future"},
		{time.Time{}, "0001-01-01 00:00:00 UTC is before 2009"},
	} {
		got := ""
		if err := CheckTime(tt.time, now); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("CheckTime(%s) = %q, want %q", tt.time, got, tt.want)
		}
	}
}
