package importer

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"kommo-import/internal/kommo/crm"
	"kommo-import/internal/pace"
	"kommo-import/internal/sandbox"
)

// accountContacts are the contacts of an account: Ann, whose phone is written by hand; Bob, by e-mail; two with one phone; one whose
// phone has the same last digits in another country; and one in the bin.
func accountContacts() []sandbox.Contact {
	return []sandbox.Contact{
		{ID: 11, Name: "Ann", Phones: []string{"+34 611 00-00-01"}, Conversations: []string{"other@c.us"}},
		{ID: 12, Name: "Bob", Emails: []string{"Bob@Example.com"}},
		{ID: 13, Name: "Cat", Phones: []string{"0034611000003"}},
		{ID: 14, Name: "Cat again", Phones: []string{"34611000003"}},
		{ID: 15, Name: "Trap", Phones: []string{"+39 611 000 004", "611000004"}},
		{ID: 16, Name: "Bin", Phones: []string{"+34611000005"}, Deleted: true},
		{ID: 17, Name: "Elsewhere", Phones: []string{"+34611000006"}},
		{ID: 18, Name: "Owner", Conversations: []string{"fay"}},
	}
}

func linkLines() (lines []line) {
	for i, conversation := range []string{"ann", "bob", "cat", "dan", "eve", "fay"} {
		l := line{conversation: conversation, second: i, direction: "in", text: fmt.Sprintf("hi #%s1", conversation), id: conversation + "1", phone: fmt.Sprintf("+3461100000%d", i+1)}
		if conversation == "bob" {
			l.phone = ""
		}
		lines = append(lines, l, line{conversation: conversation, second: i + 10, direction: "out", text: fmt.Sprintf("ho #%s2", conversation), id: conversation + "2"})
	}
	return lines
}

// linkWorld returns a migration of linkLines that was matched with the contacts of its Kommo.
func linkWorld(t testing.TB, options sandbox.Options) *world {
	t.Helper()
	w := newWorld(t)
	if options.Contacts == nil {
		options.Contacts = accountContacts()
	}
	w.box = sandbox.NewKommo(options)
	w.mustLoad(loads(tableOf(linkLines(), true), shifted(0)))
	w.update(`UPDATE conversation SET client_email = 'bob@example.com' WHERE external_id = 'bob'`)
	w.match()
	return w
}

func (w *world) account() *crm.Client {
	return &crm.Client{BaseURL: "https://example.kommo.com", Token: w.box.Options.AccountToken, Transport: w.box, Timeout: 20 * time.Second}
}

func (w *world) match() MatchReport {
	w.t.Helper()
	report, err := (&Matcher{File: w.f, Client: w.account(), Pace: pace.New(1e6), ScopeID: w.box.ScopeID()}).Match(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return report
}

// linkingSender returns a sender that links chats.
func (w *world) linkingSender() *Sender {
	s := newSender(w.f, w.box)
	s.Account = w.account()
	return s
}

// links returns the links at Kommo: "ann 11", without the links of the start.
func (w *world) links() (links []string) {
	for _, l := range w.box.Dump().Links {
		if l.ConversationID != "other@c.us" {
			links = append(links, fmt.Sprintf("%s %d", l.ConversationID, l.ContactID))
		}
	}
	slices.Sort(links)
	return links
}

func TestMatch(t *testing.T) {
	t.Parallel()
	w := linkWorld(t, sandbox.Options{})
	report := w.match()
	want := Matches{ByPhone: 2, ByEmail: 1, Ambiguous: 1, Unknown: 2, AmbiguousConversations: []string{"cat: contacts 13,14"}, UnusablePhones: 1}
	if diff := gocmp.Diff(want, report.Matches); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if report.Contacts != 7 || report.Requests != 2 {
		t.Errorf("%+v, want 7 contacts, and no second reading of them", report)
	}
	if changes := slices.DeleteFunc(w.box.Dump().Requests, func(r sandbox.Request) bool { return r.Method == http.MethodGet }); len(changes) > 0 {
		t.Errorf("match changes something: %+v", changes)
	}
	preview, err := w.f.Preview(newComposer(), Selection{}, 6)
	if want := (Links{Matched: true, ToLink: 3, Ambiguous: 1, Unmatched: 2, Older: 6}); err != nil || preview.Links != want || preview.Requests != 12+9 {
		t.Errorf("preview: %+v, %v, want %+v", preview, err, want)
	}
}

// The chats with a contact are linked before their first message, with three requests each. A chat that belongs to another
// contact stays there; the others are sent as they are.
func TestLinks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := linkWorld(t, sandbox.Options{})
		w.mustDecide("dan", "cat")
		report, err := w.linkingSender().Send(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if report.Linked != 2 || !slices.Equal(report.Cards, []int64{11, 12}) || report.LinkedElsewhere != 1 ||
			!slices.Equal(report.LinkedElsewhereChats, []string{"fay: contact 18"}) || report.Requests != 12+1+3+3+2 {
			t.Errorf("%+v", report)
		}
		w.wantLinks()
		w.wantSentOnce()
	})
}

