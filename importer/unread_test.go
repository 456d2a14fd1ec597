package importer

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"kommo-import/internal/kommo"
	"kommo-import/internal/pace"
	"kommo-import/internal/sandbox"
	"kommo-import/sources"
)

// troubled is a Kommo that answers about the history of one chat otherwise than with the history.
type troubled struct {
	box    *sandbox.Kommo
	chat   string // our id
	status int
	body   string
	asked  int // histories of that chat
}

func (k *troubled) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := k.box.RoundTrip(r)
	for _, chat := range k.box.Dump().Chats {
		if chat.ConversationID != k.chat || !strings.Contains(r.URL.Path, chat.ID+"/history") {
			continue
		}
		k.asked++
		if k.status == 0 {
			return nil, io.ErrUnexpectedEOF
		}
		return &http.Response{StatusCode: k.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(k.body)), Request: r}, nil
	}
	return answer, err
}

// troubles are answers about one chat; asked is how often its history is asked for in one reading.
var troubles = []struct {
	status int
	body   string
	asked  int
}{
	{0, "", maxTries},
	{200, "<html>maintenance</html>", 2},
	{200, `{"messages":{}}`, 2},
	{200, ``, 2},
	{302, "", 1},
	{400, `{"error_description":"bad chat"}`, 1},
	{401, "", 1},
	{403, "403 Forbidden", 1},
	{403, `{"error_type":"ORIGIN_INVALID_SIGNATURE"}`, 1},
	{404, "", 1},
	{404, `{"error_type":"ORIGIN_NOT_REGISTERED"}`, 1},
	{410, "", 1},
	{422, "", 1},
	{500, "", maxTries},
}

// Trouble with one chat never ends a verification.
func TestVerifyTroubleWithOneChat(t *testing.T) {
	t.Parallel()
	for _, trouble := range troubles {
		inBubble(t, fmt.Sprint(trouble.status, trouble.body), func(t *testing.T) {
			f, box := loaded(t), newBox()
			sent(t, f, box)
			v, server := newVerifier(f, box), &troubled{box: box, chat: "bob", status: trouble.status, body: trouble.body}
			v.Client.Transport, v.Workers = server, 1
			report := verify(t, v)
			if report.Unread != 1 || report.There != 6 || report.Missing != 0 || report.Conversations != 2 || report.UnreadMessages != 4 || server.asked != trouble.asked {
				t.Errorf("report %+v, asked %d times, want %d", report, server.asked, trouble.asked)
			}
			wantFindings(t, f, "unread  ")
		})
	}
}

// A chat that cannot be read while a message of it is in doubt is set aside: the message stays in doubt, what follows it
// stays planned, and the others arrive. The next send tries again.
func TestSendTroubleWithOneChat(t *testing.T) {
	t.Parallel()
	for _, trouble := range troubles {
		inBubble(t, fmt.Sprint(trouble.status, trouble.body), func(t *testing.T) {
			f := loaded(t)
			planned := bodies(t, f, newComposer())
			box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.CutTaken, MsgID: msgidOf(planned["bob"][1]), Count: 1}}})
			s := newSender(f, box)
			s.Workers = 1
			s.Client.Transport = &troubled{box: box, chat: "bob", status: trouble.status, body: trouble.body}
			report, err := s.Send(t.Context())
			status, statusErr := f.Status()
			if err != nil || report.SetAside != 1 || len(report.AsideConversations) != 1 || report.AsideConversations[0] != "bob" || report.Accepted != 7 {
				t.Errorf("report %+v, error %v, want bob set aside", report, err)
			}
			if m := status.Messages; statusErr != nil || m.Sending != 1 || m.Planned != 2 || m.Accepted != 7 {
				t.Errorf("status %+v, error %v", m, statusErr)
			}
			s.Client.Transport = box
			if report, err := s.Send(t.Context()); err != nil || report.Settled != 1 || report.SetAside != 0 {
				t.Errorf("once more: report %+v, error %v", report, err)
			}
			wantArrived(t, box, planned)
		})
	}
}

