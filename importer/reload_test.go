package importer

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"kommo-import/internal/sandbox"
)

// A line is a row of a table, as its cells.
type line struct {
	conversation         string
	second               int
	direction, text, id  string
	name, phone          string
	kind, link, fileName string
}

// tableOf returns a table with the lines. Its times name no zone.
func tableOf(lines []line, ids bool) string {
	table := strings.Builder{}
	table.WriteString("conversation_id,timestamp,direction,text,message_id,client_name,client_phone,type,media_url,file_name,file_size\n")
	for _, l := range lines {
		if !ids {
			l.id = ""
		}
		size := ""
		if l.link != "" {
			size = "10"
		}
		at := time.Unix(1700000000+int64(l.second), 0).UTC().Format(time.DateTime)
		fmt.Fprintf(&table, "%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s\n", l.conversation, at, l.direction, l.text, l.id, l.name, l.phone, l.kind, l.link, l.fileName, size)
	}
	return table.String()
}

// someLines are three conversations: with messages of one second, equal messages, and a link.
func someLines() []line {
	return []line{
		{conversation: "ann", second: 10, direction: "in", text: "hello #a1", id: "a1", name: "Ann", phone: "+34611000001"},
		{conversation: "ann", second: 10, direction: "out", text: "hi #a2", id: "a2", name: "Ann"},
		{conversation: "bob", second: 5, direction: "in", text: "ok #b1", id: "b1", name: "Bob"},
		{conversation: "ann", second: 20, direction: "in", text: "look #a3", id: "a3", kind: "picture", link: "https://e.example/p.jpg?sig=1", fileName: "p.jpg"},
		{conversation: "bob", second: 5, direction: "in", text: "ok #b1", id: "b2", name: "Bob"},
		{conversation: "bob", second: 6, direction: "out", text: "good #b3", id: "b3"},
		{conversation: "cat", second: 30, direction: "in", text: "there? #c1", id: "c1"},
	}
}

// An edit is what happens to a table between two loads.
type edit struct {
	name   string
	calm   bool                // nothing of it can stop a load
	lines  func([]line) []line // nil: they stay
	change []func(*tableLoad)
	ids    func(bool) bool // nil: they stay
}

// onLine changes the first line with a text.
func onLine(text string, change func(*line)) func([]line) []line {
	return func(lines []line) []line {
		i := slices.IndexFunc(lines, func(l line) bool { return strings.Contains(l.text, text) })
		change(&lines[i])
		return lines
	}
}

func withoutLines(text string) func([]line) []line {
	return func(lines []line) []line {
		return slices.DeleteFunc(lines, func(l line) bool { return strings.Contains(l.text, text) })
	}
}

func onEach(change func(*line)) func([]line) []line {
	return func(lines []line) []line {
		for i := range lines {
			change(&lines[i])
		}
		return lines
	}
}

func with(i int, added ...line) func([]line) []line {
	return func(lines []line) []line { return slices.Insert(lines, i, added...) }
}

