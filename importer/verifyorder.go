package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"kommo-import/internal/kommo"
)

// A trail is what a pass over a chat remembers from one page to the next. It is stored as JSON:
//
//	{"head":"6059…","repeats":1,"oldest_first":true,"last":[{"msgid":"5f0a…","time":1700000000000,"msec":1700000000001}],
//	 "until":1700000000001,"left":2}
type trail struct {
	Head        string  `json:"head,omitempty"`         // Kommo's id of the message that the last page began with
	Repeats     int     `json:"repeats,omitempty"`      // how many pages in a row began with it, but for the first
	OldestFirst bool    `json:"oldest_first,omitempty"` // the order in which the chat comes
	Last        []place `json:"last,omitempty"`         // the last three messages of the plan, as they came
	// Of a pass that looks for what is missing: the msec_timestamp of the oldest, and how many they are.
	Until int64 `json:"until,omitempty"`
	Left  int   `json:"left,omitempty"`
}

// A place is a message of the plan that was met in a chat.
type place struct {
	MsgID string `json:"msgid"`
	Time  int64  `json:"time"` // when it was written
	Msec  int64  `json:"msec"` // msec_timestamp as it was sent: what Kommo sorts by
}

func readTrail(stored []byte) (t trail, err error) {
	if len(stored) == 0 {
		return t, nil
	}
	if err := json.Unmarshal(stored, &t); err != nil {
		return t, fmt.Errorf("readback.trail in the migration file: %w", err)
	}
	return t, nil
}

// maxRepeats is how many pages in a row may begin with the same message. One does if a whole page of new messages
// arrives between two requests; a server that gives the same page for ever would never come to an end.
const maxRepeats = 3

// repeated returns an error if page is the same once more too often.
func (t *trail) repeated(page []kommo.HistoryMessage) error {
	if len(page) == 0 || page[0].Message.ID != t.Head || t.Repeats < maxRepeats {
		return nil
	}
	return &kommo.UnknownOutcomeError{Status: http.StatusOK, Err: errors.New("the chat's history gives the same page for ever")}
}

// turn notes the beginning of a page. From the first one of a pass it finds out whether the chat comes oldest messages
// first: samples show the other order and nobody promises it. One or two messages in disorder do not decide that.
func (t *trail) turn(page []kommo.HistoryMessage, first bool) {
	if len(page) > 0 {
		if t.Repeats++; t.Head != page[0].Message.ID {
			t.Head, t.Repeats = page[0].Message.ID, 0
		}
	}
	if !first {
		return
	}
	rising := 0
	var before time.Time
	for i := range page {
		at := page[i].Time()
		if !at.IsZero() && !before.IsZero() {
			rising += at.Compare(before)
		}
		before = at
	}
	t.OldestFirst = rising > 1
}

// follow takes up the next message of the plan, and returns those before it that turn out to be out of order.
func (t *trail) follow(p place) []place {
	misplaced := t.judge(&p)
	if t.Last = append(t.Last, p); len(t.Last) > 3 {
		t.Last = t.Last[1:]
	}
	return misplaced
}

// judge returns what is out of order of the last two messages, now that it is known what follows them: nothing, or
// the one without which there is order, or both if each of them would do, as where two neighbours are swapped.
func (t *trail) judge(next *place) []place {
	n := len(t.Last)
	if n < 2 || t.inOrder(&t.Last[n-2], &t.Last[n-1]) {
		return nil
	}
	var before *place
	if n > 2 {
		before = &t.Last[n-3]
	}
	withoutFirst, withoutSecond := t.inOrder(before, &t.Last[n-1]), t.inOrder(&t.Last[n-2], next)
	switch {
	case withoutFirst && !withoutSecond:
		return t.Last[n-2 : n-1]
	case withoutSecond && !withoutFirst:
		return t.Last[n-1:]
	}
	return t.Last[n-2:]
}

// inOrder reports whether a may come right before b; nil is the end of the chat.
func (t *trail) inOrder(a, b *place) bool {
	return a == nil || b == nil || a.Msec == b.Msec || a.Msec < b.Msec == t.OldestFirst
}
