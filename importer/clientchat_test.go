package importer

import (
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"kommo-import/sources"
)

// A said is a message of a chat in a test.
type said struct {
	second   int
	text, id string
	outgoing bool
}

// chatOf returns the messages of a client's chat.
func chatWith(client sources.Client, messages ...said) (batch []sources.Message) {
	for i, s := range messages {
		m := textOf(client.ID, fmt.Sprint(client.ID, i), s.second)
		m.Conversation.Client = client
		m.Text = s.text
		if s.id != "" {
			m.ID = s.id
		}
		if s.outgoing {
			m.Direction = sources.Outgoing
		}
		batch = append(batch, m)
	}
	return batch
}

// withPhone returns a chat with a message that no other chat has.
func withPhone(id, phone, suspected string) []sources.Message {
	return chatWith(sources.Client{ID: id, Phone: phone, SuspectedPhone: suspected}, said{1, "I am " + id, "", false})
}

// named returns a chat with a message that no other chat has.
func clientNamed(id, name string) []sources.Message {
	return chatWith(sources.Client{ID: id, Name: name}, said{1, "I am " + id, "", false})
}

// examplesOf returns the examples of the warnings of a kind.
func examplesOf(t *testing.T, f *File, selection Selection, kind WarningKind) (examples []string) {
	t.Helper()
	preview, err := f.Preview(newComposer(), selection, 6)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range preview.Warnings {
		if w.Kind == kind {
			examples = append(examples, w.Examples...)
		}
	}
	return examples
}

// checkExamples loads chats and checks what the preview says of a kind.
func checkExamples(t *testing.T, kind WarningKind, filter Filter, chats [][]sources.Message, want ...string) {
	t.Helper()
	f := newFile(t)
	loadScript(t, f, Loader{Filter: filter}, sources.Batch{Messages: slices.Concat(chats...)})
	if diff := gocmp.Diff(want, examplesOf(t, f, Selection{}, kind)); diff != "" {
		t.Errorf("examples of %s (-want +got):\n%s", kind, diff)
	}
}

