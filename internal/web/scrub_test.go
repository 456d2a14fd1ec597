package web

import (
	"encoding/base64"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
)

const testSecret = "5a44c5dff55f3c15a4cce8d7c4cc27e207c7e189"

func TestText(t *testing.T) {
	for _, test := range []struct{ name, raw, want string }{
		{"text", "  no such\r\n\tthing ", "no such thing"},
		{"colours", "\x1b[31;1mred\x1b[0m \x1b]0;title\x07and \x9b31m", "red and �31m"},
		{"control characters", "a\x00b\x08c\u0085d\u202ee\u200bf", "abc def"},
		{"not UTF-8", "a\xff\xfeb", "a�b"},
		{"secret", "you sent " + testSecret + "!", "you sent [secret]!"},
		{"secrets side by side", testSecret + testSecret, "[secret][secret]"},
		{"secret in capitals", strings.ToUpper(testSecret), "[secret]"},
		{"secret in pieces", "you sent 5a44\x00c5dff5\x1b[31m5f3c15\u200ba4cce8d7c4cc27e207c7e189", "you sent [secret]"},
		{"URL", `cannot get "https://u:password@h.example:8/a/@b?token=password#password", sorry`,
			`cannot get "https://h.example:8/a/@b", sorry`},
		{"long", strings.Repeat("ы", 600), strings.Repeat("ы", 500) + "…"},
		{"just short enough", strings.Repeat("ы", 500), strings.Repeat("ы", 500)},
	} {
		scrub := &Scrubber{Secrets: []string{testSecret, ""}}
		if got := scrub.Text(test.raw); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
	if got, want := new(Scrubber).Text("a\tb"), "a b"; got != want {
		t.Errorf("without secrets: got %q, want %q", got, want)
	}
	if got, want := (&Scrubber{MaxRunes: 3}).Text("чаша"), "чаш…"; got != want {
		t.Errorf("with a limit: got %q, want %q", got, want)
	}
}

// A secret is found in every form that it has in URLs and in JSON.
func TestFormsOfSecrets(t *testing.T) {
	const secret = "a/b+c%d~é"
	scrub := &Scrubber{Secrets: []string{"other", secret}, Mark: "[token]"}
	forms := []string{secret, url.PathEscape(secret), url.QueryEscape(secret), strings.ToLower(url.PathEscape(secret)),
		`a\/b+c%d~é`, "A/B+C%D~É", "other"}
	for _, form := range forms {
		if got, want := scrub.Text("at /"+form+" no"), "at /[token] no"; got != want {
			t.Errorf("%q: got %q, want %q", form, got, want)
		}
		if !scrub.HasSecret([]byte("<" + form)) {
			t.Errorf("%q: no secret is found", form)
		}
	}
	raw := "{\"a\":\n \"\x1b https://u@h?q\"}"
	if got := string(scrub.ReplaceSecrets([]byte(raw))); got != raw {
		t.Errorf("got %q, want it unchanged", got)
	}
	if got, want := string(scrub.ReplaceSecrets([]byte(raw+secret))), raw+"[token]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A secret is found within a text in base64, at any place of it, and where white space splits it.
func TestSecretsInDisguise(t *testing.T) {
	const secret = "tok/en+d%~" + testSecret
	scrub := &Scrubber{Secrets: []string{"other", secret}}
	wrapped := func(text string) string { return text[:9] + "\r\n" + text[9:20] + "\n\t " + text[20:] }
	forms := []string{wrapped(secret), strings.Join(strings.Split(secret, ""), " "), secret[:9] + `\r\n\t` + secret[9:]}
	for before := range 4 {
		for after := range 4 {
			text := []byte("user"[:before] + secret + "host"[:after])
			for _, alphabet := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
				encoded := alphabet.EncodeToString(text)
				forms = append(forms, encoded, wrapped(encoded), url.QueryEscape(encoded))
			}
		}
	}
	for _, form := range forms {
		const mostBeside = 16 // characters of what stands before and after the secret
		got := string(scrub.ReplaceSecrets([]byte("at " + form + " no")))
		before, after, found := strings.Cut(got, "[secret]")
		if !found || len(before+after) > len("at  no")+mostBeside || !strings.HasPrefix(got, "at ") || !strings.HasSuffix(got, " no") {
			t.Errorf("%q: got %q", form, got)
		}
	}
	for _, text := range []string{"at bw90agvy no", `C:\nothing`, "a b c"} {
		if scrub.HasSecret([]byte(text)) {
			t.Errorf("%q: a secret is found", text)
		}
	}
}

// Each message of a load passes through ReplaceSecrets.
func BenchmarkReplaceSecrets(b *testing.B) {
	scrub := &Scrubber{Secrets: []string{testSecret}}
	text := []byte(strings.Repeat("Good morning, the parcel is on its way. Здравствуйте! ", 20))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		scrub.ReplaceSecrets(text)
	}
}

func TestPageText(t *testing.T) {
	scrub := new(Scrubber)
	for page, want := range map[string]string{
		`<!DOCTYPE html><script>x<y</script><style>a{}</style><!-- b --><p>No&nbsp;such &lt;page&gt;&#27;[1m`: "an HTML page: No such <page>",

		"<html></html>": "an HTML page",
	} {
		if got := scrub.Text(PageText(page)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestError(t *testing.T) {
	scrub := &Scrubber{Secrets: []string{testSecret}}
	cause := &url.Error{Op: "Get", URL: "https://u:password@h/" + testSecret, Err: io.ErrUnexpectedEOF}
	if err := scrub.Error(cause); err.Error() != "unexpected EOF" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	if err := scrub.Error(errors.New("http:\n" + testSecret)); err.Error() != "http: [secret]" {
		t.Errorf("got %v", err)
	}
}
