package importer

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
	"kommo-import/sources"
)

// viewed is a conversation as a view shows it.
type viewed struct {
	Chat
	Messages []ChatMessage
}

// viewAll returns all that a view shows.
func viewAll(t *testing.T, into *[]viewed) func(*ChatView) error {
	t.Helper()
	return func(v *ChatView) error {
		for _, listed := range v.Chats {
			chat, err := v.Chat(listed)
			if err != nil {
				return err
			}
			shown := viewed{Chat: chat}
			for m, err := range v.Messages(listed, ChatPlace{}) {
				if err != nil {
					return err
				}
				shown.Messages = append(shown.Messages, m)
			}
			*into = append(*into, shown)
		}
		return nil
	}
}

const viewCSV = "conversation_id,client_name,client_phone,message_id,timestamp,direction,author_name,type,text,media_url,file_name,file_size," +
	"latitude,longitude,contact_name,contact_phone,reply_to,post_id,post_url\n" +
	"ann,Ann,+34600000001,1,1740823200,in,,,Hello,,,,,,,,,,\n" +
	"ann,Ann,+34600000001,2,1740823201,out,Eva,picture,Look,https://u:p@example.com/a.jpg,a.jpg,7,,,,,1,,\n" +
	"ann,Ann,+34600000001,3,soon,in,,,between,,,,,,,,,,\n" +
	"ann,Ann,+34600000001,4,1740823202,in,,location,,,,,55.5,37.5,,,,,\n" +
	"ann,Ann,+34600000001,5,1740823203,in,,contact,,,,,,,Bob,+34600000002,,,\n" +
	"ann,Ann,+34600000001,6,1740823204,in,,,Nice post,,,,,,,,,p1,https://example.com/p1\n" +
	"ann,Ann,+34600000001,7,1740900000,out,,,Bye,,,,,,,,gone,,\n" +
	",,,8,1740900000,in,,,no conversation,,,,,,,,,,\n" +
	"old,,,9,1400000000,in,,,Old,,,,,,,,,,\n"

