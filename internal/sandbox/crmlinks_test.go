package sandbox_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

const noChat = "5a0db0c5-0000-4000-8000-000000000bad"

func TestLinks(t *testing.T) {
	c := crmCaller(t, sandbox.Options{})
	ann, bert, other := c.chat(t, "ann"), c.chat(t, "bert"), c.chat(t, "other")
	checkReply(t, "no link", c.linksOf(t, bert, noChat), 204)
	want := reply{200, `{"_embedded":{"chats":[{"chat_id":"` + bert + `","contact_id":3,"id":40000002,"request_id":"0"},` +
		`{"chat_id":"` + other + `","contact_id":3,"id":40000003,"request_id":"x"}]},"_total_items":2}`}
	if diff := cmp.Diff(want, c.link(t, pair(3, bert), `{"contact_id":3,"chat_id":"`+other+`","request_id":"x"}`)); diff != "" {
		t.Errorf("link (-want +got):\n%s", diff)
	}
	want = reply{200, `{"_embedded":{"chats":[{"chat_id":"` + bert + `","contact_id":3,"id":40000002},` +
		`{"chat_id":"` + ann + `","contact_id":7,"id":40000001}]},"_total_items":2}`}
	if diff := cmp.Diff(want, c.linksOf(t, bert, noChat, ann)); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	for query, texts := range map[string][]string{
		"contact_id[]=3":                            {bert, other, `"_total_items":2`},
		"contact_id[0]=7&contact_id[1]=3":           {ann, bert, other, `"_total_items":3`},
		"contact_id=7":                              {ann, `"_total_items":1`},
		"contact_id[]=3&chat_id=" + other:           {other, `"_total_items":1`},
		"chat_id[0]=" + ann + "&chat_id[1]=" + bert: {ann, bert, `"_total_items":2`},
	} {
		checkReply(t, query, c.crm(t, "contacts/chats?"+query), 200, texts...)
	}
	for _, query := range []string{"", "chat_id[]=x", "contact_id[]=x", "contact_id[]=0"} {
		checkReply(t, query, c.crm(t, "contacts/chats?"+query), 400)
	}
	// To link it to the same contact again changes nothing; to link it anew gives another link.
	checkReply(t, "again", c.link(t, pair(3, bert)), 200, `"id":40000002`)
	checkReply(t, "anew", c.link(t, pair(7, bert)), 200, `"contact_id":7,"id":40000004`)
	links := c.Dump().Links
	wantLinks := []sandbox.Link{{40000001, "ann", ann, 7, 1}, {40000004, "bert", bert, 7, 2}, {40000003, "other", other, 3, 1}}
	if diff := cmp.Diff(wantLinks, links); diff != "" {
		t.Errorf("dump (-want +got):\n%s", diff)
	}
	if got := c.Summary(); got.Linked != 3 || got.IncomingLeads != 0 {
		t.Errorf("summary %+v, want 3 linked chats and no leads", got)
	}
}

func TestRefusedLinks(t *testing.T) {
	c := crmCaller(t, sandbox.Options{})
	bert := c.chat(t, "bert")
	problem := func(request, code, path, detail string) string {
		return `{"title":"Bad Request","type":"https://httpstatus.es/400","status":400,"detail":"Request validation failed",` +
			`"validation-errors":[{"request_id":"` + request + `","errors":[{"code":"` + code + `","path":"` + path + `","detail":"` + detail + `"}]}]}`
	}
	for body, want := range map[string]string{
		"[" + pair(3, bert) + "," + pair(3, noChat) + "]": problem("1", "NotFound", "chat_id", "Chat not found"),
		"[" + pair(8, bert) + "]":                         problem("0", "NotFound", "contact_id", "Contact not found"),
		"[" + pair(9, bert) + "]":                         problem("0", "NotFound", "contact_id", "Contact not found"),
		"[]":                                              problem("0", "InvalidType", "", "body: want a list of 1 to 250, got []"),
		pair(3, bert):                                     problem("0", "InvalidType", "", `body: want a list of 1 to 250, got {\"chat_id\":\"`+bert),
		`[{"contact_id":3}]`:                              problem("0", "InvalidType", "", "[0].chat_id: missing"),
		`[{"contact_id":"3","chat_id":"` + bert + `"}]`: problem("0", "InvalidType", "", `[0].contact_id: want a whole number from 1, got \"3\"`),
	} {
		got := c.linkBody(t, body)
		if got.Status != 400 || !strings.HasPrefix(got.Body, want[:min(len(want), 250)]) {
			t.Errorf("%s: got %+v, want %s", body, got, want)
		}
	}
	if got := c.Summary().Linked; got != 1 {
		t.Errorf("%d linked chats, want the first alone", got)
	}
}

