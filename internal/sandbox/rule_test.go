package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

func TestParseRule(t *testing.T) {
	tests := []struct {
		text string
		want sandbox.Rule
	}{
		{"502-taken:n=5", sandbox.Rule{Do: sandbox.BadGatewayTaken, N: 5}},
		{"cut:every=10", sandbox.Rule{Do: sandbox.Cut, Every: 10}},
		{"refuse:p=0.1", sandbox.Rule{Do: sandbox.Refuse, P: 0.1}},
		{"slow=3s:n=2", sandbox.Rule{Do: sandbox.Slow, Wait: 3 * time.Second, N: 2}},
		{"429", sandbox.Rule{Do: sandbox.TooMany}},
		{"502=250ms:on=history,count=3", sandbox.Rule{Do: sandbox.BadGateway, Wait: 250 * time.Millisecond, On: sandbox.OnHistory, Count: 3}},
		{"466-correspondents:n=2", sandbox.Rule{Do: sandbox.CorrespondentsReached, N: 2}},
		{"grow-old:chat=7900@c.us,on=getChatHistory", sandbox.Rule{Do: sandbox.GrowOld, Chat: "7900@c.us", On: sandbox.OnGetChatHistory}},
		{"404=1s:on=media", sandbox.Rule{Do: sandbox.NotFound, Wait: time.Second, On: sandbox.OnMedia}},
		{"garbage:msgid=wa:1=2~3", sandbox.Rule{Do: sandbox.Garbage, MsgID: "wa:1=2~3"}},
		{"413-html:text~a=b~c,over=9", sandbox.Rule{Do: sandbox.HTMLTooLarge, Text: "a=b~c", Over: 9}},
		{"refuse:reply=1m,from=bot,media~m,avatar~a", sandbox.Rule{Do: sandbox.Refuse, Reply: time.Minute, From: "bot", Media: "m", Avatar: "a"}},
	}
	for _, tt := range tests {
		got, err := sandbox.ParseRule(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestParseRuleErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", `rule "": action "": want one of refuse, 429, `},
		{"418:n=1", `rule "418:n=1": action "418": want one of refuse, 429, `},
		{"slow", `rule "slow": slow: want a duration, as in slow=3s`},
		{"slow=3", `rule "slow=3": wait "3": not a duration such as 3s`},
		{"slow=-3s", `rule "slow=-3s": slow=-3s: want a duration of 0 or more`},
		{"cut:", `rule "cut:": condition "": want key=value`},
		{"cut:n", `rule "cut:n": condition "n": want key=value`},
		{"cut:n=", `rule "cut:n=": condition "n=": want key=value`},
		{"cut:n=0", `rule "cut:n=0": n=0: want a whole number from 1`},
		{"cut:every=1.5", `rule "cut:every=1.5": every=1.5: want a whole number from 1`},
		{"cut:count=-1", `rule "cut:count=-1": count=-1: want a whole number from 1`},
		{"cut:p=0", `rule "cut:p=0": p=0: want a probability above 0 and up to 1`},
		{"cut:p=NaN", `rule "cut:p=NaN": p=NaN: want a probability above 0 and up to 1`},
		{"cut:p=10%", `rule "cut:p=10%": p=10%: want a probability above 0 and up to 1`},
		{"cut:p=2", `rule "cut:p=2": p=2: want a probability above 0 and up to 1`},
		{"cut:on=calls", `rule "cut:on=calls": on=calls: want one of message, chats, history, connect, disconnect, typing, react, delivery_status, any`},
		{"cut:text=a", `rule "cut:text=a": condition "text=a": want text~ and a value`},
		{"cut:msgid~a", `rule "cut:msgid~a": condition "msgid~a": want msgid= and a value`},
		{"cut:text~", `rule "cut:text~": condition "text~": want key=value`},
		{"cut:reply=3", `rule "cut:reply=3": reply=3: want a duration above 0, such as 3s`},
		{"cut:reply=0s", `rule "cut:reply=0s": reply=0s: want a duration above 0, such as 3s`},
		{"cut:over=0", `rule "cut:over=0": over=0: want a whole number from 1`},
		{"cut:nth=1", `rule "cut:nth=1": condition "nth": want n, every, p, count, on or msgid`},
		{"cut:n=1,n=2", `rule "cut:n=1,n=2": condition "n": given twice`},
	}
	for _, tt := range tests {
		_, err := sandbox.ParseRule(tt.text)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %s", tt.text, err, tt.want)
		}
	}
}

