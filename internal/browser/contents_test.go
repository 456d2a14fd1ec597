//go:build browser

package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// everyKind is a conversation with everything that a message can be.
const everyKind = `conversation_id,client_name,client_phone,message_id,timestamp,direction,author_name,type,text,media_url,file_name,file_size,latitude,longitude,contact_name,contact_phone,reply_to,post_id,post_url,post_username,post_caption
ann,Ann,+34600000001,1,2025-03-01T10:00:00Z,in,,,First of all,,,,,,,,,,,,
ann,Ann,+34600000001,2,2025-03-01T10:01:00Z,out,Eva,file,The offer,https://files.example.com/offer.pdf,offer.pdf,240000,,,,,,,,,
ann,Ann,+34600000001,3,2025-03-02T10:00:00Z,in,,location,,,,,55.5,37.5,,,,,,,
ann,Ann,+34600000001,4,2025-03-02T10:01:00Z,in,,contact,,,,,,,Bob,+34600000002,,,,,
ann,Ann,+34600000001,5,2025-03-02T10:02:00Z,out,Eva,,An answer,,,,,,,,1,,,,
ann,Ann,+34600000001,6,2025-03-02T10:03:00Z,in,,,Nice bike,,,,,,,,,p1,https://example.com/p1,shop,Our new bike
ann,Ann,+34600000001,7,soon,in,,,lost in time,,,,,,,,,,,,
ann,Ann,+34600000001,8,2025-03-02T10:04:00Z,in,,,@LONG@,,,,,,,,,,,,
ann,Ann,+34600000001,9,2025-03-02T10:05:00Z,in,,picture,,ftp://files.example.com/a.jpg,a.jpg,,,,,,,,,,
ann,Ann,+34600000001,10,2025-03-02T10:06:00Z,in,,,مرحبا، كيف حالك؟,,,,,,,,,,,,
ann,Ann,+34600000001,11,2025-03-02T10:07:00Z,out,Eva,,🎉,,,,,,,,,,,,
ben,Ben,+34600000009,1,2019-03-01T10:00:00Z,in,,,Old times,,,,,,,,,,,,
`

// A conversation shows the messages that Kommo gets, and those that it does not get.
func TestConversation(t *testing.T) {
	p := newProgram(t)
	p.write("all.csv", strings.Replace(everyKind, "@LONG@", strings.Repeat("many words ", 460)+"at the end", 1))
	p.run(3, "load", "--csv", "all.csv", "--since", "2020-01-01")
	p.run(0, "preview", "--html", "page.html")
	b := open(t, p.path("page.html"), wide)
	b.openNamed("Ann")
	chat := b.text("#messages")
	at := 0
	for _, want := range []string{"Saturday, 1 March 2025", "First of all", "10:00", "Eva", "offer.pdf", "file · 240 kB", "https://files.example.com/offer.pdf",
		"The offer", "Sunday, 2 March 2025", "Location", "55.5, 37.5", "Bob", "+34600000002", "First of all", "An answer",
		"Comment on a post of shop", "Our new bike", "https://example.com/p1", "Nice bike", "soon", "Invalid: timestamp \"soon\": not a time", "all.csv:8",
		"many words", "Read more", "مرحبا", "notifies"} {
		i := strings.Index(chat[at:], want)
		if i < 0 {
			t.Fatalf("after %q the conversation lacks %q", chat[:at], want)
		}
		at += i
	}
	if n := eval[int](b, `document.querySelectorAll(".notifies").length`); n != 1 {
		t.Errorf("%d messages notify, want 1", n)
	}
	if got := eval[string](b, `getComputedStyle(document.querySelector(".m:nth-last-child(2) .text")).direction`); got != "rtl" {
		t.Errorf("Arabic is written %s", got)
	}
	b.click(".read-more")
	b.wantText("#messages", "at the end")
	b.click("button.quote")
	b.wantText(".m.at", "First of all")
	if got := eval[string](b, `document.querySelector(".file a").rel`); got != "noopener noreferrer" {
		t.Errorf("a link has rel %q", got)
	}
	b.openNamed("Ben")
	b.wantText(".m.skipped .reason", "Left out: ")
	b.wantNoOverflow("skipped")
}