func TestQuirksOfLinks(t *testing.T) {
	tests := []struct {
		quirks []string
		pairs  func(ann, bert string) []string
		status int
		text   string
		linked int // chats in the end
		ofAnn  int64
	}{
		{nil, func(ann, _ string) []string { return []string{pair(3, ann)} }, 200, `"contact_id":3`, 1, 3},
		{[]string{"linked=exists"}, func(ann, _ string) []string { return []string{pair(3, ann)} }, 400, `"AlreadyExists"`, 1, 7},
		{[]string{"linked=exists"}, func(ann, _ string) []string { return []string{pair(7, ann)} }, 400, `linked to contact 7 already`, 1, 7},
		{[]string{"linked=other-exists"}, func(ann, _ string) []string { return []string{pair(7, ann)} }, 200, `"contact_id":7`, 1, 7},
		{[]string{"linked=other-exists"}, func(ann, _ string) []string { return []string{pair(3, ann)} }, 400, `"AlreadyExists"`, 1, 7},
		{[]string{"linked=exists:bert"}, func(ann, _ string) []string { return []string{pair(3, ann)} }, 200, `"contact_id":3`, 1, 3},
		{[]string{"unknown-link"}, func(_, bert string) []string { return []string{pair(8, bert)} }, 404, `"NotFound"`, 1, 7},
		{[]string{"unknown-link=200"}, func(_, bert string) []string { return []string{pair(8, bert), pair(3, bert)} }, 200, `"_total_items":1`, 2, 7},
		{[]string{"partial-links"}, func(_, bert string) []string { return []string{pair(3, noChat), pair(3, bert)} }, 400, `"NotFound"`, 2, 7},
		{nil, func(_, bert string) []string { return []string{pair(3, noChat), pair(3, bert)} }, 400, `"NotFound"`, 1, 7},
		{[]string{"no-link"}, func(_, bert string) []string { return []string{pair(3, bert)} }, 403, `"Forbidden"`, 1, 7},
		{[]string{"no-link=401"}, func(_, bert string) []string { return []string{pair(3, bert)} }, 401, `"Unauthorized"`, 1, 7},
	}
	for _, tt := range tests {
		c := crmCaller(t, sandbox.Options{}, tt.quirks...)
		ann, bert := c.chat(t, "ann"), c.chat(t, "bert")
		checkReply(t, strings.Join(tt.quirks, " "), c.link(t, tt.pairs(ann, bert)...), tt.status, tt.text)
		if links := c.Dump().Links; len(links) != tt.linked || links[0].ContactID != tt.ofAnn {
			t.Errorf("%v: got links %+v, want %d, and contact %d first", tt.quirks, links, tt.linked, tt.ofAnn)
		}
		if strings.HasPrefix(strings.Join(tt.quirks, ""), "no-link") {
			checkReply(t, "reading", c.linksOf(t, ann), tt.status, tt.text)
		}
	}
}

// A link appears late; until then the chat has the contact that it had before.
func TestLateLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crmCaller(t, sandbox.Options{IndexDelay: 10 * time.Second})
		ann, bert := c.chat(t, "ann"), c.chat(t, "bert")
		c.link(t, pair(3, bert), pair(3, ann))
		checkReply(t, "at once", c.linksOf(t, bert), 204)
		checkReply(t, "before", c.linksOf(t, ann), 200, `"contact_id":7`)
		time.Sleep(10 * time.Second)
		checkReply(t, "later", c.linksOf(t, bert), 200, `"contact_id":3`)
		checkReply(t, "now", c.linksOf(t, ann), 200, `"contact_id":3`)
	})
}

