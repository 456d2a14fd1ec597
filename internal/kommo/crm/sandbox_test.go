package crm_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/kommo"
	"kommo-import/internal/kommo/crm"
	"kommo-import/internal/sandbox"
	"kommo-import/signing"
)

// A world is a sandbox with the clients of both APIs. Contact 7 has the chat of the conversation ann.
type world struct {
	*sandbox.Kommo
	crm   *crm.Client
	chats *kommo.Client
}

func newWorld(t *testing.T, o sandbox.Options, rulesAndQuirks ...string) world {
	t.Helper()
	for _, text := range rulesAndQuirks {
		if q, err := sandbox.ParseQuirk(text); err == nil {
			o.Quirks = append(o.Quirks, q)
			continue
		}
		r, err := sandbox.ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Rules = append(o.Rules, r)
	}
	if o.Contacts == nil {
		o.Contacts = []sandbox.Contact{{ID: 7, Name: "Ann", Phones: []string{"+34600000001"}, Conversations: []string{"ann"}}, {ID: 8, Name: "Bert"}}
	}
	k := sandbox.NewKommo(o)
	return world{k,
		&crm.Client{BaseURL: "https://sandbox.kommo.com", Token: k.Options.AccountToken, Transport: k},
		&kommo.Client{ScopeID: k.ScopeID(), Signer: signing.Signer{Secret: k.Options.ChannelSecret}, Transport: k}}
}

func (w world) chat(t *testing.T, conversation string) string {
	t.Helper()
	id, err := w.chats.CreateChat(t.Context(), kommo.NewChat{ConversationID: conversation, User: kommo.Participant{ID: "c", Name: "C"}})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// All contacts of a large account are read in as few requests as there are full pages, each once.
func TestAllContacts(t *testing.T) {
	const count, perPage = 100_000, crm.PageSize
	o := sandbox.Options{Contacts: make([]sandbox.Contact, count)}
	for i := range o.Contacts {
		o.Contacts[i] = sandbox.Contact{ID: int64(i + 1), Name: fmt.Sprintf("Contact %d", i), Phones: []string{fmt.Sprintf("+3460%07d", i)}}
	}
	w := newWorld(t, o)
	all, err := crm.All(func(next string) (crm.Page[crm.Contact], error) { return w.crm.Contacts(t.Context(), next) })
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != count || all[count-1].ID != count || all[count-1].Phones[0] != "+34600099999" {
		t.Errorf("got %d contacts, the last of them %+v", len(all), all[len(all)-1])
	}
	if got := len(w.Requests()); got > count/perPage {
		t.Errorf("%d requests, want %d", got, count/perPage)
	}
}

func TestAgainstSandbox(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	account, err := w.crm.Account(t.Context())
	if diff := cmp.Diff(crm.Account{ID: 30000001, Name: "Sandbox", Subdomain: "sandbox", AmojoID: w.Options.AccountID}, account); diff != "" || err != nil {
		t.Errorf("account: error %v (-want +got):\n%s", err, diff)
	}
	users, err := crm.All(func(next string) (crm.Page[crm.User], error) { return w.crm.Users(t.Context(), next) })
	if len(users) != 2 || users[0].AmojoID != w.Options.ManagerID || err != nil {
		t.Errorf("users: got %+v, error %v", users, err)
	}
	contact, found, err := w.crm.Contact(t.Context(), 7)
	if diff := cmp.Diff(crm.Contact{ID: 7, Name: "Ann", Phones: []string{"+34600000001"}}, contact); diff != "" || !found || err != nil {
		t.Errorf("contact: found %v, error %v (-want +got):\n%s", found, err, diff)
	}
	if _, found, err := w.crm.Contact(t.Context(), 9); found || err != nil {
		t.Errorf("a contact that is not there: found %v, error %v", found, err)
	}
	ann, bert := w.chat(t, "ann"), w.chat(t, "bert")
	made, err := w.crm.Link(t.Context(), []crm.NewLink{{ContactID: 8, ChatID: bert}})
	if len(made) != 1 || made[0].ContactID != 8 || err != nil {
		t.Errorf("link: got %+v, error %v", made, err)
	}
	links, err := w.crm.ChatLinks(t.Context(), []string{bert, ann})
	if len(links) != 2 || links[0] != made[0] || links[1].ContactID != 7 || err != nil {
		t.Errorf("links: got %+v, error %v", links, err)
	}
	links, err = w.crm.LinksOfContacts(t.Context(), []int64{8})
	if len(links) != 1 || links[0] != made[0] || err != nil {
		t.Errorf("links of a contact: got %+v, error %v", links, err)
	}
	summary, err := w.crm.Unsorted(t.Context())
	if summary != (crm.Unsorted{}) || err != nil {
		t.Errorf("summary: got %+v, error %v", summary, err)
	}
}

// A fault at each request of the main API: the result of every read can be repeated or stops, and a link that may have been made is
// of unknown outcome, never lost.
func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		do     string
		want   kommo.Result
		linked bool // the link was made though
	}{
		{"502", kommo.ResultUnknown, false}, {"502-taken", kommo.ResultUnknown, true}, {"504", kommo.ResultUnknown, false},
		{"500", kommo.ResultUnknown, false}, {"503", kommo.ResultUnknown, false}, {"408", kommo.ResultUnknown, false},
		{"425", kommo.ResultUnknown, false}, {"499", kommo.ResultUnknown, false}, {"cut", kommo.ResultUnknown, false},
		{"cut-taken", kommo.ResultUnknown, true}, {"slow=40s", kommo.ResultUnknown, true}, {"garbage", kommo.ResultUnknown, true},
		{"html", kommo.ResultUnknown, false}, {"502-html", kommo.ResultUnknown, false},
		{"429", kommo.ResultNotAccepted, false}, {"401", kommo.ResultNotAccepted, false}, {"402", kommo.ResultNotAccepted, false},
		{"403", kommo.ResultNotAccepted, false}, {"403-html", kommo.ResultNotAccepted, false},
		{"403-rights", kommo.ResultNotAccepted, false}, {"404", kommo.ResultNotAccepted, false}, {"302", kommo.ResultNotAccepted, false},
		{"refuse", kommo.ResultRefused, false}, {"409", kommo.ResultRefused, false}, {"413", kommo.ResultRefused, false},
		{"413-html", kommo.ResultRefused, false}, {"422", kommo.ResultRefused, false},
	} {
		for on, call := range map[string]func(w world, chat string) error{
			"account":  func(w world, _ string) error { _, err := w.crm.Account(t.Context()); return err },
			"users":    func(w world, _ string) error { _, err := w.crm.Users(t.Context(), ""); return err },
			"contacts": func(w world, _ string) error { _, err := w.crm.Contacts(t.Context(), ""); return err },
			"contact":  func(w world, _ string) error { _, _, err := w.crm.Contact(t.Context(), 7); return err },
			"links":    func(w world, chat string) error { _, err := w.crm.ChatLinks(t.Context(), []string{chat}); return err },
			"unsorted": func(w world, _ string) error { _, err := w.crm.Unsorted(t.Context()); return err },
			"link": func(w world, chat string) error {
				_, err := w.crm.Link(t.Context(), []crm.NewLink{{ContactID: 8, ChatID: chat}})
				return err
			},
		} {
			rule := tt.do + ":on=" + on
			w := newWorld(t, sandbox.Options{}, rule)
			w.crm.Timeout = 20 * time.Millisecond
			chat := w.chat(t, "bert")
			err := call(w, chat)
			if got := kommo.Outcome(err); got != tt.want {
				t.Errorf("%s: got %s (%v), want %s", rule, got, err, tt.want)
			}
			if got := w.Summary().Linked == 2; on == "link" && got != tt.linked {
				t.Errorf("%s: the link was made: %v, want %v", rule, got, tt.linked)
			}
		}
	}
}

