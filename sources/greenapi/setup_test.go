package greenapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kommo-import/importer"
	"kommo-import/internal/sandbox"
	"kommo-import/sources"
	"kommo-import/sources/greenapi"
	"kommo-import/sources/sourcetest"
)

const (
	anna  = "79001234567@c.us"
	boris = "79007654321@c.us"
	lid   = "158437920014276@lid"
	group = "120363043968066561@g.us"
	own   = "79990000000@c.us" // of the sandbox's account
	token = "0d75b3a66374942c5b3c019c698abc2067e151558acbd41234"
)

// afterAll is a clock later than all messages of the tests: in a bubble of synctest the year is 2000.
func afterAll() time.Time { return time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) }

// An instance is a Green-API with an account, and the output that an administrator sees.
type instance struct {
	*sandbox.GreenAPI
	// before, if not nil, gets the number of each request, from 1, before it arrives.
	before func(number int)

	mu       sync.Mutex
	number   int
	underWay int          // requests that wait for their answer
	most     int          // the largest number of them
	shown    bytes.Buffer // the log and other output
}

func newInstance(a sandbox.Account, o sandbox.GreenAPIOptions) *instance {
	o.Token = token
	return &instance{GreenAPI: sandbox.NewGreenAPI(a, o)}
}

func (i *instance) RoundTrip(r *http.Request) (*http.Response, error) {
	i.mu.Lock()
	i.number++
	number := i.number
	i.underWay++
	i.most = max(i.most, i.underWay)
	i.mu.Unlock()
	defer func() {
		i.mu.Lock()
		i.underWay--
		i.mu.Unlock()
	}()
	if i.before != nil {
		i.before(number)
	}
	return i.GreenAPI.RoundTrip(r)
}

// Write appends to the output.
func (i *instance) Write(p []byte) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.shown.Write(p)
}

// text returns the output.
func (i *instance) text() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.shown.String()
}

// source returns the source of a new process.
func (i *instance) source() *greenapi.Source {
	return &greenapi.Source{
		Client: &greenapi.Client{BaseURL: "https://7105.api.greenapi.com", Instance: i.Options.Instance, Token: token,
			Transport: i, Log: slog.New(slog.NewTextHandler(i, nil))},
		Notice: func(text string) { fmt.Fprintln(i, "notice:", text) },
		Now:    afterAll,
	}
}

// notices returns the notices in the output.
func (i *instance) notices() (all []string) {
	for line := range strings.Lines(i.text()) {
		if notice, ok := strings.CutPrefix(line, "notice: "); ok {
			all = append(all, strings.TrimSpace(notice))
		}
	}
	return all
}

// asked returns the requests of a method, in the order of arrival.
func (i *instance) asked(method sandbox.Endpoint) (all []sandbox.GreenAPIRequest) {
	for _, r := range i.Requests() {
		if r.Method == method {
			all = append(all, r)
		}
	}
	return all
}

// histories lists the questions for histories as "chat count", sorted.
func (i *instance) histories() (all []string) {
	for _, r := range i.asked(sandbox.OnGetChatHistory) {
		all = append(all, fmt.Sprint(r.ChatID, " ", r.Count))
	}
	slices.Sort(all)
	return all
}

// load loads as the command does.
func (i *instance) load(ctx context.Context, f *importer.File) (importer.LoadReport, error) {
	return i.loadFrom(ctx, f, i.source())
}

func (i *instance) loadFrom(ctx context.Context, f *importer.File, source *greenapi.Source) (importer.LoadReport, error) {
	loader := &importer.Loader{File: f, Filter: importer.Filter{Groups: true}, MediaTransport: i, Name: "green-api",
		Renew: source.Client.DownloadFile}
	report, err := loader.Load(ctx, source)
	fmt.Fprintln(i, "error:", err)
	return report, err
}

// checkClean searches for the token in the output, and in the migration file at path and the files beside it.
func (i *instance) checkClean(t *testing.T, path string) {
	t.Helper()
	if strings.Contains(strings.ToLower(i.text()), token) {
		t.Errorf("the token was shown:\n%s", i.text())
	}
	if path == "" {
		return
	}
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for k, b := range content {
			if b >= 'A' && b <= 'Z' {
				content[k] = b + 'a' - 'A'
			}
		}
		if bytes.Contains(content, []byte(token)) {
			t.Errorf("the token is in %s", filepath.Base(name))
		}
	}
}