func TestSamePhone(t *testing.T) {
	group := withPhone("120363041234567890@g.us", "+34611222333", "")
	group[0].Conversation.Kind = sources.Group
	skipped := withPhone("b", "+34611222333", "")
	skipped[0].Skip = "a reaction"
	var many [][]sources.Message
	for i := range 7 {
		many = append(many, withPhone(fmt.Sprint("c", i), "+34611222333", ""))
	}
	for _, tt := range []struct {
		name   string
		filter Filter
		chats  [][]sources.Message
		want   []string
	}{
		{"the phone that is sent", Filter{}, [][]sources.Message{withPhone("a", "+34 611 222 333", ""), withPhone("b", "34611222333", ""),
			withPhone("c", "+34611222334", "")}, []string{"+34611222333: a and b"}},
		{"one person, four ids", Filter{}, [][]sources.Message{withPhone("79001234567", "", "79001234567"), withPhone("+79001234567", "+79001234567", ""),
			withPhone("+7 900 123-45-67", "+7 900 123-45-67", ""), withPhone("79001234567@c.us", "79001234567@c.us", "")},
			[]string{"+79001234567: +7 900 123-45-67, +79001234567, 79001234567 and 79001234567@c.us"}},
		{"the phone of the id, another is sent", Filter{}, [][]sources.Message{withPhone("34611222333@c.us", "+34699888777", ""), withPhone("b", "+34611222333", "")},
			[]string{"+34611222333: 34611222333@c.us and b"}},
		{"before and after a change of numbers", Filter{}, [][]sources.Message{withPhone("555187654321@c.us", "", ""), withPhone("5551987654321@c.us", "", "")},
			[]string{"+5551987654321: 555187654321@c.us and 5551987654321@c.us"}},
		{"local", Filter{Country: "ES"}, [][]sources.Message{withPhone("a", "611 22 23 33", ""), withPhone("b", "+34611222333", "")},
			[]string{"+34611222333: a and b"}},
		{"two @lid with the company's phone", Filter{}, [][]sources.Message{withPhone("55@lid", "", "79990000000"), withPhone("66@lid", "", "+79990000000")},
			[]string{"+79990000000: 55@lid and 66@lid"}},
		{"suspected, no valid number", Filter{}, [][]sources.Message{withPhone("22507123456@c.us", "", ""), withPhone("22507123456", "", "22507123456")},
			[]string{"+22507123456: 22507123456 and 22507123456@c.us"}},
		{"two groups", Filter{}, [][]sources.Message{withPhone("a", "+34611222333", ""), withPhone("b", "+34611222333", ""),
			withPhone("c", "+34611222444", ""), withPhone("d", "+34611222444", "")}, []string{"+34611222333: a and b", "+34611222444: c and d"}},
		{"many", Filter{}, many, []string{"+34611222333: c0, c1, c2, c3, c4 and 2 more"}},

		{"an @lid and a phone are one client", Filter{}, [][]sources.Message{withPhone("55@lid", "", "34611222333"), withPhone("34611222333@c.us", "", "")}, nil},
		{"phones that end alike", Filter{}, [][]sources.Message{withPhone("34611222333@c.us", "", ""), withPhone("34711222333@c.us", "", "")}, nil},
		{"no phones", Filter{}, [][]sources.Message{withPhone("a", "none", ""), withPhone("b", "none", ""), withPhone("55@lid", "", "55@lid"), withPhone("66@lid", "", "55@lid")}, nil},
		{"an @lid is no phone", Filter{}, [][]sources.Message{withPhone("34611222333@lid", "", ""), withPhone("34611222333@c.us", "", "")}, nil},
		{"a group", Filter{Groups: true}, [][]sources.Message{group, withPhone("b", "+34611222333", "")}, nil},
		{"one is left out", Filter{Exclude: []string{"b"}}, [][]sources.Message{withPhone("a", "+34611222333", ""), withPhone("b", "+34611222333", "")}, nil},
		{"one has nothing to send", Filter{}, [][]sources.Message{withPhone("a", "+34611222333", ""), skipped}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) { checkExamples(t, SamePhone, tt.filter, tt.chats, tt.want...) })
	}
}

