package csvfile

import "testing"

func TestTextOfHTML(t *testing.T) {
	for in, want := range map[string]string{
		"plain, 5 > 3":                   "plain, 5 > 3",
		"<p>Hola</p><p>¿Está listo?</p>": "Hola\n¿Está listo?",
		"<p>Привет,<br>мир &amp; все&nbsp;🚲</p>": "Привет,\nмир & все\u00a0🚲",
		"a<br/><br>b":                     "a\n\nb",
		"<div>a\n  b</div>\n<div></div>c": "a b\nc",
		"<style>p{}</style><b>bold</b> text<script>x()</script>":         "bold text",
		`see <a href="https://example.com/a?x=1&amp;y=2">the offer</a>!`: "see the offer (https://example.com/a?x=1&y=2)!",
		`<a href="https://example.com">https://example.com</a>`:          "https://example.com",
		`<a href="mailto:a@example.com">mail</a>`:                        "mail",
		"<ul><li>one</li><li>two</li></ul>":                              "one\ntwo",
		`<img alt="a smile" src="x.png">`:                                "a smile",
		"&lt;p&gt; stays":                                                "<p> stays",
		"a < b and <3":                                                   "a < b and <3",
		"<p":                                                             "",
	} {
		if got := textOfHTML(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
