//go:build browser

package browser

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// People search, open a result, and go back.
func TestSearch(t *testing.T) {
	b := open(t, demo(t), wide)
	b.wantText("#count", "9 conversations")
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"lucia", []string{"Lucía Fernández"}},         // a name, without its accents
		{"+7 900 000-00-71", []string{"Артём 🚵"}},      // a phone as people write it
		{"ПЕРЕКЛЮЧАЕТ КАК НОВЫИ", []string{"Дмитрий"}}, // a text, in any case
		{"ig-maya", []string{"Maya Lindqvist"}},        // an id
		{"minty-song.m4a", []string{"Maya Lindqvist"}}, // the name of a file
		{"no such text", nil},                          //
		{"", b.rows()},                                 // all again
	} {
		b.find(tt.text)
		if got := b.rows(); !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
	b.find("already named it")
	b.click("#list a")
	b.wantText("#chat-name", "Maya Lindqvist")
	b.wantText(".m.at", "She already named it")
	if got := b.text(".m.at mark"); got != "already named it" {
		t.Errorf("marked is %q", got)
	}
	b.run(chromedp.NavigateBack())
	b.want(`!document.querySelector("#overview").hidden`)
}

// People follow a warning to its conversations, and filter by kind and time.
func TestFilters(t *testing.T) {
	b := open(t, demo(t), wide)
	b.click(`[data-mark="no_phone"]`)
	b.wantText("#count", "2 of 9 conversations")
	if got, want := b.rows(), []string{"Maya Lindqvist", "Pablo"}; !slices.Equal(got, want) {
		t.Errorf("without a phone: got %q, want %q", got, want)
	}
	b.run(chromedp.KeyEvent(kb.Enter)) // the first of them has the focus
	b.wantText("#chat-name", "Maya Lindqvist")
	b.wantText("#chat-marks", "no phone")
	b.click("#clear")
	b.wantText("#count", "9 conversations")
	b.choose("#kind", "contact")
	if got := b.rows(); len(got) != 1 {
		t.Errorf("with a contact: got %q", got)
	}
	b.choose("#kind", "invalid")
	if got := b.rows(); len(got) != 4 {
		t.Errorf("with invalid entries: got %q", got)
	}
	b.choose("#kind", "")
	b.choose("#from", "2024-10-10")
	b.choose("#to", "2024-10-10")
	if got, want := b.rows(), []string{"Grace Kim"}; !slices.Equal(got, want) {
		t.Errorf("written on that day: got %q, want %q", got, want)
	}
	b.wantText("#filtered", "(2)")
}

// Somebody without a mouse reaches everything.
func TestKeyboard(t *testing.T) {
	b := open(t, demo(t), wide)
	b.run(chromedp.KeyEvent("/"))
	b.want(`document.activeElement.id === "search"`)
	b.run(chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Enter))
	second := b.rows()[1]
	b.wantText("#chat-name", second)
	b.want(`document.activeElement.id === "chat-name"`)
	b.run(chromedp.KeyEvent(kb.Tab))
	for range 3 {
		if eval[bool](b, `document.activeElement.id === "scroll"`) {
			break
		}
		b.run(chromedp.KeyEvent(kb.Tab))
	}
	b.want(`document.activeElement.closest("#scroll") !== null`)
	b.run(chromedp.KeyEvent(kb.Escape))
	b.want(`document.activeElement.getAttribute("aria-current") === "true"`)
}

// On a phone one part is shown at a time.
func TestPhone(t *testing.T) {
	b := open(t, demo(t), narrow)
	visible := func(selector string) bool {
		return eval[bool](b, `document.querySelector(`+quote(selector)+`).checkVisibility()`)
	}
	if !visible("#overview") || visible("#side") {
		t.Error("a phone does not show the overview first")
	}
	b.click("#to-list")
	b.want(`document.querySelector("#side").checkVisibility() && !document.querySelector(".pane").checkVisibility()`)
	b.click("#list a")
	b.want(`document.querySelector("#chat").checkVisibility() && !document.querySelector("#side").checkVisibility()`)
	b.click("#back")
	b.want(`document.querySelector("#side").checkVisibility()`)
	b.click("#to-overview")
	b.want(`document.querySelector("#overview").checkVisibility()`)
}

// The overview says what preview says.
func TestOverview(t *testing.T) {
	b := open(t, demo(t), wide)
	overview := b.text("#overview")
	for _, want := range []string{"172 messages of 9 conversations", "by month", "Apr 2023", "Warnings", "without a phone", "29 s",
		"91 incoming, 81 outgoing", "if it starts now", "Invalid", "chats.csv:"} {
		if !strings.Contains(overview, want) {
			t.Errorf("the overview lacks %q", want)
		}
	}
	if bars := eval[int](b, `document.querySelectorAll(".chart rect").length`); bars != 25 {
		t.Errorf("got %d months, want 25", bars)
	}
}
