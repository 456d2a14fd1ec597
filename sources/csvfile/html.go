package csvfile

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// textOfHTML returns the text that a browser would show, with its lines, and links behind their words. Text without tags and
// entities comes as it is.
func textOfHTML(s string) string {
	if !strings.ContainsAny(s, "<&") {
		return s
	}
	w := &htmlText{}
	tokens := html.NewTokenizer(strings.NewReader(s))
	for {
		switch kind := tokens.Next(); kind {
		case html.ErrorToken: // the end, because a string has no other errors
			w.end(false)
			return strings.Trim(strings.Join(w.lines, "\n"), "\n")
		case html.TextToken:
			if w.hidden == 0 {
				w.words.Write(tokens.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			w.tag(kind, tokens.Token())
		}
	}
}

// An htmlText collects the lines of a page.
type htmlText struct {
	lines  []string
	words  strings.Builder // the current line, with entities
	hidden atom.Atom       // the element whose text is not shown, such as style; 0: text is shown
	link   string          // of the element a that is open
}

// line returns the current line. White space between words is one blank.
func (w *htmlText) line() string {
	return strings.Join(strings.FieldsFunc(html.UnescapeString(w.words.String()), func(r rune) bool {
		return strings.ContainsRune(" \t\n\r\f", r)
	}), " ")
}

// end ends the current line. Blocks make no empty lines.
func (w *htmlText) end(keepEmpty bool) {
	if line := w.line(); line != "" || keepEmpty {
		w.lines = append(w.lines, line)
	}
	w.words.Reset()
}

func (w *htmlText) tag(kind html.TokenType, t html.Token) {
	isStart := kind != html.EndTagToken
	switch t.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title:
		w.hidden = 0
		if kind == html.StartTagToken {
			w.hidden = t.DataAtom
		}
	case atom.Br:
		w.end(true)
	case atom.P, atom.Div, atom.Li, atom.Ul, atom.Ol, atom.Tr, atom.Table, atom.Blockquote, atom.Pre, atom.Hr, atom.H1, atom.H2,
		atom.H3, atom.H4, atom.H5, atom.H6:
		w.end(false)
	case atom.Td, atom.Th:
		w.words.WriteByte(' ')
	case atom.A:
		if !isStart {
			w.endLink()
		}
		w.link = attribute(t, "href")
	case atom.Img:
		w.words.WriteString(" " + html.EscapeString(attribute(t, "alt")) + " ")
	}
}

// endLink adds the address of a link that its words do not show.
func (w *htmlText) endLink() {
	if _, isWeb := webAddress(w.link); isWeb && !strings.Contains(html.UnescapeString(w.words.String()), w.link) {
		w.words.WriteString(" (" + html.EscapeString(w.link) + ")")
	}
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// isHTML reports whether a text has tags of a mail or a page.
func isHTML(s string) bool {
	if !strings.Contains(s, "<") {
		return false
	}
	s = strings.ToLower(s)
	for _, tag := range []string{"<p>", "<p ", "</p>", "<br", "<div", "</div>", "<span", "</a>", "<html"} {
		if strings.Contains(s, tag) {
			return true
		}
	}
	return false
}
