package sandbox_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

const (
	three = `{"type":"incoming","timestamp":1700000000,"idMessage":"m1","typeMessage":"textMessage","chatId":"79001234567@c.us","textMessage":"hello"},` +
		`{"type":"incoming","timestamp":1699999999,"idMessage":"m2","typeMessage":"textMessage","chatId":"79001234567@c.us","textMessage":"hello"},` +
		`{"type":"incoming","timestamp":1699999998,"idMessage":"m3","typeMessage":"textMessage","chatId":"79001234567@c.us","textMessage":"hello"}`
	threeInPart = `{"type":"incoming","timestamp":1700000000,"idMessage":"m1","typeMessage":"textMessage","chatId":"79001234567@c.us","textMessage":"hello"},` +
		`{"type":"incoming","timestamp":1699999999,"idMessage":"m2","typeMessage":"textMessage","chatId":"79001234567@c.us","textMessage":"hello"},` +
		`{"type":"incoming","timestamp":1699999998,"idMessage":"m3","typeMessa`
)

func apiError(status, message string) string {
	return `{"statusCode":` + status + `,"timestamp":"2026-03-01T12:00:00.000Z","path":"/waInstance7105/getChatHistory/t0k3n","message":"` + message + `"}`
}

// greenAPIFaults are the answers that each action makes of a history of three entries. Status 0 is a connection that
// breaks before the answer; broken, in the middle of it.
var greenAPIFaults = []struct {
	do     sandbox.Action
	status int
	kind   string // Content-Type
	body   string
	broken bool
}{
	{do: sandbox.TooMany, status: 429, kind: "application/json", body: apiError("429", "Too Many Requests")},
	{do: sandbox.Unauthorized, status: 401, kind: "application/json", body: apiError("401", "Unauthorized")},
	{do: sandbox.Block, status: 403, kind: "text/plain; charset=utf-8", body: "403 Forbidden"},
	{do: sandbox.NotFound, status: 404, kind: "application/json", body: apiError("404", "Not Found")},
	{do: sandbox.Starting, status: 400, kind: "application/json", body: apiError("400", "instance in starting process try later")},
	{do: sandbox.PlainBadRequest, status: 400, kind: "text/plain; charset=utf-8", body: "bad request data"},
	{do: sandbox.QuotaExceeded, status: 466, kind: "application/json", body: `{"invokeStatus":{"method":"getChatHistory","used":1001,"total":1000,` +
		`"status":"QUOTE_EXCEEDED","description":"Monthly quota of requests for the method has been exceeded"}}`},
	{do: sandbox.CorrespondentsReached, status: 466, kind: "application/json", body: `{"invokeStatus":{"method":"getChatHistory","used":12,"total":1000,` +
		`"status":"QUOTE_ALLOWED","description":"Request is allowed"},"correspondentsStatus":{"method":"getChatHistory","used":4,"total":3,` +
		`"status":"CORRESPONDENTS_QUOTE_EXCEEDED","description":"Monthly quota of chats has been exceeded"}}`},
	{do: sandbox.ClientClosed, status: 499, kind: "application/json", body: apiError("499", "Client Closed Request")},
	{do: sandbox.ServerError, status: 500, kind: "application/json", body: apiError("500", "Internal Server Error")},
	{do: sandbox.BadGateway, status: 502, kind: "text/plain; charset=utf-8", body: "502 Bad Gateway"},
	{do: sandbox.NotImplemented, status: 501, kind: "text/plain; charset=utf-8", body: "501 Not Implemented"},
	{do: sandbox.Unavailable, status: 503, kind: "text/plain; charset=utf-8", body: "503 Service Unavailable"},
	{do: sandbox.GatewayTimeout, status: 504, kind: "text/plain; charset=utf-8", body: "504 Gateway Timeout"},
	{do: sandbox.HTML, status: 200, kind: "text/html; charset=utf-8", body: page("200 OK")},
	{do: sandbox.HTMLBadGateway, status: 502, kind: "text/html; charset=utf-8", body: page("502 Bad Gateway")},
	{do: sandbox.Redirect, status: 302, kind: "text/html; charset=utf-8", body: page("302 Found")},
	{do: sandbox.Garbage, status: 200, kind: "application/json", body: `[{"type":"incoming","idMessage":"`},
	{do: sandbox.Empty, status: 200, kind: "application/json"},
	{do: sandbox.Slow, status: 200, kind: "application/json; charset=utf-8", body: "[" + three + "]"},
	{do: sandbox.Half, status: 200, kind: "application/json; charset=utf-8", body: "[" + threeInPart},
	{do: sandbox.CutBody, status: 200, kind: "application/json; charset=utf-8", body: "[" + threeInPart, broken: true},
	{do: sandbox.Cut},
}

