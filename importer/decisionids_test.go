package importer

import (
	"errors"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"kommo-import/sources"
)

// An id is found in every form that a spreadsheet makes of it, if only one conversation can be meant.
func TestFindChangedIDs(t *testing.T) {
	known := make(map[string]sources.ConversationKind)
	for _, id := range []string{"79001234567", "+34600000001", "00712", "0", "120363025486842017", "120363025486842999", "990000000000000017", "4915112345678",
		"4915112399999", "1e5", "anna", "'quoted", "a\x1bb", "a b", "ab", "1.5", "79001234567@c.us", "=1", "34611", "034611"} {
		known[id] = sources.Person
	}
	for cell, want := range map[string]string{
		"79001234567": "79001234567", "'79001234567": "79001234567", "79001234567.0": "79001234567", "79001234567,00": "79001234567", "+79001234567": "79001234567",
		"7.9001234567E+10": "79001234567", "7,9001234567E10": "79001234567", "7.90012E+10": "79001234567", "7.9E+10": "79001234567", "79 001 234 567": "79001234567",
		"34600000001": "+34600000001", "712": "00712", "0.0": "0", "000": "0", "990000000000000000": "990000000000000017", "9.9E+17": "990000000000000017",
		"120363025486842000": "? 120363025486842017 120363025486842999", "1.20363E+17": "? 120363025486842017 120363025486842999", "120363025486842017": "120363025486842017",
		"4.91511E+12": "? 4915112345678 4915112399999", "100000": "1e5", "'anna": "anna", "anna": "anna", "Anna": "?", "''quoted": "'quoted", "quoted": "'quoted",
		"a\ufffdb": "a\x1bb", "a b": "a b", "a  b": "? a b ab", "1.5": "1.5", "1.50": "?", "79001234568": "?", "7.8E+10": "?", "8E+10": "79001234567", "": "?", "'=1": "=1",
		"34611": "34611", "034611": "034611", "34611.0": "? 034611 34611", "79001234567@c.us": "79001234567@c.us", "1e99999": "?", "9E+99": "?",
	} {
		m := &idMatcher{known: known}
		id, similar := m.find(cell)
		got := id
		if id == "" {
			got = strings.TrimSpace("? " + strings.Join(similar, " "))
		}
		if got != want {
			t.Errorf("%q is %s, want %s", cell, got, want)
		}
	}
}

// numericLines are messages of conversations whose ids are numbers.
func numericLines() (lines []line) {
	for i, id := range []string{"79001234567", "79001234999", "34600000001", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13"} {
		lines = append(lines, line{conversation: id, second: i, direction: "in", text: "hi", id: "m"})
	}
	return lines
}

// Ids that a spreadsheet has changed are found in the columns conversation_id and chat, or named.
func TestChangedIDsInSheet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLoad(loads(tableOf(numericLines(), true), shifted(0)))
	w.mustDecide("'79001234567 import=no", "3.46E+10 chat=79001234999.0")
	w.wantDecisions(Decision{Conversation: "34600000001", Chat: "79001234999"}, Decision{Conversation: "79001234567", Import: No})
	w.mustDecide("34600000001 chat=3.4600000001E+10") // its own
	w.wantDecisions(Decision{Conversation: "79001234567", Import: No})
	for _, tt := range []struct{ rows, want string }{
		{"7.9E+10 import=no", "sheet.csv:2: conversation 7.9E+10: a spreadsheet has changed the id: it can be 79001234567 or 79001234999. Correct it there, as text"},
		{"4 chat=7.9E+10", "sheet.csv:2: conversation 4: chat: a spreadsheet has changed the id: it can be 79001234567 or 79001234999. Correct it there, as text"},
		{"79001234567|79001234567.0", "sheet.csv:3: conversation 79001234567: is there twice, also in sheet.csv:2"},
	} {
		if err := w.decide(strings.Split(tt.rows, "|")...); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v\nwant %s", tt.rows, err, tt.want)
		}
	}
}

// wantDecisions compares all decisions.
func (w *world) wantDecisions(want ...Decision) {
	w.t.Helper()
	all, err := readDecisions(w.f.Reader)
	var got []Decision
	for _, row := range want {
		if all.of[row.Conversation] == row {
			got = append(got, row)
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" || len(all.of) != len(want) || err != nil {
		w.t.Errorf("decisions (-want +got):\n%s%+v, %v", diff, all.of, err)
	}
}

// The sheet of another migration file is one problem, not one for each row. A few unknown rows are named.
func TestSheetOfAnotherFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLoad(loads(tableOf(numericLines(), true), shifted(0)))
	rows := strings.Fields(strings.Repeat("4 ", 10) + "a b c d e f g h i j")
	for i := range 10 {
		rows[i] = []string{"4", "5", "6", "7", "8", "9", "10", "11", "12", "13"}[i] + " import=no"
	}
	err := w.decide(rows...)
	if problems, ok := errors.AsType[*SheetError](err); !ok || len(problems.Problems) != 10 {
		t.Errorf("half of the rows: %v", err)
	}
	err = w.decide(append(rows, "k")...)
	const want = "11 of the 21 conversations of the sheet are not in the migration file, such as a, b, c: it is the sheet of another migration file"
	if other, ok := errors.AsType[*OtherSheetError](err); !ok || other.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := w.decide("a", "b"); err == nil || !strings.HasPrefix(err.Error(), "2 of the 2 conversations") {
		t.Error(err)
	}
	w.wantDecisions()
}

