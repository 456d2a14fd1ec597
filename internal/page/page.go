// Package page writes conversations as one HTML file to look at: a summary, and the conversations in the form that people
// know from messengers.
//
//	p := page.Page{Title: "What send would do", Facts: …}
//	err := file.ViewPlan(composer, selection, func(view *importer.ChatView) error {
//		return p.Write(ctx, out, view, page.Plan())
//	})
//
// The file needs no network. All its texts are hostile: html/template escapes the summary, the conversations are JSON in an
// element that no browser runs, and the script puts texts into the page as text alone. A Content-Security-Policy allows the
// style and the script of this package by their hashes, and nothing else.
package page

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"kommo-import/importer"
)

// MaxSize is how large a page becomes at most, in bytes. Larger files are not taken as attachments, and open slowly.
const MaxSize = 20_000_000

// A Page is the summary above the conversations, in words.
type Page struct {
	Title   string // "What send would do"
	Lead    string // a sentence below the title; "" for no sentence
	Made    time.Time
	Version string // of the program
	// Figures are the few numbers that count, and Facts all others.
	Figures, Facts []Fact
	Months         string // what the chart of months counts, such as "Messages to be sent"
	Marks          []Mark // in the order in which they are shown
	Groups         []Group
	ByMark         string // the heading of the marks: "Warnings"
	Anonymised     bool   // there are no conversations
	Size           int    // the largest size in bytes; 0 means MaxSize
}

// A Fact is a number or a date, and its name.
type Fact struct{ Name, Value string }

// A Mark explains a kind of mark that conversations have.
type Mark struct {
	Kind  string // of importer.Mark
	Label string // in a list: "no phone"
	Text  string // a sentence with advice
	// Examples are lines below the text.
	Examples []string
	Shown    int // conversations in the page that have it; counted by Write
}

// A Group lists reasons for which messages are left out.
type Group struct {
	Title   string
	Reasons []Fact
}

//go:embed page.html.tmpl
var markup string

//go:embed page.css
var style string

//go:embed page.js
var script string

// content is what page.html.tmpl shows.
type content struct {
	Page
	Chart  chart
	Choice Choice
	Total  int // conversations, in the page or not
	Shown  int
	Gaps   int // conversations of which messages are left out
	Labels map[string]string
	Style  template.CSS
	Script template.JS
	Policy string
}

// frame parses the two halves of the page: above and below the conversations.
func frame() (*template.Template, error) {
	return template.New("page").Funcs(template.FuncMap{"number": number}).Parse(markup)
}

// number returns n with separators: 1,234,567.
func number(n int) string { return message.NewPrinter(language.English).Sprint(n) }

// Write writes the page with the conversations of a choice, as many as fit. It ends early when ctx does.
func (p Page) Write(ctx context.Context, out *bufio.Writer, view *importer.ChatView, choice Choice) error {
	frame, err := frame()
	if err != nil {
		return err
	}
	c := content{Page: p, Choice: choice, Style: template.CSS(style), Script: template.JS(script), Labels: make(map[string]string)}
	c.Policy = "default-src 'none'; style-src " + hash(style) + "; script-src " + hash(script) + "; base-uri 'none'; form-action 'none'"
	if view != nil {
		c.Chart, c.Total = newChart(view.Months), len(view.Chats)
	}
	for _, mark := range p.Marks {
		c.Labels[mark.Kind] = mark.Label
	}
	var chats [][]byte
	if view != nil && !p.Anonymised {
		var top bytes.Buffer
		if err := frame.ExecuteTemplate(&top, "top", c); err != nil {
			return err
		}
		size := p.Size
		if size == 0 {
			size = MaxSize
		}
		fill := &filler{ctx: ctx, view: view, left: size - top.Len() - len(script) - reserve, marks: make(map[string]int)}
		if err := fill.take(&c.Choice); err != nil {
			return err
		}
		chats, c.Shown, c.Gaps = fill.chats, len(fill.chats), fill.gaps
		c.Marks = countMarks(p.Marks, fill.marks)
	}
	out.WriteString(Begins) // an error stays with the writer
	if err := frame.ExecuteTemplate(out, "top", c); err != nil {
		return err
	}
	if err := writeChats(out, chats); err != nil {
		return err
	}
	return frame.ExecuteTemplate(out, "bottom", c)
}

// reserve is kept free for what the summary says about the choice.
const reserve = 20_000

// writeChats writes the lines of the conversations into an element that no browser runs. Their JSON has no <.
func writeChats(out *bufio.Writer, chats [][]byte) error {
	out.WriteString(`<script type="application/json" id="chats">`) // an error stays with the writer
	for _, lines := range chats {
		out.Write(lines)
	}
	_, err := out.WriteString("</script>\n")
	return err
}

func countMarks(marks []Mark, shown map[string]int) []Mark {
	counted := make([]Mark, len(marks))
	for i, mark := range marks {
		mark.Shown = shown[mark.Kind]
		counted[i] = mark
	}
	return counted
}

// hash returns the source that allows an inline element by its text, for a Content-Security-Policy.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// IsCut reports whether something is not in the page.
func (c content) IsCut() bool { return c.Shown < c.Total || c.Gaps > 0 }

// MadeAt returns when the page was made, in the zone of this computer.
func (c content) MadeAt() string { return c.Made.Local().Format("2006-01-02 15:04 MST") }

// Begins is how every page begins: an earlier page is known by it.
const Begins = "<!DOCTYPE html>\n<!-- kommo-import page -->\n"

// IsPage reports whether content begins as a page does.
func IsPage(content io.Reader) bool {
	begin := make([]byte, len(Begins))
	_, err := io.ReadFull(content, begin)
	return err == nil && string(begin) == Begins
}