func TestSameClient(t *testing.T) {
	anna, lid := sources.Client{ID: "34611222333@c.us"}, sources.Client{ID: "77@lid"}
	ann := func(messages ...said) []sources.Message { return chatWith(anna, messages...) }
	hidden := func(messages ...said) []sources.Message { return chatWith(lid, messages...) }
	picture := func(chat []sources.Message, file string) []sources.Message {
		chat[0].Kind, chat[0].Text = sources.KindPicture, ""
		chat[0].Media = &sources.Media{URL: "https://example.com/" + file, Name: file, Size: 1}
		return chat
	}
	var crowd [][]sources.Message
	for i := range fewChats {
		crowd = append(crowd, clientNamed(fmt.Sprintf("346%08d@c.us", i), fmt.Sprint("Client number ", i)))
	}
	const both = "77@lid and 34611222333@c.us: "
	for _, tt := range []struct {
		name   string
		filter Filter
		chats  [][]sources.Message
		want   []string
	}{
		{"one id", Filter{}, [][]sources.Message{ann(said{1, "ours", "A1", true}, said{2, "b", "", false}), hidden(said{1, "ours", "A1", true}, said{5, "c", "", false})},
			[]string{both + "an equal message"}},
		{"ids of pictures with other file names", Filter{}, [][]sources.Message{picture(ann(said{1, "", "A1", false}), "a.jpg"), picture(hidden(said{1, "", "A1", false}), "b.jpg")},
			[]string{both + "an equal message"}},
		{"other ids", Filter{}, [][]sources.Message{ann(said{1, "hello", "", false}, said{2, "yes", "", false}, said{3, "no", "", false}),
			hidden(said{1, "hello", "", false}, said{2, "yes", "", false}, said{4, "no", "", false}, said{5, "ours", "", true})}, []string{both + "2 equal messages"}},
		{"all that the client wrote", Filter{}, [][]sources.Message{ann(said{1, "hello", "", false}),
			hidden(said{1, "hello", "", false}, said{2, "ours", "", true}, said{9, "thanks", "", false})}, []string{both + "an equal message"}},
		{"the phone in the contacts", Filter{}, [][]sources.Message{withPhone("34611222333@c.us", "", ""), withPhone("77@lid", "", "34611222333")},
			[]string{both + "the phone +34611222333"}},
		{"the name", Filter{}, [][]sources.Message{clientNamed("34611222333@c.us", "Anna  PETROVA"), clientNamed("77@lid", "Anna Petrova")}, []string{both + "the same name"}},
		{"a first name among few", Filter{}, [][]sources.Message{clientNamed("34611222333@c.us", "Anna"), clientNamed("77@lid", "Anna")}, []string{both + "the same name"}},
		{"a full name among many", Filter{}, append([][]sources.Message{clientNamed("34611222333@c.us", "Anna Petrova"), clientNamed("77@lid", "Anna Petrova")}, crowd...),
			[]string{both + "the same name"}},
		{"all reasons", Filter{}, [][]sources.Message{
			chatWith(sources.Client{ID: "34611222333@c.us", Name: "Anna Petrova"}, said{1, "hello", "A1", false}, said{2, "ours", "A2", true}),
			chatWith(sources.Client{ID: "77@lid", Name: "Anna Petrova", SuspectedPhone: "34611222333"}, said{1, "hello", "A1", false}, said{2, "ours", "A2", true})},
			[]string{both + "2 equal messages, the phone +34611222333, the same name"}},
		{"two pairs", Filter{}, [][]sources.Message{clientNamed("34611222333@c.us", "Anna Petrova"), clientNamed("77@lid", "Anna Petrova"),
			withPhone("34611222444@c.us", "", ""), withPhone("88@lid", "", "+34611222444")},
			[]string{both + "the same name", "88@lid and 34611222444@c.us: the phone +34611222444"}},

		{"other seconds", Filter{}, [][]sources.Message{ann(said{1, "hello", "A1", false}), hidden(said{2, "hello", "A1", false})}, nil},
		{"other sides", Filter{}, [][]sources.Message{ann(said{1, "hello", "", false}), hidden(said{1, "hello", "", true})}, nil},
		{"two clients say yes", Filter{}, [][]sources.Message{ann(said{1, "yes", "", false}, said{3, "a", "", false}), hidden(said{1, "yes", "", false}, said{4, "b", "", false})}, nil},
		{"three clients say yes", Filter{}, [][]sources.Message{ann(said{1, "yes", "", false}), hidden(said{1, "yes", "", false}),
			chatWith(sources.Client{ID: "34611222444@c.us"}, said{1, "yes", "", false})}, nil},
		{"mailings", Filter{}, [][]sources.Message{ann(said{1, "sale", "", true}, said{2, "sale again", "", true}, said{3, "last sale", "", true}),
			hidden(said{1, "sale", "", true}, said{2, "sale again", "", true}, said{3, "last sale", "", true})}, nil},
		{"pictures of two clients", Filter{}, [][]sources.Message{picture(ann(said{1, "", "", false}), "a.jpg"), picture(hidden(said{1, "", "", false}), "a.jpg")}, nil},
		{"two phones", Filter{}, [][]sources.Message{clientNamed("34611222333@c.us", "Anna Petrova"), clientNamed("34611222444@c.us", "Anna Petrova")}, nil},
		{"a name of several clients", Filter{}, [][]sources.Message{clientNamed("34611222333@c.us", "Anna Petrova"), clientNamed("34611222444@c.us", "Anna Petrova"),
			clientNamed("77@lid", "Anna Petrova")}, nil},
		{"no names", Filter{}, [][]sources.Message{clientNamed("34611222333@c.us", "+34611222333"), clientNamed("77@lid", "+34611222333")}, nil},
		{"a first name among many", Filter{}, append([][]sources.Message{clientNamed("34611222333@c.us", "Anna"), clientNamed("77@lid", "Anna")}, crowd...), nil},
		{"one is left out", Filter{Exclude: []string{"77@lid"}}, [][]sources.Message{clientNamed("34611222333@c.us", "Anna Petrova"), clientNamed("77@lid", "Anna Petrova")}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) { checkExamples(t, SameClient, tt.filter, tt.chats, tt.want...) })
	}
}

