package importer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"kommo-import/internal/sandbox"
)

// A message that was refused or left out keeps its place among the messages of its second in every reload.
func TestPlaceWithinASecond(t *testing.T) {
	t.Parallel()
	table := func(order string, ids bool, extra string) string {
		content := csvHeader
		for _, tag := range order {
			id := ""
			if ids {
				id = string(tag)
			}
			kind := ",,,,"
			if tag == 'b' {
				kind = ",picture,https://e.example/b.jpg,b.jpg,5"
			}
			content += fmt.Sprintf("ann,1700000000,in,text %c,%s,Ann,,%s\n", tag, id, kind)
		}
		return content + extra
	}
	const order = "abcd"
	later := row("ann", 100, "in", "text z", "z")
	for _, ids := range []bool{true, false} {
		for name, steps := range map[string]func(w *world){
			"left out, then planned": func(w *world) {
				w.mustLoad(loads(table(order, ids, ""), func(l *tableLoad) { l.loader.Filter.Media = MediaNot }))
				w.mustLoad(loads(table(order, ids, "")))
			},
			"left out, the file grows, then planned": func(w *world) {
				w.mustLoad(loads(table(order, ids, ""), func(l *tableLoad) { l.loader.Filter.Media = MediaNot }))
				w.mustLoad(loads(table(order, ids, later), func(l *tableLoad) { l.loader.Filter.Media = MediaNot }))
				w.mustLoad(loads(table(order, ids, later)))
			},
			"refused, the file is read again, then planned": func(w *world) {
				w.mustLoad(loads(table(order, ids, "")))
				w.box.AddRule(sandbox.Rule{Do: sandbox.Refuse, Text: "text "})
				newSender(w.f, w.box).Send(w.t.Context())
				w.box.ClearRules()
				w.mustLoad(loads(strings.Replace(table(order, ids, later), ",Ann,", ",Anna,", 1)))
				if _, err := w.f.RetryRefused(); err != nil {
					w.t.Fatal(err)
				}
			},
			"one refused, the file is read again, then planned": func(w *world) {
				w.mustLoad(loads(table(order, ids, "")))
				execute(w.t, w.f, `UPDATE message SET state = 'refused' WHERE place = (SELECT place FROM message ORDER BY time, place LIMIT 1 OFFSET 1);
					UPDATE conversation SET planned = planned - 1, refused = 1`)
				w.mustLoad(loads(strings.Replace(table(order, ids, later), ",Ann,", ",Anna,", 1)))
				if _, err := w.f.RetryRefused(); err != nil {
					w.t.Fatal(err)
				}
			},
			"the pilot left one out": func(w *world) {
				w.mustLoad(loads(table(order, ids, ""), func(l *tableLoad) { l.loader.Filter.Media = MediaNot }))
				w.mustLoad(loads(table(order, ids, ""), func(l *tableLoad) { l.loader.Filter.Exclude = []string{"ann"} }))
				w.mustLoad(loads(strings.Replace(table(order, ids, ""), ",Ann,", ",Anna,", 1)))
			},
		} {
			t.Run(fmt.Sprintf("%s, ids %v", name, ids), func(t *testing.T) {
				w := newWorld(t)
				steps(w)
				var got []string
				for _, body := range bodies(t, w.f, newComposer())["ann"] {
					got = append(got, strings.TrimPrefix(between(body, `"text":"`, `"`), "text "))
				}
				want := strings.Split(order, "")
				if got = slices.DeleteFunc(got, func(tag string) bool { return tag == "z" }); !slices.Equal(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		}
	}
}
