package greenapi_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
	"kommo-import/sources"
	"kommo-import/sources/sourcetest"
)

// A caseFile is an account as it was met in the wild. MEDIA/ in a link stands for the server of the files.
type caseFile struct {
	Chats map[string]struct {
		Name     string            `json:"name"`
		Messages []json.RawMessage `json:"messages"` // oldest first
	} `json:"chats"`
	Raw        map[string]string `json:"raw"` // bodies of histories
	Chatlist   []json.RawMessage `json:"getchats"`
	Contacts   []json.RawMessage `json:"getcontacts"`
	WaSettings map[string]any    `json:"getwasettings"`
	Settings   map[string]any    `json:"getsettings"`
}

func readCase(t *testing.T, path string) caseFile {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var c caseFile
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(content), "MEDIA/", "media/")), &c); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return c
}

func (c caseFile) account() sandbox.Account {
	account := sandbox.Account{WID: own, Contacts: c.Contacts, Settings: c.Settings, WaSettings: c.WaSettings, Media: fstest.MapFS{}}
	for id, chat := range c.Chats {
		newestFirst := slices.Clone(chat.Messages)
		slices.Reverse(newestFirst)
		added := sandbox.AccountChat{ID: id, Entries: func() iter.Seq[json.RawMessage] { return slices.Values(newestFirst) }}
		if c.Chatlist == nil {
			added.Listing = listing(id, chat.Name)
		}
		if raw, ok := c.Raw[id]; ok {
			added.Raw = []byte(raw)
		}
		account.Chats = append(account.Chats, added)
	}
	for i, element := range c.Chatlist {
		account.Chats = append(account.Chats, sandbox.AccountChat{ID: fmt.Sprint("listed ", i), Listing: element})
	}
	return account
}

// Every account of testdata/cases becomes the conversations and messages in the .want.txt beside it. Each of these was
// compared by hand with what an administrator wants to find; go test -update writes them anew.
func TestCases(t *testing.T) {
	paths, err := filepath.Glob("testdata/cases/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d cases, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".json"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := newInstance(readCase(t, path).account(), sandbox.GreenAPIOptions{})
				source := i.source()
				if err := sourcetest.Check(t.Context(), source); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Minute)
				compareCase(t, strings.TrimSuffix(path, ".json")+".want.txt", describe(read(t, source, "")))
			})
		})
	}
}

func compareCase(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// describe lists the conversations with their messages for people.
func describe(batches []sources.Batch) string {
	var b strings.Builder
	for _, batch := range batches {
		if len(batch.Messages) > 0 {
			c := batch.Messages[0].Conversation
			fmt.Fprintf(&b, "%s %s: client %q", c.Kind, c.ID, c.Client.Name)
			describeFields(&b, "phone", c.Client.Phone, "suspected phone", c.Client.SuspectedPhone)
			b.WriteString("\n")
		}
		for _, m := range batch.Messages {
			fmt.Fprintf(&b, "  %s\n", describeMessage(m))
		}
		for _, invalid := range batch.Invalid {
			fmt.Fprintf(&b, "  invalid %s: %s\n", invalid.Position, invalid.Reason)
		}
		for _, repair := range batch.Repairs {
			fmt.Fprintf(&b, "  repaired %d %s: %s\n", repair.Count, repair.What, repair.Example)
		}
	}
	return b.String()
}

func describeMessage(m sources.Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s %s %s", m.Time.Format("2006-01-02 15:04:05.999"), m.ID, m.Direction, m.Kind, short(m.Text))
	if m.Media != nil {
		describeFields(&b, "link", m.Media.URL, "name", m.Media.Name, "type", m.Media.MIME)
	}
	if m.Location != nil {
		fmt.Fprintf(&b, ", at %v %v", m.Location.Latitude, m.Location.Longitude)
	}
	if m.Contact != nil {
		describeFields(&b, "contact", m.Contact.Name, "with", m.Contact.Phone)
	}
	if m.Conversation.Kind == sources.Group && m.Direction == sources.Incoming {
		fmt.Fprintf(&b, ", author %q", m.Author.Name)
	}
	describeFields(&b, "reply to", m.ReplyTo, "quote", m.Quote, "left out", m.Skip)
	if m.Deleted {
		b.WriteString(", deleted")
	}
	return b.String()
}

// describeFields writes pairs of a name and a value, without the empty values.
func describeFields(b *strings.Builder, pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			fmt.Fprintf(b, ", %s %q", pairs[i], pairs[i+1])
		}
	}
}

// short quotes a text, and of a long one its beginning and length.
func short(text string) string {
	if runes := []rune(text); len(runes) > 300 {
		return fmt.Sprintf("%q… (%d bytes)", string(runes[:30]), len(text))
	}
	return fmt.Sprintf("%q", text)
}