// A view of the plan shows every message as Kommo gets it, and the entries that could not be parsed at their place.
func TestViewPlan(t *testing.T) {
	f := newFile(t)
	load(t, f, viewCSV)
	at := int64(1740823200000)
	want := []viewed{
		{Chat{ID: "ann", Name: "Ann", Phone: "+34600000001", States: map[State]int{Planned: 6, stateInvalid: 1}}, []ChatMessage{
			{At: at, Text: "Hello"},
			{At: at + 1000, Outgoing: true, Author: "Eva", Kind: "picture", Text: "Look", Quote: &ChatQuote{At: at, Text: "Hello"},
				File: &ChatFile{"a.jpg", 7, "https://example.com/a.jpg"}},
			{Text: "between", State: stateInvalid},
			{At: at + 2000, Kind: "location", Location: &sources.Location{Latitude: 55.5, Longitude: 37.5}},
			{At: at + 3000, Kind: "contact", Contact: &sources.Contact{Name: "Bob", Phone: "+34600000002"}},
			{At: at + 4000, Text: "Nice post", Post: &sources.Post{ID: "p1", URL: "https://example.com/p1"}},
			{At: 1740900000000, Outgoing: true, Author: "Bot", Text: "Bye", Notifies: true},
		}},
		{Chat{ID: "old", States: map[State]int{Planned: 1}, Marks: []Mark{{Kind: "no_phone"}, {Kind: "no_name"}}},
			[]ChatMessage{{At: 1400000000000, Text: "Old", Notifies: true}}},
		{Chat{States: map[State]int{stateInvalid: 1}}, []ChatMessage{{Text: "no conversation", State: stateInvalid}}},
	}
	var got []viewed
	if err := f.ViewPlan(Composer{BotID: "bot"}, Selection{}, viewAll(t, &got)); err != nil {
		t.Fatal(err)
	}
	for n, chat := range got {
		isOld := func(m Mark) bool { return m.Kind == string(OldLast) } // depends on the date of today
		if got[n].Marks = slices.DeleteFunc(chat.Marks, isOld); len(got[n].Marks) == 0 {
			got[n].Marks = nil
		}
		for i, m := range chat.Messages {
			if !m.IsEntry() {
				continue
			}
			if m.Reason == "" || !strings.Contains(m.Position, "chats.csv:") || !strings.Contains(m.Text, want[0].Messages[2].Text) && chat.ID != "" {
				t.Errorf("the invalid entry is %+v", m)
			}
			text := "between"
			if chat.ID == "" {
				text = "no conversation"
			}
			chat.Messages[i] = ChatMessage{Text: text, State: stateInvalid}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A part of the plan has only the conversations that a send would take.
func TestViewPlanOfASelection(t *testing.T) {
	f := loaded(t)
	for _, tt := range []struct {
		selection Selection
		want      []string
		months    int
	}{
		{Selection{}, []string{"ann", "bob", "cat"}, 10},
		{Selection{MaxConversations: 2}, []string{"ann", "bob"}, 9},
		{Selection{Only: []string{"cat"}}, []string{"cat"}, 1},
	} {
		var got []viewed
		var months []Month
		err := f.ViewPlan(newComposer(), tt.selection, func(v *ChatView) error {
			months = v.Months
			return viewAll(t, &got)(v)
		})
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, chat := range got {
			ids = append(ids, chat.ID)
		}
		if !slices.Equal(ids, tt.want) || len(months) != 1 || months[0].Messages != tt.months {
			t.Errorf("%+v: got %q and months %v, want %q and %d", tt.selection, ids, months, tt.want, tt.months)
		}
	}
	if err := f.ViewPlan(newComposer(), Selection{Only: []string{"dan"}}, viewAll(t, new([]viewed))); err == nil {
		t.Error("got no error for a conversation that is not there")
	}
}

// The months of a plan have no holes.
func TestCountMonth(t *testing.T) {
	v := new(ChatView)
	month := func(year int, month time.Month) time.Time { return time.Date(year, month, 1, 0, 0, 0, 0, time.UTC) }
	v.countMonth(month(2024, time.November), 2)
	v.countMonth(month(2024, time.November), 3)
	v.countMonth(month(2025, time.January), 4)
	want := []Month{{month(2024, time.November), 5}, {month(2024, time.December), 0}, {month(2025, time.January), 4}}
	if diff := cmp.Diff(want, v.Months); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Excluded messages are shown as the source has them, with the reason; a refused message and findings are shown in an outcome.
func TestViewOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := loaded(t)
		planned := bodies(t, f, newComposer())
		box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.Refuse, MsgID: msgidOf(planned["bob"][0])}}})
		sendAll(t, t.Context(), newSender(f, box))
		execute(t, f, `INSERT INTO finding SELECT conversation, 'missing', identity, '', '', time, 'not there', 0 FROM message
			WHERE conversation = (SELECT id FROM conversation WHERE external_id = 'cat')`)
		var got []viewed
		if err := f.ViewOutcome(viewAll(t, &got)); err != nil {
			t.Fatal(err)
		}
		marks := make(map[string][]Mark)
		for _, chat := range got {
			marks[chat.ID] = chat.Marks
		}
		if diff := cmp.Diff(map[string][]Mark{"ann": nil, "bob": {{Kind: MarkRefused}}, "cat": {{Kind: "missing"}}}, marks); diff != "" {
			t.Errorf("marks (-want +got):\n%s", diff)
		}
		if m := got[1].Messages[0]; m.State != Refused || m.Reason == "" || m.Position == "" {
			t.Errorf("the refused message is %+v", m)
		}
		if m := got[2].Messages[0]; m.State != Accepted || !slices.Equal(m.Findings, []string{"missing: not there"}) || !m.Notifies {
			t.Errorf("the missing message is %+v", m)
		}
	})
}

