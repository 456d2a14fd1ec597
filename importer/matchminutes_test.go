package importer

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// minuteLines are someLines, with further equal messages in one minute.
func minuteLines() []line {
	return append(someLines(), line{conversation: "bob", second: 15, direction: "in", text: "ok #b1", id: "b4"},
		line{conversation: "bob", second: 60, direction: "in", text: "ok #b1", id: "b5"},
		line{conversation: "cat", second: 39, direction: "out", text: "here #c2", id: "c2"},
		line{conversation: "cat", second: 40, direction: "out", text: "here #c2", id: "c3"})
}

func minutePairs() [][2]string {
	return [][2]string{{"account", "minutes"}, {"minutes", "account"}, {"with ids", "minutes"}, {"minutes", "with ids"}, {"minutes", "without ids"}}
}

// With minutes matched, a source without seconds beside a source with seconds brings nothing twice and loses nothing, whatever
// was sent in between.
func TestMatchMinutes(t *testing.T) {
	t.Parallel()
	less := func(text string) []line { return withoutLines(text)(minuteLines()) }
	for i, pair := range minutePairs() {
		for j, tt := range []struct {
			name          string
			first, second []line
		}{
			{"the same", minuteLines(), minuteLines()},
			{"the first holds more", minuteLines(), less("#a")},
			{"the second holds more", less("#c"), minuteLines()},
		} {
			for _, stage := range someStages(i + j) {
				inBubble(t, fmt.Sprint(pair, ", ", tt.name, ", ", stage.name), func(t *testing.T) {
					w := newWorld(t)
					w.matchMinutes = true
					for i, lines := range [][]line{tt.first, tt.second, tt.first, tt.second} {
						if err := w.loadLines(pair[i%2], lines); err != nil {
							t.Fatal(err)
						}
						if i == 0 {
							stage.bring(w)
						}
					}
					w.check()
				})
			}
		}
	}
}

// Without minutes matched, a source without seconds beside a source with seconds is not taken over. Minutes can be matched
// afterwards.
func TestMinutesLookAlike(t *testing.T) {
	t.Parallel()
	for _, pair := range minutePairs() {
		w := newWorld(t)
		if err := w.loadLines(pair[0], minuteLines()); err != nil {
			t.Fatal(err)
		}
		w.send(0)
		like, _ := errors.AsType[*LookAlikeError](w.loadLines(pair[1], minuteLines()))
		if like == nil || like.Like != Shifted || !like.Minutes {
			t.Errorf("%s: got %+v", pair, like)
		}
		w.matchMinutes = true
		if err := w.loadLines(pair[1], minuteLines()); err != nil {
			t.Error(pair, err)
		}
		w.check()
	}
}

// A reading with another time zone does not look like one without seconds.
func TestOtherZoneIsNotMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLoad(loads(tableOf(minuteLines(), false), shifted(0)))
	like, _ := errors.AsType[*LookAlikeError](w.load(loads(tableOf(minuteLines(), false), shifted(2), named("other.csv"))))
	if like == nil || like.Minutes {
		t.Errorf("got %+v", like)
	}
}

// Minutes stay matched once that has kept messages from being sent.
func TestMatchMinutesTakenBack(t *testing.T) {
	t.Parallel()
	for _, sent := range []bool{false, true} {
		w := newWorld(t)
		w.matchMinutes = true
		for _, source := range []string{"account", "minutes"} {
			if err := w.loadLines(source, minuteLines()); err != nil {
				t.Fatal(err)
			}
		}
		if sent {
			w.send(1)
		}
		before := w.plan()
		_, err := (&Loader{File: w.f}).Apply(t.Context())
		back, _ := errors.AsType[*MatchedMinutesError](err)
		if sent && (back == nil || back.Messages != 3 || !slices.Equal(before, w.plan())) {
			t.Errorf("after a send: %v", err)
		}
		if !sent && err != nil {
			t.Error(err)
		}
	}
}
