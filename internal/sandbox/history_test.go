package sandbox_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

// history returns the status and the msgids of a page of conversation a.
func history(t *testing.T, c caller, query string) (int, []string) {
	t.Helper()
	got := c.call(t, "GET", c.scope()+"/chats/752c2ebe-2b25-50ad-a36c-d0f44265a895/history"+query, "")
	if got.Status != 200 {
		return got.Status, nil
	}
	var page struct {
		Messages []struct {
			Message struct {
				ClientID string `json:"client_id"`
			} `json:"message"`
		} `json:"messages"`
	}
	if err := json.Unmarshal([]byte(got.Body), &page); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, m := range page.Messages {
		ids = append(ids, m.Message.ClientID)
	}
	return got.Status, ids
}

func TestHistoryPages(t *testing.T) {
	c := newCaller(sandbox.Options{})
	mustPost(t, c, incoming("m1", "a", 1), incoming("m3", "a", 3), incoming("m2", "a", 2), incoming("m3b", "a", 3))
	for i := range 60 {
		mustPost(t, c, incoming(fmt.Sprintf("later%d", i), "a", 100+i), incoming(fmt.Sprintf("other%d", i), "b", 100+i))
	}
	tests := []struct {
		query  string
		status int
		first  string
		length int
	}{
		{"", 200, "later59", 50},
		{"?limit=50&offset=0", 200, "later59", 50},
		{"?limit=3&offset=1", 200, "later58", 3},
		{"?limit=4&offset=60", 200, "m3b", 4},
		{"?offset=61", 200, "m3", 3},
		{"?offset=62", 200, "m2", 2},
		{"?offset=63&limit=9", 200, "m1", 1},
		{"?offset=64", 204, "", 0},
		{"?offset=1000", 204, "", 0},
		{"?limit=51", 400, "", 0},
		{"?limit=0", 400, "", 0},
		{"?limit=ten", 400, "", 0},
		{"?offset=-1", 400, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			status, ids := history(t, c, tt.query)
			first := append(ids, "")[0]
			if status != tt.status || first != tt.first || len(ids) != tt.length {
				t.Errorf("got %d and %q, want %d and %d beginning with %q", status, ids, tt.status, tt.length, tt.first)
			}
		})
	}
}

func TestHistoryOfNothing(t *testing.T) {
	c := newCaller(sandbox.Options{})
	if status, _ := history(t, c, ""); status != 204 {
		t.Errorf("no such chat: got %d, want 204", status)
	}
	c.call(t, "POST", c.scope()+"/chats", `{"conversation_id":"a","user":{"id":"c1","name":"Anna"}}`)
	if status, _ := history(t, c, ""); status != 204 {
		t.Errorf("empty chat: got %d, want 204", status)
	}
}

func TestHistoryDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(sandbox.Options{HistoryDelay: 10 * time.Second})
		mustPost(t, c, incoming("m1", "a", 1))
		if status, _ := history(t, c, ""); status != 204 {
			t.Errorf("at once: got %d, want 204", status)
		}
		time.Sleep(5 * time.Second)
		mustPost(t, c, incoming("m2", "a", 2))
		time.Sleep(5 * time.Second)
		if _, got := history(t, c, ""); !cmp.Equal(got, []string{"m1"}) {
			t.Errorf("after 10 s: got %q, want m1", got)
		}
		time.Sleep(5 * time.Second)
		if _, got := history(t, c, ""); !cmp.Equal(got, []string{"m2", "m1"}) {
			t.Errorf("after 15 s: got %q, want m2, m1", got)
		}
	})
}

func TestHistoryMessage(t *testing.T) {
	c := newCaller(sandbox.Options{})
	mustPost(t, c, incoming("m1", "a", 0), payload(t, `"msgid":"m2",`+receiver+`,"sender":{"id":"bot","name":"Bot","ref_id":"`+
		c.Options.BotID+`"},"message":{"type":"location","location":{"lon":1.5,"lat":2}}`))
	got := c.call(t, "GET", c.scope()+"/chats/752c2ebe-2b25-50ad-a36c-d0f44265a895/history", "")
	const client = `{"id":"dad4cedc-9147-5440-9193-08c70965eff8","client_id":"c1","name":"Анна","avatar":"","phone":"79151112233"}`
	want := `{"messages":[` +
		`{"timestamp":1639604761,"msec_timestamp":1639604761694,"sender":{"id":"` + c.Options.BotID + `","name":"Bot","avatar":""},` +
		`"receiver":` + client + `,"message":{"id":"b1a4fa8e-ecc2-5b11-8f7c-131e7cd198bf","client_id":"m2","type":"location",` +
		`"text":"","media":"","thumbnail":"","file_name":"","file_size":0,"location":{"lon":1.5,"lat":2}}},` +
		`{"timestamp":1639604761,"msec_timestamp":1639604761000,"sender":` + client +
		`,"message":{"id":"a518cf9e-a722-5abd-9001-cb5c87392157","client_id":"m1","type":"text","text":"hello \u003cm1\u003e",` +
		`"media":"","thumbnail":"","file_name":"","file_size":0}}]}`
	if diff := cmp.Diff(reply{200, want}, got); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}