// The ways in which Kommo may answer what is not documented.
func TestUndocumentedAnswers(t *testing.T) {
	link := func(contact int64, conversation string) func(t *testing.T, w world) error {
		return func(t *testing.T, w world) error {
			_, err := w.crm.Link(t.Context(), []crm.NewLink{{ContactID: contact, ChatID: w.chat(t, conversation)}})
			return err
		}
	}
	for quirk, tt := range map[string]struct {
		call func(t *testing.T, w world) error
		want kommo.Result
	}{
		"page=20":             {link(8, "ann"), kommo.ResultAccepted}, // linked anew
		"linked=exists":       {link(8, "ann"), kommo.ResultRefused},
		"linked=other-exists": {link(8, "ann"), kommo.ResultRefused},
		"unknown-link=400":    {link(9, "bert"), kommo.ResultRefused},
		"unknown-link=404":    {link(9, "bert"), kommo.ResultRefused},
		"unknown-link=200":    {link(9, "bert"), kommo.ResultUnknown},
		"no-link":             {link(8, "bert"), kommo.ResultNotAccepted},
		"no-link=400":         {link(8, "bert"), kommo.ResultRefused},
	} {
		w := newWorld(t, sandbox.Options{}, quirk)
		if err := tt.call(t, w); kommo.Outcome(err) != tt.want {
			t.Errorf("%s: got %s (%v), want %s", quirk, kommo.Outcome(err), err, tt.want)
		}
	}
}

// Over a real connection both APIs have one limit.
func TestOneLimitOverTheNetwork(t *testing.T) {
	k := sandbox.NewKommo(sandbox.Options{RateLimit: 1, RetryAfter: time.Hour, RetryAfterIn: sandbox.InBody})
	server := httptest.NewServer(http.Handler(k))
	defer server.Close()
	chats := &kommo.Client{BaseURL: server.URL, ScopeID: k.ScopeID(), Signer: signing.Signer{Secret: k.Options.ChannelSecret}}
	if _, err := chats.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	client := &crm.Client{BaseURL: server.URL, Token: k.Options.AccountToken}
	_, err := client.Contacts(t.Context(), "")
	if err == nil || kommo.Outcome(err) != kommo.ResultNotAccepted || err.Error() != "GET "+server.Listener.Addr().String()+
		"/api/v4/contacts: too many requests to kommo: retry after 1h0m0s" {
		t.Errorf("got %v, want a rate limit", err)
	}
}
