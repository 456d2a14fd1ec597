package importer

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"kommo-import/internal/migration"
	"kommo-import/internal/pace"
	"kommo-import/internal/sandbox"
)

// Whatever is loaded, previewed, sent, killed and broken in whatever order: in the end every chat holds every message
// of the file once, in the order of the file's times, exactly one of them loud; or at most one, if the notify policy was
// to notify nobody for a while. If the file was edited and its settings were changed, too, every chat holds every message of
// its last reading once, or load has stopped.
func TestAnySequenceEndsInTheSameChats(t *testing.T) {
	t.Parallel()
	fewerChecks()
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			dir, err := os.MkdirTemp(t.TempDir(), "model")
			if err != nil {
				t.Fatal(err)
			}
			m := &model{
				want: make(map[string][]written), decided: make(map[string]Decision), policies: []NotifyPolicy{""}, ids: true,
				world: &world{t: t, dir: dir, box: sandbox.NewKommo(sandbox.Options{HistoryDelay: 2 * time.Second, Contacts: accountContacts()}),
					last: make(map[string]map[string]int), most: make(map[string]int)},
			}
			if rapid.Bool().Draw(rt, "policy changes") {
				m.policies = []NotifyPolicy{"", SilentButLast, SilentAll, NotifySince(time.Unix(1700000003, 0))}
			}
			m.f = openFile(t, filepath.Join(dir, "migration.db"))
			defer func() { m.f.Close() }()
			steps := map[string]func(*rapid.T){
				"write":   m.write,
				"load":    m.load,
				"preview": m.preview,
				"policy":  m.setPolicy,
				"break":   m.addFault,
				"send":    m.sendSome,
				"retry":   m.retry,
				"verify":  m.verify,
				"kill":    m.killWhileSending,
			}
			if m.edits = rapid.Bool().Draw(rt, "edits"); m.edits {
				m.ids = rapid.Bool().Draw(rt, "ids")
				steps["edit"], steps["setting"], steps["keep sent"] = m.edit, m.setSetting, m.keepSent
				steps["kill load"], steps["discard"] = m.killWhileLoading, m.discard
			}
			if rapid.Bool().Draw(rt, "decides") {
				steps["decide"] = m.decideSome
			}
			if m.links = rapid.Bool().Draw(rt, "links"); m.links {
				steps["match"] = m.matchSome
			}
			rt.Repeat(steps)
			m.checkAll()
		})
	})
}

type model struct {
	*world
	lines []line               // of the file
	want  map[string][]written // by conversation, what was written to the file
	n     int

	ids    bool // the file has message ids
	links  bool // chats are matched and linked
	edits  bool // the file is edited, and its settings change
	change []func(*tableLoad)

	decided map[string]Decision

	policies []NotifyPolicy // that can be given
	given    NotifyPolicy   // to the next sends
	stored   NotifyPolicy   // that the migration file should have
	silenced bool           // a send had a policy by which chats may notify nobody
}

type written struct {
	id     string
	second int
}

// write appends some rows to the file, at any time, some of them twice.
func (m *model) write(rt *rapid.T) {
	for range rapid.IntRange(1, 6).Draw(rt, "rows") {
		l := m.newLine(rt)
		m.lines = append(m.lines, l)
		if m.ids && rapid.IntRange(0, 5).Draw(rt, "twice") == 0 {
			m.lines = append(m.lines, l)
		}
		m.want[l.conversation] = append(m.want[l.conversation], written{l.id, l.second})
	}
}

func (m *model) newLine(rt *rapid.T) line {
	id := fmt.Sprint(m.n)
	m.n++
	l := line{conversation: rapid.SampledFrom(conversationsOfModel).Draw(rt, "conversation"), second: rapid.IntRange(0, 5).Draw(rt, "second"),
		direction: rapid.SampledFrom([]string{"in", "out"}).Draw(rt, "direction"), text: "text #" + id, id: id}
	l.phone = map[string]string{"ann": "+34611000001", "bob": "+34611000006"}[l.conversation]
	return l
}

// matchSome matches the chats, or forgets the matches. That it fails is part of the game.
func (m *model) matchSome(rt *rapid.T) {
	if rapid.IntRange(0, 3).Draw(rt, "clear") == 0 {
		if _, err := m.f.ClearMatches(); err != nil {
			m.t.Fatal(err)
		}
		return
	}
	changes := func() (n int) {
		for _, r := range m.box.Requests() {
			n += btoi(r.Method != http.MethodGet)
		}
		return n
	}
	before := changes()
	(&Matcher{File: m.f, Client: m.account(), Pace: pace.New(1e6), Refresh: rapid.Bool().Draw(rt, "refresh")}).Match(m.t.Context())
	if after := changes(); after != before {
		m.t.Errorf("match made %d requests that change something", after-before)
	}
}

// sender returns a sender, which links chats if they are matched.
func (m *model) sender() *Sender {
	if m.links {
		return m.linkingSender()
	}
	return newSender(m.f, m.box)
}

