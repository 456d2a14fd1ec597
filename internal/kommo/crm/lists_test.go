package crm

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/kommo"
)

func TestContacts(t *testing.T) {
	var asked []string
	client := newClient(roundTrip(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.URL.RequestURI())
		if r.URL.Query().Get("page") == "3" {
			return answering(204, nil, "")(r)
		}
		return answering(200, nil, `{"_page":1,"_links":{"next":{"href":"https://evil.test/steal?limit=2&page=3"}},"_embedded":{"contacts":[
			{"id":1,"name":"Ann","is_deleted":false,"custom_fields_values":[
				{"field_code":"PHONE","values":[{"value":"+7 912","enum_code":"WORK"},{"value":79130},{"value":null},7]},
				{"field_code":"email","values":[{"value":"a@b.c"}]},
				{"field_code":"POSITION","values":[{"value":"Boss"}]},
				"odd",{"field_code":"PHONE","values":"none"}]},
			{"id":"2","name":17,"is_deleted":true,"custom_fields_values":null},
			{"id":3,"name":["x"],"is_deleted":"no","custom_fields_values":{"0":{}}},
			{"name":"without an id"},null,"deleted",{"id":-1.5},
			{"id":4}]}}`)(r)
	}))
	first, err := client.Contacts(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	want := Page[Contact]{Unreadable: 4, Next: "limit=2&page=3", Items: []Contact{
		{ID: 1, Name: "Ann", Phones: []string{"+7 912", "79130"}, Emails: []string{"a@b.c"}},
		{ID: 2, Name: "17", Deleted: true}, {ID: 3}, {ID: 4}}}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	second, err := client.Contacts(t.Context(), first.Next)
	if diff := cmp.Diff(Page[Contact]{}, second); diff != "" || err != nil {
		t.Errorf("a 204: error %v (-want +got):\n%s", err, diff)
	}
	wantAsked := []string{"/api/v4/contacts?limit=250&order%5Bid%5D=asc", "/api/v4/contacts?limit=250&order%5Bid%5D=asc&page=3"}
	if diff := cmp.Diff(wantAsked, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestUnusablePages(t *testing.T) {
	for body, want := range map[string]string{
		`{"_embedded":{"contacts":[]}}`:                     "",
		`{"_links":[],"_embedded":{"contacts":[{"id":1}]}}`: "",
		`{"_embedded":{}}`:                                  "the answer has no contacts",
		`{}`:                                                "the answer has no contacts",
		`{"_embedded":{"contacts":{}}}`:                     "the answer has no contacts",
		`{"_embedded":[]}`:                                  "the answer has an unexpected JSON array: _embedded",
		`{"_links":{"next":{"href":"x"}},"_embedded":{"contacts":[]}}`:     "the answer has a next page without a query",
		`{"_links":{"next":{"href":"%zz?a"}},"_embedded":{"contacts":[]}}`: "the answer has a next page without a query",
		`{"_embedded":{"contacts":[{"id":1},{"id":`:                        "reading the answer: unexpected end of JSON input",
		``: "the answer is empty",
	} {
		_, err := newClient(answering(200, nil, body)).Contacts(t.Context(), "")
		switch {
		case want == "" && err == nil:
		case err == nil || !strings.HasSuffix(err.Error(), "status 200: "+want) || kommo.Outcome(err) != kommo.ResultUnknown:
			t.Errorf("%s: got %v, want %q", body, err, want)
		}
	}
	if _, err := newClient(nil).Contacts(t.Context(), "a;b"); err == nil || err.Error() != `next page "a;b": not a query` {
		t.Errorf("got %v, want an error about the next page", err)
	}
}

// A list whose pages lead back, or have no end, is left.
func TestAllWithoutEnd(t *testing.T) {
	read := 0
	circle := func(string) (Page[int], error) {
		read++
		return Page[int]{Next: fmt.Sprintf("page=%d", read%3)}, nil
	}
	if _, err := All(circle); err == nil || !strings.Contains(err.Error(), "no end") || read != 4 {
		t.Errorf("a circle: got %v after %d pages, want an error after 4", err, read)
	}
	read = 0
	endless := func(string) (Page[int], error) {
		read++
		return Page[int]{Next: fmt.Sprintf("page=%d", read)}, nil
	}
	if _, err := All(endless); err == nil || read != MaxPages {
		t.Errorf("endless: got %v after %d pages, want an error after %d", err, read, MaxPages)
	}
}

func TestContact(t *testing.T) {
	var asked string
	transport := func(status int, body string) roundTrip {
		return func(r *http.Request) (*http.Response, error) {
			asked = r.URL.RequestURI()
			return answering(status, nil, body)(r)
		}
	}
	got, found, err := newClient(transport(200, `{"id":42,"name":"Ann","is_deleted":true}`)).Contact(t.Context(), 42)
	if diff := cmp.Diff(Contact{ID: 42, Name: "Ann", Deleted: true}, got); diff != "" || !found || err != nil || asked != "/api/v4/contacts/42" {
		t.Errorf("asked %s: found %v, error %v (-want +got):\n%s", asked, found, err, diff)
	}
	if _, found, err := newClient(transport(204, "")).Contact(t.Context(), 42); found || err != nil {
		t.Errorf("204: found %v, error %v", found, err)
	}
	for _, body := range []string{`{"id":43}`, `{}`, `[]`} {
		if _, found, err := newClient(transport(200, body)).Contact(t.Context(), 42); found || kommo.Outcome(err) != kommo.ResultUnknown {
			t.Errorf("%s: found %v, error %v, want an unknown outcome", body, found, err)
		}
	}
}

func TestChatLinks(t *testing.T) {
	var asked string
	transport := func(status int, body string) roundTrip {
		return func(r *http.Request) (*http.Response, error) {
			asked = r.URL.RequestURI()
			return answering(status, nil, body)(r)
		}
	}
	const body = `{"_total_items":1,"_embedded":{"chats":[{"chat_id":"C-1","contact_id":7,"id":26219}]}}`
	want := []ChatLink{{ID: 26219, ChatID: "C-1", ContactID: 7}}
	got, err := newClient(transport(200, body)).ChatLinks(t.Context(), []string{"c-1", "c-2"})
	if diff := cmp.Diff(want, got); diff != "" || err != nil || asked != "/api/v4/contacts/chats?chat_id%5B%5D=c-1&chat_id%5B%5D=c-2" {
		t.Errorf("asked %s: error %v (-want +got):\n%s", asked, err, diff)
	}
	got, err = newClient(transport(200, body)).LinksOfContacts(t.Context(), []int64{7, 8})
	if diff := cmp.Diff(want, got); diff != "" || err != nil || asked != "/api/v4/contacts/chats?contact_id%5B%5D=7&contact_id%5B%5D=8" {
		t.Errorf("asked %s: error %v (-want +got):\n%s", asked, err, diff)
	}
	if got, err := newClient(transport(204, "")).ChatLinks(t.Context(), []string{"c-1"}); got != nil || err != nil {
		t.Errorf("204: got %v, error %v", got, err)
	}
	for _, body := range []string{
		strings.Replace(body, "C-1", "c-9", 1),
		strings.Replace(body, `"chat_id":"C-1",`, "", 1),
		`{"_links":{"next":{"href":"?page=2"}},` + body[1:],
	} {
		if got, err := newClient(transport(200, body)).ChatLinks(t.Context(), []string{"c-1"}); got != nil || kommo.Outcome(err) != kommo.ResultUnknown {
			t.Errorf("%s: got %v, error %v, want an unknown outcome", body, got, err)
		}
	}
	for _, ids := range [][]string{nil, make([]string, MaxLinks+1)} {
		asked = ""
		if _, err := newClient(transport(200, body)).ChatLinks(t.Context(), ids); err == nil || asked != "" {
			t.Errorf("%d ids: error %v, asked %s; want an error and no request", len(ids), err, asked)
		}
		if _, err := newClient(transport(200, body)).Link(t.Context(), make([]NewLink, len(ids))); err == nil || asked != "" {
			t.Errorf("%d links: error %v, asked %s; want an error and no request", len(ids), err, asked)
		}
	}
}

// Several links in one request: the answer must confirm all of them.
func TestLinkSeveral(t *testing.T) {
	links := []NewLink{{ContactID: 7, ChatID: "c-1"}, {ContactID: 8, ChatID: "c-2"}}
	const one = `{"chat_id":"c-1","contact_id":7,"id":1,"request_id":"0"}`
	const two = `{"chat_id":"c-2","contact_id":8,"id":2,"request_id":"1"}`
	made, err := newClient(answering(200, nil, `{"_embedded":{"chats":[`+two+`,`+one+`]}}`)).Link(t.Context(), links)
	if diff := cmp.Diff([]ChatLink{{2, "c-2", 8}, {1, "c-1", 7}}, made); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	made, err = newClient(answering(200, nil, `{"_embedded":{"chats":[`+one+`]}}`)).Link(t.Context(), links)
	if made != nil || err == nil || !strings.HasSuffix(err.Error(), "does not confirm that chat c-2 belongs to contact 8") {
		t.Errorf("got %v, error %v, want an error about c-2", made, err)
	}
}

func TestUnsorted(t *testing.T) {
	for body, want := range map[string]Unsorted{
		`{"total":168,"accepted":6,"declined":2,"categories":{"sip":{"total":31},"chats":{"total":69}}}`: {168, 6, 2, 69},
		`{"total":0,"categories":[]}`: {},
	} {
		got, err := newClient(answering(200, nil, body)).Unsorted(t.Context())
		if got != want || err != nil {
			t.Errorf("%s: got %+v, error %v, want %+v", body, got, err, want)
		}
	}
	if _, err := newClient(answering(200, nil, `{}`)).Unsorted(t.Context()); err == nil {
		t.Error("got no error for an answer without a total")
	}
}

// FuzzPage gives the client pages of any kind: no page may make it panic, and no error may show what it must not.
func FuzzPage(f *testing.F) {
	f.Add(200, `{"_links":{"next":{"href":"?page=2"}},"_embedded":{"contacts":[{"id":1,"custom_fields_values":[{"field_code":"PHONE","values":[{"value":1}]}]}]}}`)
	f.Add(200, `{"_embedded":{"chats":[{"chat_id":"c-1","contact_id":7}]}}`)
	f.Add(400, `{"validation-errors":[{"errors":[{"path":"`+testToken+`"}]}],"title":"Bad"}`)
	f.Add(403, "403 \x1b[31m"+testToken)
	f.Fuzz(func(t *testing.T, status int, body string) {
		client := newClient(answering(status, nil, body))
		_, contacts := client.Contacts(t.Context(), "")
		_, found, contact := client.Contact(t.Context(), 1)
		links, linkErr := client.ChatLinks(t.Context(), []string{"c-1"})
		made, err := client.Link(t.Context(), []NewLink{{ContactID: 7, ChatID: "c-1"}})
		_, unsorted := client.Unsorted(t.Context())
		if status/100 != 2 && (contacts == nil || contact == nil || linkErr == nil || err == nil || unsorted == nil) {
			t.Errorf("status %d is a success", status)
		}
		if linkErr != nil && links != nil || err != nil && made != nil || contact != nil && found {
			t.Errorf("links %v, made %v or found %v with an error", links, made, found)
		}
		for _, err := range []error{contacts, contact, linkErr, err, unsorted} {
			if err != nil {
				checkClean(t, err.Error())
			}
		}
	})
}