// newFile returns an empty migration file and its path. It is in memory where the system has /dev/shm: the tests write
// hundreds of files, and each write waits for the disk.
func newFile(t testing.TB) (*importer.File, string) {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "kommo-import-test-")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "migration.db")
	if err := os.WriteFile(path, emptyMigration(), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := importer.Open(path, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, path
}

// emptyMigration returns the content of a new migration file. Copies are faster than new files.
var emptyMigration = sync.OnceValue(func() []byte {
	dir, err := os.MkdirTemp("", "kommo-import-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "migration.db")
	f, err := importer.Open(path, "test")
	if err != nil {
		panic(err)
	}
	if err := f.Close(); err != nil {
		panic(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return content
})

// A migration is the outcome of a load.
type migration struct {
	Bodies   map[string][]string // by conversation
	Status   importer.Status
	Failures map[string][]importer.Failure // by conversation
}

// renewed matches the number in a link of downloadFile, which differs in each call.
var renewed = regexp.MustCompile(`/media/r/\d+/`)

// migrationOf reads a migration file. The order between conversations depends on the order of reading and is left out;
// the order within them is not.
func migrationOf(t testing.TB, f *importer.File) migration {
	t.Helper()
	m := migration{Bodies: make(map[string][]string), Failures: make(map[string][]importer.Failure)}
	composer := importer.Composer{BotID: "f1910c7f-b1e0-4184-bd09-c7def2a9633a"}
	for body, err := range f.Payloads(composer, importer.Selection{}) {
		if err != nil {
			t.Fatal(err)
		}
		conversation := between(string(body), `"conversation_id":"`, `"`)
		m.Bodies[conversation] = append(m.Bodies[conversation], renewed.ReplaceAllString(string(body), "/media/r/#/"))
	}
	for failure, err := range f.Failures() {
		if err != nil {
			t.Fatal(err)
		}
		m.Failures[failure.Conversation] = append(m.Failures[failure.Conversation], failure)
	}
	var err error
	if m.Status, err = f.Status(); err != nil {
		t.Fatal(err)
	}
	return m
}

func between(text, before, after string) string {
	_, text, _ = strings.Cut(text, before)
	text, _, _ = strings.Cut(text, after)
	return text
}

// read reads a source to its end, each chat as one batch.
func read(t testing.TB, source sources.Source, cursor string) []sources.Batch {
	t.Helper()
	batches, err := sourcetest.Read(t.Context(), source, cursor)
	if err != nil {
		t.Fatal(err)
	}
	return whole(batches)
}

// whole puts the parts of batches together.
func whole(parts []sources.Batch) (batches []sources.Batch) {
	continued := false
	for _, part := range parts {
		if continued {
			last := &batches[len(batches)-1]
			last.Messages = append(last.Messages, part.Messages...)
			last.Invalid = append(last.Invalid, part.Invalid...)
			last.Cursor = part.Cursor
		} else {
			batches = append(batches, part)
		}
		continued = part.Continued
	}
	return batches
}

// idsOf returns the ids of the messages.
func idsOf(batches ...sources.Batch) (ids []string) {
	for _, batch := range batches {
		for _, m := range batch.Messages {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// listed returns a chat with its name in getChats and its history as in an answer.
func listed(id, name string, newestFirst ...string) sandbox.AccountChat {
	entries := make([]json.RawMessage, len(newestFirst))
	for i, entry := range newestFirst {
		entries[i] = json.RawMessage(entry)
	}
	return sandbox.AccountChat{ID: id, Listing: listing(id, name),
		Entries: func() iter.Seq[json.RawMessage] { return slices.Values(entries) }}
}

func listing(id, name string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"archive":false,"id":%q,"name":%q,"type":"user"}`, id, name))
}

// text returns an entry: an incoming text.
func text(chat, id string, second int) string {
	return fmt.Sprintf(`{"type":"incoming","timestamp":%d,"idMessage":%q,"typeMessage":"textMessage","chatId":%q,"senderId":%[3]q,`+
		`"senderName":"","senderContactName":"","textMessage":"text of %[2]s"}`, 1700000000+second, id, chat)
}

// entry returns an entry with the common fields and these.
func entry(direction, chat, id string, second int, fields string) string {
	return fmt.Sprintf(`{"type":%q,"timestamp":%d,"idMessage":%q,"chatId":%q,%s}`, direction, 1700000000+second, id, chat, fields)
}

// long returns a chat of n texts m1 … mn, several in each second. They are made on demand.
func long(id string, n int) sandbox.AccountChat {
	return sandbox.AccountChat{ID: id, Listing: listing(id, "Long"), Entries: func() iter.Seq[json.RawMessage] {
		return func(yield func(json.RawMessage) bool) {
			for i := n; i > 0; i-- {
				named := strings.Replace(text(id, fmt.Sprint("m", i), i/7), `"senderName":""`, `"senderName":"L"`, 1)
				if !yield(json.RawMessage(named)) { // without a name, the phone would be parsed for each
					return
				}
			}
		}
	}}
}

// many returns an account of n chats of two texts each.
func many(n int) (a sandbox.Account) {
	for i := range n {
		id := fmt.Sprintf("7900%07d@c.us", i)
		a.Chats = append(a.Chats, listed(id, fmt.Sprint("Client ", i), text(id, "b", 1), text(id, "a", 0)))
	}
	return a
}

// sample returns the account that the README and the demo use.
func sample(t testing.TB) sandbox.Account {
	t.Helper()
	account, err := sandbox.ReadAccount(os.DirFS("../../samples/green-api"))
	if err != nil {
		t.Fatal(err)
	}
	return account
}

// A transportFunc is a transport.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
