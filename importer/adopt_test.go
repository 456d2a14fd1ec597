package importer

import (
	"testing"
	"time"

	"kommo-import/internal/sandbox"
)

// sentByALostFile returns a migration file with four messages in one chat, after a lost file has sent the first three, or the
// second and the third.
func sentByALostFile(t *testing.T, box *sandbox.Kommo, first bool) *File {
	t.Helper()
	rows := row("ann", 2, "in", "b", "2") + row("ann", 3, "in", "c", "3")
	if first {
		rows = row("ann", 1, "in", "a", "1") + rows
	}
	lost := newFile(t)
	load(t, lost, csvHeader+rows)
	if _, err := newSender(lost, box).Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := newFile(t)
	load(t, f, csvHeader+row("ann", 1, "in", "a", "1")+row("ann", 2, "in", "b", "2")+row("ann", 3, "in", "c", "3")+row("ann", 4, "in", "d", "4"))
	return f
}

// In a chat that a lost file has sent to, the rest is sent without a second notification: the answer to a known id shows that
// the chat has messages, or the chat is empty under the id that Kommo gives it, and another under the id that it gives then.
func TestAdoption(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, quirks string
		duplicates   sandbox.Duplicates
		first        bool
	}{
		{"400", "", sandbox.RefuseDuplicates, true},
		{"409", "", sandbox.ConflictDuplicates, true},
		{"400 behind an accepted message", "", sandbox.RefuseDuplicates, false},
		{"409 behind an accepted message", "", sandbox.ConflictDuplicates, false},
		{"another chat is named", "chat-id=other", sandbox.RefuseDuplicates, false},
		{"our id is named", "chat-id=echo", sandbox.RefuseDuplicates, false},
	} {
		inBubble(t, tt.name, func(t *testing.T) {
			o := kommoLike{quirks: tt.quirks}.options(t)
			o.Duplicates, o.HistoryDelay = tt.duplicates, 0
			box := sandbox.NewKommo(o)
			f := sentByALostFile(t, box, tt.first)
			report, err := newSender(f, box).Send(t.Context())
			if sum := box.Summary(); err != nil || report.Accepted != 4 || report.Refused != 0 || sum.Messages != 4 || sum.Loud != 1 {
				t.Errorf("report %+v, error %v, arrived %+v", report, err, sum)
			}
			wantRemoteIDs(t, f)
		})
	}
}

// A message that was in doubt before is looked for as long as Kommo may take to show it, before a 409 refuses it.
func TestConflictOfALateMessage(t *testing.T) {
	t.Parallel()
	for _, duplicates := range []sandbox.Duplicates{sandbox.RefuseDuplicates, sandbox.ConflictDuplicates, sandbox.DropDuplicates} {
		inBubble(t, string(duplicates), func(t *testing.T) {
			f := newFile(t)
			rows := csvHeader + row("ann", 1, "in", "a", "1") + row("ann", 2, "in", "b", "2")
			load(t, f, rows)
			box := sandbox.NewKommo(sandbox.Options{Duplicates: duplicates, HistoryDelay: 36 * time.Second}) // behind the last look
			sent(t, f, box)
			time.Sleep(time.Hour) // the history shows ids by now
			load(t, f, rows+row("ann", 3, "in", "c", "3"))
			box.AddRule(lose(msgidOf(bodies(t, f, newComposer())["ann"][0]), true))
			report, err := newSender(f, box).Send(t.Context())
			if posts := countRequests(box, sandbox.OnMessage); err != nil || report.Accepted != 1 || box.Summary().Messages != 3 || posts != 4 {
				t.Errorf("report %+v, error %v after %d posts", report, err, posts)
			}
		})
	}
}

