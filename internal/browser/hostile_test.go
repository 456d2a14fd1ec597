//go:build browser

package browser

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// hostile are texts that would do something in a page that is not careful.
var hostile = []string{
	`<script>window.pwned=1</script>`,
	`</script><script>window.pwned=1</script>`,
	`</ScRiPt ><img src=x onerror="window.pwned=1">`,
	`<!--<script>`,
	`--><script>window.pwned=1</script>`,
	`"><img src=x onerror=window.pwned=1>`,
	`' onmouseover='window.pwned=1' x='`,
	`<svg onload=window.pwned=1>`,
	`<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>`,
	`<style>*{display:none}</style><link rel=stylesheet href=https://example.com/x.css>`,
	`<meta http-equiv=refresh content="0;url=https://example.com/">`,
	`<base href="https://example.com/"><form action="https://example.com/"><input name=x></form>`,
	`<img src="https://example.com/pixel.png"><video src="https://example.com/v.mp4" autoplay></video>`,
	`javascript:window.pwned=1`,
	`data:text/html,<script>window.pwned=1</script>`,
	`{{constructor.constructor("window.pwned=1")()}} ${window.pwned=1}`,
	`\u003cscript\u003ewindow.pwned=1\u003c/script\u003e`,
	`]}];window.pwned=1;[{"`,
	"line\u2028separator\u2029window.pwned=1",
	`&lt;script&gt;window.pwned=1&lt;/script&gt;&#60;img src=x onerror=window.pwned=1&#62;`,
	"\u202ereversed \u2066isolated",
	`__proto__`,
	`constructor`,
	strings.Repeat("W", 400),
	`https://example.com/` + strings.Repeat("very-long-path/", 60),
	strings.Repeat("ﷺ𓀐👩‍👩‍👧‍👦é", 40),
	"שלום עולם, كيف الحال؟ mixed with English (123)",
}

// hostilePage returns the page of conversations in which every text is hostile.
func hostilePage(t *testing.T) string {
	t.Helper()
	p := newProgram(t)
	var text strings.Builder
	table := csv.NewWriter(&text)
	table.Write(strings.Split("conversation_id,client_name,client_phone,client_email,message_id,timestamp,direction,author_id,author_name,type,text,"+
		"media_url,file_name,file_size,latitude,longitude,contact_name,contact_phone,reply_to,post_id,post_url,post_username,post_caption", ","))
	for i, x := range hostile {
		row := func(n int, direction, kind, text string, rest ...string) {
			row := append([]string{"id " + x, x, x, x, fmt.Sprint(x, n), fmt.Sprint(1740823200 + 86400*i + n), direction, x, x, kind, text}, rest...)
			table.Write(append(row, make([]string, 23-len(row))...))
		}
		row(1, "in", "text", x)
		row(2, "out", "file", x, "https://example.com/"+x, x, "10")
		row(3, "in", "picture", x, x, x, "10")
		row(4, "out", "contact", "", "", "", "", "", "", x, "+34600000001")
		row(5, "in", "text", x, "", "", "", "", "", "", "", fmt.Sprint(x, 1))
		row(6, "in", "text", x, "", "", "", "", "", "", "", "", x, "https://example.com/"+x, x, x)
		row(7, "in", "text", x, "", "", "", "", "", "", "", "", x, "javascript:window.pwned=1", x, x)
		row(8, x, "text", x)  // invalid
		row(9, "in", x, x, x) // invalid or text
		row(10, "in", "location", x, "", "", "", "55.7", "37.6")
	}
	table.Flush()
	p.write("hostile.csv", text.String())
	p.run(3, "load", "--csv", "hostile.csv")
	p.change(`UPDATE staging SET content = replace(content, 'https://example.com/', 'javascript:window.pwned=1//');
		UPDATE media SET key = replace(key, 'https://example.com/', 'javascript:window.pwned=1//'),
			url = replace(url, 'https://example.com/', 'javascript:window.pwned=1//')`) // load takes no such links
	p.run(0, "preview", "--html", "page.html")
	return p.path("page.html")
}

// Texts from outside are texts: none runs, fetches or changes anything, and none makes the page wider than the screen.
func TestHostileTexts(t *testing.T) {
	path := hostilePage(t)
	for _, on := range []screen{wide, narrow} {
		t.Run(on.String(), func(t *testing.T) {
			b := open(t, path, on)
			b.wantNoOverflow("overview")
			b.run(chromedp.Evaluate(`location.hash = "#conversations"`, nil))
			b.wantNoOverflow("list")
			shown := eval[int](b, `document.querySelectorAll("#list a").length`)
			if shown < len(hostile) {
				t.Errorf("got %d conversations, want %d", shown, len(hostile))
			}
			for i := range shown {
				b.run(chromedp.Evaluate(fmt.Sprintf(`location.hash = "#c%d"`, i), nil))
				b.want(fmt.Sprintf(`document.querySelector("#list [aria-current]")?.hash === "#c%d"`, i))
				b.wantNoOverflow(b.text("#chat-name"))
				b.run(chromedp.Evaluate(`document.querySelectorAll("#chat button").forEach((e) => e.click())`, nil))
				b.wantOnlyText()
			}
			for _, x := range hostile {
				b.run(chromedp.Evaluate(fmt.Sprintf(`(() => { const s = document.querySelector("#search"); s.value = %s; s.dispatchEvent(new Event("input")); })()`, quote(x)), nil))
				if found := eval[int](b, `document.querySelectorAll("#list a").length`); found == 0 {
					t.Errorf("%q is not found", x)
				}
			}
			b.wantOnlyText()
		})
	}
}

// wantOnlyText wants that no text has become an element, an attribute or a link that runs a script.
func (b *tab) wantOnlyText() {
	b.Helper()
	const never = `iframe, img, video, form, base, link, object, embed, [onerror], [onload], [onmouseover], [style], a[href^='javascript' i], a[href^='data' i]`
	for _, e := range eval[[]string](b, `[...document.querySelectorAll("`+never+`")].map((e) => e.outerHTML.slice(0, 200))`) {
		b.Errorf("the page has %s", e)
	}
}