func TestSimilarIDs(t *testing.T) {
	chats := func(ids ...string) (list [][]sources.Message) {
		for _, id := range ids {
			list = append(list, clientNamed(id, ""))
		}
		return list
	}
	for _, tt := range []struct {
		name string
		ids  []string
		want []string
	}{
		{"case", []string{"anna", "Anna", "ANNA"}, []string{"ANNA, Anna and anna"}},
		{"neither is plain", []string{"Anna", "ANNA"}, []string{"ANNA and Anna"}},
		{"accents", []string{"Jos\u00e9", "Jose\u0301"}, []string{`"Jose\u0301" and "Jos\u00e9"`}},
		{"invisible marks", []string{"an\u200bna", "anna", "anna\ufe0f"}, []string{`"anna\ufe0f", "an\u200bna" and "anna"`}},
		{"blanks", []string{"anna\u00a0b", "anna b"}, []string{`"anna\u00a0b" and "anna b"`}},
		{"a final sigma", []string{"\u039f\u03a3", "\u03bf\u03c2", "\u03bf\u03c3"}, []string{`"\u039f\u03a3", "\u03bf\u03c2" and "\u03bf\u03c3"`}},
		{"others", []string{"anna", "ana", "Ann", "Jos\u00e9", "Jose"}, nil},
		{"letters of other alphabets", []string{"\u0430nna", "anna"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) { checkExamples(t, SimilarIDs, Filter{}, chats(tt.ids...), tt.want...) })
	}
	checkExamples(t, SimilarIDs, Filter{Exclude: []string{"Anna"}}, chats("anna", "Anna"))
}

// A phone that is not sent is shown.
func TestPhonesNotSent(t *testing.T) {
	chats := [][]sources.Message{withPhone("a", "611 22", ""), withPhone("34611222444", "", "34611222444"), withPhone("77@lid", "", "34611222333"), withPhone("b", "", "")}
	checkExamples(t, UnusablePhone, Filter{}, chats, "a: 611 22")
	checkExamples(t, SuspectedPhone, Filter{}, chats, "34611222444", "77@lid: 34611222333")
	checkExamples(t, NoPhone, Filter{}, chats, "b")
}

// Chats are named as long as something of them is to be sent, and the selection has it.
func TestClientsOfASelection(t *testing.T) {
	f := newFile(t)
	loadScript(t, f, Loader{}, sources.Batch{Messages: slices.Concat(withPhone("a", "+34611222333", ""), withPhone("b", "+34611222333", ""), withPhone("c", "", ""))})
	for _, tt := range []struct {
		name      string
		selection Selection
		sent      string
		want      []string
	}{
		{"all", Selection{}, "", []string{"+34611222333: a and b"}},
		{"one of them", Selection{Only: []string{"b"}}, "", []string{"+34611222333: a and b"}},
		{"the first", Selection{MaxConversations: 1}, "", []string{"+34611222333: a and b"}},
		{"another", Selection{Only: []string{"c"}}, "", nil},
		{"one is sent", Selection{}, "a", []string{"+34611222333: a and b"}},
		{"both are sent", Selection{}, "b", nil},
	} {
		execute(t, f, `UPDATE message SET state = 'accepted' WHERE conversation = (SELECT id FROM conversation WHERE external_id = '`+tt.sent+`')`)
		execute(t, f, `UPDATE conversation SET planned = 0, accepted = 1 WHERE external_id = '`+tt.sent+`'`)
		if diff := gocmp.Diff(tt.want, examplesOf(t, f, tt.selection, SamePhone)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
