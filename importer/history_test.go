package importer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kommo-import/internal/sandbox"
)

// oldestFirst serves a sandbox's history the other way round: that the newest messages come first is not promised.
type oldestFirst struct{ box *sandbox.Kommo }

func (o oldestFirst) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := o.box.RoundTrip(r)
	if err != nil || !strings.HasSuffix(r.URL.Path, "/history") || answer.StatusCode != http.StatusOK {
		return answer, err
	}
	var all []json.RawMessage
	for _, chat := range o.box.Dump().Chats {
		for _, m := range chat.Messages {
			all = append(all, json.RawMessage(fmt.Sprintf(`{"timestamp":%d,"sender":{},"message":{"id":%q,"client_id":%q,"type":"text"}}`,
				m.Timestamp, m.ID, m.MsgID)))
		}
	}
	offset, err := strconv.Atoi(r.URL.Query().Get("offset"))
	if err != nil {
		return nil, err
	}
	page := all[min(offset, len(all)):min(offset+50, len(all))]
	body, err := json.Marshal(map[string]any{"messages": slices.Clone(page)})
	answer.Body = io.NopCloser(bytes.NewReader(body))
	answer.ContentLength = int64(len(body))
	return answer, err
}

// A message in doubt is found on whatever page it stands, in whichever order history comes.
func TestMessageInDoubtIsFoundAnywhere(t *testing.T) {
	t.Parallel()
	for _, nth := range []int{1, 60, 120} {
		for name, transport := range map[string]func(*sandbox.Kommo) http.RoundTripper{
			"newest first": func(box *sandbox.Kommo) http.RoundTripper { return box },
			"oldest first": func(box *sandbox.Kommo) http.RoundTripper { return oldestFirst{box} },
		} {
			inBubble(t, fmt.Sprintf("%s, message %d", name, nth), func(t *testing.T) {
				f := newFile(t)
				load(t, f, manyConversations(1, 120))
				planned := bodies(t, f, newComposer())
				box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.CutTaken, N: nth}}})
				s := newSender(f, box)
				s.Client.Transport = transport(box)
				reports, errs := sendAll(t, t.Context(), s)
				if len(errs) > 0 || reports[0].Settled != 1 {
					t.Errorf("report %+v, errors %v, want one settled", reports[0], errs)
				}
				wantArrived(t, box, planned)
			})
		}
	}
}

// All looks but the last stop where history is older than the message. Only the last reads the chat to its end.
func TestReadingBackStopsAtOlderMessages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		content := csvHeader
		for i := range 400 {
			content += row("ann", 10*i, "in", "text", fmt.Sprint(i))
		}
		load(t, f, content)
		box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.Cut, N: 400}}})
		report, err := newSender(f, box).Send(t.Context())
		if err != nil || report.Requests > 401+looks-1+9 {
			t.Errorf("report %+v, error %v, want no more than a page a look, and nine for the last", report, err)
		}
	})
}

// The message that was to notify, and is known not to have arrived, leaves that to one that comes after it.
func TestNotificationMovesToTheLast(t *testing.T) {
	for _, fault := range []sandbox.Action{sandbox.Block, sandbox.Refuse} {
		inBubble(t, string(fault), func(t *testing.T) {
			f := newFile(t)
			rows := csvHeader + row("ann", 1, "in", "first", "1")
			load(t, f, rows)
			box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: fault, N: 1}}})
			newSender(f, box).Send(t.Context())
			load(t, f, rows+row("ann", 2, "in", "second", "2"))
			if _, err := f.RetryRefused(); err != nil {
				t.Fatal(err)
			}
			sendAll(t, t.Context(), newSender(f, box))
			for _, m := range box.Dump().Chats[0].Messages {
				if m.Silent != (m.Text == "first") {
					t.Errorf("%q is silent: %t", m.Text, m.Silent)
				}
			}
		})
	}
}

// The one that may have notified stays the one, also if something comes after it before that is known.
func TestNotificationInDoubtStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		rows := csvHeader + row("ann", 1, "in", "first", "1")
		load(t, f, rows)
		box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.CutTaken, N: 1}}})
		healthy := f.Commit
		f.Commit = failAfter(f, 3) // bound, marked as sending, and in doubt
		newSender(f, box).Send(t.Context())
		f.Commit = healthy
		load(t, f, rows+row("ann", 2, "in", "second", "2"))
		sendAll(t, t.Context(), newSender(f, box))
		if s := box.Summary(); s.Messages != 2 || s.Loud != 1 || s.Doubled != 0 {
			t.Errorf("arrived %+v, want two messages, one of them loud", s)
		}
	})
}

// otherChat is a Kommo where a conversation's chat has another id than the one that was told before: there is nothing
// in the old one.
type otherChat struct{ box *sandbox.Kommo }

func (o otherChat) RoundTrip(r *http.Request) (*http.Response, error) {
	const old = "11111111-1111-4111-8111-111111111111"
	answer, err := o.box.RoundTrip(r)
	if err != nil || r.Method != http.MethodPost || strings.HasSuffix(r.URL.Path, "/chats") {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	if chats := o.box.Dump().Chats; len(chats) > 0 {
		body = bytes.ReplaceAll(body, []byte(chats[0].ID), []byte(old))
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	answer.ContentLength = int64(len(body))
	return answer, err
}

func TestChatIDThatIsNoLongerTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		load(t, f, manyConversations(1, 5))
		planned := bodies(t, f, newComposer())
		box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.CutTaken, N: 3}}})
		s := newSender(f, box)
		s.Client.Transport = otherChat{box}
		sendAll(t, t.Context(), s)
		wantArrived(t, box, planned)
	})
}

func TestNewestFirst(t *testing.T) {
	at := func(second int64) time.Time {
		if second == 0 {
			return time.Time{} // Kommo told none
		}
		return time.Unix(second, 0)
	}
	for _, tt := range []struct {
		seconds []int64
		want    bool // that what follows is older than 50
	}{
		{nil, false},
		{[]int64{90, 80}, false},
		{[]int64{90, 40}, true},
		{[]int64{90, 50, 50}, false},
		{[]int64{40, 40}, false}, // may be either order
		{[]int64{40, 39}, true},
		{[]int64{30, 40, 49}, false},
		{[]int64{90, 91, 40}, false},
		{[]int64{90, 0, 40}, false},
		{[]int64{0, 40, 30}, false},
	} {
		var order newestFirst
		for _, second := range tt.seconds {
			order.add(at(second))
		}
		if got := order.past(at(50)); got != tt.want {
			t.Errorf("%v: got %t, want %t", tt.seconds, got, tt.want)
		}
	}
}
