package importer

import (
	"errors"
	"slices"
	"testing"
)

// A source that looks like another one stays beside it with --add, also in later loads without the flag, and has message ids
// of its own.
func TestAddedSourceStays(t *testing.T) {
	other := onEach(func(l *line) {
		l.text, l.second = "x"+l.text[:len(l.text)-2]+"x"+l.text[len(l.text)-2:], l.second+100_000
	})(someLines())
	more := append(append([]line{}, other...), line{conversation: "ann", second: 200_000, direction: "in", text: "last #x9", id: "a1"})
	more[7].id = "x9"
	t.Parallel()
	for i, tt := range []struct {
		name   string
		second tableLoad
		like   LookAlike
	}{
		{"ids that number rows", loads(tableOf(other, true), shifted(0), named("other.csv")), Numbered},
		{"another time zone", loads(tableOf(someLines(), false), shifted(2), named("other.csv")), Shifted},
	} {
		for _, stage := range slices.Concat(someStages(i+1), someStages(i+4)) {
			inBubble(t, tt.name+", "+stage.name, func(t *testing.T) {
				w := newWorld(t)
				w.mustLoad(loads(tableOf(someLines(), true), shifted(0)))
				stage.bring(w)
				if like, ok := errors.AsType[*LookAlikeError](w.load(tt.second)); !ok || like.Like != tt.like {
					t.Fatalf("the second source is %+v, want %s", like, tt.like)
				}
				added := tt.second
				adding(&added)
				w.mustLoad(added)
				if tt.like == Shifted { // sent twice, as the administrator said
					for tag := range w.most {
						w.most[tag] *= 2
					}
				}
				w.check()
				w.mustLoad(tt.second)
				if tt.like == Numbered {
					w.mustLoad(loads(tableOf(more, true), shifted(0), named("other.csv")))
				}
				w.mustLoad(loads(tableOf(append(someLines(), line{conversation: "cat", second: 60, direction: "in", text: "end #c9", id: "c9"}), true), shifted(0)))
				w.check()
			})
		}
	}
}
