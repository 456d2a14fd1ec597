package sandbox_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

func TestReadContacts(t *testing.T) {
	want := []sandbox.Contact{
		{ID: 1, Name: "Ann", Phones: []string{"+34600000001", "600 000 002"}, Emails: []string{"ann@example.com"}, Conversations: []string{"a@c.us"}},
		{Name: "Bert", Deleted: true},
	}
	for _, text := range []string{
		`[{"id":1,"name":"Ann","phones":["+34600000001","600 000 002"],"emails":["ann@example.com"],"conversations":["a@c.us"]},
		  {"name":"Bert","is_deleted":true}]`,
		"id,name,phones,emails,is_deleted,conversations,of_lead\n1,Ann,+34600000001;600 000 002,ann@example.com,,a@c.us,false\n,Bert,,,true,,0\n",
		"\ufeffid,name,phones,emails,is_deleted,conversations\n1,Ann,+34600000001;600 000 002,ann@example.com,,a@c.us\n,Bert,,,true,\n",
		"is_deleted,name,conversations,emails,phones,id\n0,Ann,a@c.us,ann@example.com,+34600000001;600 000 002,1\n1,Bert,,,,\n",
	} {
		got, err := sandbox.ReadContacts(strings.NewReader(text))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: error %v (-want +got):\n%s", text, err, diff)
		}
	}
	for text, want := range map[string]string{
		"":                      "empty: want a list of contacts, or a header",
		"id,phone\n":            `column "phone": want id, name, phones, emails, is_deleted, conversations, of_lead`,
		"id\n1\nx\n":            `line 3: id "x": want a number from 1`,
		"id\n0\n":               `line 2: id "0": want a number from 1`,
		"of_lead\nno\n":         `line 2: of_lead "no": want true or false`,
		"is_deleted\nperhaps\n": `line 2: is_deleted "perhaps": want true or false`,
		"id,name\n1\n":          "record on line 2: wrong number of fields",
		`[{"phone":"1"}]`:       `not a list of contacts: json: unknown field "phone"`,
		`[{"id":`:               "not a list of contacts: unexpected EOF",
	} {
		if got, err := sandbox.ReadContacts(strings.NewReader(text)); message(err) != want {
			t.Errorf("%s: got %v and %v, want %s", text, got, err, want)
		}
	}
}

func TestCheckContacts(t *testing.T) {
	for want, contacts := range map[string][]sandbox.Contact{
		"": {{Name: "Ann", Conversations: []string{"a"}}, {Name: "Bert", Conversations: []string{"b"}}},
		"contact 1: there is one with this id already, or it is no id":                             {{ID: 1}, {ID: 1}},
		"contact -1: there is one with this id already, or it is no id":                            {{ID: -1}},
		`contact "Bert": conversation "a" belongs to another contact already, or is empty`:         {{Conversations: []string{"a"}}, {Name: "Bert", Conversations: []string{"a"}}},
		`contact "Dora": of an incoming lead, and without a conversation that the lead comes from`: {{Name: "Dora", OfLead: true}},
		`contact "Carl": conversation "" belongs to another contact already, or is empty`:          {{Name: "Carl", Conversations: []string{""}}},
	} {
		if err := (sandbox.Options{Contacts: contacts}).Check(); message(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