// wantSentOnce checks that all messages have arrived once, and that chats with a contact made no incoming lead.
func (w *world) wantSentOnce() {
	w.t.Helper()
	w.box.ClearRules()
	if left, err := countPending(w.f.Reader, Selection{}); left > 0 || err != nil {
		w.t.Errorf("%d are left, %v", left, err)
	}
	var want []string
	for _, conversation := range []string{"ann", "bob", "cat", "dan", "eve", "fay"} {
		want = append(want, fmt.Sprintf("%s: #%[1]s1 #%[1]s2!", conversation))
	}
	got := slices.DeleteFunc(w.chats(), func(chat string) bool { return strings.HasSuffix(chat, ":") })
	if diff := gocmp.Diff(want, got); diff != "" {
		w.t.Errorf("the chats at Kommo (-want +got):\n%s", diff)
	}
	for _, lead := range w.box.Dump().Leads {
		if slices.Contains([]string{"ann", "bob", "fay"}, lead.ConversationID) {
			w.t.Errorf("an incoming lead of %s: it was not linked before its message", lead.ConversationID)
		}
	}
}

func (w *world) wantLinks() {
	w.t.Helper()
	var got []string
	for _, l := range w.links() {
		if conversation, _, _ := strings.Cut(l, " "); slices.Contains([]string{"ann", "bob", "fay"}, conversation) {
			got = append(got, l)
		}
	}
	if want := []string{"ann 11", "bob 12", "fay 18"}; !slices.Equal(got, want) {
		w.t.Errorf("links %v, want %v", got, want)
	}
	for _, l := range w.box.Dump().Links {
		if l.ConversationID == "fay" && l.Times != 1 || l.ConversationID == "other@c.us" && (l.Times != 1 || l.ContactID != 11) {
			w.t.Errorf("the link of %s was changed: %+v", l.ConversationID, l)
		}
	}
}

// Every request of links meets every fault. In the end all messages are there once and the chats belong to their contacts.
func TestEveryFaultAtEveryLink(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []sandbox.Endpoint{sandbox.OnAccount, sandbox.OnChats, sandbox.OnLinks, sandbox.OnLink} {
		for _, do := range []sandbox.Action{sandbox.TooMany, sandbox.BadGateway, sandbox.BadGatewayTaken, sandbox.Cut, sandbox.CutTaken,
			sandbox.Slow, sandbox.Garbage, sandbox.HTML, sandbox.HTMLBadGateway, sandbox.HTMLForbidden, sandbox.Unauthorized, sandbox.NoRights} {
			if endpoint == sandbox.OnChats && (do == sandbox.Unauthorized || do == sandbox.NoRights) {
				continue
			}
			inBubble(t, fmt.Sprint(do, " at ", endpoint), func(t *testing.T) {
				for n := 1; n <= 3; n++ {
					if os.Getenv("SOAK") == "" && n != 1+len(do)%3 {
						continue
					}
					w := linkWorld(t, sandbox.Options{HistoryDelay: 3 * time.Second})
					w.box.AddRule(sandbox.Rule{Do: do, On: endpoint, N: n, Count: 1, Wait: time.Minute})
					sendAll(t, t.Context(), w.linkingSender())
					w.wantSentOnce()
					w.wantLinks()
				}
			})
		}
	}
}