// Where Kommo lets nobody in, a send with a message in doubt stops as any other.
func TestSendOfDoubtIsDeniedAccess(t *testing.T) {
	for _, do := range []sandbox.Action{sandbox.BadSignature, sandbox.NotFound, sandbox.Block, sandbox.Redirect, sandbox.HTML, sandbox.BadGateway} {
		inBubble(t, string(do), func(t *testing.T) {
			f, box := loaded(t), sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.CutTaken, N: 1}}})
			for _, on := range []sandbox.Endpoint{sandbox.OnHistory, sandbox.OnChats} {
				box.AddRule(sandbox.Rule{Do: do, On: on})
			}
			report, err := newSender(f, box).Send(t.Context())
			if err == nil || report.SetAside != 0 {
				t.Errorf("report %+v, error %v", report, err)
			}
			if status, err := f.Status(); err != nil || status.Messages.Sending != 1 {
				t.Errorf("status %+v, error %v, want one in doubt", status.Messages, err)
			}
		})
	}
}

// An id is believed only if it can be Kommo's.
func TestBelieved(t *testing.T) {
	const id, own = "742a15d7-dd9b-45af-9462-4111d17c407b", "742a15d7-dd9b-45af-9462-4111d17c4070"
	for _, tt := range []struct{ conversation, prefix, id, want string }{
		{"c1", "", id, id},
		{own, "", id, id},
		{own, "", own, ""},
		{strings.ToUpper(own), "", own, ""},
		{own[8:], own[:8], own, ""},
		{"c1", "", "c1", ""},
		{"c1", "", "", ""},
		{"c1", "", "79001234567@c.us", ""},
	} {
		cv := &conversation{externalID: tt.conversation}
		if got := (Composer{Prefix: tt.prefix}).believed(cv, tt.id); got != tt.want {
			t.Errorf("%+v: got %q", tt, got)
		}
	}
}

func TestPager(t *testing.T) {
	type page struct{ offset, length, news int }
	for name, tt := range map[string]struct {
		plan   int
		pages  []page
		unread bool // from the last page on
	}{
		"a chat":                          {120, []page{{0, 50, 50}, {50, 50, 50}, {100, 20, 20}, {120, 0, 0}}, false},
		"the same page again":             {120, []page{{0, 50, 50}, {50, 50, 0}, {100, 50, 0}}, true},
		"the same short page":             {120, []page{{0, 20, 20}, {20, 20, 0}, {40, 20, 0}}, true},
		"the same page once more":         {120, []page{{0, 1, 1}, {1, 1, 0}, {2, 1, 1}, {3, 1, 0}}, false},
		"nothing new, another length":     {120, []page{{0, 50, 50}, {50, 49, 0}, {99, 49, 1}}, false},
		"nothing new, first of a run":     {120, []page{{100, 50, 0}}, false},
		"10,000 entries":                  {10, []page{{9950, 50, 50}}, false},
		"more than 10,000 entries":        {10, []page{{9951, 50, 50}}, true},
		"ten times the plan":              {2000, []page{{19950, 50, 50}}, false},
		"more than ten times the plan":    {2000, []page{{19951, 50, 50}}, true},
		"empty pages are the end, not it": {1, []page{{50, 0, 0}, {50, 0, 0}}, false},
	} {
		p := pager{plan: tt.plan}
		for i, page := range tt.pages {
			err := p.check(page.offset, page.length, page.news)
			_, unread := errors.AsType[*unreadError](err)
			if want := tt.unread && i == len(tt.pages)-1; unread != want {
				t.Errorf("%s: page %d: error %v", name, i, err)
			}
		}
	}
}

// Access means an answer about a chat that does not exist, whatever the answer is.
func TestIsAccess(t *testing.T) {
	denied := func(status int, kind string) error { return &kommo.DeniedError{Status: status, Type: kind} }
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{nil, true},
		{&kommo.RefusedError{}, true},
		{denied(404, ""), true},
		{denied(404, "CHAT_NOT_FOUND"), true},
		{denied(404, "ORIGIN_NOT_REGISTERED"), false},
		{denied(401, ""), false},
		{denied(403, "ORIGIN_INVALID_SIGNATURE"), false},
		{denied(302, ""), false},
		{denied(422, ""), false},
		{&kommo.BlockedError{}, false},
		{&kommo.UnknownOutcomeError{Status: 502}, false},
		{&kommo.UnreachableError{}, false},
	} {
		if got := isAccess(tt.err); got != tt.want {
			t.Errorf("%v: got %t", tt.err, got)
		}
	}
}

