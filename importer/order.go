package importer

import (
	"time"

	"kommo-import/internal/kommo"
)

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

// showsOldestFirst reports whether a page comes oldest messages first: samples show the other order, and no document
// promises it. A message or two in disorder do not decide that.
func showsOldestFirst(page []kommo.HistoryMessage) bool {
	rising := 0
	var before time.Time
	for i := range page {
		at := page[i].Time()
		if !at.IsZero() && !before.IsZero() {
			rising += at.Compare(before)
		}
		before = at
	}
	return rising > 1
}