// Killed at any commit, the links are made once, and before the messages.
func TestKilledWhileLinking(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for commits := 1; commits < 30; commits++ {
			if os.Getenv("SOAK") == "" && commits%3 > 0 {
				continue
			}
			for _, written := range []bool{false, true} {
				w := linkWorld(t, sandbox.Options{HistoryDelay: time.Second})
				w.dieAfter(commits, written)
				w.linkingSender().Send(t.Context())
				w.reopen()
				sendAll(t, t.Context(), w.linkingSender())
				w.wantSentOnce()
				w.wantLinks()
			}
		}
	})
}

// Whatever the documents leave open, no chat loses its contact and every message arrives; a chat whose link Kommo refuses is
// sent without it, and listed, or is not sent.
func TestLinkQuirks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		quirk    string
		unlinked int
	}{
		{"linked=exists", 0}, {"linked=other-exists", 0}, {"lead=incoming", 0}, {"lead=accepted", 0}, {"silent-contact", 0}, {"bin-hidden", 0}, {"partial-links", 0},
	} {
		inBubble(t, tt.quirk, func(t *testing.T) {
			quirk, err := sandbox.ParseQuirk(tt.quirk)
			if err != nil {
				t.Fatal(err)
			}
			w := linkWorld(t, sandbox.Options{Quirks: []sandbox.Quirk{quirk}})
			report, err := w.linkingSender().Send(t.Context())
			if err != nil || report.Unlinked != tt.unlinked {
				t.Errorf("%+v, %v", report, err)
			}
			w.wantSentOnce()
			w.wantLinks()
		})
	}
}

// An integration that may not link is found out before any message.
func TestMayNotLink(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"401", "403", "404"} {
		inBubble(t, status, func(t *testing.T) {
			w := linkWorld(t, sandbox.Options{Quirks: []sandbox.Quirk{{Trait: sandbox.NoLink, Value: status}}})
			_, err := w.linkingSender().Send(t.Context())
			if _, ok := errors.AsType[*LinkDeniedError](err); err == nil || ok != (status == "403") {
				t.Error(err)
			}
			if n := w.box.Summary().Messages; n > 0 {
				t.Errorf("%d messages were sent", n)
			}
		})
	}
}

// A contact that was deleted after match: its chat is sent without it and listed. The sheet names another contact.
func TestContactGone(t *testing.T) {
	t.Parallel()
	for _, quirks := range [][]sandbox.Quirk{nil, {{Trait: sandbox.UnknownLink, Value: "400"}}, {{Trait: sandbox.UnknownLink, Value: "422"}},
		{{Trait: sandbox.UnknownLink, Value: "200"}}, {{Trait: sandbox.Linked, Value: "exists"}}} {
		inBubble(t, fmt.Sprint(quirks), func(t *testing.T) {
			w := linkWorld(t, sandbox.Options{Quirks: quirks})
			w.update(`UPDATE matched SET contact = 999 WHERE conversation = 'ann'`)
			report, err := w.linkingSender().Send(t.Context())
			if err != nil || report.Linked != 1 || !slices.Equal(report.UnlinkedChats, []string{"ann: contact 999 does not exist any more"}) {
				t.Errorf("%+v, %v", report, err)
			}
			if links := w.links(); slices.ContainsFunc(links, func(l string) bool { return strings.HasPrefix(l, "ann 999") }) {
				t.Error(links)
			}
		})
	}
}

