package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

func TestDump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(sandbox.Options{})
		now := time.Now()
		first := " " + incoming("m1", "a", 5) + "\n"
		second := payload(t, `"msgid":"m2",`+receiver+`,"sender":{"id":"bot","name":"Bot","ref_id":"`+c.Options.BotID+`"}`)
		mustPost(t, c, first)
		time.Sleep(time.Second)
		mustPost(t, c, second)
		c.call(t, "GET", c.scope()+"/chats/x/history?limit=50", "")
		want := sandbox.State{
			Summary: sandbox.Summary{Chats: 1, Messages: 2, Distinct: 2, Loud: 1, IncomingLeads: 1, Incoming: 1, Outgoing: 1,
				Requests: 3, BusiestSecond: 2},
			Chats: []sandbox.Chat{{
				ConversationID: "a", ID: "752c2ebe-2b25-50ad-a36c-d0f44265a895",
				Participants: []sandbox.Participant{
					{ClientID: "c1", ID: "dad4cedc-9147-5440-9193-08c70965eff8", Name: "Анна", Phone: "+79151112233"},
					{ClientID: "bot", ID: c.Options.BotID, Name: "Bot"},
				},
				Messages: []sandbox.Message{
					{MsgID: "m1", ID: "a518cf9e-a722-5abd-9001-cb5c87392157", Type: "text", Text: "hello <m1>", Silent: true,
						Timestamp: 1639604761, MsecTimestamp: 1639604761005, Side: "in", Sender: "c1", Arrived: now, Body: []byte(first)},
					{MsgID: "m2", ID: "b1a4fa8e-ecc2-5b11-8f7c-131e7cd198bf", Type: "text", Text: "hello",
						Timestamp: 1639604761, MsecTimestamp: 1639604761694, Side: "out", Sender: "bot", Receiver: "c1",
						Arrived: now.Add(time.Second), Body: []byte(second)},
				},
			}},
			Requests: []sandbox.Request{
				{At: now, Method: "POST", Path: c.scope(), Endpoint: sandbox.OnMessage, Status: 200},
				{At: now.Add(time.Second), Method: "POST", Path: c.scope(), Endpoint: sandbox.OnMessage, Status: 200},
				{At: now.Add(time.Second), Method: "GET", Path: c.scope() + "/chats/x/history?limit=50", Endpoint: sandbox.OnHistory, Status: 204},
			},
			Contacts: []sandbox.Contact{{ID: 40000001, Name: "Анна", Phones: []string{"+79151112233"},
				Conversations: []string{"a"}, OfLead: true}},
			Links: []sandbox.Link{{ID: 40000002, ConversationID: "a", ChatID: "752c2ebe-2b25-50ad-a36c-d0f44265a895",
				ContactID: 40000001, Times: 1}},
			Leads: []sandbox.Lead{{ConversationID: "a", ContactID: 40000001}},
		}
		if diff := cmp.Diff(want, c.Dump()); diff != "" {
			t.Errorf("dump (-want +got):\n%s", diff)
		}
	})
}

func TestSummary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(sandbox.Options{})
		loud := func(body string) string { return strings.Replace(body, `"silent":true`, `"silent":false`, 1) }
		mustPost(t, c,
			incoming("a1", "a", 1), incoming("a3", "a", 3), incoming("a2", "a", 2), loud(incoming("a4", "a", 4)), // 1 loud
			incoming("b1", "b", 1), incoming("b1", "b", 1), // doubled, 0 loud
			loud(incoming("c1", "c", 1)), loud(incoming("c2", "c", 2)), // 2 loud
		)
		time.Sleep(time.Second)
		mustPost(t, c, incoming("a5", "a", 5))
		want := sandbox.Summary{Chats: 3, Messages: 9, Distinct: 8, Doubled: 1, OutOfOrder: 1, Loud: 3, ChatsWithoutOneLoud: 2, IncomingLeads: 2,
			Incoming: 9, Requests: 9, BusiestSecond: 8}
		if diff := cmp.Diff(want, c.Summary()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestInspectionOverHTTP(t *testing.T) {
	c := newCaller(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.BadGateway, On: sandbox.OnHistory}}})
	mustPost(t, c, incoming("m1", "a", 0))
	server := httptest.NewServer(c)
	defer server.Close()

	var state sandbox.State
	get(t, server.URL+"/sandbox/state", &state)
	want := c.Dump()
	state.Chats[0].Messages[0].Arrived = want.Chats[0].Messages[0].Arrived
	state.Requests[0].At = want.Requests[0].At // without their monotonic part
	if diff := cmp.Diff(want, state); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	var summary map[string]int
	get(t, server.URL+"/sandbox/summary", &summary)
	wantSummary := map[string]int{"chats": 1, "messages": 1, "distinct": 1, "doubled": 0, "out_of_order": 0, "loud": 0,
		"chats_without_one_loud": 1, "incoming": 1, "outgoing": 0, "requests": 1, "too_many_requests": 0, "busiest_second": 1,
		"linked": 0, "incoming_leads": 0}
	if diff := cmp.Diff(wantSummary, summary); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

func get(t *testing.T, address string, v any) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, v); err != nil {
		t.Errorf("%s: %v in %s", address, err, body)
	}
}
