package importer

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// lidLines are the messages of one client under a phone and under a @lid, some of them in both, and of another client.
func lidLines() []line {
	return []line{
		{conversation: "34611000001@c.us", second: 10, direction: "in", text: "hello #a1", id: "1", name: "Ann"},
		{conversation: "77@lid", second: 10, direction: "in", text: "hello #a1", id: "x1"},
		{conversation: "77@lid", second: 20, direction: "out", text: "hi #a2", id: "x2"},
		{conversation: "34611000001@c.us", second: 30, direction: "out", text: "how #a3", id: "3", name: "Ann"},
		{conversation: "77@lid", second: 30, direction: "out", text: "how? #a4", id: "3"}, // the same id: the same message
		{conversation: "77@lid", second: 40, direction: "in", text: "fine #a5", id: "x5"},
		{conversation: "bob", second: 5, direction: "in", text: "ok #b1", id: "b1", name: "Bob"},
		{conversation: "bob", second: 6, direction: "out", text: "ok #b2", id: "b2", name: "Bob"},
	}
}

// decide takes the decisions of rows such as "77@lid chat=34611000001@c.us import=no".
func (w *world) decide(rows ...string) error {
	w.t.Helper()
	var sheet []SheetRow
	for i, text := range rows {
		fields := strings.Fields(text)
		row := SheetRow{Decision: Decision{Conversation: fields[0]}, Position: fmt.Sprintf("sheet.csv:%d", i+2)}
		for _, field := range fields[1:] {
			name, value, _ := strings.Cut(field, "=")
			switch name {
			case "import":
				row.Import = Choice(value)
			case "notify":
				row.Notify = Choice(value)
			case "chat":
				row.Chat = value
			case "contact":
				row.Contact, _ = strconv.ParseInt(value, 10, 64)
			}
		}
		sheet = append(sheet, row)
	}
	_, err := (&Loader{File: w.f}).TakeDecisions(w.t.Context(), sheet)
	return err
}

func (w *world) mustDecide(rows ...string) {
	w.t.Helper()
	if err := w.decide(rows...); err != nil {
		w.t.Fatal(err)
	}
}

// chats returns what Kommo has: "ID: #a1 #a2!" for each chat, with a ! behind what notified.
func (w *world) chats() (chats []string) {
	for _, chat := range w.box.Dump().Chats {
		text := chat.ConversationID + ":"
		for _, m := range chat.Messages {
			text += " " + tagOf(m.Text)
			if !m.Silent {
				text += "!"
			}
		}
		chats = append(chats, text)
	}
	slices.Sort(chats)
	return chats
}

func (w *world) wantChats(want ...string) {
	w.t.Helper()
	if diff := gocmp.Diff(want, w.chats()); diff != "" {
		w.t.Errorf("the chats at Kommo (-want +got):\n%s", diff)
	}
}

// wantClient checks the client of a conversation, who has its id.
func (w *world) wantClient(conversation, name, phone string) {
	w.t.Helper()
	for _, chat := range w.box.Dump().Chats {
		for _, p := range chat.Participants {
			if p.ClientID == conversation && chat.ConversationID == conversation && p.Name == name && p.Phone == phone {
				return
			}
		}
	}
	w.t.Errorf("%s has no client %s, %s: %+v", conversation, name, phone, w.box.Dump().Chats)
}

// A chat of several conversations is ordered as one, has equal messages once, and takes its client from all of them.
func TestJoinedChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLoad(loads(tableOf(lidLines(), true), shifted(0)))
	w.mustDecide("34611000001@c.us", "77@lid chat=34611000001@c.us", "bob")
	status, err := w.f.Status()
	if err != nil || status.Conversations.Total != 2 || status.Messages.Duplicate != 2 || status.Messages.Planned != 6 || status.Messages.Read != 8 {
		t.Errorf("status %+v, %v", status, err)
	}
	w.send(0)
	w.wantChats("34611000001@c.us: #a1 #a2 #a3 #a5!", "bob: #b1 #b2!")
	w.wantClient("34611000001@c.us", "Ann", "+34611000001")
}

// The conversation that gives the chat its id has no name and no phone: those of the other count.
func TestJoinedClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLoad(loads(tableOf(lidLines(), true), shifted(0)))
	w.mustDecide("34611000001@c.us chat=77@lid")
	w.send(0)
	w.wantChats("77@lid: #a1 #a2 #a4 #a5!", "bob: #b1 #b2!")
	w.wantClient("77@lid", "Ann", "+34611000001")
}