// Chats with a contact are not sent without a token. A chat of which something was sent is not linked.
func TestLinksNeedToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := linkWorld(t, sandbox.Options{})
		_, err := newSender(w.f, w.box).Send(t.Context())
		if e, _ := errors.AsType[*NoTokenError](err); e == nil || e.Chats != 3 {
			t.Error(err)
		}
		if _, err := w.f.ClearMatches(); err != nil {
			t.Fatal(err)
		}
		if _, err := newSender(w.f, w.box).Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.mustLoad(loads(tableOf(append(linkLines(), line{conversation: "ann", second: 99, direction: "in", text: "new #ann3", id: "ann3"}), true), shifted(0)))
		if report := w.match(); report.Begun != 1 || report.ByPhone+report.ByEmail > 0 {
			t.Errorf("%+v", report)
		}
		if report, err := w.linkingSender().Send(t.Context()); err != nil || report.Linked > 0 || report.Accepted != 1 {
			t.Errorf("%+v, %v", report, err)
		}
	})
}

// The contact in the sheet counts, and not that of match. It must be one of the account.
func TestContactOfSheet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := linkWorld(t, sandbox.Options{})
		if err := w.decide("ann contact=99"); err == nil || !strings.Contains(err.Error(), "contact_id: the account has no contact 99, or match has not read it") {
			t.Error(err)
		}
		w.mustDecide("ann contact=17", "cat contact=13", "dan chat=cat")
		if _, err := w.linkingSender().Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []string{"ann 17", "bob 12", "cat 13", "fay 18"}; !slices.Equal(w.links()[:3], want[:3]) {
			t.Errorf("links %v, want %v", w.links(), want)
		}
		if err := w.decide("ann contact=11"); err == nil {
			t.Error("the contact of a chat that was sent can be changed")
		}
	})
}

// Verify reads the links back, and names the chats that belong to another contact now, or to no contact.
func TestVerifyLinks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := linkWorld(t, sandbox.Options{})
		if _, err := w.linkingSender().Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		verify := func() (reasons []string) {
			v := newVerifier(w.f, w.box)
			v.Account = w.account()
			report, err := v.Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for f := range w.f.Findings() {
				reasons = append(reasons, f.Conversation+": "+f.Reason)
			}
			if report.Unlinked != len(reasons) || report.Differences() != len(reasons) {
				t.Errorf("%+v", report)
			}
			return reasons
		}
		if reasons := verify(); len(reasons) > 0 {
			t.Error(reasons)
		}
		for _, chat := range w.box.Dump().Chats {
			if chat.ConversationID == "bob" {
				if _, err := w.account().Link(t.Context(), []crm.NewLink{{ContactID: 17, ChatID: chat.ID}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got, want := verify(), []string{"bob: it was linked to contact 12, and belongs to contact 17 now"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		w.box.AddRule(sandbox.Rule{Do: sandbox.Unprocessable, On: sandbox.OnLinks, Count: 2}) // all of them, and then the first
		if got := verify(); len(got) != 2 || !strings.HasPrefix(got[0], "ann: its link could not be read") {
			t.Errorf("with a refusal: %v", got)
		}
	})
}

// A chat that is loaded after match, or takes its phone from a conversation that joins it, has a contact, too.
func TestMatchAfterChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := linkWorld(t, sandbox.Options{})
		lines := append(linkLines(), line{conversation: "77@lid", second: 1, direction: "in", text: "hey #l1", id: "l1"},
			line{conversation: "gus", second: 1, direction: "in", text: "new #g1", id: "g1", phone: "+34 611 000 006"})
		w.mustLoad(loads(tableOf(slices.DeleteFunc(lines, func(l line) bool { return l.conversation == "fay" }), true), shifted(0)))
		w.mustDecide("ann chat=77@lid")
		if _, err := w.linkingSender().Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"77@lid 11", "gus 17"} {
			if !slices.Contains(w.links(), want) {
				t.Errorf("links %v, want %s", w.links(), want)
			}
		}
	})
}