// Messages that the filter leaves out are at their place, with the reason and the file as the source names it.
func TestViewSkipped(t *testing.T) {
	f := newFile(t)
	path := writeCSV(t, csvHeader+row("ann", 1, "in", "early", "1")+
		"ann,1700000002,in,,2,Ann,,,picture,https://example.com/a.jpg,a.jpg,\n"+row("ann", 100_000, "in", "late", "3"))
	loadFile(t, f, path, Filter{Since: time.Unix(1700000050, 0)})
	var got []viewed
	if err := f.ViewPlan(newComposer(), Selection{}, viewAll(t, &got)); err != nil {
		t.Fatal(err)
	}
	messages := got[0].Messages
	if len(messages) != 3 || messages[0].State != Skipped || messages[0].Reason == "" || messages[1].File == nil ||
		messages[1].File.Name != "a.jpg" || messages[2].State != "" {
		t.Errorf("got %+v", messages)
	}
}

// Every warning about conversations marks them.
func TestViewMarksWarnings(t *testing.T) {
	f := newFile(t)
	load(t, f, "conversation_id,client_phone,timestamp,direction,author_name,text,type,media_url\n"+
		"ann,+34600000001,1740823200,out,Eva,Hello,,\n"+
		"Ann,+34600000001,1740823200,in,,"+strings.Repeat("long ", 1000)+",,\n"+
		"bob,123,1740823200,in,,Hello,picture,http://127.0.0.1:9/look.jpg\n")
	var preview Preview
	var marked []viewed
	var err error
	if preview, err = f.Preview(Composer{}, Selection{}, 1); err == nil {
		err = f.ViewPlan(Composer{}, Selection{}, viewAll(t, &marked))
	}
	if err != nil {
		t.Fatal(err)
	}
	kinds := make(map[string]string)
	for _, chat := range marked {
		for _, mark := range chat.Marks {
			kinds[mark.Kind] += chat.ID + " "
		}
	}
	for _, w := range preview.Warnings {
		if kinds[string(w.Kind)] == "" {
			t.Errorf("%s marks no conversation", w.Kind)
		}
		delete(kinds, string(w.Kind))
	}
	if len(kinds) > 0 {
		t.Errorf("marked without a warning: %v", kinds)
	}
	for _, kind := range []WarningKind{NoSender, LongText, SamePhone, SimilarIDs, UnusablePhone, MediaPrivate} {
		if !slices.ContainsFunc(preview.Warnings, func(w Warning) bool { return w.Kind == kind }) {
			t.Errorf("the test has no warning %s", kind)
		}
	}
	if m := marked[2].Messages[0]; m.Was != sources.KindPicture || m.Kind != "" || m.File != nil || m.Text != "[picture: look.jpg] http://127.0.0.1:9/look.jpg\nHello" {
		t.Errorf("the picture that is sent as text is %+v", m)
	}
	if note := marked[0].Marks[len(marked[0].Marks)-1].Note; !strings.Contains(note, "Ann") {
		t.Errorf("the note %q does not name the other conversation", note)
	}
}

// The last messages of a conversation begin behind the place that LastMessages returns.
func TestLastMessages(t *testing.T) {
	f := loaded(t)
	err := f.ViewPlan(newComposer(), Selection{Only: []string{"ann"}}, func(v *ChatView) error {
		for n := range 7 {
			behind, err := v.LastMessages(v.Chats[0], n)
			if err != nil {
				return err
			}
			got := 0
			for _, err := range v.Messages(v.Chats[0], behind) {
				if err != nil {
					return err
				}
				got++
			}
			if want := min(n, 5); got != want {
				t.Errorf("got %d messages, want the last %d", got, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPlaceInSource(t *testing.T) {
	for _, tt := range []struct {
		position string
		reversed bool
		want     sourcePlace
	}{
		{"chats.csv:17", false, sourcePlace{1, 17}},
		{"C:\\chats.csv:17", true, sourcePlace{1, -17}},
		{"79001234567@c.us/ABC", false, sourcePlace{source: 1}},
		{"", false, sourcePlace{source: 1}},
	} {
		if got := placeInSource(1, tt.position, tt.reversed); got != tt.want {
			t.Errorf("%q: got %v, want %v", tt.position, got, tt.want)
		}
	}
	if !(sourcePlace{1, 2}).isBefore(sourcePlace{1, 3}) || (sourcePlace{1, 2}).isBefore(sourcePlace{2, 3}) || (sourcePlace{1, 0}).isBefore(sourcePlace{1, 3}) {
		t.Error("isBefore is wrong")
	}
}
