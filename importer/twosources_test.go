package importer

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"kommo-import/sources"
)

// accountOf returns messages of an account that hold the same as lines, each with an id of the account.
func accountOf(lines []line) []sources.Message {
	var messages []sources.Message
	for _, l := range lines {
		m := textOf(l.conversation, "WA"+l.id, l.second)
		m.Text, m.Direction = l.text, sources.Incoming
		if l.direction == "out" {
			m.Direction = sources.Outgoing
		}
		if l.link != "" {
			m.Kind, m.Media = sources.KindPicture, &sources.Media{URL: "https://wa.example/1", Name: l.fileName, Size: 10}
		}
		messages = append(messages, m)
	}
	return messages
}

// loadLines loads lines as one of the sources, in the form that it has.
func (w *world) loadLines(source string, lines []line, change ...func(*tableLoad)) error {
	w.t.Helper()
	switch source {
	case "account":
		tags := maps.Clone(w.last[source])
		if tags == nil {
			tags, w.seen = make(map[string]int), make(map[string]bool)
		}
		for _, l := range lines {
			tags[tagOf(l.text)] += btoi(!w.seen[l.id])
			w.seen[l.id] = true
		}
		return w.take(Loader{File: w.f, Name: "account"}, &scripted{batches: []sources.Batch{{Messages: accountOf(lines)}}}, tags)
	case "minutes":
		lines = onEach(func(l *line) { l.second = (l.second+20)/60*60 - 20 })(slices.Clone(lines)) // second 0 is 22:13:20
	case "with ids":
		return w.load(loads(tableOf(lines, true), append([]func(*tableLoad){func(l *tableLoad) { l.loader.Name = source }, shifted(0)}, change...)...))
	case "other ids":
		lines = onEach(func(l *line) { l.id = "x" + l.id })(slices.Clone(lines))
		return w.load(loads(tableOf(lines, true), append([]func(*tableLoad){func(l *tableLoad) { l.loader.Name = source }, shifted(0)}, change...)...))
	}
	return w.load(loads(tableOf(lines, false), append([]func(*tableLoad){func(l *tableLoad) { l.loader.Name = source }, shifted(0)}, change...)...))
}

// pairs are two sources that hold the same messages in different forms.
func pairs() [][2]string {
	return [][2]string{
		{"without ids", "without ids, too"}, {"with ids", "without ids"}, {"without ids", "with ids"}, {"with ids", "other ids"},
		{"account", "without ids"}, {"without ids", "account"}, {"account", "with ids"}, {"with ids", "account"},
	}
}

// Two sources with the same messages are one, however much was sent in between, whatever becomes of one of them later, and
// in whichever order they are loaded.
func TestTwoSourcesWithTheSameMessages(t *testing.T) {
	t.Parallel()
	more := []line{{conversation: "bob", second: 5, direction: "in", text: "ok #b1", id: "b7"}, {conversation: "bob", second: 50, direction: "in", text: "more #m1", id: "m1"}}
	less := func(text string) []line { return withoutLines(text)(someLines()) }
	for i, tt := range []struct {
		name          string
		first, second []line
	}{
		{"the same", someLines(), someLines()},
		{"the second holds more", someLines(), append(someLines(), more...)},
		{"the first holds more", append(someLines(), more...), someLines()},
		{"each holds more", less("#a"), append(less("#c"), more...)},
		{"the second in another order", someLines(), func() []line { l := someLines(); slices.Reverse(l); return l }()},
	} {
		for j, pair := range pairs() {
			t.Run(fmt.Sprint(tt.name, ", ", pair), func(t *testing.T) {
				t.Parallel()
				for _, stage := range someStages(i + 2*j) {
					inBubble(t, stage.name, func(t *testing.T) {
						w := newWorld(t)
						for i, source := range pair {
							if err := w.loadLines(source, [][]line{tt.first, tt.second}[i]); err != nil {
								t.Fatal(err)
							}
							if i == 0 {
								stage.bring(w)
							}
						}
						// The first loses what the second holds, and gets it back.
						for _, lines := range [][]line{less("#b"), tt.first} {
							if err := w.loadLines(pair[0], lines); err != nil && stage.name == "nothing sent" {
								t.Error(err)
							}
						}
						w.check()
						if err := w.loadLines(pair[1], less("#b")); err != nil {
							t.Log(err)
						}
						w.check()
					})
				}
			})
		}
	}
}

// someStages returns one of the stages, or all if there is time.
func someStages(i int) []stage {
	all := stages()
	if os.Getenv("SOAK") != "" {
		return all
	}
	return all[i%len(all):][:1]
}

// A correction in one of two tables with the same messages is not sent beside the message that was sent.
func TestEditOfOneOfTwoSources(t *testing.T) {
	t.Parallel()
	for i, pair := range pairs()[:4] {
		t.Run(fmt.Sprint(pair), func(t *testing.T) {
			t.Parallel()
			for j, edit := range []func([]line) []line{
				onLine("#a1", func(l *line) { l.text = "hallo #a1" }),
				onLine("#b1", func(l *line) { l.text = "okay #b1" }),
				onLine("#a2", func(l *line) { l.second = 12 }),
				onEach(func(l *line) { l.text += "." }),
				withoutLines("#a1"),
			} {
				for which, source := range pair {
					for _, stage := range someStages(i + j + 2*which) {
						if which == 0 && stage.name != "all sent" {
							stage = stages()[2] // what was not sent may differ in the two
						}
						inBubble(t, fmt.Sprintf("edit %d of table %d, %s", j+1, which+1, stage.name), func(t *testing.T) {
							w := newWorld(t)
							w.loadLines(pair[0], someLines())
							w.loadLines(pair[1], someLines())
							stage.bring(w)
							if err := w.loadLines(source, edit(someLines())); err != nil {
								t.Log(err)
								if err := w.loadLines(source, edit(someLines()), keepingSent); err != nil {
									t.Log("with --keep-sent: ", err)
								}
							}
							w.check()
						})
					}
				}
			}
		})
	}
}

// A source that holds one message twice, which another source holds too, brings its other messages.
func TestDuplicateOfADuplicate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLoad(loads(tableOf(someLines(), true), shifted(0)))
	other := onEach(func(l *line) { l.id = "x" + l.id })(someLines())
	other = append(other, other[0], line{conversation: "ann", second: 200_000, direction: "in", text: "last #x9", id: "x9"})
	w.mustLoad(loads(tableOf(other, true), shifted(0), named("other.csv")))
	w.check()
	w.mustLoad(loads(tableOf(other, true), shifted(0), named("other.csv")))
	w.check()
}
