package importer

import (
	"fmt"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// The list has a row for every conversation, also for those that share a chat, each with its own client.
func TestConversations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLoad(loads(tableOf(lidLines(), true), shifted(0)))
	w.mustDecide("77@lid chat=34611000001@c.us notify=yes", "bob import=no")
	list := func(only ...string) (rows []string) {
		for row, err := range w.f.Conversations(newComposer(), only) {
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, fmt.Sprintf("%s, %s, %s, %d, %d to %d: %s", row.ID, row.Name, row.Phone, row.Messages, row.First.Unix()%100, row.Last.Unix()%100, row.Plan))
		}
		return rows
	}
	want := []string{
		"34611000001@c.us, Ann, +34611000001, 2, 10 to 30: with others in one chat: 4 to send, the last notifies",
		"77@lid, , , 4, 10 to 40: in the chat of 34611000001@c.us",
		"bob, Bob, , 2, 5 to 6: left out in the sheet (import: no)",
	}
	if diff := gocmp.Diff(want, list()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff(want[:2], list("77@lid")); diff != "" {
		t.Errorf("only a member (-want +got):\n%s", diff)
	}
}
