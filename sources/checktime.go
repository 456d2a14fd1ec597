package sources

import (
	"fmt"
	"time"
)

// CheckTime returns an error for a time at which no message can have been written: before 2009, when there was no
// WhatsApp yet, or more than a day after now. Messages dated decades ahead do occur in real histories.
func CheckTime(t, now time.Time) error {
	if t.Before(time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC)) {
		return fmt.Errorf("%s UTC is before 2009", t.UTC().Format(time.DateTime))
	}
	if t.After(now.Add(24 * time.Hour)) {
		return fmt.Errorf("%s UTC is in the future", t.UTC().Format(time.DateTime))
	}
	return nil
}
