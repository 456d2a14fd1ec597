package importer

import (
	"errors"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// left returns the tags of the messages that are left out, with the reason.
func (w *world) left() map[string]string {
	w.t.Helper()
	left := make(map[string]string)
	for failure, err := range w.f.Failures() {
		if err != nil {
			w.t.Fatal(err)
		}
		left[tagOf(failure.Text)] = failure.Reason
	}
	return left
}

func (w *world) wantLeft(tags ...string) {
	w.t.Helper()
	want := make(map[string]string)
	for _, tag := range tags {
		want[tag] = KeepSentReason
	}
	if diff := gocmp.Diff(want, w.left()); diff != "" {
		w.t.Errorf("left out (-want +got):\n%s", diff)
	}
}

// conflict loads a table whose reading does not hold sent messages.
func (w *world) conflict(l tableLoad) *ConflictError {
	w.t.Helper()
	conflict, ok := errors.AsType[*ConflictError](w.load(l))
	if !ok {
		w.t.Fatalf("no conflict")
	}
	return conflict
}

// With --keep-sent a conversation whose sent messages are not in the new reading stays as it is, over later loads, until a
// reading finds all of them. The others take the new reading.
func TestKeepSentUntilAllAreFound(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := newWorld(t)
		w.mustLoad(loads(tableOf(someLines(), false), shifted(0)))
		w.send(0)

		edited := onLine("#a1", func(l *line) { l.text = "hallo #a1" })(someLines())
		edited = append(edited, line{conversation: "ann", second: 40, direction: "in", text: "later #n1"}, line{conversation: "bob", second: 40, direction: "in", text: "later #m1"})
		conflict := w.conflict(loads(tableOf(edited, false), shifted(0)))
		want := []Change{{"ann", Excerpt{"chats.csv:2", 1700000010000, "hello #a1"}, Excerpt{"chats.csv:2", 1700000010000, "hallo #a1"}}}
		if diff := gocmp.Diff(want, conflict.Examples); diff != "" || conflict.Messages != 1 || conflict.Conversations != 1 || conflict.Nothing {
			t.Errorf("conflict %+v, examples (-want +got):\n%s", conflict, diff)
		}
		w.mustLoad(loads(tableOf(edited, false), shifted(0), keepingSent))
		w.wantLeft("#a1", "#n1")
		w.check()

		// A later load needs no flag for the same conversation, and leaves out what is new in it.
		edited = append(edited, line{conversation: "ann", second: 41, direction: "in", text: "later #n2"}, line{conversation: "cat", second: 41, direction: "in", text: "later #m2"})
		w.mustLoad(loads(tableOf(edited, false), shifted(0)))
		w.wantLeft("#a1", "#n1", "#n2")
		w.check()
		if w.arrived("#m1") != 1 || w.arrived("#m2") != 1 || w.arrived("#n1") != 0 {
			t.Error("what is new in other conversations is not sent, or what is new in ann is")
		}

		// Another conversation is another conflict.
		worse := onLine("#b3", func(l *line) { l.text = "bad #b3" })(append([]line{}, edited...))
		if conflict := w.conflict(loads(tableOf(worse, false), shifted(0))); conflict.Conversations != 1 || conflict.Examples[0].Conversation != "bob" {
			t.Errorf("conflict %+v", conflict)
		}
		// Under another id the messages that were sent would be sent into another chat.
		renamed := onEach(func(l *line) {
			if l.conversation == "ann" {
				l.conversation = "anna"
			}
		})(append([]line{}, edited...))
		if conflict := w.conflict(loads(tableOf(renamed, false), shifted(0), keepingSent)); !conflict.Renamed {
			t.Errorf("conflict %+v", conflict)
		}

		w.mustLoad(loads(tableOf(append(someLines(), edited[7:]...), false), shifted(0)))
		w.wantLeft()
		w.check()
		if w.arrived("#n1") != 1 || w.arrived("#n2") != 1 || w.arrived("#a1") != 1 {
			t.Error("ann is not complete")
		}
	})
}

// The same file with other ids of conversations goes into no new chats, also with --keep-sent.
func TestSameFileWithOtherConversations(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := newWorld(t)
		w.mustLoad(loads(tableOf(someLines(), true), shifted(0)))
		w.send(1)
		content := tableOf(someLines(), true)
		other := loads(content, shifted(0), func(l *tableLoad) { l.loader.Shape["map"] = []string{"conversation_id=client_phone"} }, keepingSent)
		other.conversation = func(id string) string { return "+" + id }
		conflict := w.conflict(other)
		if !conflict.SameFile || conflict.Absent != 1 || conflict.Shape["map"] == nil {
			t.Errorf("conflict %+v", conflict)
		}
		w.check()
	})
}
