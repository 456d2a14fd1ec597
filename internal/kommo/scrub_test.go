package kommo

import (
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"text", "  no such\r\n\tthing ", "no such thing"},
		{"description", `{"error_description":"неверно"}`, "неверно"},
		{"colours", "\x1b[31;1mred\x1b[0m \x1b]0;title\x07and \x9b31m", "red and �31m"},
		{"control characters", "a\x00b\x08c\u0085d\u202ee\u200bf", "abc def"},
		{"not UTF-8", "a\xff\xfeb", "a�b"},
		{"escaped in JSON", `{"error_description":"a\u001b[31mb\u0000c"}`, "abc"},
		{"page", `<!DOCTYPE html><script>x<y</script><style>a{}</style><!-- b --><p class="c">No&nbsp;such &lt;page&gt;&#27;[1m`, "an HTML page: No such <page>"},
		{"empty page", "<html></html>", "an HTML page"},
		{"secret", "you sent " + testSecret + "!", "you sent [secret]!"},
		{"secret in pieces", "you sent 5a44\x00c5dff55f3c15a4cce8d7c4cc27e207c7e189", "you sent [secret]"},
		{"URL", `cannot get "https://u:password@h.example:8/a/@b?token=password#password", sorry`, `cannot get "https://h.example:8/a/@b", sorry`},
		{"long", strings.Repeat("ы", 600), strings.Repeat("ы", 500) + "…"},
		{"just short enough", strings.Repeat("ы", 500), strings.Repeat("ы", 500)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := scrubber{secrets: []string{testSecret, ""}}.words([]byte(test.body))
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			checkClean(t, got)
		})
	}
}