// A message is refused also if its chat cannot be read, and is named among the failures.
func TestRefusalInAnUnreadableChat(t *testing.T) {
	t.Parallel()
	for _, do := range []sandbox.Action{sandbox.Conflict, sandbox.Refuse} {
		for _, status := range []int{404, 500} {
			inBubble(t, string(do), func(t *testing.T) {
				f, box := loaded(t), sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: do, Text: "how can we help?"}}})
				s := newSender(f, box)
				s.Client.Transport = &troubled{box: box, chat: "bob", status: status}
				report, err := s.Send(t.Context())
				if err != nil || report.Refused != 1 || report.Accepted != 9 || report.SetAside != 0 {
					t.Errorf("report %+v, error %v", report, err)
				}
			})
		}
		inBubble(t, string(do)+" and nothing answers", func(t *testing.T) {
			f, box := loaded(t), sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: do, Text: "how can we help?"}, {Do: sandbox.BadGateway, On: sandbox.OnHistory}}})
			_, err := newSender(f, box).Send(t.Context())
			status, statusErr := f.Status()
			if !is[*StoppedError](err) || statusErr != nil || do == sandbox.Conflict && status.Messages.Sending != 0 {
				t.Errorf("error %v, status %+v, %v", err, status.Messages, statusErr)
			}
		})
	}
}

// The avatar that makes Kommo refuse a client's messages does not keep it from naming the chat.
func TestDeadAvatarAndUnknownChat(t *testing.T) {
	t.Parallel()
	content := "conversation_id,timestamp,direction,text,message_id,client_avatar\n"
	for _, second := range []string{"0", "1", "2", "3"} {
		content += "c,170000000" + second + ",in,text " + second + "," + second + ",https://a.example/a.jpg\n"
	}
	for _, named := range []string{"", "chat-id=echo", "chat-id=none"} {
		inBubble(t, named, func(t *testing.T) {
			f := newFile(t)
			load(t, f, content)
			box := quirks(t, named, lose(msgidOf(bodies(t, f, newComposer())["c"][2]), true),
				sandbox.Rule{Do: sandbox.Refuse, Avatar: "a.example", On: sandbox.OnAny})
			if report, err := newSender(f, box).Send(t.Context()); err != nil || report.Accepted != 4 || report.SetAside != 0 {
				t.Errorf("report %+v, error %v", report, err)
			}
			if report := verify(t, newVerifier(f, box)); report.There != 4 || report.Differences() != 0 {
				t.Errorf("verification %+v", report)
			}
		})
	}
}

// A run that was killed between two forms of a message does not hide that the message went in another form. Only the first,
// whose answer without the avatar is lost, may count as sent as it was.
func TestReformedAfterAKill(t *testing.T) {
	t.Parallel()
	const content = "conversation_id,timestamp,direction,text,message_id,client_avatar,reply_to,media_url,file_name,file_size\n" +
		"c,1700000000,in,question,1,https://a.example/a.jpg,,,,\n" +
		"c,1700000001,in,answer,2,https://a.example/a.jpg,1,https://m.example/p.jpg,p.jpg,5\n" +
		"c,1700000002,out,thanks,3,https://a.example/a.jpg,2,,,\n" +
		"c,1700000003,in,,4,https://a.example/a.jpg,,https://m.example/q.jpg,q.jpg,5\n"
	for commits := 3; commits < 24; commits++ {
		inBubble(t, "", func(t *testing.T) {
			f := newFile(t)
			load(t, f, content)
			box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.Refuse, Avatar: "a.example"},
				{Do: sandbox.Refuse, Reply: 1000 * time.Hour}, {Do: sandbox.Refuse, Media: "m.example"}}})
			healthy := f.Commit
			f.Commit = failAfter(f, commits)
			first, _ := newSender(f, box).Send(t.Context())
			f.Commit = healthy
			second, err := newSender(f, box).Send(t.Context())
			if reformed := first.Reformed + second.Reformed; err != nil || reformed < 3 || reformed > 4 || reformed == 3 && second.Settled == 0 || box.Summary().Messages != 4 {
				t.Errorf("killed after %d commits: %d and %d reformed, error %v", commits, first.Reformed, second.Reformed, err)
			}
			if report := verify(t, newVerifier(f, box)); report.There != 4 || report.Differences() > 0 {
				t.Errorf("verification %+v", report)
			}
		})
	}
}
