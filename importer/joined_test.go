package importer

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"kommo-import/internal/sandbox"
	"kommo-import/sources"
)

// A message of a conversation that is left out is not lost if another conversation of its chat has it, too.
func TestJoinedChatPartlyLeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLoad(loads(tableOf(lidLines(), true), shifted(0)))
	w.mustDecide("34611000001@c.us import=no", "77@lid chat=34611000001@c.us")
	w.send(0)
	w.wantChats("34611000001@c.us: #a1 #a2 #a4 #a5!", "bob: #b1 #b2!")
}

// A chat of which Kommo has refused a message, and nothing else, can be parted: the message is planned again.
func TestPartedBehindRefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.mustLoad(loads(tableOf(lidLines(), true), shifted(0)))
		w.mustDecide("77@lid chat=34611000001@c.us")
		w.box.AddRule(sandbox.Rule{Do: sandbox.Refuse, Text: "#a"})
		if report, err := newSender(w.f, w.box).Send(t.Context()); err != nil || report.Refused != 4 {
			t.Fatalf("%+v, %v", report, err)
		}
		w.mustDecide("77@lid")
		w.box.ClearRules()
		w.send(0)
		w.wantChats("34611000001@c.us: #a1 #a3!", "77@lid: #a1 #a2 #a4 #a5!", "bob: #b1 #b2!")
	})
}

// Equal messages of one minute in two conversations of a chat are one message, and stay so once one of them was sent.
func TestMatchMinutesInJoinedChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.matchMinutes = true
	l := loads(tableOf([]line{
		{conversation: "ann", second: 10, direction: "in", text: "hello #a1", id: "1"},
		{conversation: "lid", second: 12, direction: "in", text: "hello #a1", id: "x1"},
	}, true), shifted(0))
	w.mustLoad(l)
	w.mustDecide("lid chat=ann")
	w.send(0)
	w.wantChats("ann: #a1!")
	l.loader.File, l.source.Path = w.f, w.write(l)
	_, err := l.loader.Load(t.Context(), &l.source)
	if e, _ := errors.AsType[*MatchedMinutesError](err); e == nil || e.Messages != 1 {
		t.Error(err)
	}
}

// A conversation whose chat others have joined cannot join another one, also if the sheet does not have their rows.
func TestChatOfOthersJoinsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLoad(loads(tableOf(lidLines(), true), shifted(0)))
	w.mustDecide("77@lid chat=34611000001@c.us")
	err := w.decide("34611000001@c.us chat=bob")
	if err == nil || !strings.Contains(err.Error(), "chat: 77@lid is in its chat, and has no row in the sheet") {
		t.Error(err)
	}
	w.send(0)
	w.wantChats("34611000001@c.us: #a1 #a2 #a3 #a5!", "bob: #b1 #b2!")
}

// The chat of a conversation that no source has any more is that of the others, also in their kind.
func TestJoinedChatWithoutItsConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lines := lidLines()
	w.mustLoad(loads(tableOf(lines, true), shifted(0)))
	w.mustDecide("77@lid chat=34611000001@c.us")
	w.mustLoad(loads(tableOf(lines[6:], true), shifted(0))) // bob alone
	w.mustLoad(loads(tableOf(append(lines[1:3:3], lines[6:]...), true), shifted(0)))
	var kinds []sources.ConversationKind
	for row, err := range w.f.Conversations(newComposer(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, row.Kind)
	}
	if want := []sources.ConversationKind{sources.Person, sources.Person, sources.Person}; !slices.Equal(kinds, want) {
		t.Errorf("kinds %q, want %q", kinds, want)
	}
	w.send(0)
	w.wantChats("34611000001@c.us: #a1 #a2!", "bob: #b1 #b2!")
}

// A conversation that was sent into a chat of its own, by a migration file that is lost, is not sent into the chat of another one:
// it is set aside until it has left that chat.
func TestJoinedAfterLoss(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		before := newWorld(t)
		before.mustLoad(loads(tableOf(lidLines(), true), shifted(0)))
		before.send(0)
		want := before.chats()

		w := newWorld(t)
		w.box = before.box
		w.mustLoad(loads(tableOf(lidLines(), true), shifted(0)))
		w.mustDecide("77@lid chat=34611000001@c.us")
		lookFirst := func() SendReport {
			s := newSender(w.f, w.box)
			s.LookFirst = true
			report, err := s.Send(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return report
		}
		if report := lookFirst(); report.SetAside != 1 || report.Found != 2 {
			t.Errorf("%+v", report)
		}
		w.wantChats(want...)
		w.mustDecide("77@lid")
		if report := lookFirst(); report.SetAside != 0 || report.Found != 6 {
			t.Errorf("parted: %+v", report)
		}
		w.wantChats(want...)
	})
}

// A view shows what is wrong with a conversation in the chat that it has joined: rows that cannot be understood, and lost files.
func TestViewOfJoinedChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLoad(loads(tableOf(lidLines(), true)+"77@lid,yesterday,in,bad #x1,x9,,,,,,\n", shifted(0)))
	w.update(`UPDATE staging SET media_key = 'k' WHERE content LIKE '%#a2%'`)
	w.update(`INSERT INTO media (key, source_url, url, status) VALUES ('k', '', '', 'gone')`)
	w.mustDecide("77@lid chat=34611000001@c.us")
	err := w.f.ViewPlan(newComposer(), Selection{}, func(v *ChatView) error {
		for _, listed := range v.Chats {
			chat, err := v.Chat(listed)
			if err != nil {
				return err
			}
			gone := slices.Contains(chat.Marks, Mark{Kind: string(MediaGone)})
			if joined := chat.ID == "34611000001@c.us"; gone != joined || (chat.States[stateInvalid] == 1) != joined {
				t.Errorf("%+v", chat)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
