package importer

import (
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"kommo-import/internal/sandbox"
)

// A kommoLike is a Kommo as its documents, its clients' logs and its own samples allow it to be.
type kommoLike struct {
	quirks string
	// hidden are the conversations whose chats cannot be read, or show no ids: "all", or names behind each other.
	hidden string
	// recognises: a message in doubt that was taken is found all the same.
	recognises bool
}

func kommos() []kommoLike {
	return []kommoLike{
		{"", "", true},
		{"short", "", true},
		{"short=10", "", true},
		{"page=20", "", true},
		{"no-msgid", "", true},
		{"other-ids", "", true},
		{"no-msgid other-ids", "all", true},
		{"no-people", "", true},
		{"chat-id=echo", "", true},
		{"chat-id=none", "", true},
		{"chat-id=other", "", true},
		{"gone:ann", "ann", false},
		{"gone", "all", false},
		{"empty", "all", false},
		{"odd", "", true},
		{"normalise", "", true},
		{"shown-as", "", true},
		{"short=2 page=30 chat-id=echo odd normalise shown-as no-people", "", true},
		{"short no-msgid normalise chat-id=none", "", true},
		{"no-people no-msgid page=7", "", true},
		{"no-people no-msgid other-ids shown-as normalise", "all", true},
	}
}

func (k kommoLike) options(t *testing.T) (o sandbox.Options) {
	t.Helper()
	o.HistoryDelay = 3 * time.Second
	for text := range strings.FieldsSeq(k.quirks) {
		q, err := sandbox.ParseQuirk(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Quirks = append(o.Quirks, q)
	}
	return o
}

func (k kommoLike) hides(conversation string) bool {
	return k.hidden == "all" || k.hidden == conversation
}

// variedChats are a chat of 130 messages and five short ones, of several kinds, with texts that a server may normalise.
func variedChats() (content string, messages int) {
	content = csvHeader
	add := func(conversation string, n int) {
		text := []string{"text %d", "cafe\u0301 %d \u200b", "\"two \nlines %d\"", "%d & <more>"}[n%4]
		line := row(conversation, 3*n, []string{"in", "out"}[n%2], fmt.Sprintf(text, n), fmt.Sprint(n))
		if kind := map[int]string{5: "voice", 6: "sticker", 7: "picture"}[n%10]; kind != "" {
			line = strings.Replace(line, ",,,,,,\n", ",,,"+kind+",https://example.com/a.bin,a.bin,1000\n", 1)
		}
		content += line
		messages++
	}
	for n := range 130 {
		add("ann", n)
	}
	for _, conversation := range []string{"bob", "cat", "dan", "eve", "fay"} {
		for n := range 4 {
			add(conversation, n)
		}
	}
	return content, messages
}

// Whatever Kommo shows, and whether answers are lost or not: sent, verified, planned again and sent again, each message
// is in its chat once at most, in order, and is known to be there or not. Where chats can be read, all are there, and
// nothing is wrong with them.
func TestEveryKommo(t *testing.T) {
	t.Parallel()
	content, messages := variedChats()
	for i, like := range kommos() {
		for j, fault := range []sandbox.Action{"", sandbox.CutTaken, sandbox.Cut} {
			if (i+j)%3 > 0 && os.Getenv("SOAK") == "" { // every Kommo, with one fault
				continue
			}
			inBubble(t, fmt.Sprintf("%s %s", like.quirks, fault), func(t *testing.T) {
				f, box := newFile(t), sandbox.NewKommo(like.options(t))
				f.Commit = (*sql.Tx).Commit // counting all messages after every commit takes long
				load(t, f, content)
				planned := bodies(t, f, newComposer())
				lost := map[string][]int{"ann": {0, 1, 59, 129}, "bob": {0}, "cat": {2}}
				for conversation, places := range lost {
					for _, place := range places {
						if fault != "" {
							box.AddRule(sandbox.Rule{Do: fault, MsgID: msgidOf(planned[conversation][place]), Count: 1})
						}
					}
				}
				sendTwice(t, f, box, like, fault, planned)
				box.ClearRules()
				before := box.Summary().Messages
				verifyAs(t, f, box, like, messages)
				if n, err := f.RetryMissing(); n != 0 || err != nil {
					t.Errorf("planned %d messages again, error %v", n, err)
				}
				sendTwice(t, f, box, like, fault, planned)
				if after := box.Summary().Messages; after != before {
					t.Errorf("%d messages, and after another verification and send %d", before, after)
				}
			})
		}
	}
}

// sendTwice sends, and once more what is left, and compares the chats with the plan.
func sendTwice(t *testing.T, f *File, box *sandbox.Kommo, like kommoLike, fault sandbox.Action, planned map[string][]string) {
	t.Helper()
	for range 2 {
		s := newSender(f, box)
		s.Workers = 16
		if _, err := s.Send(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	got := arrived(box)
	for conversation, want := range planned {
		there := got[conversation]
		if len(there) > len(want) || strings.Join(there, "\n") != strings.Join(want[:len(there)], "\n") {
			t.Errorf("%s: %d messages are in the chat, and not those of the plan", conversation, len(there))
		}
		proves := !like.hides(conversation) || fault == "" || fault == sandbox.CutTaken && like.recognises
		var open int
		err := f.Reader.QueryRow(`SELECT planned + sending FROM conversation WHERE external_id = ?`, conversation).Scan(&open)
		if err != nil || proves && (open != 0 || len(there) != len(want)) || len(there)+open < len(want) {
			t.Errorf("%s: %d of %d messages are there, and %d are planned or in doubt, error %v", conversation, len(there), len(want), open, err)
		}
	}
	if sum := box.Summary(); sum.Doubled != 0 || sum.OutOfOrder != 0 {
		t.Errorf("arrived %+v", sum)
	}
}

// verifyAs verifies, and wants every message to be there that can be seen, and nothing to be wrong with it.
func verifyAs(t *testing.T, f *File, box *sandbox.Kommo, like kommoLike, messages int) {
	t.Helper()
	v := newVerifier(f, box)
	v.Workers = 16
	report := verify(t, v)
	if report.Missing+report.Differs+report.Doubled+report.OutOfOrder+report.Unsent != 0 {
		t.Errorf("report %+v, findings %v", report, findings(t, f))
	}
	switch {
	case like.hidden == "" && (report.There != messages || report.Unread != 0):
		t.Errorf("report %+v, want %d messages there", report, messages)
	case like.hidden == "ann" && (report.There != messages-130 || report.Unread != 1):
		t.Errorf("report %+v, want one chat unread", report)
	case like.hidden == "all" && (report.There > 6 || report.Unread < 4): // found after a lost answer; or nothing was accepted yet
		t.Errorf("report %+v, want all chats unread", report)
	}
	if shows := strings.Contains(like.quirks, "shown-as") && like.hidden == ""; shows != (report.ShownAs > 0) {
		t.Errorf("report %+v", report)
	}
}
