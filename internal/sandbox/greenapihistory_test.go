package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

func TestHistoryCount(t *testing.T) {
	tests := []struct {
		name, body string
		want       int // entries; -1: 400
	}{
		{"given", asking(anna, 3), 3},
		{"one", asking(anna, 1), 1},
		{"all", asking(anna, 120), 120},
		{"more", asking(anna, 1000000), 120},
		{"default", `{"chatId":"` + anna + `"}`, 100},
		{"unknown chat", asking("79990000001@c.us", 10), 0},
		{"string", `{"chatId":"` + anna + `","count":"10"}`, -1},
		{"null", `{"chatId":"` + anna + `","count":null}`, -1},
		{"fraction", `{"chatId":"` + anna + `","count":1.5}`, -1},
		{"zero", asking(anna, 0), -1},
		{"negative", asking(anna, -1), -1},
		{"no chat", `{"count":10}`, -1},
		{"empty chat", asking("", 10), -1},
		{"number as chat", `{"chatId":79001234567,"count":10}`, -1},
		{"wrong case", `{"chatid":"` + anna + `"}`, -1},
		{"not JSON", `chatId=1`, -1},
		{"nothing", ``, -1},
	}
	bothWays(t, func(t *testing.T, start func(sandbox.Account, sandbox.GreenAPIOptions) phone) {
		p := start(account(120), unlimited)
		for _, tt := range tests {
			got := p.call(t, "POST", p.path("getChatHistory"), tt.body)
			if tt.want < 0 {
				if got.Status != 400 || !strings.HasSuffix(got.Body, `,"message":"Validation failed"}`) {
					t.Errorf("%s: got %+v, want 400 and Validation failed", tt.name, got)
				}
				continue
			}
			want := []string{}
			for i := range tt.want {
				want = append(want, fmt.Sprintf("m%d", i+1))
			}
			if diff := cmp.Diff(want, ids(t, got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.name, diff)
			}
		}
	})
}

