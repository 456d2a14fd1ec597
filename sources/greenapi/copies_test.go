package greenapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Copies of one id stand together where the newest is, and the one to be sent is the first of them.
func TestCopies(t *testing.T) {
	text := func(id, words, more string) string {
		return fmt.Sprintf(`{"type":"outgoing","timestamp":1603964449,"idMessage":%q,"typeMessage":"textMessage","textMessage":%q%s}`, id, words, more)
	}
	const failed, deleted, edited, unknown = `,"statusMessage":"failed"`, `,"isDeleted":true`, `,"isEdited":true`, `,"typeMessage":"newMessage"`
	for _, tt := range []struct {
		name    string
		entries []string // newest first
		want    string
	}{
		{"none", []string{text("B", "b", ""), text("A", "a", "")}, "a, b"},
		{"delivered after all", []string{text("A", "new", ""), text("A", "old", failed)}, "new, old skipped"},
		{"edited", []string{text("A", "new", edited), text("A", "old", "")}, "new, old"},
		{"the newest is skipped", []string{text("A", "new", failed), text("A", "old", ""), text("A", "oldest", "")}, "old, new skipped, oldest"},
		{"the newest is invalid", []string{text("A", "new", unknown), text("A", "old", "")}, "old, invalid 79001234567@c.us/A"},
		{"all are skipped", []string{text("A", "new", failed), text("A", "old", failed)}, "new skipped, old skipped"},
		{"all are invalid or skipped", []string{text("A", "new", unknown), text("A", "old", failed)}, "invalid 79001234567@c.us/A, old skipped"},
		{"one is deleted", []string{text("A", "new", deleted), text("A", "old", "")}, "new skipped, old skipped"},
		{"among others", []string{text("D", "d", ""), text("A", "new a", ""), text("C", "new c", ""), text("B", "b", ""), text("C", "old c", failed), text("A", "old a", ""), text("Z", "z", "")},
			"z, b, new c, old c skipped, new a, old a, d"},
		{"without an id", []string{text("", "b", ""), text("", "a", "")}, "invalid 79001234567@c.us, entry 1 from the oldest, invalid 79001234567@c.us, entry 2 from the oldest"},
	} {
		h, err := newHistory()
		if err != nil {
			t.Fatal(err)
		}
		defer h.close()
		take(t, h, tt.entries...)
		var got []string
		for one, err := range person(func(c *chat) { c.index = &h.index }).converted(h) {
			switch {
			case err != nil:
				t.Fatal(err)
			case one.invalid != nil:
				got = append(got, "invalid "+one.invalid.Position)
			case one.message.Skip != "":
				got = append(got, one.message.Text+" skipped")
			default:
				got = append(got, one.message.Text)
			}
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