// checkLinks compares the links at Kommo with those of the migration file. Those that were there before are as they were.
func (m *model) checkLinks() {
	type state struct {
		contact int64
		state   linkState
	}
	recorded := make(map[string]state)
	rows, err := m.f.Reader.Query(`SELECT conversation, contact, state FROM link`)
	if err != nil {
		m.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var conversation string
		var s state
		if err := rows.Scan(&conversation, &s.contact, &s.state); err != nil {
			m.t.Fatal(err)
		}
		recorded[conversation] = s
	}
	dump, there := m.box.Dump(), make(map[string]bool)
	for _, l := range dump.Links {
		switch s := recorded[l.ConversationID]; {
		case slices.Contains(accountContacts()[0].Conversations, l.ConversationID), l.ConversationID == "fay":
			if l.Times != 1 {
				m.t.Errorf("the link of %s was changed: %+v", l.ConversationID, l)
			}
		case s.state == linked && s.contact != l.ContactID:
			m.t.Errorf("%s is linked to %d, and recorded as %+v", l.ConversationID, l.ContactID, s)
		}
		there[l.ConversationID] = true
	}
	for conversation, s := range recorded {
		if !there[conversation] && s.state == linked || s.state == linking {
			m.t.Errorf("%s is recorded as %+v, and Kommo has no such link", conversation, s)
		}
	}
	for _, lead := range dump.Leads {
		if s := recorded[lead.ConversationID]; s.state == linked {
			m.t.Errorf("%s was linked behind its message", lead.ConversationID)
		}
	}
}

var conversationsOfModel = []string{"ann", "bob", "cat"}

// decideSome takes a sheet with some of the conversations. It may hold decisions that come too late.
func (m *model) decideSome(rt *rapid.T) {
	var rows []SheetRow
	for _, conversation := range conversationsOfModel {
		if rapid.Bool().Draw(rt, "in the sheet") {
			choices := []Choice{"", "", Yes, No}
			rows = append(rows, SheetRow{Decision: Decision{Conversation: conversation, Import: rapid.SampledFrom(choices).Draw(rt, "import"),
				Notify: rapid.SampledFrom(choices).Draw(rt, "notify"), Chat: rapid.SampledFrom(append(conversationsOfModel, "", "")).Draw(rt, "chat"),
				Contact: rapid.SampledFrom([]int64{0, 0, 0, 12}).Draw(rt, "contact")}})
		}
	}
	before := m.plan()
	_, err := (&Loader{File: m.f}).TakeDecisions(m.t.Context(), rows)
	_, refused := errors.AsType[*SheetError](err)
	if _, other := errors.AsType[*OtherSheetError](err); refused || other {
		m.wantPlan(before)
		return
	}
	if err != nil {
		m.t.Fatal(err)
	}
	for _, row := range rows {
		m.decided[row.Conversation] = row.Decision
		m.silenced = m.silenced || row.Notify == No
	}
}

// edit changes, removes, moves or inserts a row.
func (m *model) edit(rt *rapid.T) {
	if len(m.lines) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.lines)-1).Draw(rt, "row")
	l := m.lines[i]
	switch rapid.IntRange(0, 5).Draw(rt, "edit") {
	case 0:
		m.lines[i].text = "edited " + l.text
	case 1:
		m.lines[i].second++
	case 2:
		m.lines = slices.Delete(m.lines, i, i+1)
	case 3:
		m.lines = append(slices.Delete(m.lines, i, i+1), l)
	case 4:
		m.lines = slices.Insert(m.lines, i, m.newLine(rt))
	case 5:
		slices.Reverse(m.lines)
	}
}

// setSetting changes settings of the loads from now on.
func (m *model) setSetting(rt *rapid.T) {
	filter := rapid.SampledFrom([]Filter{{}, {Exclude: []string{"ann"}}, {Since: fromMillis(1700000002000)}}).Draw(rt, "filter")
	m.change = []func(*tableLoad){shifted(rapid.IntRange(0, 1).Draw(rt, "zone")), func(l *tableLoad) { l.loader.Filter = filter }}
}

func (m *model) nextLoad(change ...func(*tableLoad)) tableLoad {
	return loads(tableOf(m.lines, m.ids), slices.Concat([]func(*tableLoad){shifted(0)}, m.change, change)...)
}

func (m *model) load(*rapid.T) {
	if err := m.world.load(m.nextLoad()); err != nil && !m.edits {
		m.t.Fatal(err)
	}
}

func (m *model) keepSent(*rapid.T) { m.world.load(m.nextLoad(keepingSent)) }

// killWhileLoading loads until some commit, before or after which the process is as good as dead.
func (m *model) killWhileLoading(rt *rapid.T) {
	planning := func() (n int64) {
		if _, err := migration.Setting(m.f.Reader, settingPlanning, &n); err != nil {
			m.t.Fatal(err)
		}
		return n
	}
	before, l := planning(), m.nextLoad()
	m.dieAfter(rapid.IntRange(1, 6).Draw(rt, "commits"), rapid.Bool().Draw(rt, "after the commit"))
	m.attempt(m.t.Context(), l)
	m.reopen()
	if planning() != before {
		m.took(l.loader.Name, tagsOf(l.content, csvfileKey))
	}
}

