package commands

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"plain", "Hello, Anna", "Hello, Anna"},
		{"letters of the world", "Здравствуйте ¿qué? 你好 مرحبا", "Здравствуйте ¿qué? 你好 مرحبا"},
		{"emoji", "👩‍🔧 🚲", "👩‍🔧 🚲"},
		{"emoji with a selector", "❤️", "❤️"},
		{"line break", "two\nlines", "two\nlines"},
		{"tab", "a\tb", "a b"},
		{"colour", "\x1b[31mred", `\x1b[31mred`},
		{"title of the window", "\x1b]0;owned\a", `\x1b]0;owned\a`},
		{"one-byte control sequence", "\u009b31m", `\u009b31m`},
		{"back over it", "safe\rEVIL\b\b", `safe\rEVIL\b\b`},
		{"direction of writing", "gpj.\u202eexe", `gpj.\u202eexe`},
		{"isolated direction", "\u2066a\u2069", `\u2066a\u2069`},
		{"mark of direction", "\u200e\u200f", `\u200e\u200f`},
		{"nothing to see", "a\u200bb\ufeffc", `a\u200bb\ufeffc`},
		{"line separator", "a\u2028b", `a\u2028b`},
		{"no-break space", "18\u00a0900 ₽", "18\u00a0900 ₽"},
		{"not UTF-8", "a\xffb", "a\ufffdb"},
		{"quotes and backslashes", `'it\'s' "so"`, `'it\'s' "so"`},
		{"delete", "a\x7fb", `a\x7fb`},
		{"NUL", "a\x00b", `a\x00b`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := printable(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("\x1b[31m\u202e\r\x00")
	f.Fuzz(func(t *testing.T, text string) {
		got := printable(text)
		for _, r := range got {
			if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
				t.Errorf("%q became %q, with %U", text, got, r)
			}
		}
	})
}

func TestOneLine(t *testing.T) {
	for _, test := range []struct {
		text   string
		length int
		want   string
	}{
		{"short", 10, "short"},
		{"exactly 10", 10, "exactly 10"},
		{"eleven lett", 10, "eleven le…"},
		{"two\nlines \t and  spaces ", 40, "two lines and spaces"},
		{"Здравствуйте", 5, "Здра…"},
		{"", 5, ""},
		{"\x1b[2J", 40, `\x1b[2J`},
	} {
		if got := oneLine(test.text, test.length); got != test.want {
			t.Errorf("oneLine(%q, %d) = %q, want %q", test.text, test.length, got, test.want)
		}
	}
}

func TestNumber(t *testing.T) {
	for _, test := range []struct {
		n    int
		want string
	}{
		{0, "0"}, {7, "7"}, {999, "999"}, {1000, "1,000"}, {12345, "12,345"}, {999999, "999,999"}, {1234567, "1,234,567"},
		{10_000_000, "10,000,000"},
	} {
		if got := number(test.n); got != test.want {
			t.Errorf("number(%d) = %q, want %q", test.n, got, test.want)
		}
	}
}

func TestPlural(t *testing.T) {
	for _, test := range []struct {
		n    int
		want string
	}{
		{0, "0 messages"}, {1, "1 message"}, {2, "2 messages"}, {2000, "2,000 messages"},
	} {
		if got := plural(test.n, "message"); got != test.want {
			t.Errorf("plural(%d) = %q, want %q", test.n, got, test.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for _, test := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0 s"},
		{900 * time.Millisecond, "1 s"},
		{59 * time.Second, "59 s"},
		{119 * time.Second, "119 s"},
		{120 * time.Second, "2 min"},
		{59*time.Minute + 20*time.Second, "59 min"},
		{59*time.Minute + 40*time.Second, "1 h 00 min"},
		{time.Hour, "1 h 00 min"},
		{3*time.Hour + 20*time.Minute, "3 h 20 min"},
		{47*time.Hour + 59*time.Minute, "47 h 59 min"},
		{47*time.Hour + 59*time.Minute + 40*time.Second, "2 days 0 h"},
		{48 * time.Hour, "2 days 0 h"},
		{52 * time.Hour, "2 days 4 h"},
		{71*time.Hour + 45*time.Minute, "3 days 0 h"},
	} {
		if got := duration(test.d); got != test.want {
			t.Errorf("duration(%v) = %q, want %q", test.d, got, test.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", ""},
		{"one line", "to be sent", "to be sent"},
		{"full line", "0123456789", "0123456789"},
		{"two lines", "to be sent to Kommo", "to be sent\n  to Kommo"},
		{"long word", "a 0123456789ABC b", "a\n  0123456789ABC\n  b"},
		{"Cyrillic", "Здравствуй мир", "Здравствуй\n  мир"},
		{"line breaks", "a\nb", "a b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := wrap(test.text, 10, "  "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestWrapKeepsWords(t *testing.T) {
	text := strings.Repeat("one conversation of many ended long ago ", 20)
	got := wrap(text, 76, "    ")
	if strings.Join(strings.Fields(got), " ") != strings.TrimSpace(text) {
		t.Errorf("words were lost: %q", got)
	}
	for line := range strings.Lines(got) {
		if n := utf8.RuneCountInString(strings.TrimSpace(line)); n > 76 {
			t.Errorf("line of %d characters: %q", n, line)
		}
	}
}