// A token of another account links nothing.
func TestOtherAccount(t *testing.T) {
	t.Parallel()
	w := linkWorld(t, sandbox.Options{})
	s := w.linkingSender()
	_, err := (&Matcher{File: w.f, Client: w.account(), Pace: pace.New(1e6), ScopeID: "5a0db0c5-0000-4000-8000-0000000000c1_5a0db0c5-0000-4000-8000-0000000000ff"}).Match(t.Context())
	if _, ok := errors.AsType[*OtherAccountError](err); !ok {
		t.Error(err)
	}
	other := sandbox.NewKommo(sandbox.Options{AccountID: "5a0db0c5-0000-4000-8000-0000000000ff"})
	s.Account = &crm.Client{BaseURL: "https://example.kommo.com", Token: other.Options.AccountToken, Transport: other}
	if _, err := s.Send(t.Context()); err == nil || w.box.Summary().Messages > 0 {
		t.Errorf("%v, %+v", err, w.box.Summary())
	}
}

// The phones of a contact and of WhatsApp are compared in the form that is dialled today; phones without a country match nothing.
func TestPhoneKey(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ phone, country, want string }{
		{"+55 11 8765-4321", "", "+5511987654321"},
		{"551187654321@c.us", "", "+5511987654321"},
		{"+52 1 55 1234 5678", "", "+525512345678"},
		{"8 (999) 123-45-67", "RU", "+79991234567"},
		{"89991234567", "", ""},
		{"9991234567", "RU", "+79991234567"},
		{"9991234567", "", ""},
		{"612 345 678", "ES", "+34612345678"},
		{"612345678", "", ""},
		{"0034611000003", "", "+34611000003"},
		{"tel:+34-611-000-003", "", "+34611000003"},
		{"ext. 12", "ES", ""},
		{"", "ES", ""},
	} {
		if got := phoneKey(tt.phone, tt.country); got != tt.want {
			t.Errorf("%q in %q is %q, want %q", tt.phone, tt.country, got, tt.want)
		}
	}
}

// wantListed compares the contacts in the list of conversations.
func (w *world) wantListed(want ...string) {
	w.t.Helper()
	var got []string
	for row, err := range w.f.Conversations(newComposer(), nil) {
		if err != nil {
			w.t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %d %s %s", row.ID, row.MatchedContact, row.MatchedBy, row.ContactName))
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		w.t.Errorf("the list (-want +got):\n%s", diff)
	}
}

// The page names the contact of each conversation, before and after a send.
func TestViewOfContacts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := linkWorld(t, sandbox.Options{})
		view := func() map[string]string {
			contacts := make(map[string]string)
			err := w.f.ViewPlan(newComposer(), Selection{}, func(v *ChatView) error {
				for _, listed := range v.Chats {
					chat, err := v.Chat(listed)
					if err != nil {
						return err
					}
					contacts[chat.ID] = chat.Contact
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return contacts
		}
		want := map[string]string{"ann": "to be linked to contact Ann (11), by phone", "bob": "to be linked to contact Bob (12), by e-mail",
			"cat": "several contacts: 13,14", "dan": "no contact", "eve": "no contact", "fay": "to be linked to contact Elsewhere (17), by phone"}
		if diff := gocmp.Diff(want, view()); diff != "" {
			t.Errorf("before (-want +got):\n%s", diff)
		}
		w.wantListed("ann 11 phone Ann", "bob 12 e-mail Bob", "cat 0 phone several: 13,14", "dan 0  ", "eve 0  ", "fay 17 phone Elsewhere")
		w.update(`UPDATE matched SET contact = 999 WHERE conversation = 'bob'`)
		if _, err := w.linkingSender().Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.mustDecide("dan notify=no")
		w.match()
		w.wantListed("ann 11 link Ann", "bob 999 refused ", "cat 0  ", "dan 0  ", "eve 0  ", "fay 17 elsewhere Elsewhere")
		want["cat"] = "no contact"
		maps.Copy(want, map[string]string{"ann": "linked to contact Ann (11)", "fay": "of contact 18, and stays there",
			"bob": "not linked to contact 999: contact 999 does not exist any more"})
		if diff := gocmp.Diff(want, view()); diff != "" {
			t.Errorf("after (-want +got):\n%s", diff)
		}
	})
}
