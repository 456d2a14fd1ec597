package importer

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"kommo-import/internal/migration"
	"kommo-import/internal/sandbox"
	"kommo-import/sources"
)

// A world is a migration, the tables of its sources, and Kommo. Each text of a table ends in a tag such as #a1, which names
// the message whatever else of it is edited: the test knows from it how often Kommo has the message, without the
// identities of the importer.
type world struct {
	t    testing.TB
	f    *File
	box  *sandbox.Kommo
	dir  string
	last map[string]map[string]int // by source: how often its last reading holds each tag
	seen map[string]bool           // ids of the messages of the account, whose readings only add
	most map[string]int            // how often any reading held a tag

	matchMinutes bool           // loads match the minutes of messages
	newSender    func() *Sender // nil: one that links nothing
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, dir: t.TempDir(), box: newBox(), last: make(map[string]map[string]int), most: make(map[string]int)}
	w.f = openFile(t, filepath.Join(w.dir, "migration.db"))
	return w
}

// reopen closes the migration file and opens it again, as the next command does.
func (w *world) reopen() {
	w.f.Close()
	w.f = openFile(w.t, filepath.Join(w.dir, "migration.db"))
}

// load loads a table. If it is not taken over, the plan must be as it was.
func (w *world) load(l tableLoad) error {
	w.t.Helper()
	l.loader.File = w.f
	l.source.Path = w.write(l)
	var source sources.Source = &l.source
	if l.conversation != nil {
		source = renaming{source, l.conversation}
	}
	return w.take(l.loader, source, tagsOf(l.content, csvfileKey))
}

// take loads a source that holds tags.
func (w *world) take(loader Loader, source sources.Source, tags map[string]int) error {
	w.t.Helper()
	before := w.plan()
	loader.Filter.MatchMinutes = w.matchMinutes
	_, err := loader.Load(w.t.Context(), source)
	if err == nil {
		w.took(loader.Name, tags)
		return nil
	}
	refused, ok := errors.AsType[*NotTakenOverError](err)
	if !ok {
		w.t.Fatalf("load of %s: %v", loader.Name, err)
	}
	w.wantPlan(before)
	if preview, err := w.f.Preview(newComposer(), Selection{}, 6); !errors.Is(err, migration.ErrNothingLoaded) && (err != nil || preview.NotTakenOver != refused.Source) {
		w.t.Errorf("not taken over: %q, %v, want %q", preview.NotTakenOver, err, refused.Source)
	}
	return refused.Cause
}

// took records that the last reading of a source holds tags.
func (w *world) took(source string, tags map[string]int) {
	w.last[source] = tags
	w.may(tags)
}

// may records that Kommo may have the messages of tags.
func (w *world) may(tags map[string]int) {
	for tag, n := range tags {
		w.most[tag] = max(w.most[tag], n)
	}
}

func (w *world) wantPlan(before []string) {
	w.t.Helper()
	if diff := gocmp.Diff(before, w.plan()); diff != "" {
		w.t.Errorf("the plan has changed (-before +now):\n%s", diff)
	}
}

// mustLoad loads a table that is taken over.
func (w *world) mustLoad(l tableLoad) {
	w.t.Helper()
	if err := w.load(l); err != nil {
		w.t.Fatalf("load of %s: %v", l.loader.Name, err)
	}
}

// plan returns the payloads, all states and reasons, and the conversations.
func (w *world) plan() []string {
	w.t.Helper()
	var plan []string
	for cv, err := range pendingConversations(w.f.Reader, Selection{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		_, err := conversationPayloads(w.f.Reader, newComposer(), cv, func(body []byte, err error) bool {
			plan = append(plan, string(body))
			return true
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	scan := func(rows *sql.Rows) (line string, err error) {
		err = rows.Scan(&line)
		return line, err
	}
	for line, err := range migration.Query(w.f.Reader, scan, `SELECT printf('%s %d %d %s %s %d %s', hex(m.identity), m.time, msec, state, reason, may_exist, content)
			FROM message m JOIN staging s ON s.id = m.staging UNION ALL
		SELECT printf('%s %d %s %s %s', external_id, kept, client_id, client_name, client_phone) FROM conversation UNION ALL
		SELECT printf('duplicate %d of %s', staging, hex(identity)) FROM duplicate UNION ALL
		SELECT name || cursor || shape || added FROM source WHERE planned UNION ALL SELECT name || value FROM setting WHERE name <> 'not taken over'`) {
		if err != nil {
			w.t.Fatal(err)
		}
		plan = append(plan, line)
	}
	return plan
}

// send sends all that is planned, or some conversations.
func (w *world) send(conversations int) {
	w.t.Helper()
	if conversations == 0 {
		if _, err := w.f.RetryRefused(); err != nil {
			w.t.Fatal(err)
		}
		if pending, err := countPending(w.f.Reader, Selection{}); err == nil && pending > 0 {
			s := newSender(w.f, w.box)
			if w.newSender != nil {
				s = w.newSender()
			}
			sendAll(w.t, w.t.Context(), s)
		}
		return
	}
	s := newSender(w.f, w.box)
	s.Selection.MaxConversations = conversations
	if _, err := s.Send(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// check sends everything that can be sent. Then Kommo has each message of the last readings once: not more often than any
// reading held it, and no less often than one of the last readings holds it, unless it is left out with a reason.
func (w *world) check() {
	w.t.Helper()
	w.box.ClearRules()
	w.send(0)
	want := make(map[string]int)
	for _, tags := range w.last {
		for tag, n := range tags {
			want[tag] = max(want[tag], n)
		}
	}
	left := make(map[string]int)
	for failure, err := range w.f.Failures() {
		if err != nil {
			w.t.Fatal(err)
		}
		if failure.State == string(Skipped) || failure.State == "invalid" {
			left[tagOf(failure.Text)]++
		}
	}
	got, loud := make(map[string]int), make(map[string]int)
	times := make(map[string]bool)
	for _, chat := range w.box.Dump().Chats {
		for _, m := range chat.Messages {
			got[tagOf(m.Text)]++
			loud[chat.ConversationID] += btoi(!m.Silent)
			at := fmt.Sprint(chat.ConversationID, m.MsecTimestamp)
			if times[at] {
				w.t.Errorf("%s: two messages have the time %d", chat.ConversationID, m.MsecTimestamp)
			}
			times[at] = true
		}
		if loud[chat.ConversationID] > 1 {
			w.t.Errorf("%s: %d messages notify", chat.ConversationID, loud[chat.ConversationID])
		}
	}
	for tag, n := range got {
		if n > max(w.most[tag], want[tag]) {
			w.t.Errorf("%s is there %d times, and no source held it more than %d times", tag, n, w.most[tag])
		}
	}
	for tag, n := range want {
		if got[tag]+left[tag] < n {
			w.t.Errorf("%s is there %d times and left out %d times, want %d", tag, got[tag], left[tag], n)
		}
	}
}

// arrived returns how often Kommo has the message of a tag.
func (w *world) arrived(tag string) (n int) {
	for _, chat := range w.box.Dump().Chats {
		for _, m := range chat.Messages {
			n += btoi(tagOf(m.Text) == tag)
		}
	}
	return n
}
