package importer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
)

// An interruption breaks a load off, and says what comes after it.
type interruption struct {
	name string
	// load loads the changed table, in batches of a few rows. It reports whether the load was broken off at the n-th place.
	load func(w *world, l tableLoad, n int) bool
}

func interruptions() []interruption {
	atCommit := func(written bool) func(*world, tableLoad, int) bool {
		return func(w *world, l tableLoad, n int) bool {
			w.dieAfter(n, written)
			err := w.attempt(w.t.Context(), l)
			w.reopen()
			return err != nil
		}
	}
	return []interruption{
		{"before a commit", atCommit(false)},
		{"after a commit", atCommit(true)},
		{"at a batch", func(w *world, l tableLoad, n int) bool {
			ctx, cancel := context.WithCancelCause(w.t.Context())
			l.loader.Progress = func(p LoadProgress) {
				if n--; n == 0 {
					cancel(errors.New("stopped"))
				}
			}
			return w.attempt(ctx, l) != nil
		}},
	}
}

// attempt loads a table, and leaves it open whether it is loaded.
func (w *world) attempt(ctx context.Context, l tableLoad) error {
	l.loader.File, l.source.BatchRows = w.f, 2
	l.source.Path = w.write(l)
	_, err := l.loader.Load(ctx, &l.source)
	return err
}

// A load of a changed table may be broken off anywhere: then the old plan counts or the new one. However it goes on, with the
// same settings, with others, without it, or with another change of the file, Kommo has each message once.
func TestInterruptedLoadOfAChangedTable(t *testing.T) {
	t.Parallel()
	changed := onLine("#b3", func(l *line) { l.text = "fine #b3" })(someLines())
	changed = with(2, line{conversation: "ann", second: 15, direction: "in", text: "new #n1", id: "n1"})(changed)
	again := append(append([]line{}, changed...), line{conversation: "cat", second: 50, direction: "in", text: "newer #n2", id: "n2"})
	before, after := loads(tableOf(someLines(), true), shifted(0)), loads(tableOf(changed, true), shifted(0))
	for _, in := range interruptions() {
		for i, goOn := range []struct {
			name string
			do   func(*world)
		}{
			{"the same", func(w *world) { w.mustLoad(after) }},
			{"another setting", func(w *world) { w.load(loads(after.content, shifted(1))) }},
			{"another change", func(w *world) { w.mustLoad(loads(tableOf(again, true), shifted(0))) }},
			{"the former file", func(w *world) { w.mustLoad(before) }},
			{"discard", func(w *world) {
				if _, err := w.f.Discard(""); err != nil {
					w.t.Fatal(err)
				}
			}},
			{"another source", func(w *world) {
				w.mustLoad(loads(tableOf(someLines(), true), shifted(0), named("other.csv")))
				w.mustLoad(after)
			}},
		} {
			t.Run(in.name+", "+goOn.name, func(t *testing.T) {
				t.Parallel()
				broken := true
				for n := 1; broken; n++ {
					if (n+i)%3 > 0 && os.Getenv("SOAK") == "" {
						continue
					}
					inBubble(t, fmt.Sprint(n), func(t *testing.T) {
						w := newWorld(t)
						w.mustLoad(before)
						w.send(1)
						old := w.plan()
						w.may(tagsOf(after.content, csvfileKey))
						broken = in.load(w, after, n)
						if w.f.ready(Selection{}) != nil {
							w.wantPlan(old)
						}
						goOn.do(w)
						if err := w.f.ready(Selection{}); err != nil {
							w.mustLoad(after)
						}
						w.check()
					})
				}
			})
		}
	}
}
