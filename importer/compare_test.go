package importer

import (
	"database/sql"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"kommo-import/internal/kommo"
	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// What is there is what was sent, in every form that it may have been sent in; what is not says why.
func TestDifferences(t *testing.T) {
	person := &conversation{externalID: "c1", kind: sources.Person, client: sources.Client{ID: "c1", Name: "Ann"}}
	group := &conversation{externalID: "g1", kind: sources.Group, client: sources.Client{ID: "g1"}}
	author := sources.Author{Name: "Max"}
	picture := sources.Message{Kind: sources.KindPicture, Text: "the invoice", Media: &sources.Media{URL: "https://e.com/a.jpg", Name: "a.jpg", Size: 7}}
	renewable := sources.Message{ID: "1", Kind: sources.KindPicture, Text: "the invoice", Author: author, Media: &sources.Media{Name: "a.jpg", Renewable: true}}
	audio := sources.Message{ID: "1", Kind: sources.KindAudio, Media: &sources.Media{Renewable: true}}
	answer := sources.Message{Kind: sources.KindText, Text: "yes", Quote: "coffee?\nor tea?", ReplyTo: "0"}
	found := mediaInfo{Status: mediaFound, URL: "https://e.com/new.jpg"}
	told := mediaInfo{Status: mediaFound} // nobody had to ask
	gone := mediaInfo{Status: mediaGone}
	for _, tt := range []struct {
		name    string
		cv      *conversation
		content sources.Message
		media   mediaInfo
		asText  bool
		kind    kommo.MessageType
		text    string
		want    string
	}{
		{"text", person, sources.Message{Kind: sources.KindText, Text: "a"}, found, false, "text", "a", ""},
		{"picture", person, picture, told, false, "picture", "the invoice", ""},
		{"its text form, which nobody sent", person, picture, told, false, "text", "[picture: a.jpg] https://e.com/a.jpg\nthe invoice",
			`kind: sent picture, there text; text: from character 1 on sent "the invoice", there "[picture: a.jpg] https://e.com/a.jpg\nthe…"`},
		{"as text", person, picture, told, true, "text", "[picture: a.jpg] https://e.com/a.jpg\nthe invoice", ""},
		{"as text, another link", person, picture, told, true, "text", "[picture: a.jpg] https://e.com/b.jpg\nthe invoice",
			`text: from character 32 on sent "a.jpg\nthe invoice", there "b.jpg\nthe invoice"`},
		{"renewed as text", person, renewable, found, true, "text", "[picture: a.jpg] https://e.com/old.jpg\nthe invoice", ""},
		{"renewed as text, another caption", person, renewable, found, true, "text", "[picture: a.jpg] https://e.com/new.jpg\nthe invoices",
			`text: from character 51 on sent "", there "s"`},
		{"gone since", person, renewable, gone, false, "picture", "the invoice", ""},
		{"gone since, another caption", person, renewable, gone, false, "picture", "an invoice",
			`kind: sent text, there picture; text: from character 1 on sent "[picture: a.jpg, no longer available]\nth…", there "an invoice"`},
		{"there again since", person, renewable, found, false, "text", "[picture: a.jpg, no longer available]\nthe invoice", ""},
		{"there again since, in a group", group, renewable, found, false, "text", "Max: [picture: a.jpg, no longer available]\nthe invoice", ""},
		{"of somebody else in a group", group, renewable, found, false, "text", "Moritz: [picture: a.jpg, no longer available]\nthe invoice",
			`kind: sent picture, there text; text: from character 2 on sent "ax: the invoice", there "oritz: [picture: a.jpg, no longer availa…"`},
		{"sound of a kind told later", person, audio, found, false, "voice", "", ""},
		{"sound of another kind told later", person, audio, mediaInfo{Status: mediaFound, MIME: "audio/ogg"}, false, "audio", "", ""},
		{"a file is no sound", person, audio, found, false, "file", "", "kind: sent audio, there file"},
		{"quoting", person, answer, found, false, "text", "> coffee?\n> or tea?\nyes", ""},
		{"naming instead of quoting", person, answer, found, false, "text", "yes", ""},
		{"saying no", person, answer, found, false, "text", "no", `text: from character 1 on sent "> coffee?\n> or tea?\nyes", there "no"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &outgoing{family: sources.GreenAPI, msec: 1700000000000, direction: sources.Incoming, content: tt.content, media: tt.media, form: form{asText: tt.asText}, quoteText: tt.content.Quote}
			there := &kommo.HistoryMessage{Timestamp: 1700000001, Sender: kommo.HistoryPerson{ClientID: tt.cv.client.ID},
				Message: kommo.HistoryContent{Type: tt.kind, Text: tt.text}}
			got, err := (Composer{}).compare(tt.cv, m, there)
			if differences := strings.Join(got.differences, "; "); differences != tt.want || got.shownAs != "" || err != nil {
				t.Errorf("got %+v, %v, want %q", got, err, tt.want)
			}
		})
	}
}

// A server may normalise a text without changing what it says; a real change is a difference.
func TestSameText(t *testing.T) {
	for _, tt := range []struct {
		sent, shown string
		want        bool
	}{
		{"cafe\u0301", "caf\u00e9", true},
		{"a\r\nb\rc\u2028d", "a\nb\nc\nd", true},
		{"a \t\nb\u00a0", "a\nb", true},
		{"a\u200b\u200e\nb\ufeff", "a\nb", true},
		{"\u2764\ufe0f", "\u2764", true},
		{"\n\n a\n\n", "a", true},
		{"", "\u200b", true},
		{"a\n\nb", "a\nb", false},
		{"a  b", "a b", false},
		{"a\u200bb", "ab", false},
		{"a & b", "a &amp; b", false},
		{"<b>", "b", false},
		{"a", "A", false},
		{"ﬁ", "fi", false}, // NFKC is another text
	} {
		if got := sameText(tt.sent, tt.shown); got != tt.want {
			t.Errorf("%q and %q: got %t", tt.sent, tt.shown, got)
		}
	}
}

// A sticker that is shown as a picture and voice as audio are there; any other kind is a difference.
func TestShownAs(t *testing.T) {
	cv := &conversation{client: sources.Client{ID: "c1"}}
	for _, tt := range []struct {
		sent             sources.Kind
		shown            kommo.MessageType
		shownAs, differs string
	}{
		{sources.KindSticker, kommo.TypeSticker, "", ""},
		{sources.KindSticker, kommo.TypePicture, "sticker as picture", ""},
		{sources.KindVoice, kommo.TypeAudio, "voice as audio", ""},
		{sources.KindAudio, kommo.TypeVoice, "", "kind: sent audio, there voice"},
		{sources.KindPicture, kommo.TypeSticker, "", "kind: sent picture, there sticker"},
		{sources.KindVoice, kommo.TypeFile, "", "kind: sent voice, there file"},
	} {
		m := &outgoing{direction: sources.Incoming, media: mediaInfo{Status: mediaFound},
			content: sources.Message{Kind: tt.sent, Media: &sources.Media{URL: "https://e.com/a", Name: "a", Size: 1, MIME: "x/y"}}}
		got, err := (Composer{}).compare(cv, m, &kommo.HistoryMessage{Message: kommo.HistoryContent{Type: tt.shown}})
		if got.shownAs != tt.shownAs || strings.Join(got.differences, "; ") != tt.differs || err != nil {
			t.Errorf("%s shown as %s: got %+v, %v", tt.sent, tt.shown, got, err)
		}
	}
}

func TestSideOf(t *testing.T) {
	cv := &conversation{client: sources.Client{ID: "c1"}}
	client, other := kommo.HistoryPerson{ID: "9c2c", ClientID: "c1"}, kommo.HistoryPerson{ID: "76fc"}
	for _, tt := range []struct {
		sender, receiver kommo.HistoryPerson
		want             sources.Direction
	}{
		{client, kommo.HistoryPerson{}, sources.Incoming},
		{client, other, sources.Incoming},
		{other, client, sources.Outgoing},
		{other, kommo.HistoryPerson{ID: "9c2c"}, sources.Outgoing},
		{other, kommo.HistoryPerson{}, ""}, // somebody, to nobody: no information
		{kommo.HistoryPerson{ClientID: "bot"}, kommo.HistoryPerson{}, ""},
		{kommo.HistoryPerson{}, kommo.HistoryPerson{}, ""},
	} {
		if got := sideOf(cv, &kommo.HistoryMessage{Sender: tt.sender, Receiver: tt.receiver}); got != tt.want {
			t.Errorf("from %+v to %+v: %s, want %s", tt.sender, tt.receiver, got, tt.want)
		}
	}
}

func TestSameTime(t *testing.T) {
	const sent = 1700000000500
	for _, tt := range []struct {
		seconds, msec int64
		want          bool
	}{
		{0, 0, true}, // Kommo tells none
		{1700000000, 0, true},
		{1700000001, 0, true},
		{1699999999, 0, true},
		{1700000002, 0, false},
		{1699999998, 0, false},
		{1700000000, sent, true},
		{1700000009, sent, true}, // the more exact one counts
		{1700000000, sent + 1000, true},
		{1700000000, sent - 1000, true},
		{1700000000, sent + 1001, false},
		{1700000000, sent - 1001, false},
	} {
		if got := sameTime(sent, &kommo.HistoryMessage{Timestamp: tt.seconds, MsecTimestamp: tt.msec}, timeTolerance); got != tt.want {
			t.Errorf("%d, %d: got %t, want %t", tt.seconds, tt.msec, got, tt.want)
		}
	}
}

// emptyDatabase returns a database in memory.
func emptyDatabase(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// misplacedIn returns the messages that are found out of order in a chat that holds messages in that order.
func misplacedIn(t testing.TB, db *sql.DB, order []int, oldestFirst bool) (found []int) {
	t.Helper()
	numbers, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	found, err = migration.All(db, func(rows *sql.Rows) (n int, err error) {
		err = rows.Scan(&n)
		return n, err
	},
		`WITH in_order AS (SELECT key AS n, value AS msec, value AS identity, value AS time FROM json_each(?1)), `+misplaced+
			`SELECT identity FROM misplaced ORDER BY 1`, string(numbers), oldestFirst)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestOutOfOrder(t *testing.T) {
	db := emptyDatabase(t)
	for _, tt := range []struct {
		order []int // newest first
		want  []int
	}{
		{nil, nil},
		{[]int{1}, nil},
		{[]int{2, 1}, nil},
		{[]int{1, 2}, []int{1, 2}},
		{[]int{3, 3, 2, 2}, nil},
		{[]int{1, 3, 2}, []int{1}},
		{[]int{2, 1, 3}, []int{3}},
		{[]int{5, 4, 2, 3, 1}, []int{2, 3}},
		{[]int{5, 2, 3, 4, 1}, []int{2, 4}},
		{[]int{9, 2, 7, 6, 5, 4, 3, 8, 1}, []int{2, 8}},
		{[]int{9, 8, 2, 7, 6, 5, 4, 3, 1}, []int{2}},
		{[]int{9, 8, 7, 5, 4, 3, 2, 1, 6}, []int{6}},
		{[]int{9, 4, 3, 8, 7, 6, 5, 2, 1}, []int{3, 8}}, // a part has moved: its border is told
	} {
		if got := misplacedIn(t, db, tt.order, false); !slices.Equal(got, tt.want) {
			t.Errorf("%v: got %v, want %v", tt.order, got, tt.want)
		}
		slices.Reverse(tt.order)
		if got := misplacedIn(t, db, tt.order, true); !slices.Equal(got, tt.want) {
			t.Errorf("%v, oldest first: got %v, want %v", tt.order, got, tt.want)
		}
	}
}

// Of any two messages that are swapped both are found, and nothing else; of one that has moved, it alone, or its
// neighbour with it. In any disorder something is found.
func TestOutOfOrderAtRandom(t *testing.T) {
	t.Parallel()
	db := emptyDatabase(t)
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		n := 3 + random.IntN(12)
		order := make([]int, n)
		for i := range order {
			order[i] = n - i
		}
		a, b := random.IntN(n), random.IntN(n)
		want := []int{order[a], order[b]}
		order[a], order[b] = order[b], order[a]
		slices.Sort(want)
		if a == b {
			want = nil
		}
		if got := misplacedIn(t, db, order, false); !slices.Equal(got, want) {
			t.Fatalf("%v: got %v, want %v", order, got, want)
		}
		random.Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
		sorted := slices.IsSortedFunc(order, func(a, b int) int { return b - a })
		if found := misplacedIn(t, db, order, false); sorted != (len(found) == 0) {
			t.Fatalf("%v: found %v", order, found)
		}
	}
}