func page(title string) string {
	return "<!DOCTYPE html>\n<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n"
}

func TestGreenAPIFaults(t *testing.T) {
	for _, tt := range greenAPIFaults {
		t.Run(string(tt.do), func(t *testing.T) {
			bothWays(t, func(t *testing.T, start func(sandbox.Account, sandbox.GreenAPIOptions) phone) {
				p := start(account(3), sandbox.GreenAPIOptions{Instance: "7105", Token: "t0k3n", HistoryRate: -1,
					Now:   func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) },
					Rules: []sandbox.Rule{{Do: tt.do, Wait: time.Millisecond, Count: 1}}})
				got, header, err := p.do(p.request(t.Context(), "POST", p.path("getChatHistory"), asking(anna, 10)))
				if lost := errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF); lost != (tt.broken || tt.status == 0) {
					t.Errorf("got error %v", err)
				}
				if diff := cmp.Diff(reply{tt.status, tt.body}, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if header.Get("Content-Type") != tt.kind || tt.do == sandbox.Redirect && header.Get("Location") != "/login" {
					t.Errorf("got header %v, want type %q", header, tt.kind)
				}
				if tt.status != 0 && header.Get("Date") != "Sun, 01 Mar 2026 12:00:00 GMT" {
					t.Errorf("got Date %q", header.Get("Date"))
				}
				if diff := cmp.Diff([]string{"m1", "m2", "m3"}, ids(t, p.history(t, anna, 10))); diff != "" {
					t.Errorf("the next answer (-want +got):\n%s", diff)
				}
				if got := p.Requests()[0].Status; got != tt.status {
					t.Errorf("noted status %d, want %d", got, tt.status)
				}
			})
		})
	}
}

// Every action of Green-API is in the table above or in the test of growth.
func TestGreenAPIFaultsAreComplete(t *testing.T) {
	tested := map[sandbox.Action]bool{sandbox.GrowNew: true, sandbox.GrowOld: true}
	for _, tt := range greenAPIFaults {
		tested[tt.do] = true
	}
	for action := range strings.SplitSeq(strings.SplitN(sandbox.Rule{Do: "?"}.Check().Error(), "want one of ", 2)[1], ", ") {
		rule := sandbox.Rule{Do: sandbox.Action(action), Wait: 1}
		if rule.CheckForGreenAPI() == nil && !tested[rule.Do] {
			t.Errorf("%s is not tested", action)
		}
	}
}

// A body that is not an array of entries is cut as well.
func TestCutOtherBodies(t *testing.T) {
	a := withPhoto()
	a.Media = fstest.MapFS{"photo.jpg": {Data: []byte(strings.Repeat("0123456789", 100))}}
	tests := []struct {
		verb, path string
		on         sandbox.Endpoint
		do         sandbox.Action
		length     int
	}{
		{"GET", "/media/photo.jpg", sandbox.OnMedia, sandbox.Half, 500},
		{"GET", "/media/photo.jpg", sandbox.OnMedia, sandbox.CutBody, 500},
		{"HEAD", "/media/photo.jpg", sandbox.OnMedia, sandbox.Half, 0},
		{"GET", "getStateInstance", sandbox.OnGetStateInstance, sandbox.Half, 15},
		{"GET", "getStateInstance", sandbox.OnGetStateInstance, sandbox.CutBody, 15},
		{"GET", "getContacts", sandbox.OnGetContacts, sandbox.Half, 1},
	}
	bothWays(t, func(t *testing.T, start func(sandbox.Account, sandbox.GreenAPIOptions) phone) {
		for _, tt := range tests {
			p := start(a, sandbox.GreenAPIOptions{Rules: []sandbox.Rule{{Do: tt.do, On: tt.on}}})
			path := tt.path
			if path[0] != '/' {
				path = p.path(path)
			}
			got, _, err := p.do(p.request(t.Context(), tt.verb, path, ""))
			if broken := errors.Is(err, io.ErrUnexpectedEOF); broken != (tt.do == sandbox.CutBody) || got.Status != 200 || len(got.Body) != tt.length {
				t.Errorf("%s of %s: got %d, %d bytes, %v; want 200, %d bytes", tt.do, tt.path, got.Status, len(got.Body), err, tt.length)
			}
		}
	})
}

