package importer

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"kommo-import/internal/migration"
	"kommo-import/internal/sandbox"
	"kommo-import/sources/csvfile"
)

// Whatever is loaded, previewed, sent, killed and broken in whatever order: in the end every chat holds every message
// of the file once, in the order of the file's times, exactly one of them loud; or at most one, if the notify policy was
// to notify nobody for a while.
func TestAnySequenceEndsInTheSameChats(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			dir, err := os.MkdirTemp(t.TempDir(), "model")
			if err != nil {
				t.Fatal(err)
			}
			m := &model{
				t: t, dir: dir, want: make(map[string][]written), policies: []NotifyPolicy{""},
				box: sandbox.NewKommo(sandbox.Options{HistoryDelay: 2 * time.Second}),
			}
			if rapid.Bool().Draw(rt, "policy changes") {
				m.policies = []NotifyPolicy{"", SilentButLast, SilentAll}
			}
			defer m.close()
			m.open()
			rt.Repeat(map[string]func(*rapid.T){
				"write":   m.write,
				"load":    m.load,
				"preview": m.preview,
				"policy":  m.setPolicy,
				"break":   m.addFault,
				"send":    m.send,
				"retry":   m.retry,
				"verify":  m.verify,
				"kill":    m.killWhileSending,
			})
			m.check()
		})
	})
}

type model struct {
	t    *testing.T
	dir  string
	box  *sandbox.Kommo
	file *File
	rows strings.Builder
	read int                  // rows of messages in it
	want map[string][]written // by conversation, what the file holds
	n    int

	policies []NotifyPolicy // that can be given
	given    NotifyPolicy   // to the next sends
	stored   NotifyPolicy   // that the migration file should have
	silenced bool           // SilentAll was the policy of a send
}

type written struct {
	id     string
	second int
}

func (m *model) open() {
	m.file = openFile(m.t, filepath.Join(m.dir, "migration.db"))
	if m.rows.Len() == 0 {
		m.rows.WriteString(csvHeader)
	}
}

func (m *model) close() { m.file.Close() }

func (m *model) path() string { return filepath.Join(m.dir, "chats.csv") }

// write appends some rows to the file, at any time, some of them twice.
func (m *model) write(rt *rapid.T) {
	for range rapid.IntRange(1, 6).Draw(rt, "rows") {
		conversation := rapid.SampledFrom([]string{"ann", "bob", "cat"}).Draw(rt, "conversation")
		w := written{fmt.Sprint(m.n), rapid.IntRange(0, 5).Draw(rt, "second")}
		m.n++
		line := row(conversation, w.second, rapid.SampledFrom([]string{"in", "out"}).Draw(rt, "direction"), "text "+w.id, w.id)
		m.rows.WriteString(line)
		m.read++
		if rapid.IntRange(0, 5).Draw(rt, "twice") == 0 {
			m.rows.WriteString(line)
			m.read++
		}
		m.want[conversation] = append(m.want[conversation], w)
	}
}

func (m *model) load(*rapid.T) {
	if err := os.WriteFile(m.path(), []byte(m.rows.String()), 0o600); err != nil {
		m.t.Fatal(err)
	}
	if _, err := (&Loader{File: m.file, Name: m.path()}).Load(m.t.Context(), &csvfile.File{Path: m.path(), Now: longAfter}); err != nil {
		m.t.Fatal(err)
	}
}

func (m *model) preview(*rapid.T) {
	before := len(m.box.Requests())
	preview, err := m.file.Preview(newComposer(), Selection{}, 6)
	if err != nil && !errors.Is(err, migration.ErrNothingLoaded) {
		m.t.Fatal(err)
	}
	if preview.SilentBefore != m.stored || err == nil && preview.Silent != cmp.Or(m.stored, SilentButLast) {
		m.t.Errorf("preview has the notify policy %q, before %q, want %q", preview.Silent, preview.SilentBefore, m.stored)
	}
	for _, err := range m.file.Payloads(newComposer(), Selection{}) {
		if err != nil && !errors.Is(err, migration.ErrNothingLoaded) {
			m.t.Fatal(err)
		}
	}
	if after := len(m.box.Requests()); after != before {
		m.t.Fatalf("preview made %d requests", after-before)
	}
}

func (m *model) addFault(rt *rapid.T) {
	m.box.AddRule(sandbox.Rule{
		Do: rapid.SampledFrom([]sandbox.Action{sandbox.Refuse, sandbox.TooMany, sandbox.BadGateway, sandbox.BadGatewayTaken,
			sandbox.Cut, sandbox.CutTaken, sandbox.Garbage, sandbox.HTML, sandbox.Block, sandbox.BadSignature}).Draw(rt, "do"),
		On: rapid.SampledFrom([]sandbox.Endpoint{sandbox.OnMessage, sandbox.OnHistory, sandbox.OnChats}).Draw(rt, "on"),
		N:  rapid.IntRange(1, 5).Draw(rt, "n"), Count: 1,
	})
}