// A long conversation is shown in parts: its end first, and the rest on demand, without a jump.
func TestLongConversation(t *testing.T) {
	p := newProgram(t)
	var table strings.Builder
	table.WriteString("conversation_id,message_id,timestamp,direction,text,reply_to\n")
	for i := range 1000 {
		fmt.Fprintf(&table, "ann,%d,%d,in,number %d,%d\n", i, 1740823200+i*60, i, i/300)
	}
	p.write("long.csv", table.String())
	p.run(0, "load", "--csv", "long.csv")
	p.run(0, "preview", "--html", "page.html")
	b := open(t, p.path("page.html"), narrow)
	b.run(chromedp.Evaluate(`location.hash = "#c0"`, nil))
	b.wantText("#messages", "number 999")
	count := `document.querySelectorAll(".m").length`
	if got := eval[int](b, count); got != 300 {
		t.Errorf("got %d messages, want the last 300", got)
	}
	top := `document.querySelector("#m700").getBoundingClientRect().top`
	b.run(chromedp.Evaluate(`document.querySelector("#scroll").scrollTop = 0`, nil))
	before := eval[float64](b, top)
	b.run(chromedp.Evaluate(`document.querySelector(".more button").click()`, nil))
	if after := eval[float64](b, top); after < before-2 || after > before+2 {
		t.Errorf("the message moved from %v to %v", before, after)
	}
	if got := eval[int](b, count); got != 600 {
		t.Errorf("got %d messages, want 600", got)
	}
	b.run(chromedp.Evaluate(`document.querySelector("#m999 .quote").click()`, nil)) // the answered message is not shown yet
	b.wantText(".m.at", "number 3")
	b.wantText("#messages", "later messages")
	b.run(chromedp.Evaluate(`dispatchEvent(new Event("beforeprint"))`, nil))
	if got := eval[int](b, count); got != 1000 {
		t.Errorf("got %d messages on paper, want all", got)
	}
}

// A page prints its overview and the open conversation, as a whole.
func TestPrint(t *testing.T) {
	b := open(t, demo(t), wide)
	b.openNamed("Maya Lindqvist")
	b.run(chromedp.Evaluate(`dispatchEvent(new Event("beforeprint"))`, nil))
	b.emulatePrint()
	if eval[bool](b, `document.querySelector("#side").checkVisibility() || document.querySelector(".tabs").checkVisibility()`) {
		t.Error("the list is on paper")
	}
	if eval[bool](b, `document.querySelector("#scroll").scrollHeight > document.querySelector("#scroll").clientHeight + 1`) {
		t.Error("a part of the conversation is not on paper")
	}
	b.wantNoOverflow("paper")
}

// The outcome is shown with the same page: findings, and messages that Kommo refused.
func TestOutcome(t *testing.T) {
	p := newProgram(t)
	p.run(3, "load", "--csv", "chats.csv")
	p.run(3, "send", "--yes", "--quiet", "--rate", "10000")
	if err := p.box.Lose(p.box.Dump().Chats[0].Messages[1].MsgID); err != nil {
		t.Fatal(err)
	}
	p.run(6, "verify", "--quiet", "--rate", "10000", "--wait", "100ms")
	p.run(0, "report", "--html", "report.html")
	b := open(t, p.path("report.html"), wide)
	b.wantText("#overview", "172 of 177 messages read are in Kommo")
	b.click(`[data-mark="missing"]`)
	if got := b.rows(); len(got) != 1 {
		t.Fatalf("got %q, want one conversation with a missing message", got)
	}
	b.click("#list a")
	b.wantText(".m.found .reason", "missing")
	b.wantText("#messages", "notified")
	b.wantAccessible("outcome")
	b.wantNoOverflow("outcome")

	p.run(0, "report", "--html", "support.html", "--anonymise")
	b = open(t, p.path("support.html"), narrow)
	b.wantText("#overview", "172 of 177 messages read are in Kommo")
	if eval[bool](b, `document.querySelector("#side") !== null`) {
		t.Error("an anonymised page has a list")
	}
	b.wantAccessible("anonymised")
	b.wantNoOverflow("anonymised")
}