// Entries are shown as they are stored, but for the sandbox's own field and its own files.
func TestHistoryEntries(t *testing.T) {
	tests := []struct{ stored, shown string }{
		{`{ "type" : "outgoing",	"typeMessage":"" }`, `{ "type" : "outgoing",	"typeMessage":"" }`},
		{`{"textMessage":"<ü> \u00fc \/ 1e2","n":1.0}`, `{"textMessage":"<ü> \u00fc \/ 1e2","n":1.0}`},
		{`{"idMessage":"1","sandbox":{"downloadFile":""}}`, `{"idMessage":"1"}`},
		{`{"sandbox" : {"downloadFile":"media/x"} , "idMessage":"1"}`, `{"idMessage":"1"}`},
		{`{"a":1, "sandbox":{}, "b" : 2}`, `{"a":1, "b" : 2}`},
		{`{ "sandbox":{} }`, `{  }`},
		{`{"textMessage":"a \"sandbox\" of sand"}`, `{"textMessage":"a \"sandbox\" of sand"}`},
		{`{"quoted":{"sandbox":1},"sandbox":{}}`, `{"quoted":{"sandbox":1}}`},
		{`{"downloadUrl":"media/x.jpg","caption":"c"}`, `{"downloadUrl":"BASE/media/x.jpg","caption":"c"}`},
		{`{"downloadUrl" : "media/a b.jpg"}`, `{"downloadUrl" : "BASE/media/a b.jpg"}`},
		{`{"downloadUrl":"","quotedMessage":{"downloadUrl":"media/q.jpg"}}`, `{"downloadUrl":"","quotedMessage":{"downloadUrl":"BASE/media/q.jpg"}}`},
		{`{"downloadUrl":"https://elsewhere.test/media/x.jpg"}`, `{"downloadUrl":"https://elsewhere.test/media/x.jpg"}`},
		{`{"textMessage":"\"downloadUrl\":\"media/x.jpg\"","downloadUrl":""}`, `{"textMessage":"\"downloadUrl\":\"media/x.jpg\"","downloadUrl":""}`},
		{`{"textMessage":"media/x.jpg"}`, `{"textMessage":"media/x.jpg"}`},
	}
	var stored []json.RawMessage
	var shown []string
	for _, tt := range tests {
		stored = append(stored, json.RawMessage(tt.stored))
		shown = append(shown, tt.shown)
	}
	a := sandbox.Account{Chats: []sandbox.AccountChat{{ID: anna, Entries: func() iter.Seq[json.RawMessage] { return slices.Values(stored) }}}}
	bothWays(t, func(t *testing.T, start func(sandbox.Account, sandbox.GreenAPIOptions) phone) {
		p := start(a, unlimited)
		want := strings.ReplaceAll("["+strings.Join(shown, ",")+"]", "BASE", p.base)
		for range 2 { // the second round shows that nothing stored was changed
			if diff := cmp.Diff(reply{200, want}, p.history(t, anna, 100)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
	})
}

// While a history is read, a second request for it is refused, but not a request for another chat.
func TestParallelHistory(t *testing.T) {
	a := account(100_000)
	a.Chats = append(a.Chats, sandbox.AccountChat{ID: group})
	ends := map[string]func(io.ReadCloser){
		"read to its end": func(body io.ReadCloser) { io.Copy(io.Discard, body) },
		"closed":          func(body io.ReadCloser) { body.Close() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			p := newPhone(a, unlimited)
			body := p.beginReading(t)
			got := []int{p.history(t, anna, 1).Status, p.history(t, anna, 1).Status, p.history(t, group, 1).Status}
			end(body)
			got = append(got, p.history(t, anna, 1).Status)
			second := p.beginReading(t)
			body.Close() // again, which does not end the second reading
			got = append(got, p.history(t, anna, 1).Status)
			second.Close()
			if diff := cmp.Diff([]int{429, 429, 200, 200, 429}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("over a network", func(t *testing.T) {
		p := network(t, a, unlimited)
		body := p.beginReading(t)
		got := []int{p.history(t, anna, 1).Status, p.history(t, group, 1).Status}
		io.Copy(io.Discard, body)
		got = append(got, p.history(t, anna, 1).Status)
		if diff := cmp.Diff([]int{429, 200, 200}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// beginReading asks for a history and leaves its body unread.
func (p phone) beginReading(t *testing.T) io.ReadCloser {
	t.Helper()
	response, err := p.transport.RoundTrip(p.request(t.Context(), "POST", p.path("getChatHistory"), asking(anna, 100_000)))
	if err != nil || response.StatusCode != 200 {
		t.Fatal(response, err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response.Body
}

// A request that is refused because the history is being read does not count against the limit.
func TestParallelHistoryAndLimit(t *testing.T) {
	p := newPhone(account(1), sandbox.GreenAPIOptions{HistoryRate: 2})
	body := p.beginReading(t)
	p.history(t, anna, 1)
	body.Close()
	if got := []int{p.history(t, anna, 1).Status, p.history(t, anna, 1).Status}; !slices.Equal(got, []int{200, 429}) {
		t.Errorf("got %v, want 200 and 429", got)
	}
}

func TestAddEntry(t *testing.T) {
	p := newPhone(account(2), unlimited)
	add := func(chatID, id string, atOldEnd bool) {
		p.AddEntry(chatID, json.RawMessage(`{"idMessage":"`+id+`"}`), atOldEnd)
	}
	add(anna, "newer", false)
	add(anna, "older", true)
	body := p.beginReading(t)
	add(anna, "newest", false)
	add(anna, "oldest", true)
	before, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"newer", "m1", "m2", "older"}, ids(t, reply{200, string(before)})); diff != "" {
		t.Errorf("a history that was asked for before (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"newest", "newer", "m1", "m2", "older", "oldest"}, ids(t, p.history(t, anna, 100))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for n := 1; n <= 5; n++ { // wherever the end lies
		if got := len(ids(t, p.history(t, anna, n))); got != n {
			t.Errorf("count %d: got %d entries", n, got)
		}
	}
	add(group, "first", false)
	if diff := cmp.Diff([]string{"first"}, ids(t, p.history(t, group, 100))); diff != "" {
		t.Errorf("a new chat (-want +got):\n%s", diff)
	}
	want := `[{"archive":false,"id":"79001234567@c.us","name":"Anna <3","type":"user"},{"archive":false,"id":"` + group +
		`","ephemeralExpiration":0,"ephemeralSettingTimestamp":0,"name":"","type":"group"}]`
	if diff := cmp.Diff(want, p.get(t, "getChats").Body); diff != "" {
		t.Errorf("getChats (-want +got):\n%s", diff)
	}
}

// A raw history is answered as it stands.
func TestRawHistory(t *testing.T) {
	raw := account(3)
	raw.Chats[0].Raw = []byte(`[{"idMessage":"m1"},,`)
	bothWays(t, func(t *testing.T, start func(sandbox.Account, sandbox.GreenAPIOptions) phone) {
		p := start(raw, unlimited)
		got := p.call(t, "POST", p.path("getChatHistory"), asking(raw.Chats[0].ID, 1))
		if got.Status != 200 || got.Body != string(raw.Chats[0].Raw) {
			t.Errorf("got %+v", got)
		}
	})
}