// The actions of Kommo and of Green-API overlap.
func TestWhoseRule(t *testing.T) {
	both := []sandbox.Action{"429", "502", "cut", "slow=1s", "garbage", "html", "502-html", "403", "404", "302",
		"401", "499", "500", "503", "504"}
	kommo := []sandbox.Action{"refuse", "502-taken", "cut-taken", "403-signature", "403-html", "408", "409", "413", "413-html", "422", "425"}
	greenAPI := []sandbox.Action{"466", "466-correspondents", "501", "400-starting", "400-text", "empty",
		"half", "cut-body", "grow-new", "grow-old"}
	for _, do := range both {
		checkWhose(t, string(do), "", "")
	}
	for _, do := range kommo {
		checkWhose(t, string(do), "", string(do)+": only Kommo answers so, not Green-API")
	}
	for _, do := range greenAPI {
		checkWhose(t, string(do), string(do)+": only Green-API answers so, not Kommo", "")
	}
	for _, on := range []string{"message", "chats", "history", "connect", "disconnect", "typing", "react", "delivery_status",
		"account", "users", "contacts", "contact", "links", "link", "unsorted"} {
		checkWhose(t, "502:on="+on, "", "on="+on+": an endpoint of Kommo, not of Green-API")
	}
	for _, on := range []string{"getChatHistory", "getChats", "getContacts", "getContactInfo", "getSettings", "getStateInstance",
		"getWaSettings", "downloadFile", "media"} {
		checkWhose(t, "502:on="+on, "on="+on+": a method of Green-API, not of Kommo", "")
	}
	const noMessage = "msgid: of Green-API's methods only downloadFile names a message: want on=downloadFile"
	const ofKommo = "text, media, avatar, from, reply and over: conditions for Kommo, not for Green-API"
	const ofMessages = "text, media, avatar, from, reply and over: conditions for messages: want on=message"
	for _, condition := range []string{"text~x", "media~x", "avatar~x", "from=bot", "reply=1s", "over=1"} {
		checkWhose(t, "502:"+condition, "", ofKommo)
		checkWhose(t, "502:on=chats,"+condition, "", ofKommo)
		checkWhose(t, "502:on=any,"+condition, "", ofKommo)
		checkWhose(t, "502:on=history,"+condition, ofMessages, ofKommo)
	}
	checkWhose(t, "502:on=any", "", "")
	const ofLinks = "chat: a condition for Green-API, and for links of Kommo: want on=links or on=link"
	checkWhose(t, "502:chat=x", ofLinks, "")
	checkWhose(t, "502:chat=x,on=history", ofLinks, "on=history: an endpoint of Kommo, not of Green-API")
	checkWhose(t, "502:chat=x,on=link", "", "on=link: an endpoint of Kommo, not of Green-API")
	checkWhose(t, "502:msgid=x", "", noMessage)
	checkWhose(t, "502:msgid=x,on=any", "", "")
	checkWhose(t, "502:msgid=x,on=getChats", "on=getChats: a method of Green-API, not of Kommo", noMessage)
	checkWhose(t, "grow-new:on=any", "grow-new: only Green-API answers so, not Kommo", "")
	checkWhose(t, "grow-new:on=getChatHistory", "grow-new: only Green-API answers so, not Kommo", "")
	checkWhose(t, "grow-old:on=getChats", "grow-old: only Green-API answers so, not Kommo",
		"grow-old: a history grows when it is read: want on=getChatHistory")
	checkWhose(t, "grow-new:on=media", "grow-new: only Green-API answers so, not Kommo",
		"grow-new: a history grows when it is read: want on=getChatHistory")
}

func checkWhose(t *testing.T, text, kommo, greenAPI string) {
	t.Helper()
	rule, err := sandbox.ParseRule(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := rule.CheckForKommo(); message(err) != kommo {
		t.Errorf("%s for Kommo: got %v, want %q", text, err, kommo)
	}
	if err := rule.CheckForGreenAPI(); message(err) != greenAPI {
		t.Errorf("%s for Green-API: got %v, want %q", text, err, greenAPI)
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestWhoseRuleIsMeaningless(t *testing.T) {
	const want = "slow: want a duration, as in slow=3s"
	rule := sandbox.Rule{Do: sandbox.Slow}
	if k, g := message(rule.CheckForKommo()), message(rule.CheckForGreenAPI()); k != want || g != want {
		t.Errorf("got %q and %q, want %q", k, g, want)
	}
}

// A parsed rule is valid, and its text is parsed as the same rule.
func FuzzParseRule(f *testing.F) {
	for _, s := range []string{"502-taken:n=5", "cut=1h2m:every=10,on=any", "refuse:p=0.1,count=3,msgid=a:b=c", "slow=3s", "cut:p=1e-300", "half:chat=x,on=getChatHistory",
		"413:text~a=~,over=7", "refuse:reply=1h,avatar~x,media~y,from=client"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		first, err := sandbox.ParseRule(s)
		if err != nil {
			return
		}
		if err := first.Check(); err != nil {
			t.Errorf("%q is parsed, but does not pass: %v", s, err)
		}
		second, err := sandbox.ParseRule(first.String())
		if err != nil {
			t.Fatalf("%q, from %q: %v", first, s, err)
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("%q, from %q (-first +second):\n%s", first, s, diff)
		}
	})
}
