package importer

import "time"

// timeMargin is how far a time in history may be from the time that was sent. A documented sample differs by one
// second; another second allows for rounding.
const timeMargin = 2 * time.Second

// newestFirst finds out whether a history comes newest messages first, as samples show and no document promises. A
// history in any other order has to be read to its end.
type newestFirst struct {
	first, last time.Time
	broken      bool
}

func (o *newestFirst) add(t time.Time) {
	if o.first.IsZero() {
		o.first, o.last = t, t
	}
	o.broken = o.broken || t.IsZero() || t.After(o.last) // no time is not an old time
	o.last = t
}

// past reports whether the messages that follow can only be older than t.
func (o *newestFirst) past(t time.Time) bool {
	return !o.broken && o.last.Before(t) && o.first.After(o.last)
}