// setPolicy gives a notify policy to the sends from now on, or none.
func (m *model) setPolicy(rt *rapid.T) { m.given = rapid.SampledFrom(m.policies).Draw(rt, "policy") }

// run sends with the given notify policy. stores is false if the run dies before it can store anything.
func (m *model) run(s *Sender, stores bool) {
	s.Composer.Notify = m.given
	pending, err := countPending(m.file.Reader, s.Selection)
	if err != nil {
		m.t.Fatal(err)
	}
	if pending > 0 && stores {
		m.stored = cmp.Or(m.given, m.stored, SilentButLast)
		m.silenced = m.silenced || m.stored == SilentAll
	}
	loud := m.box.Summary().Loud
	s.Send(m.t.Context())
	if now := m.box.Summary().Loud; now != loud && m.stored == SilentAll {
		m.t.Errorf("%d messages notify, before the send %d", now, loud)
	}
}

// send runs once, on some conversations; that it fails is part of the game.
func (m *model) send(rt *rapid.T) {
	s := newSender(m.file, m.box)
	s.Selection.MaxConversations = rapid.IntRange(0, 2).Draw(rt, "conversations")
	s.Workers = rapid.IntRange(1, 3).Draw(rt, "workers")
	m.run(s, true)
}

func (m *model) retry(*rapid.T) {
	if _, err := m.file.RetryRefused(); err != nil {
		m.t.Fatal(err)
	}
}

// verify reads some of the chats back, perhaps not to the end, and plans again what is missing, which is nothing.
func (m *model) verify(rt *rapid.T) {
	v := newVerifier(m.file, m.box)
	v.Sample = rapid.IntRange(0, 2).Draw(rt, "sample")
	ctx, cancel := context.WithTimeout(m.t.Context(), time.Duration(rapid.IntRange(1, 200).Draw(rt, "seconds"))*time.Second)
	defer cancel()
	report, err := v.Verify(ctx)
	if err == nil && report.Differences() > report.Unread {
		m.t.Errorf("verification finds %+v", report)
	}
	if n, err := m.file.RetryMissing(); n > 0 || err != nil {
		m.t.Fatalf("planned %d again, error %v", n, err)
	}
}

// killWhileSending sends until some commit, before or after which the process is as good as dead, and opens the file
// anew.
func (m *model) killWhileSending(rt *rapid.T) {
	left, after := rapid.IntRange(1, 12).Draw(rt, "commits"), rapid.Bool().Draw(rt, "after the commit")
	dead := errors.New("killed")
	m.file.Commit = func(tx *sql.Tx) error {
		if left--; left > 0 || left == 0 && after {
			return tx.Commit()
		}
		return errors.Join(tx.Rollback(), dead)
	}
	m.run(newSender(m.file, m.box), left > 1 || after) // the first commit stores the policy
	m.close()
	m.open()
}

// check brings the migration to its end and compares.
func (m *model) check() {
	m.box.ClearRules()
	m.load(nil)
	m.retry(nil)
	sendAll(m.t, context.Background(), newSender(m.file, m.box))
	if status, err := m.file.Status(); err != nil || status.Messages.Read != m.read {
		m.t.Errorf("%d messages are read, error %v, want %d", status.Messages.Read, err, m.read)
	}
	got := make(map[string][]string)
	want := make(map[string][]string)
	for _, chat := range m.box.Dump().Chats {
		loud := 0
		slices.SortFunc(chat.Messages, func(a, b sandbox.Message) int { return int(a.MsecTimestamp - b.MsecTimestamp) })
		for i, message := range chat.Messages {
			got[chat.ConversationID] = append(got[chat.ConversationID], fmt.Sprintf("%d %s", message.Timestamp-1700000000, message.Text))
			if !message.Silent {
				loud++
			}
			if i > 0 && message.MsecTimestamp == chat.Messages[i-1].MsecTimestamp {
				m.t.Errorf("%s: two messages have the same time", chat.ConversationID)
			}
		}
		if len(chat.Messages) > 0 && (loud > 1 || loud < 1 && !m.silenced) {
			m.t.Errorf("%s: %d messages are loud", chat.ConversationID, loud)
		}
	}
	for conversation, list := range m.want {
		for _, w := range list {
			want[conversation] = append(want[conversation], fmt.Sprintf("%d text %s", w.second, w.id))
		}
		// In which order messages of one second come depends on whether most rows of the file descend.
		slices.Sort(want[conversation])
		slices.Sort(got[conversation])
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		m.t.Errorf("in the chats (-want +got):\n%s", diff)
	}
}
