package importer

import (
	"context"
	"fmt"
	"time"

	"kommo-import/internal/web"
)

// A Window is the part of each day in which messages are sent, by the clock and the time zone of this computer. The zero
// value is the whole day.
type Window struct {
	From, To time.Duration // since midnight; with From behind To the window holds midnight
}

// ParseWindow reads a window such as 20:00-08:00.
func ParseWindow(text string) (Window, error) {
	var fromHour, fromMinute, toHour, toMinute int
	var rest string
	n, _ := fmt.Sscanf(text+" ", "%2d:%2d-%2d:%2d%s", &fromHour, &fromMinute, &toHour, &toMinute, &rest)
	w := Window{clock(fromHour, fromMinute), clock(toHour, toMinute)}
	if n != 4 || fromHour > 23 || toHour > 24 || max(fromMinute, toMinute) > 59 || w.To > 24*time.Hour || min(fromHour, fromMinute, toHour, toMinute) < 0 || w.From == w.To {
		return Window{}, fmt.Errorf("want two different times of a day, such as 20:00-08:00")
	}
	return w, nil
}

func clock(hour, minute int) time.Duration {
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
}

// opens returns when the window opens next, or now if it is open.
func (w Window) opens(now time.Time) time.Time {
	at := func(days int, sinceMidnight time.Duration) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()+days, 0, int(sinceMidnight/time.Minute), 0, 0, now.Location())
	}
	from, to := at(0, w.From), at(0, w.To)
	before, behind := now.Before(from), !now.Before(to)
	switch {
	case w.From == w.To, w.From < w.To && !before && !behind, w.From > w.To && (!before || !behind):
		return now
	case before:
		return from
	}
	return at(1, w.From)
}

// awaitWindow returns when a message may be posted. It looks at the clock once a minute, because the clock goes on while the
// computer sleeps.
func (r *run) awaitWindow(ctx context.Context) error {
	for {
		now := time.Now().Round(0) // without the monotonic clock, which stops meanwhile
		opens := r.window.opens(now)
		if !opens.After(now) {
			return nil
		}
		r.mu.Lock()
		isNew := !r.opens.Equal(opens)
		r.opens = opens
		r.mu.Unlock()
		if isNew {
			r.requests.log.Warn("outside --window; sending goes on by itself", "at", opens.Format("2006-01-02 15:04 MST"))
		}
		r.progress.rest(opens)
		if err := web.Sleep(ctx, min(opens.Sub(now), time.Minute)); err != nil {
			return err
		}
	}
}