// Every fault addresses each request, and the answers that are lost leave the link behind.
func TestFaultsOfLinks(t *testing.T) {
	for _, tt := range []struct {
		rule   string
		status int // 0: the connection breaks
		linked int
	}{
		{"502:on=link", 502, 1}, {"502-taken:on=link", 502, 2}, {"504:on=link", 504, 1}, {"cut:on=link", 0, 1}, {"cut-taken:on=link", 0, 2},
		{"garbage:on=link", 200, 2}, {"html:on=link", 200, 1}, {"403:on=link", 403, 1}, {"403-html:on=link", 403, 1},
		{"403-rights:on=link", 403, 1}, {"401:on=link", 401, 1}, {"402:on=link", 402, 1}, {"404:on=link", 404, 1}, {"refuse:on=link", 400, 1},
		{"409:on=link", 409, 1}, {"413:on=link", 413, 1}, {"422:on=link", 422, 1}, {"429:on=link", 429, 1}, {"302:on=link", 302, 1},
		{"502:on=link,chat=bert", 502, 1}, {"502:on=link,chat=ann", 200, 2}, {"502:on=any,n=3", 502, 1},
		{"502:on=links", 200, 2}, {"502:on=contacts", 200, 2}, {"502:on=contact", 200, 2}, {"502:on=unsorted", 200, 2},
	} {
		rule, err := sandbox.ParseRule(tt.rule)
		if err != nil {
			t.Fatal(err)
		}
		c := crmCaller(t, sandbox.Options{Rules: []sandbox.Rule{rule}})
		c.chat(t, "ann")
		bert := c.chat(t, "bert")
		got, _, err := c.do(c.linkRequest(t, "["+pair(3, bert)+"]"))
		if (tt.status == 0) != errors.Is(err, io.ErrUnexpectedEOF) || got.Status != tt.status {
			t.Errorf("%s: got %+v and %v, want %d", tt.rule, got, err, tt.status)
		}
		if linked := c.Summary().Linked; linked != tt.linked {
			t.Errorf("%s: %d linked chats, want %d", tt.rule, linked, tt.linked)
		}
	}
	for path, on := range map[string]string{"contacts": "contacts", "contacts/7": "contact", "contacts/chats?contact_id=7": "links",
		"leads/unsorted/summary": "unsorted"} {
		rule, err := sandbox.ParseRule("429:on=" + on)
		if err != nil {
			t.Fatal(err)
		}
		c := crmCaller(t, sandbox.Options{Rules: []sandbox.Rule{rule}})
		checkReply(t, on, c.crm(t, path), 429, `"Too Many Requests"`)
		c.ClearRules()
		checkReply(t, on, c.crm(t, path), 200)
	}
	rule, _ := sandbox.ParseRule("502:on=links,chat=bert")
	c := crmCaller(t, sandbox.Options{Rules: []sandbox.Rule{rule}})
	ann, bert := c.chat(t, "ann"), c.chat(t, "bert")
	checkReply(t, "links of bert", c.linksOf(t, ann, bert), 502)
	checkReply(t, "links of ann", c.linksOf(t, ann), 200)
}

// The messages and the main API have one limit, and after the block both answer 403; the main API with a page.
func TestSharedLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crmCaller(t, sandbox.Options{RateLimit: 2, BlockAfter: 2})
		mustPost(t, c, incoming("m1", "a", 0))
		checkReply(t, "second", c.crm(t, "contacts"), 200)
		checkReply(t, "third", c.crm(t, "contacts"), 429)
		if got := c.post(t, incoming("m2", "a", 1)); got.Status != 429 {
			t.Errorf("a message: got %+v, want 429", got)
		}
		time.Sleep(time.Minute)
		checkReply(t, "blocked", c.crm(t, "account"), 403, "<h1>403 Forbidden</h1>")
		if got := c.post(t, incoming("m2", "a", 1)); got != (reply{403, "403 Forbidden"}) {
			t.Errorf("a message: got %+v, want a plain 403", got)
		}
	})
}

// Cookies are not allowed here, and the content type is needed (documented).
func TestHeadersOfLinks(t *testing.T) {
	for name, value := range map[string]string{"Cookie": "session=1", "Content-Type": "text/plain"} {
		c := crmCaller(t, sandbox.Options{})
		r := c.linkRequest(t, "["+pair(3, c.chat(t, "bert"))+"]")
		r.Header.Set(name, value)
		got, _, err := c.do(r)
		if err != nil || got.Status != 400 || c.Summary().Linked != 1 {
			t.Errorf("%s: got %+v and %v, want 400 and no link", name, got, err)
		}
	}
}