func TestGreenAPIRuleConditions(t *testing.T) {
	tests := []struct {
		rule string
		want string // of three rounds of getChatHistory of two chats, downloadFile of two messages and a file: x is a fault
	}{
		{"502", "xx---xx---xx---"},
		{"502:on=getChatHistory", "xx---xx---xx---"},
		{"502:on=any", "xxxxxxxxxxxxxxx"},
		{"502:on=media", "----x----x----x"},
		{"502:on=downloadFile", "--xx---xx---xx-"},
		{"502:on=getSettings", "---------------"},
		{"502:chat=" + anna, "x----x----x----"},
		{"502:chat=" + anna + ",on=any", "x-xx-x-xx-x-xx-"},
		{"502:chat=" + anna + ",n=2", "-----x---------"},
		{"502:msgid=photo,on=downloadFile", "--x----x----x--"},
		{"502:msgid=photo,on=any,every=2", "-------x-------"},
		{"502:every=4", "------x--------"},
		{"502:count=3", "xx---x---------"},
		{"502:p=0.5", "x----xx--------"},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rule, err := sandbox.ParseRule(tt.rule)
				if err != nil {
					t.Fatal(err)
				}
				o := sandbox.GreenAPIOptions{HistoryRate: -1, Rules: []sandbox.Rule{rule}}
				if err := o.Check(); err != nil {
					t.Fatal(err)
				}
				p, got := newPhone(withPhoto(), o), ""
				for range 3 {
					got += mark(p.history(t, anna, 1)) + mark(p.history(t, group, 1))
					got += mark(p.downloadFile(t, anna, "photo")) + mark(p.downloadFile(t, anna, "text"))
					got += mark(p.call(t, "GET", "/media/photo.jpg", ""))
					time.Sleep(time.Second)
				}
				if got != tt.want {
					t.Errorf("got %s, want %s", got, tt.want)
				}
			})
		})
	}
}