// What of a row cannot be understood is a problem beside the others.
func TestUnreadRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLoad(loads(tableOf(lidLines(), true), shifted(0)))
	_, err := (&Loader{File: w.f}).TakeDecisions(t.Context(), []SheetRow{
		{Decision: Decision{Conversation: "bob", Import: No}, Position: "a.csv:2"},
		{Position: "a.csv:3", Unread: []string{"conversation_id is empty"}},
		{Position: "a.csv:4", Unread: []string{"conversation_id is empty"}},
		{Decision: Decision{Conversation: "bobby"}, Position: "a.csv:5", Unread: []string{"import: ?"}},
		{Decision: Decision{Conversation: "77@lid", Chat: "bobby"}, Position: "a.csv:6"},
	})
	problems, ok := errors.AsType[*SheetError](err)
	if !ok {
		t.Fatal(err)
	}
	var got []string
	for _, p := range problems.Problems {
		got = append(got, p.String())
	}
	want := []string{"a.csv:3: conversation_id is empty", "a.csv:4: conversation_id is empty", "a.csv:5: conversation bobby: import: ?",
		"a.csv:6: conversation 77@lid: chat: there is no conversation bobby in the migration file"}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.wantDecisions()
}

// Rows whose decisions were taken before do not count. Counting changes nothing.
func TestUndecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLoad(loads(tableOf(lidLines(), true), shifted(0)))
	w.mustDecide("bob import=no")
	no := SheetRow{Decision: Decision{Conversation: "bob", Import: No}}
	for _, tt := range []struct {
		name string
		rows []SheetRow
		want int
	}{
		{"the same", []SheetRow{no, {Decision: Decision{Conversation: "77@lid"}}}, 0},
		{"undone", []SheetRow{{Decision: Decision{Conversation: "bob"}}}, 1},
		{"more", []SheetRow{no, {Decision: Decision{Conversation: "77@lid", Notify: Yes}}}, 1},
		{"wrong", []SheetRow{no, {Decision: Decision{Conversation: "bobby"}}}, 1},
		{"of another file", []SheetRow{{Decision: Decision{Conversation: "a"}}, {Decision: Decision{Conversation: "b"}}}, 2},
	} {
		if got, err := w.f.Undecided(tt.rows); got != tt.want || err != nil {
			t.Errorf("%s: %d, %v; want %d", tt.name, got, err, tt.want)
		}
	}
	w.wantDecisions(Decision{Conversation: "bob", Import: No})
}

// A decision about a conversation that no source has any more can be undone, in the sheet and with all others.
func TestDecisionsOfVanishedConversations(t *testing.T) {
	t.Parallel()
	for name, undo := range map[string]func(w *world) error{
		"sheet": func(w *world) error { return w.decide("bob", "77@lid", "34611000001@c.us") },
		"clear": func(w *world) error {
			_, err := (&Loader{File: w.f}).ClearDecisions(w.t.Context())
			return err
		},
	} {
		w := newWorld(t)
		w.mustLoad(loads(tableOf(lidLines(), true), shifted(0)))
		w.mustDecide("bob import=no", "77@lid chat=34611000001@c.us")
		w.mustLoad(loads(tableOf(slices.DeleteFunc(lidLines(), func(l line) bool { return l.conversation != "34611000001@c.us" }), true), shifted(0)))
		w.wantDecisions(Decision{Conversation: "bob", Import: No}, Decision{Conversation: "77@lid", Chat: "34611000001@c.us"})
		if err := undo(w); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		w.wantDecisions()
		w.send(0)
		w.wantChats("34611000001@c.us: #a1 #a3!")
	}
}

// A decision about a vanished conversation stays until it is undone. No new decision about it is taken, and no conversation joins it.
func TestVanishedConversationsInSheet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLoad(loads(tableOf(lidLines(), true), shifted(0)))
	w.mustDecide("bob import=no", "34611000001@c.us chat=77@lid")
	w.mustLoad(loads(tableOf(slices.DeleteFunc(lidLines(), func(l line) bool { return l.conversation == "bob" }), true), shifted(0)))
	w.mustDecide("bob import=no", "34611000001@c.us chat=77@lid")
	for _, rows := range []string{"bob import=yes", "bob import=no chat=77@lid", "77@lid chat=bob"} {
		if err := w.decide(rows); err == nil {
			t.Errorf("%s was taken", rows)
		}
	}
	w.wantDecisions(Decision{Conversation: "bob", Import: No}, Decision{Conversation: "34611000001@c.us", Chat: "77@lid"})
}

// A sheet with some of the rows makes no chain of chats.
func TestPartialSheetMakesNoChain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lines := append(lidLines(), line{conversation: "cat", second: 1, direction: "in", text: "late #c1", id: "c1"})
	w.mustLoad(loads(tableOf(lines, true), shifted(0)))
	w.mustDecide("77@lid chat=bob")
	const want = "sheet.csv:2: conversation bob: chat: 77@lid is in its chat, and has no row in the sheet"
	if err := w.decide("bob chat=cat"); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	w.mustDecide("bob chat=cat", "77@lid chat=cat")
	w.wantDecisions(Decision{Conversation: "bob", Chat: "cat"}, Decision{Conversation: "77@lid", Chat: "cat"})
}
