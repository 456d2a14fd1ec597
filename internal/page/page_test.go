package page

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kommo-import/importer"
	"kommo-import/sources/csvfile"
)

// load loads conversations into a migration file. Each has so many messages with a text of so many characters.
func load(t *testing.T, length int, messages ...int) *importer.File {
	t.Helper()
	var table strings.Builder
	table.WriteString("conversation_id,client_name,timestamp,direction,text\n")
	for c, n := range messages {
		for i := range n {
			fmt.Fprintf(&table, "chat-%d,Client </script> %d,%d,in,%d %s\n", c, c, 1740823200+i+c*1000, i, strings.Repeat("x", length))
		}
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "chats.csv")
	if err := os.WriteFile(path, []byte(table.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := importer.Open(filepath.Join(folder, "migration.db"), "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	if _, err := (&importer.Loader{File: file, Name: "chats.csv"}).Load(t.Context(), &csvfile.File{Path: path}); err != nil {
		t.Fatal(err)
	}
	return file
}

// written returns the page of a file of at most size bytes.
func written(t *testing.T, file *importer.File, size int) string {
	t.Helper()
	var page bytes.Buffer
	out := bufio.NewWriter(&page)
	err := file.ViewPlan(importer.Composer{BotID: "bot"}, importer.Selection{}, func(view *importer.ChatView) error {
		return Page{Title: "Title", Size: size, Marks: []Mark{{Kind: "no_phone", Label: "no phone", Text: "no phone"}}}.Write(t.Context(), out, view, Plan())
	})
	if err := errors.Join(err, out.Flush()); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

type pageChat struct {
	ID        string
	Kinds     []string
	Last      importer.ChatMessage
	Messages  []importer.ChatMessage `json:"-"`
	Gap, Left int
}

// chatsOf returns the conversations in a page.
func chatsOf(t *testing.T, page string) (chats []pageChat) {
	t.Helper()
	_, text, _ := strings.Cut(page, `<script type="application/json" id="chats">`)
	text, _, _ = strings.Cut(text, "</script>")
	for text != "" {
		var chat pageChat
		var head, messages string
		head, text, _ = strings.Cut(text, "\n")
		messages, text, _ = strings.Cut(text, "\n")
		if err := errors.Join(json.Unmarshal([]byte(head), &chat), json.Unmarshal([]byte(messages), &chat.Messages)); err != nil {
			t.Fatalf("%v in %.300s", err, head)
		}
		chats = append(chats, chat)
	}
	return chats
}

// A page with room for all shows all, and says nothing of others.
func TestPageShowsAll(t *testing.T) {
	page := written(t, load(t, 10, 3, 40, 7), MaxSize)
	total := 0
	for _, chat := range chatsOf(t, page) {
		total += len(chat.Messages)
		if chat.Left > 0 || !slices.Equal(chat.Kinds, []string{"planned", "text"}) || chat.Last.At != chat.Messages[len(chat.Messages)-1].At {
			t.Errorf("%s: %d messages are left out; kinds %q, last %+v", chat.ID, chat.Left, chat.Kinds, chat.Last)
		}
	}
	if total != 50 || strings.Contains(page, "This page shows") || strings.Contains(page, "in the middle are left out") {
		t.Errorf("got %d messages, want 50 and no word of others", total)
	}
	if !strings.Contains(page, "Show 3 conversations") {
		t.Error("a mark does not count its conversations")
	}
}

// A page never becomes larger than its size, always shows the pilot's, and says what is left out.
func TestPageKeepsItsSize(t *testing.T) {
	var messages []int
	for i := range 200 {
		messages = append(messages, 1+i%17)
	}
	messages[0], messages[100] = 300, 900
	file := load(t, 100, messages...)
	frame := len(written(t, load(t, 1, 1), MaxSize))
	for _, size := range []int{frame + 40_000, frame + 60_000, frame + 100_000, frame + 200_000} {
		page := written(t, file, size)
		if len(page) > size {
			t.Errorf("got %d bytes, want %d at most", len(page), size)
		}
		if least := size - reserve - 12_000; len(page) < least {
			t.Errorf("got %d bytes of %d, want %d at least: there are conversations enough", len(page), size, least)
		}
		chats := chatsOf(t, page)
		for i, id := range []string{"chat-0", "chat-1", "chat-2"} {
			if chats[i].ID != id {
				t.Errorf("the conversation %d is %s, want %s of the pilot", i, chats[i].ID, id)
			}
		}
		if said := fmt.Sprintf("This page shows %d of 200 conversations", len(chats)); !strings.Contains(page, said) {
			t.Errorf("the page does not say %q", said)
		}
		if first := chats[0]; first.Left == 0 || first.Left+len(first.Messages) != 300 {
			t.Errorf("%d messages shown and %d left out, want 300 in all", len(first.Messages), first.Left)
		} else if last := first.Messages[len(first.Messages)-1]; !strings.HasPrefix(last.Text, "299 ") || !strings.HasPrefix(first.Messages[first.Gap-1].Text, fmt.Sprint(first.Gap-1, " ")) {
			t.Errorf("the last message is %q, that before the gap %q", last.Text, first.Messages[first.Gap-1].Text)
		}
		if !strings.Contains(page, "long conversations, messages in the middle are left out") {
			t.Error("the page does not say that it leaves messages out")
		}
	}
}

// A conversation alone has the whole page, and its last message is there.
func TestPageOfOneConversation(t *testing.T) {
	file := load(t, 100, 2000)
	chats := chatsOf(t, written(t, file, 150_000))
	if got := chats[0]; len(got.Messages) < 300 || got.Left+len(got.Messages) != 2000 || !got.Messages[len(got.Messages)-1].Notifies {
		t.Errorf("%d messages shown, %d left out", len(got.Messages), got.Left)
	}
}

// The policy allows the one style and the one script, and there is no other.
func TestPolicy(t *testing.T) {
	page := written(t, load(t, 10, 2), MaxSize)
	policy := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)[1]
	policy = strings.NewReplacer("&#39;", "'", "&#43;", "+").Replace(policy)
	inline := regexp.MustCompile(`(?s)<(style|script)>(.*?)</(?:style|script)>`).FindAllStringSubmatch(page, -1)
	if len(inline) != 2 {
		t.Fatalf("got %d inline elements, want a style and a script", len(inline))
	}
	want := "default-src 'none'; style-src " + hash(inline[0][2]) + "; script-src " + hash(inline[1][2]) + "; base-uri 'none'; form-action 'none'"
	if policy != want {
		t.Errorf("got %s, want %s", policy, want)
	}
	if got := strings.Count(page, "<script"); got != 3 {
		t.Errorf("got %d scripts, want two of data and one that runs", got)
	}
	if strings.Contains(script, "innerHTML") || strings.Contains(script, "insertAdjacentHTML") || strings.Contains(script, "document.write") {
		t.Error("the script writes HTML")
	}
}

// A page is known by how it begins.
func TestIsPage(t *testing.T) {
	if page := written(t, load(t, 10, 2), MaxSize); !IsPage(strings.NewReader(page)) {
		t.Errorf("a page is not known as one: %.100s", page)
	}
	for _, other := range []string{"", "<!DOCTYPE html>\n<html>", "# Title"} {
		if IsPage(strings.NewReader(other)) {
			t.Errorf("%q is taken for a page", other)
		}
	}
}

// A page that is interrupted is an error.
func TestPageInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	cancel(stopped)
	err := load(t, 10, 2).ViewPlan(importer.Composer{}, importer.Selection{}, func(view *importer.ChatView) error {
		return Page{}.Write(ctx, bufio.NewWriter(new(bytes.Buffer)), view, Plan())
	})
	if !errors.Is(err, stopped) {
		t.Errorf("got %v, want %v", err, stopped)
	}
}

// Conversations with a rare mark come before those with a common one, and those without a mark are left out.
func TestRarestMark(t *testing.T) {
	chats := []importer.ListedChat{{ID: 1, Marks: 1}, {ID: 2}, {ID: 3, Marks: 1}, {ID: 4, Marks: 3}, {ID: 5, Marks: 1}}
	var got []int64
	for _, c := range rarestMark(chats) {
		got = append(got, c.ID)
	}
	if want := []int64{4, 1, 3, 5}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A sample has every conversation once, and its first ones are spread over all.
func TestSample(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 8, 1000} {
		var chats []importer.ListedChat
		for i := range n {
			chats = append(chats, importer.ListedChat{ID: int64(i)})
		}
		seen := make(map[int64]bool)
		var ids []int64
		for _, c := range sample(chats) {
			seen[c.ID] = true
			ids = append(ids, c.ID)
		}
		if len(seen) != n || len(ids) != n {
			t.Errorf("got %d of %d conversations, %d different ones", len(ids), n, len(seen))
		}
		if n == 1000 && !slices.Equal(ids[:4], []int64{0, 512, 256, 768}) {
			t.Errorf("the sample begins with %v", ids[:4])
		}
	}
}

func TestChart(t *testing.T) {
	months := []importer.Month{{Messages: 10}, {Messages: 0}, {Messages: 1000}, {Messages: 1}}
	c := newChart(months)
	var heights []int
	for _, b := range c.Bars {
		heights = append(heights, b.Height)
		if b.Y+b.Height != chartHeight {
			t.Errorf("the bar %+v does not stand on the ground", b)
		}
	}
	if want := []int{1, 0, 100, 1}; !slices.Equal(heights, want) || c.Most != 1000 || c.Width != 46 {
		t.Errorf("got heights %v of a chart %+v, want %v", heights, c, want)
	}
}
