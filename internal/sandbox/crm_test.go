package sandbox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"kommo-import/internal/sandbox"
)

// The contacts of the tests. Ann has a chat from the start on.
var people = []sandbox.Contact{
	{ID: 7, Name: "Ann", Phones: []string{"+34600000001", "600 000 002"}, Emails: []string{"ann@example.com"}, Conversations: []string{"ann"}},
	{ID: 3, Name: "Bert"},
	{ID: 9, Name: "Carl", Deleted: true},
}

func crmCaller(t testing.TB, o sandbox.Options, quirks ...string) caller {
	t.Helper()
	for _, text := range quirks {
		q, err := sandbox.ParseQuirk(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Quirks = append(o.Quirks, q)
	}
	o.Contacts = people
	if err := o.Check(); err != nil {
		t.Fatal(err)
	}
	return newCaller(o)
}

func (c caller) crm(t testing.TB, path string) reply {
	t.Helper()
	return c.ask(t, "/api/v4/"+path, c.Options.AccountToken)
}

// chat makes the chat of a conversation and returns Kommo's id of it.
func (c caller) chat(t testing.TB, conversation string) string {
	t.Helper()
	got := c.call(t, "POST", c.scope()+"/chats", fmt.Sprintf(`{"conversation_id":%q,"user":{"id":"c-%[1]s","name":"Client"}}`, conversation))
	_, id, _ := strings.Cut(got.Body, `{"id":"`)
	id, _, _ = strings.Cut(id, `"`)
	if got.Status != 200 || len(id) != 36 {
		t.Fatalf("got %+v, want the id of a chat", got)
	}
	return id
}

func pair(contact int64, chat string) string {
	return fmt.Sprintf(`{"contact_id":%d,"chat_id":%q}`, contact, chat)
}

// link posts links and returns the answer.
func (c caller) link(t testing.TB, pairs ...string) reply {
	t.Helper()
	return c.linkBody(t, "["+strings.Join(pairs, ",")+"]")
}

func (c caller) linkBody(t testing.TB, body string) reply {
	t.Helper()
	r := c.linkRequest(t, body)
	got, _, err := c.do(r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (c caller) linkRequest(t testing.TB, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", c.base+"/api/v4/contacts/chats", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.Options.AccountToken)
	r.Header.Set("Content-Type", "application/json")
	return r
}

// linksOf returns the contacts of chats, as the API shows them.
func (c caller) linksOf(t testing.TB, chats ...string) reply {
	t.Helper()
	return c.crm(t, "contacts/chats?"+url.Values{"chat_id[]": chats}.Encode())
}

// checkReply fails unless the answer has the status, and a body that contains the texts.
func checkReply(t testing.TB, what string, got reply, status int, texts ...string) {
	t.Helper()
	if got.Status != status {
		t.Errorf("%s: got %+v, want status %d", what, got, status)
	}
	for _, text := range texts {
		if !strings.Contains(got.Body, text) {
			t.Errorf("%s: got %+v, want %s", what, got, text)
		}
	}
}