// A ping waits out a 429, tries a server in trouble again, and says why there is no access.
func TestPing(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		for _, tt := range []struct {
			rule     sandbox.Rule
			requests int
			access   bool
		}{
			{sandbox.Rule{Do: sandbox.TooMany, Count: 2}, 3, true},
			{sandbox.Rule{Do: sandbox.BadGateway, Count: 5}, 6, true},
			{sandbox.Rule{Do: sandbox.BadGateway}, maxTries, false},
			{sandbox.Rule{Do: sandbox.HTML}, 2, false},
			{sandbox.Rule{Do: sandbox.Refuse}, 1, true},
			{sandbox.Rule{Do: sandbox.NotFound}, 1, false},
		} {
			tt.rule.On = sandbox.OnHistory
			box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{tt.rule}})
			r, err := newRequester(newFile(t), pace.New(1e6), nil)
			must(t, err)
			if err := r.ping(t.Context(), newVerifier(nil, box).Client); (err == nil) != tt.access || len(box.Requests()) != tt.requests {
				t.Errorf("%s: error %v after %d requests, want %d", tt.rule, err, len(box.Requests()), tt.requests)
			}
		}
	})
}

// An entry can be a message in doubt only if nothing that Kommo shows of it is otherwise.
func TestAlike(t *testing.T) {
	cv := &conversation{client: sources.Client{ID: "c1"}}
	m := &outgoing{msec: 1700000000500, direction: sources.Incoming, content: sources.Message{Kind: sources.KindText, Text: "caf\u00e9 \n"}}
	entry := func(change func(*kommo.HistoryMessage)) *kommo.HistoryMessage {
		h := &kommo.HistoryMessage{MsecTimestamp: m.msec, Sender: kommo.HistoryPerson{ClientID: "c1"},
			Message: kommo.HistoryContent{Type: kommo.TypeText, Text: "cafe\u0301"}}
		change(h)
		return h
	}
	for name, tt := range map[string]struct {
		entry *kommo.HistoryMessage
		want  bool
	}{
		"as sent":         {entry(func(*kommo.HistoryMessage) {}), true},
		"two seconds off": {entry(func(h *kommo.HistoryMessage) { h.MsecTimestamp += 2000 }), true},
		"more than two":   {entry(func(h *kommo.HistoryMessage) { h.MsecTimestamp -= 2001 }), false},
		"seconds only":    {entry(func(h *kommo.HistoryMessage) { h.MsecTimestamp, h.Timestamp = 0, 1700000001 }), true},
		"no time":         {entry(func(h *kommo.HistoryMessage) { h.MsecTimestamp = 0 }), false},
		"no side":         {entry(func(h *kommo.HistoryMessage) { h.Sender = kommo.HistoryPerson{} }), true},
		"the other side":  {entry(func(h *kommo.HistoryMessage) { h.Sender, h.Receiver = kommo.HistoryPerson{}, h.Sender }), false},
		"another text":    {entry(func(h *kommo.HistoryMessage) { h.Message.Text = "cafe" }), false},
		"another kind":    {entry(func(h *kommo.HistoryMessage) { h.Message.Type = kommo.TypeVoice }), false},
	} {
		if got, err := (Composer{}).alike(cv, m, tt.entry); got != tt.want || err != nil {
			t.Errorf("%s: got %t, %v", name, got, err)
		}
	}
}

// Kommo's id is stored for every message that it accepts.
func TestRemoteIDsAreStored(t *testing.T) {
	f, box := loaded(t), newBox()
	sendAll(t, t.Context(), newSender(f, box))
	want := make(map[string]string)
	for _, chat := range box.Dump().Chats {
		for _, m := range chat.Messages {
			want[m.MsgID] = m.ID
		}
	}
	rows, err := f.Reader.Query(`SELECT 'ki1-' || lower(hex(identity)), remote_id FROM message`)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var msgid, remoteID string
		must(t, rows.Scan(&msgid, &remoteID))
		if remoteID == "" || remoteID != want[msgid] {
			t.Errorf("%s: stored %q, want %q", msgid, remoteID, want[msgid])
		}
		delete(want, msgid)
	}
	if len(want) > 0 {
		t.Errorf("not stored: %v", want)
	}
}
