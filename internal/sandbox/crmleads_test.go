package sandbox_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

func loudly(body string) string { return strings.Replace(body, `"silent":true`, `"silent":false`, 1) }

// summary is the answer to the summary of incoming leads.
func summary(waiting, accepted string) reply {
	return reply{200, `{"accepted":` + accepted + `,"average_sort_time":0,"categories":{"chats":{"total":` + waiting +
		`},"forms":{"total":0},"mail":{"total":0},"sip":{"total":0}},"declined":0,"total":` + waiting + `}`}
}

// A notifying message in a chat of nobody makes an incoming lead, whose contact cannot be found until the lead is accepted.
func TestIncomingLeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crmCaller(t, sandbox.Options{IndexDelay: time.Second})
		mustPost(t, c, incoming("m1", "a", 1), loudly(incoming("m2", "a", 2)), loudly(incoming("m3", "a", 3)), loudly(incoming("m4", "ann", 4)))
		if diff := cmp.Diff(summary("0", "0"), c.crm(t, "leads/unsorted/summary")); diff != "" {
			t.Errorf("at once (-want +got):\n%s", diff)
		}
		time.Sleep(time.Second)
		if diff := cmp.Diff(summary("1", "0"), c.crm(t, "leads/unsorted/summary")); diff != "" {
			t.Errorf("waiting (-want +got):\n%s", diff)
		}
		if got := contactIDs(c.crm(t, "contacts")); got != "3 7 9" {
			t.Errorf("contacts %s, want them without that of the lead", got)
		}
		checkReply(t, "contact of the lead", c.crm(t, "contacts/40000002"), 204)
		chat := c.chat(t, "a")
		checkReply(t, "link of the lead", c.linksOf(t, chat), 200, `"contact_id":40000002`)
		if got := c.AcceptLeads(); got != 1 {
			t.Errorf("%d leads accepted, want 1", got)
		}
		time.Sleep(time.Second)
		checkReply(t, "contact", c.crm(t, "contacts/40000002"), 200, `"name":"Анна"`, `"value":"+79151112233"`)
		if diff := cmp.Diff(summary("0", "1"), c.crm(t, "leads/unsorted/summary")); diff != "" {
			t.Errorf("accepted (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]sandbox.Lead{{ConversationID: "a", ContactID: 40000002, Accepted: true}}, c.Dump().Leads); diff != "" {
			t.Errorf("dump (-want +got):\n%s", diff)
		}
		if got := c.Summary(); got.IncomingLeads != 1 || got.Linked != 1 || c.AcceptLeads() != 0 {
			t.Errorf("summary %+v, want 1 lead and 1 linked chat", got)
		}
	})
}

// A chat that is linked first makes no lead (documented), and one message for each chat is enough.
func TestLinkBeforeMessages(t *testing.T) {
	c := crmCaller(t, sandbox.Options{})
	checkReply(t, "link", c.link(t, pair(3, c.chat(t, "a"))), 200)
	mustPost(t, c, loudly(incoming("m1", "a", 1)))
	if got := c.Dump(); len(got.Leads) != 0 || len(got.Contacts) != 3 {
		t.Errorf("got leads %+v and contacts %+v, want none and 3", got.Leads, got.Contacts)
	}
}

func TestQuirksOfLeads(t *testing.T) {
	c := newCaller(sandbox.Options{})
	outgoing := loudly(strings.Replace(incoming("m1", "a", 1), `"sender":{"id":"c1","name":"Анна"`,
		`"sender":{"id":"bot","name":"Bot","ref_id":"`+c.Options.BotID+`"},"receiver":{"id":"c1","name":"Анна"`, 1))
	for _, tt := range []struct {
		quirk, body     string
		leads, contacts int // contacts besides those at the start
		waiting         string
	}{
		{"short", incoming("m1", "a", 1), 0, 0, "0"},
		{"short", loudly(incoming("m1", "a", 1)), 1, 1, "1"},
		{"short", outgoing, 1, 1, "1"},
		{"lead=incoming", outgoing, 0, 0, "0"},
		{"lead=incoming", loudly(incoming("m1", "a", 1)), 1, 1, "1"},
		{"lead=incoming:b", outgoing, 1, 1, "1"},
		{"lead=accepted", loudly(incoming("m1", "a", 1)), 1, 1, "0"},
		{"silent-contact", incoming("m1", "a", 1), 0, 1, "0"},
	} {
		c := crmCaller(t, sandbox.Options{}, tt.quirk)
		mustPost(t, c, tt.body)
		got := c.Dump()
		if len(got.Leads) != tt.leads || len(got.Contacts) != 3+tt.contacts {
			t.Errorf("%s, %s: got leads %+v and contacts %+v", tt.quirk, tt.body, got.Leads, got.Contacts)
		}
		checkReply(t, tt.quirk, c.crm(t, "leads/unsorted/summary"), 200, `"chats":{"total":`+tt.waiting)
		if tt.contacts > 0 && got.Contacts[3].Name != "Анна" {
			t.Errorf("%s: contact %+v, want the client", tt.quirk, got.Contacts[3])
		}
	}
}

// The contact of a lead that nobody has accepted is there from the start on, and a dump can be read as contacts again.
func TestSeededLead(t *testing.T) {
	before := []sandbox.Contact{{ID: 5, Name: "Dora", Conversations: []string{"dora"}, OfLead: true}}
	c := newCaller(sandbox.Options{Contacts: before})
	if diff := cmp.Diff(before, c.Dump().Contacts); diff != "" {
		t.Errorf("dump (-want +got):\n%s", diff)
	}
	checkReply(t, "before", c.crm(t, "contacts/5"), 204)
	checkReply(t, "summary", c.crm(t, "leads/unsorted/summary"), 200, `"chats":{"total":1`)
	if got := c.AcceptLeads(); got != 1 {
		t.Errorf("%d leads accepted, want 1", got)
	}
	checkReply(t, "after", c.crm(t, "contacts/5"), 200)
}

// A duplicate that is dropped makes nothing.
func TestLeadOfDuplicate(t *testing.T) {
	c := newCaller(sandbox.Options{Duplicates: sandbox.DropDuplicates})
	mustPost(t, c, incoming("m1", "a", 1), loudly(incoming("m1", "a", 1)))
	if got := c.Summary().IncomingLeads; got != 0 {
		t.Errorf("%d leads, want none", got)
	}
}
