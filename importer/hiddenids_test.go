package importer

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"kommo-import/internal/sandbox"
)

// rewriteHistory returns a transport to box that changes the histories.
func rewriteHistory(box *sandbox.Kommo, change func(history []byte) []byte) transport {
	return func(r *http.Request) (*http.Response, error) {
		answer, err := box.RoundTrip(r)
		if err != nil || !strings.HasSuffix(r.URL.Path, "/history") || answer.StatusCode != http.StatusOK {
			return answer, err
		}
		history, err := io.ReadAll(answer.Body)
		history = change(history)
		answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(history)), int64(len(history))
		return answer, err
	}
}

// An entry without a readable id may be a message in doubt: the message is not sent a second time.
func TestEntryWithoutID(t *testing.T) {
	t.Parallel()
	for _, taken := range []bool{true, false} {
		inBubble(t, "", func(t *testing.T) {
			f := newFile(t)
			load(t, f, csvHeader+row("ann", 1, "in", "a", "1")+row("ann", 2, "in", "b", "2")+row("ann", 3, "in", "c", "3"))
			id := msgidOf(bodies(t, f, newComposer())["ann"][1])
			box := quirks(t, "no-msgid", lose(id, taken))
			s := newSender(f, box)
			s.Client.Transport = rewriteHistory(box, func(history []byte) []byte {
				for _, m := range box.Dump().Chats[0].Messages {
					if m.MsgID == id {
						history = bytes.ReplaceAll(history, []byte(`"id":"`+m.ID+`"`), []byte(`"id":null`))
					}
				}
				return history
			})
			if _, err := s.Send(t.Context()); err != nil || box.Summary().Doubled > 0 {
				t.Errorf("error %v, arrived %+v", err, box.Summary())
			}
		})
	}
}

// Where Kommo hides our ids, a message that verify --retry put in doubt is recognised by the id of Kommo's answer, and is
// known to be missing where its chat lacks that id.
func TestRetryWithoutMsgids(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T) {
		f, box := newFile(t), quirks(t, "no-msgid")
		load(t, f, csvHeader+row("bob", 1, "in", "x", "1")+row("ann", 1, "in", "a", "1")+row("ann", 2, "in", "b", "2")+row("ann", 3, "in", "b", "3"))
		ids := sent(t, f, box)["ann"]
		verify(t, newVerifier(f, box))
		must(t, box.Lose(ids[2]))
		if report := verify(t, newVerifier(f, box)); report.Missing != 1 {
			t.Fatalf("report %+v", report)
		}
		execute(t, f, `UPDATE finding SET retried = 0`)
		if handed, err := f.RetryMissing(); handed != 1 || err != nil {
			t.Fatalf("handed %d, error %v", handed, err)
		}
		must(t, box.Insert("ann", "", "of a client", time.Unix(1800000000, 0)))
		// The others of the chat are in doubt, too.
		execute(t, f, `UPDATE message SET state = 'sending', may_exist = 1 WHERE state = 'verified' AND conversation IN (SELECT id FROM conversation
			WHERE external_id = 'ann'); UPDATE conversation SET sending = sending + verified, verified = 0 WHERE external_id = 'ann'`)
		report, err := newSender(f, box).Send(t.Context())
		if sum := box.Summary(); err != nil || report.Settled != 2 || report.Accepted != 3 || sum.Messages != 5 || sum.Doubled != 0 {
			t.Errorf("report %+v, error %v, arrived %+v", report, err, sum)
		}
	})
}

// A kind that Kommo does not show is no difference.
func TestEntryWithoutKind(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T) {
		f, box := loaded(t), newBox()
		sent(t, f, box)
		v := newVerifier(f, box)
		v.Client.Transport = rewriteHistory(box, func(history []byte) []byte {
			return bytes.ReplaceAll(history, []byte(`"type":"text"`), []byte(`"type":null`))
		})
		if report := verify(t, v); report.There != 10 || report.Differences() > 0 {
			t.Errorf("report %+v, findings %v", report, findings(t, f))
		}
	})
}

// A 200 that is about another message says nothing about this one: it is found in its chat.
func TestAnswerAboutAnotherMessage(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T) {
		f, box := loaded(t), newBox()
		s, stray := newSender(f, box), 0
		s.Client.Transport = transport(func(r *http.Request) (*http.Response, error) {
			answer, err := box.RoundTrip(r)
			if err != nil || r.Method != http.MethodPost || stray > 0 {
				return answer, err
			}
			stray++
			body, err := io.ReadAll(answer.Body)
			body = bytes.Replace(body, []byte(`"ref_id":"ki1-`), []byte(`"ref_id":"ki1-f`), 1)
			answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			return answer, err
		})
		if report, err := s.Send(t.Context()); err != nil || report.Settled != 1 || report.Accepted != 10 || box.Summary().Doubled > 0 {
			t.Errorf("report %+v, error %v", report, err)
		}
		wantRemoteIDs(t, f)
	})
}

// wantRemoteIDs makes sure that every message has the id at Kommo that an answer or its chat has shown.
func wantRemoteIDs(t *testing.T, f *File) {
	t.Helper()
	var without int
	if err := f.Reader.QueryRow(`SELECT count(*) FROM message WHERE remote_id = ''`).Scan(&without); err != nil || without > 0 {
		t.Errorf("%d messages without an id at Kommo, error %v", without, err)
	}
}