func edits() []edit {
	return []edit{
		{name: "nothing", calm: true},
		{name: "a text", lines: onLine("#a1", func(l *line) { l.text = "hallo #a1" })},
		{name: "one of equal texts", lines: onLine("#b1", func(l *line) { l.text = "okay #b1" })},
		{name: "a time", lines: onLine("#a2", func(l *line) { l.second = 25 })},
		{name: "a direction", lines: onLine("#a1", func(l *line) { l.direction = "out" })},
		{name: "text and time", lines: onLine("#a2", func(l *line) { l.second, l.text = 3, "ho #a2" })},
		{name: "row removed", lines: withoutLines("#a2")},
		{name: "last row removed", lines: withoutLines("#b3")},
		{name: "one of equal rows removed", lines: func(lines []line) []line { return slices.Delete(lines, 2, 3) }},
		{name: "conversation removed", lines: withoutLines("#b")},
		{name: "only conversation left", lines: withoutLines("#a")},
		{name: "all removed", lines: withoutLines("#")},
		{name: "row added in the middle", calm: true, lines: with(1, line{conversation: "ann", second: 10, direction: "in", text: "new #n1", id: "n1"})},
		{name: "equal row added", calm: true, lines: with(0, line{conversation: "bob", second: 5, direction: "in", text: "ok #b1", id: "b9"})},
		{name: "same row added", calm: true, lines: with(0, line{conversation: "ann", second: 10, direction: "in", text: "hello #a1", id: "a1"})},
		{name: "conversation added", calm: true, lines: with(0, line{conversation: "dan", second: 1, direction: "in", text: "new #d1", id: "d1"})},
		{name: "row at the end", calm: true, lines: with(7, line{conversation: "ann", second: 1, direction: "in", text: "late #n1", id: "n1"})},
		{name: "newest first", calm: true, lines: func(lines []line) []line { slices.Reverse(lines); return lines }},
		{name: "sorted by text", calm: true, lines: func(lines []line) []line {
			slices.SortFunc(lines, func(a, b line) int { return strings.Compare(a.text, b.text) })
			return lines
		}},
		{name: "sorted anew, one removed, one edited", lines: func(lines []line) []line {
			slices.Reverse(lines)
			return withoutLines("#c1")(onLine("#a2", func(l *line) { l.text = "ho #a2" })(lines))
		}},
		{name: "replaced by another", lines: func([]line) []line {
			return []line{{conversation: "eve", second: 1, direction: "in", text: "one #e1", id: "e1"}, {conversation: "eve", second: 2, direction: "in", text: "two #e2", id: "e2"}}
		}},
		{name: "replaced by another that numbers its rows", lines: func([]line) []line {
			return []line{{conversation: "ann", second: 100, direction: "in", text: "one #e1", id: "a1"}, {conversation: "ann", second: 101, direction: "in", text: "two #e2", id: "a2"}}
		}},
		{name: "other conversation ids", lines: onEach(func(l *line) { l.conversation = "+" + l.conversation })},
		{name: "one conversation renamed", lines: onEach(func(l *line) { l.conversation = strings.Replace(l.conversation, "ann", "anna", 1) })},
		{name: "name and phone", calm: true, lines: onEach(func(l *line) { l.name, l.phone = "Dr. "+l.name, "+34611000009" })},
		{name: "name and phone emptied", calm: true, lines: onEach(func(l *line) { l.name, l.phone = "", "" })},
		{name: "other queries of links", calm: true, lines: onLine("#a3", func(l *line) { l.link = "https://e.example/p.jpg?sig=2" })},
		{name: "other file name", lines: onLine("#a3", func(l *line) { l.fileName = "q.jpg" })},
		{name: "ids appear or vanish", ids: func(ids bool) bool { return !ids }},
		{name: "other time zone", change: []func(*tableLoad){shifted(1)}},
		{name: "other time zone and texts", change: []func(*tableLoad){shifted(-5)}, lines: onEach(func(l *line) { l.text = "x" + l.text })},
		{name: "since", calm: true, change: []func(*tableLoad){func(l *tableLoad) { l.loader.Filter.Since = fromMillis(1700000010000) }}},
		{name: "exclude", change: []func(*tableLoad){func(l *tableLoad) { l.loader.Filter.Exclude = []string{"ann"} }}, lines: onLine("#b1", func(l *line) { l.text = "okay #b1" })},
		{name: "media as text", calm: true, change: []func(*tableLoad){func(l *tableLoad) { l.loader.Filter.Media = MediaAsText }}},
		{name: "country", calm: true, change: []func(*tableLoad){func(l *tableLoad) { l.loader.Filter.Country = "ES" }}, lines: onEach(func(l *line) { l.phone = "611000002" })},
	}
}

// A stage is how far a migration is when its table is loaded again.
type stage struct {
	name  string
	bring func(*world)
}