func TestGreenAPIRulesWhileRunning(t *testing.T) {
	p := newPhone(account(1), sandbox.GreenAPIOptions{HistoryRate: -1, Rules: []sandbox.Rule{{Do: sandbox.NotFound, N: 2}}})
	var got []int
	ask := func() { got = append(got, p.history(t, anna, 1).Status) }
	ask()
	p.AddRule(sandbox.Rule{Do: sandbox.ServerError})
	ask()
	ask()
	p.ClearRules()
	ask()
	if diff := cmp.Diff([]int{200, 404, 500, 200}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A rule does not see a request that the limit refuses.
func TestGreenAPILimitBeforeRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPhone(account(1), sandbox.GreenAPIOptions{Rules: []sandbox.Rule{{Do: sandbox.ServerError, N: 2}}})
		got := []int{p.history(t, anna, 1).Status, p.history(t, anna, 1).Status}
		time.Sleep(time.Second)
		got = append(got, p.history(t, anna, 1).Status)
		if diff := cmp.Diff([]int{200, 429, 500}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestGrow(t *testing.T) {
	type entry struct {
		Type, IDMessage, TypeMessage, ChatID, SenderID, StatusMessage, TextMessage string
		Timestamp                                                                  int64
	}
	now := time.Unix(1750000000, 0)
	tests := []struct {
		name, chat string
		do         sandbox.Action
		stored     sandbox.Account
		now        time.Time
		at         int // where the new entry is
		want       entry
	}{
		{"new", anna, sandbox.GrowNew, account(3), now, 0, entry{Type: "incoming", SenderID: anna, Timestamp: 1750000000}},
		{"new, clock behind", anna, sandbox.GrowNew, account(3), time.Unix(1600000000, 0), 0, entry{Type: "incoming", SenderID: anna, Timestamp: 1700000001}},
		{"old", anna, sandbox.GrowOld, account(3), now, 3, entry{Type: "incoming", SenderID: anna, Timestamp: 1699999938}},
		{"new, empty chat", anna, sandbox.GrowNew, account(0), now, 0, entry{Type: "incoming", SenderID: anna, Timestamp: 1750000000}},
		{"old, empty chat", anna, sandbox.GrowOld, account(0), now, 0, entry{Type: "incoming", SenderID: anna, Timestamp: 1749999940}},
		{"old, entries without a time", anna, sandbox.GrowOld, entries(`{"timestamp":1700000000}`, `{"typeMessage":""}`), now, 2,
			entry{Type: "incoming", SenderID: anna, Timestamp: 1699999940}},
		{"group", group, sandbox.GrowNew, sandbox.Account{Chats: []sandbox.AccountChat{{ID: group}}}, now, 0,
			entry{Type: "outgoing", StatusMessage: "read", Timestamp: 1750000000}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPhone(tt.stored, sandbox.GreenAPIOptions{HistoryRate: -1, Rules: []sandbox.Rule{{Do: tt.do, N: 2}},
				Now: func() time.Time { return tt.now }})
			before := p.history(t, tt.chat, 1)
			after := p.history(t, tt.chat, 10)
			var got []entry
			if err := json.Unmarshal([]byte(after.Body), &got); err != nil || len(got) <= tt.at {
				t.Fatalf("got %+v after %+v: %v", after, before, err)
			}
			tt.want.TypeMessage, tt.want.ChatID = "textMessage", tt.chat
			tt.want.IDMessage, tt.want.TextMessage = got[tt.at].IDMessage, got[tt.at].TextMessage
			if diff := cmp.Diff(tt.want, got[tt.at]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(got[tt.at].IDMessage) != 20 || got[tt.at].TextMessage == "" {
				t.Errorf("got %+v, want an id of 20 letters, and a text", got[tt.at])
			}
			if again := p.history(t, tt.chat, 10); again != after {
				t.Errorf("the next answer is %+v, want %+v", again, after)
			}
		})
	}
}

// Each new entry differs, and only a history that exists and may be read grows.
func TestGrowth(t *testing.T) {
	p := newPhone(account(1), sandbox.GreenAPIOptions{HistoryRate: -1, Rules: []sandbox.Rule{{Do: sandbox.GrowNew, On: sandbox.OnAny}}})
	p.call(t, "POST", "/waInstance"+p.Options.Instance+"/getChatHistory/wrong", asking(anna, 1))
	p.call(t, "POST", p.path("getContactInfo"), `{"chatId":"`+anna+`"}`)
	if got := p.history(t, group, 10); got.Body != "[]" {
		t.Errorf("a chat that is not there: got %+v", got)
	}
	for n := 2; n <= 4; n++ {
		got := ids(t, p.history(t, anna, 10))
		different := map[string]bool{}
		for _, id := range got {
			different[id] = true
		}
		if len(got) != n || len(different) != n || got[n-1] != "m1" {
			t.Errorf("got %v, want %d different ones, m1 last", got, n)
		}
	}
}

func TestGreenAPILimits(t *testing.T) {
	tests := []struct {
		verb, method, body string
		o                  sandbox.GreenAPIOptions
		perSecond          int // 0: no limit
	}{
		{"POST", "getChatHistory", asking(anna, 1), sandbox.GreenAPIOptions{}, 1},
		{"POST", "getChatHistory", asking(anna, 1), sandbox.GreenAPIOptions{HistoryRate: 3}, 3},
		{"POST", "getChatHistory", asking(anna, 1), unlimited, 0},
		{"GET", "getChats", "", unlimited, 1},
		{"GET", "getContacts", "", unlimited, 1},
		{"POST", "getContactInfo", `{"chatId":"` + anna + `"}`, unlimited, 1},
		{"GET", "getSettings", "", unlimited, 1},
		{"GET", "getStateInstance", "", unlimited, 1},
		{"GET", "getWaSettings", "", unlimited, 1},
		{"POST", "downloadFile", `{"chatId":"` + anna + `","idMessage":"photo"}`, unlimited, 5},
	}
	for _, tt := range tests {
		t.Run(tt.method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPhone(withPhoto(), tt.o)
				got := p.burst(t, tt.verb, tt.method, tt.body)
				time.Sleep(time.Second - time.Nanosecond)
				got += p.burst(t, tt.verb, tt.method, tt.body)
				time.Sleep(time.Nanosecond)
				got += p.burst(t, tt.verb, tt.method, tt.body)
				full := strings.Repeat("-", tt.perSecond) + strings.Repeat("x", 7-tt.perSecond)
				want := full + "xxxxxxx" + full
				if tt.perSecond == 0 {
					want = strings.Repeat("-", 21)
				}
				if got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			})
		})
	}
}

// burst asks seven times and marks each 429 with an x.
func (p phone) burst(t *testing.T, verb, method, body string) (marks string) {
	for range 7 {
		switch got := p.call(t, verb, p.path(method), body); got.Status {
		case 200:
			marks += "-"
		case 429:
			marks += "x"
		default:
			t.Errorf("got %+v", got)
		}
	}
	return marks
}

// Each method has a limit of its own, and a request with a wrong token does not count.
func TestGreenAPILimitsApart(t *testing.T) {
	p := newPhone(account(1), sandbox.GreenAPIOptions{})
	wrong := "/waInstance" + p.Options.Instance + "/getChats/wrong"
	got := []int{p.call(t, "GET", wrong, "").Status, p.call(t, "GET", wrong, "").Status}
	for _, method := range []string{"getChats", "getContacts", "getSettings", "getSettings"} {
		got = append(got, p.get(t, method).Status)
	}
	if diff := cmp.Diff([]int{401, 401, 200, 200, 200, 429}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p.call(t, "GET", "/media/x.jpg", "")
	if got := p.call(t, "GET", "/media/x.jpg", ""); got.Status != 404 {
		t.Errorf("files: got %+v, want no limit", got)
	}
}