func (m *model) discard(*rapid.T) {
	if _, err := m.f.Discard(""); err != nil {
		m.t.Fatal(err)
	}
}

func (m *model) preview(*rapid.T) {
	before := len(m.box.Requests())
	preview, err := m.f.Preview(newComposer(), Selection{}, 6)
	_, notReady := errors.AsType[*NotReadyError](err)
	if notReady || errors.Is(err, migration.ErrNothingLoaded) {
		return
	}
	if err != nil {
		m.t.Fatal(err)
	}
	if preview.SilentBefore != m.stored || preview.Silent != cmp.Or(m.stored, SilentButLast) {
		m.t.Errorf("preview has the notify policy %q, before %q, want %q", preview.Silent, preview.SilentBefore, m.stored)
	}
	for _, err := range m.f.Payloads(newComposer(), Selection{}) {
		if err != nil {
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
		On: rapid.SampledFrom([]sandbox.Endpoint{sandbox.OnMessage, sandbox.OnHistory, sandbox.OnChats, sandbox.OnLinks, sandbox.OnLink,
			sandbox.OnContact, sandbox.OnContacts}).Draw(rt, "on"),
		N: rapid.IntRange(1, 5).Draw(rt, "n"), Count: 1,
	})
}

// setPolicy gives a notify policy to the sends from now on, or no policy.
func (m *model) setPolicy(rt *rapid.T) { m.given = rapid.SampledFrom(m.policies).Draw(rt, "policy") }

// run sends with the given notify policy. stores is false if the run dies before it can store anything.
func (m *model) run(s *Sender, stores bool) {
	s.Composer.Notify = m.given
	pending, err := countPending(m.f.Reader, s.Selection)
	if err != nil {
		m.t.Fatal(err)
	}
	if pending > 0 && stores && m.f.ready(Selection{}) == nil {
		m.stored = cmp.Or(m.given, m.stored, SilentButLast)
		m.silenced = m.silenced || m.stored != SilentButLast
	}
	loud := m.box.Summary().Loud
	s.Send(m.t.Context())
	if now := m.box.Summary().Loud; now != loud && m.stored == SilentAll {
		m.t.Errorf("%d messages notify, before the send %d", now, loud)
	}
}

// sendSome runs once, on some conversations; that it fails is part of the game.
func (m *model) sendSome(rt *rapid.T) {
	s := m.sender()
	s.Selection.MaxConversations = rapid.IntRange(0, 2).Draw(rt, "conversations")
	s.Workers = rapid.IntRange(1, 3).Draw(rt, "workers")
	m.run(s, true)
}

func (m *model) retry(*rapid.T) {
	if _, err := m.f.RetryRefused(); err != nil {
		m.t.Fatal(err)
	}
}

// verify reads some of the chats back, perhaps not to the end, and plans again what is missing, which is nothing.
func (m *model) verify(rt *rapid.T) {
	v := newVerifier(m.f, m.box)
	v.Sample = rapid.IntRange(0, 2).Draw(rt, "sample")
	ctx, cancel := context.WithTimeout(m.t.Context(), time.Duration(rapid.IntRange(1, 200).Draw(rt, "seconds"))*time.Second)
	defer cancel()
	report, err := v.Verify(ctx)
	if err == nil && report.Differences() > report.Unread {
		m.t.Errorf("verification finds %+v", report)
	}
	if n, err := m.f.RetryMissing(); n > 0 || err != nil {
		m.t.Fatalf("planned %d again, error %v", n, err)
	}
}

// killWhileSending sends until some commit, before or after which the process is as good as dead, and opens the file
// anew.
func (m *model) killWhileSending(rt *rapid.T) {
	left, after := rapid.IntRange(1, 12).Draw(rt, "commits"), rapid.Bool().Draw(rt, "after the commit")
	m.dieAfter(left, after)
	m.run(m.sender(), left > 1 || after) // the first commit stores the policy
	m.reopen()
}

// checkAll brings the migration to its end and compares.
func (m *model) checkAll() {
	m.box.ClearRules()
	m.load(nil)
	m.discard(nil)
	m.newSender = m.sender
	m.world.check()
	m.checkLinks()
	if m.edits {
		return
	}
	if status, err := m.f.Status(); err != nil || status.Messages.Read != len(m.lines) {
		m.t.Errorf("%d messages are read, error %v, want %d", status.Messages.Read, err, len(m.lines))
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
		d := m.decided[conversation]
		if d.Import == No {
			continue
		}
		conversation = cmp.Or(d.Chat, conversation)
		for _, w := range list {
			want[conversation] = append(want[conversation], fmt.Sprintf("%d text #%s", w.second, w.id))
		}
	}
	for _, conversation := range conversationsOfModel { // the order within a second depends on whether most rows of the file descend
		slices.Sort(want[conversation])
		slices.Sort(got[conversation])
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		m.t.Errorf("in the chats (-want +got):\n%s", diff)
	}
}

// fewerChecks lets rapid check fewer sequences than by default. make soak asks for many more.
func fewerChecks() {
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		checks.Value.Set("25")
	}
}