// Parted again, the plan is as it was. The same decisions again change nothing.
func TestJoinedAndParted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLoad(loads(tableOf(lidLines(), true), shifted(0)))
	before := w.plan()
	w.mustDecide("77@lid chat=bob import=no", "bob import=yes")
	w.mustDecide("77@lid chat=34611000001@c.us")
	joined := w.plan()
	w.mustDecide("77@lid chat=34611000001@c.us", "34611000001@c.us chat=34611000001@c.us")
	if diff := gocmp.Diff(joined, w.plan()); diff != "" {
		t.Errorf("the same decisions (-before +now):\n%s", diff)
	}
	if _, err := (&Loader{File: w.f}).ClearDecisions(t.Context()); err != nil {
		t.Fatal(err)
	}
	withoutNumber := func(plan []string) []string {
		plan = slices.DeleteFunc(plan, func(line string) bool { return strings.HasPrefix(line, "planning") })
		slices.Sort(plan)
		return plan
	}
	if diff := gocmp.Diff(withoutNumber(before), withoutNumber(w.plan())); diff != "" {
		t.Errorf("parted (-before +now):\n%s", diff)
	}
}

// A chat stays joined over later loads, in whatever form and order its messages come, and whatever was sent.
func TestJoinedChatLoadedAgain(t *testing.T) {
	t.Parallel()
	same := onLine("#a4", func(l *line) { l.text = "how #a3" }) // sources without ids tell messages by their texts
	more := append(same(lidLines()), line{conversation: "77@lid", second: 50, direction: "in", text: "more #a6", id: "x6"},
		line{conversation: "34611000001@c.us", second: 50, direction: "in", text: "more #a6", id: "6"},
		line{conversation: "34611000001@c.us", second: 5, direction: "in", text: "first #a0", id: "0"})
	for _, stage := range stages() {
		inBubble(t, stage.name, func(t *testing.T) {
			w := newWorld(t)
			w.loadLines("with ids", same(lidLines()))
			w.mustDecide("77@lid chat=34611000001@c.us")
			stage.bring(w)
			for _, source := range []string{"with ids", "account", "without ids", "with ids"} {
				if err := w.loadLines(source, more); err != nil {
					t.Fatal(source, err)
				}
			}
			w.box.ClearRules()
			w.send(0)
			for _, chat := range w.box.Dump().Chats {
				if chat.ConversationID != "34611000001@c.us" {
					continue
				}
				var tags []string
				for _, m := range chat.Messages {
					tags = append(tags, tagOf(m.Text))
				}
				slices.Sort(tags)
				if want := []string{"#a0", "#a1", "#a2", "#a3", "#a5", "#a6"}; !slices.Equal(tags, want) {
					t.Errorf("the chat has %v, want %v", tags, want)
				}
			}
		})
	}
}

// What cannot be decided is named with its row, and then nothing is decided.
func TestSheetProblems(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lines := append(lidLines(), line{conversation: "cat", second: 1, direction: "in", text: "late #c1", id: "c1"})
	w.mustLoad(loads(tableOf(lines, true), shifted(0)))
	w.mustDecide("77@lid chat=34611000001@c.us")
	s := newSender(w.f, w.box)
	s.Selection.Only = []string{"77@lid"}
	if _, err := s.Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.wantChats("34611000001@c.us: #a1 #a2 #a3 #a5!")
	before := w.plan()
	for _, tt := range []struct{ rows, want string }{
		{"bobby", "sheet.csv:2: conversation bobby: there is no such conversation in the migration file. Did a spreadsheet change the id?"},
		{"bob contact=7", "sheet.csv:2: conversation bob: contact_id: the contacts of the account are not known yet; kommo-import match reads them"},
		{"77@lid chat=34611000001@c.us contact=7", "sheet.csv:2: conversation 77@lid: contact_id: a chat is linked before its first message only, and something of its chat was sent"},
		{"bob chat=bobby", "sheet.csv:2: conversation bob: chat: there is no conversation bobby in the migration file"},
		{"bob chat=77@lid", "sheet.csv:2: conversation bob: chat: 77@lid is itself in the chat of 34611000001@c.us; name that one"},
		{"bob chat=cat|cat chat=bob", "sheet.csv:2: conversation bob: chat: cat is itself in the chat of bob; name that one (and 1 further problem)"},
		{"bob|cat|bob", "sheet.csv:4: conversation bob: is there twice, also in sheet.csv:2"},
		{"77@lid", "sheet.csv:2: conversation 77@lid: chat: conversations can no longer join or leave the chat of 34611000001@c.us: something of its chat was sent"},
		{"cat import=no|bob chat=34611000001@c.us", "sheet.csv:3: conversation bob: chat: conversations can no longer join or leave the chat of 34611000001@c.us: something of its chat was sent"},
		{"34611000001@c.us chat=cat", "sheet.csv:2: conversation 34611000001@c.us: chat: conversations can no longer join or leave the chat of 34611000001@c.us: something of its chat was sent"},
		{"77@lid chat=34611000001@c.us import=no", "sheet.csv:2: conversation 77@lid: import: something of it was sent, so it can no longer be left out"},
	} {
		err := w.decide(strings.Split(tt.rows, "|")...)
		if _, ok := errors.AsType[*SheetError](err); !ok || err.Error() != tt.want {
			t.Errorf("%s: %v\nwant %s", tt.rows, err, tt.want)
		}
		w.wantPlan(before)
	}
	report, err := (&Loader{File: w.f}).ClearDecisions(t.Context())
	if err != nil || report.Decided != 1 || report.Joined != 1 {
		t.Errorf("cleared: %+v, %v", report, err)
	}
}