func stages() []stage {
	killed := func(commits int, written bool) func(*world) {
		return func(w *world) {
			w.dieAfter(commits, written)
			newSender(w.f, w.box).Send(w.t.Context())
			w.reopen()
			if status, err := w.f.Status(); err != nil || status.Messages.Sending != 1 {
				w.t.Errorf("status %+v, error %v, want a message in doubt", status.Messages, err)
			}
		}
	}
	return []stage{
		{"nothing sent", func(*world) {}},
		{"pilot sent", func(w *world) { w.send(1) }},
		{"all sent", func(w *world) { w.send(0) }},
		{"killed before a request", killed(6, true)},
		{"killed after a request", killed(5, false)},
		{"refused", func(w *world) {
			w.box.AddRule(sandbox.Rule{Do: sandbox.Refuse, On: sandbox.OnMessage, Count: 2})
			newSender(w.f, w.box).Send(w.t.Context())
		}},
	}
}

// dieAfter lets the process be as good as dead after some commits; the last of them is written or not.
func (w *world) dieAfter(commits int, written bool) {
	healthy := w.f.Commit
	w.f.Commit = func(tx *sql.Tx) error {
		if commits--; commits > 0 || commits == 0 && written {
			return healthy(tx)
		}
		return errors.Join(tx.Rollback(), errors.New("killed"))
	}
}

// Whatever happens to a table between two loads, and however much was sent: in the end Kommo has each message once, or
// load has stopped and changed nothing. Then the former table and --keep-sent lead on.
func TestTableChangedBetweenLoads(t *testing.T) {
	t.Parallel()
	for i, e := range edits() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			for j, stage := range stages() {
				for _, ids := range []bool{true, false} {
					sent := stage.name == "pilot sent" || stage.name == "all sent"
					if ids && (i+j)%6 == 0 || !ids && sent || os.Getenv("SOAK") != "" {
						inBubble(t, fmt.Sprintf("%s, ids %t", stage.name, ids), func(t *testing.T) { reload(t, e, ids, stage) })
					}
				}
			}
		})
	}
}

func reload(t *testing.T, e edit, ids bool, stage stage) {
	w := newWorld(t)
	before := loads(tableOf(someLines(), ids), shifted(0))
	w.mustLoad(before)
	stage.bring(w)

	if e.ids != nil {
		ids = e.ids(ids)
	}
	lines := someLines()
	if e.lines != nil {
		lines = e.lines(lines)
	}
	after := loads(tableOf(lines, ids), append([]func(*tableLoad){shifted(0)}, e.change...)...)
	if err := w.load(after); err != nil {
		if e.calm {
			t.Errorf("load stops: %v", err)
		}
		w.mustLoad(before)
		keepingSent(&after)
		if err := w.load(after); err != nil {
			t.Logf("also with --keep-sent: %v", err)
		}
	}
	w.check()
}

// A table that turns newest first puts new messages before sent ones of their second. None gets the time of another, however
// often that happens.
func TestTimesOfMessagesBeforeSentOnes(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := newWorld(t)
		last := line{conversation: "ann", second: 99, direction: "in", text: "last #z1", id: "z1"}
		lines := []line{last}
		for n := range 4 {
			lines = append(lines, line{conversation: "ann", second: 10, direction: "in", text: fmt.Sprintf("text #t%d", n), id: fmt.Sprint("t", n)})
			w.mustLoad(loads(tableOf(lines, true), shifted(0)))
			w.check()
		}
	})
}

// A table that was renamed brings its messages once, without --name as a second source, with it as the first.
func TestRenamedTable(t *testing.T) {
	for i, stage := range stages() {
		for _, ids := range []bool{true, false} {
			if i%2 == btoi(ids) && os.Getenv("SOAK") == "" {
				continue
			}
			for _, isNamed := range []bool{true, false} {
				inBubble(t, fmt.Sprintf("%s, ids %t, named %t", stage.name, ids, isNamed), func(t *testing.T) {
					w := newWorld(t)
					w.mustLoad(loads(tableOf(someLines(), ids), shifted(0)))
					stage.bring(w)
					name := named("renamed.csv")
					if isNamed {
						name = named("chats.csv")
					}
					grown := append(someLines(), line{conversation: "ann", second: 50, direction: "in", text: "new #n1", id: "n1"})
					w.mustLoad(loads(tableOf(grown, ids), shifted(0), name))
					w.check()
					if got := len(w.last); got != 1+btoi(!isNamed) {
						t.Errorf("%d sources", got)
					}
				})
			}
		}
	}
}
