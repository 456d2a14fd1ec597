package sandbox_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

func TestContacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crmCaller(t, sandbox.Options{})
		const bert = `{"id":3,"name":"Bert","first_name":"","last_name":"","responsible_user_id":101,"created_at":946684800,` +
			`"updated_at":946684800,"is_deleted":false,"custom_fields_values":null,"account_id":30000001}`
		const ann = `{"id":7,"name":"Ann","first_name":"","last_name":"","responsible_user_id":101,"created_at":946684800,` +
			`"updated_at":946684800,"is_deleted":false,"custom_fields_values":[` +
			`{"field_id":1001,"field_name":"Phone","field_code":"PHONE","field_type":"multitext","values":[` +
			`{"value":"+34600000001","enum_id":1002,"enum_code":"WORK"},{"value":"600 000 002","enum_id":1002,"enum_code":"WORK"}]},` +
			`{"field_id":1003,"field_name":"Email","field_code":"EMAIL","field_type":"multitext","values":[` +
			`{"value":"ann@example.com","enum_id":1004,"enum_code":"WORK"}]}],"account_id":30000001}`
		const self = `{"href":"https://sandbox.kommo.com/api/v4/contacts?page=`
		tests := []struct {
			path string
			want reply
		}{
			{"contacts?limit=2", reply{200, `{"_page":1,"_links":{"next":` + self + `2\u0026limit=2"},"self":` + self + `1\u0026limit=2"}},` +
				`"_embedded":{"contacts":[` + bert + `,` + ann + `]}}`}},
			{"contacts/7", reply{200, ann}},
			{"contacts/8", reply{204, ""}},
			{"contacts?limit=2&page=3", reply{204, ""}},
			{"contacts?query=nobody", reply{204, ""}},
			{"contacts?limit=251", reply{422, `{"title":"Unprocessable Entity","type":"https://httpstatus.es/422","status":422,"detail":"Request validation failed"}`}},
		}
		for _, tt := range tests {
			if diff := cmp.Diff(tt.want, c.crm(t, tt.path)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.path, diff)
			}
		}
	})
}

// contactIDs returns the ids of the contacts in an answer, in their order.
func contactIDs(got reply) (ids string) {
	for part := range strings.SplitSeq(got.Body, `{"id":`) {
		id, _, found := strings.Cut(part, `,"name":`)
		if found {
			ids += id + " "
		}
	}
	return strings.TrimSpace(ids)
}

func TestContactLists(t *testing.T) {
	for _, tt := range []struct {
		query string
		quirk []string
		want  string
	}{
		{"", nil, "3 7 9"},
		{"order[id]=asc&limit=250", nil, "3 7 9"},
		{"order[id]=desc", nil, "9 7 3"},
		{"limit=2&page=2", nil, "9"},
		{"query=600000001", nil, "7"},
		{"query=BERT", nil, "3"},
		{"query=ann@", nil, "7"},
		{"filter[custom_fields_values][]=1", nil, "3 7 9"}, // without the paid package a filter does nothing
		{"", []string{"bin-hidden"}, "3 7"},
	} {
		got := crmCaller(t, sandbox.Options{}, tt.quirk...).crm(t, "contacts?"+tt.query)
		if got.Status != 200 || contactIDs(got) != tt.want {
			t.Errorf("%s %v: got %d with %s, want %s", tt.query, tt.quirk, got.Status, contactIDs(got), tt.want)
		}
	}
	c := crmCaller(t, sandbox.Options{})
	if got := c.crm(t, "contacts?limit=3"); strings.Contains(got.Body, `"next"`) {
		t.Errorf("the last page has a next page: %s", got.Body)
	}
	checkReply(t, "deleted", c.crm(t, "contacts/9"), 200, `"is_deleted":true`)
	checkReply(t, "hidden", crmCaller(t, sandbox.Options{}, "bin-hidden").crm(t, "contacts/9"), 204)
	for _, path := range []string{"contacts?page=0", "contacts?page=x", "contacts?order[id]=up"} {
		checkReply(t, path, c.crm(t, path), 400)
	}
	for _, path := range []string{"contacts?limit=0", "contacts?limit=x"} {
		checkReply(t, path, c.crm(t, path), 422)
	}
}

// Contacts come and go while the sandbox runs, and appear in its lists after a while.
func TestContactsChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crmCaller(t, sandbox.Options{IndexDelay: time.Minute})
		id, err := c.AddContact(sandbox.Contact{Name: "Dora", Conversations: []string{"dora"}})
		if err != nil || id == 0 {
			t.Fatal(id, err)
		}
		dora := c.chat(t, "dora")
		if got := contactIDs(c.crm(t, "contacts")); got != "3 7 9" {
			t.Errorf("at once: got %s", got)
		}
		checkReply(t, "link at once", c.linksOf(t, dora), 204)
		time.Sleep(time.Minute)
		if got := contactIDs(c.crm(t, "contacts")); got != "3 7 9 40000002" || id != 40000002 {
			t.Errorf("after a minute: got %s", got)
		}
		checkReply(t, "link after a minute", c.linksOf(t, dora), 200, `"contact_id":40000002`)
		if err := c.DeleteContact(id); err != nil {
			t.Error(err)
		}
		checkReply(t, "deleted", c.crm(t, "contacts/40000002"), 200, `"is_deleted":true`)
	})
	c := crmCaller(t, sandbox.Options{})
	for _, want := range []sandbox.Contact{{ID: 40000002}, {ID: 40000003}} { // 40000001 is the link of Ann's chat
		if got, err := c.AddContact(want); got != want.ID || err != nil {
			t.Errorf("added %d: %v", got, err)
		}
	}
	if got, err := c.AddContact(sandbox.Contact{}); got != 40000004 || err != nil {
		t.Errorf("added %d (%v), want an id that no contact has", got, err)
	}
	for _, id := range []int64{7, -1} {
		if _, err := c.AddContact(sandbox.Contact{ID: id}); err == nil {
			t.Errorf("a contact with the id %d was added", id)
		}
	}
	if err := c.DeleteContact(8); err == nil {
		t.Error("a contact that is not there was deleted")
	}
}