// A group does not join the chat of a person.
func TestGroupJoinsNoPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.loadLines("account", lidLines())
	w.update(`UPDATE conversation SET kind = 'group' WHERE external_id = '77@lid'`)
	if err := w.decide("77@lid chat=bob"); err == nil || !strings.Contains(err.Error(), "chat: bob is a person, and this is a group") {
		t.Error(err)
	}
}

func (w *world) update(statement string) {
	if err := w.f.Update(func(tx *sql.Tx) error { _, err := tx.Exec(statement); return err }); err != nil {
		w.t.Fatal(err)
	}
}

// The sheet wins over the filters, and stays over later loads.
func TestImportDecision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	filter := func(l *tableLoad) {
		l.loader.Filter.Exclude = []string{"bob"}
		l.loader.Filter.Since = time.Unix(1700000000+6, 0)
	}
	w.mustLoad(loads(tableOf(lidLines(), true), shifted(0), filter))
	w.mustDecide("bob import=yes", "77@lid import=no")
	w.mustLoad(loads(tableOf(lidLines(), true), shifted(0), filter))
	w.send(0)
	w.wantChats("34611000001@c.us: #a1 #a3!", "bob: #b1 #b2!")
	w.mustDecide("77@lid")
	w.send(0)
	w.wantChats("34611000001@c.us: #a1 #a3!", "77@lid: #a1 #a2 #a4 #a5!", "bob: #b1 #b2!")
}

// The sheet and the age of the last message say whom to notify; --silent=all wins. Preview counts as send does.
func TestNotifyDecision(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		policy NotifyPolicy
		want   string // conversations that notify
	}{
		{SilentButLast, "34611000001@c.us 77@lid"},
		{NotifySince(time.Unix(1700000000+31, 0)), "77@lid"},
		{NotifySince(time.Unix(1700000000+41, 0)), "77@lid"}, // the sheet
		{SilentAll, ""},
	} {
		w := newWorld(t)
		w.mustLoad(loads(tableOf(lidLines(), true), shifted(0)))
		w.mustDecide("bob notify=no", "77@lid notify=yes")
		composer := newComposer()
		composer.Notify = tt.policy
		preview, err := w.f.Preview(composer, Selection{}, 6)
		s := newSender(w.f, w.box)
		s.Composer.Notify = tt.policy
		if _, sendErr := s.Send(t.Context()); err != nil || sendErr != nil {
			t.Fatal(err, sendErr)
		}
		var loud []string
		for _, chat := range w.chats() {
			if id, messages, _ := strings.Cut(chat, ":"); strings.Contains(messages, "!") {
				loud = append(loud, id)
			}
		}
		if got := strings.Join(loud, " "); got != tt.want || preview.Notifications != len(loud) {
			t.Errorf("%s: %q notify, want %q; preview says %d", tt.policy, got, tt.want, preview.Notifications)
		}
		after, err := w.f.Preview(newComposer(), Selection{}, 6)
		if err != nil || after.Silent != tt.policy || slices.ContainsFunc(after.Warnings, func(w Warning) bool { return w.Kind == Unnotified }) {
			t.Errorf("%s: after it %s, %+v, %v", tt.policy, after.Silent, after.Warnings, err)
		}
	}
}
