package commands

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

// TestFit breaks lines between words only, and not where there is no terminal.
func TestFit(t *testing.T) {
	for _, tt := range []struct {
		name, line string
		columns    int
		indent     string
		want       string
	}{
		{"fits", "to be sent", 10, "  ", "to be sent"},
		{"no terminal", "to be sent to Kommo", 0, "  ", "to be sent to Kommo"},
		{"broken", "to be sent to Kommo", 10, "  ", "to be\n  sent to\n  Kommo"},
		{"bullet", "  - to be sent to Kommo", 14, "    ", "  - to be sent\n    to Kommo"},
		{"column", "kinds  1 text, 2 picture", 16, "       ", "kinds  1 text, 2\n       picture"},
		{"indented more", "      sent to Kommo", 16, "  ", "      sent to\n      Kommo"},
		{"one long word", "https://example.com/a/long/address", 20, "  ", "https://example.com/a/long/address"},
	} {
		if got := fit(tt.line, tt.columns, tt.indent); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestPrintFits wants no line longer than the width that the terminal has now.
// A hint is broken anew where its lines do not fit, and its lists stay lists.
func TestPrintHint(t *testing.T) {
	const hint = "Hint: put the file back and run\n      the same command again. Without are:\n        Anna (3 messages)\n        Ben (2 messages)"
	for columns, want := range map[int]string{
		0:  hint,
		79: "Hint: put the file back and run the same command again. Without are:\n        Anna (3 messages)\n        Ben (2 messages)",
		40: "Hint: put the file back and run the same\n      command again. Without are:\n        Anna (3 messages)\n        Ben (2 messages)",
	} {
		var out strings.Builder
		u := newUI(&out)
		u.columns = func() int { return columns }
		u.printHint(hint)
		if got := out.String(); got != want+"\n" {
			t.Errorf("%d columns: got\n%s\nwant\n%s", columns, got, want)
		}
	}
}

func TestPrintFits(t *testing.T) {
	var said strings.Builder
	columns := 79
	u := &ui{w: &said, columns: func() int { return columns }}
	for _, columns = range []int{79, 40, 120} {
		said.Reset()
		u.print("%s", strings.Repeat("Hint: run the same command again. ", 20))
		for line := range strings.Lines(said.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > columns {
				t.Errorf("%d columns: a line of %d: %q", columns, n, line)
			}
		}
	}
}

// TestProgressSurvivesResize draws on a window that is made narrower and wider again: no frame is wider than it.
func TestProgressSurvivesResize(t *testing.T) {
	for _, total := range []int{0, 1000} {
		synctest.Test(t, func(t *testing.T) {
			var said strings.Builder
			columns := 79
			u := &ui{w: &said, columns: func() int { return columns }}
			for i, now := range []int{79, 79, 45, 45, 30, 120, 79} {
				columns = now
				said.Reset()
				time.Sleep(time.Second)
				u.progress("Kommo asked to wait; sent", 100*i, total, time.Hour)
				if said.Len() == 0 {
					t.Errorf("%d columns, total %d: nothing was drawn", now, total)
				}
				for frame := range strings.SplitSeq(said.String(), "\r") {
					if n := utf8.RuneCountInString(frame); n > now {
						t.Errorf("total %d: a frame of %d on %d columns: %q", total, n, now, frame)
					}
				}
			}
			columns = 30
			said.Reset()
			u.print("Stopping.")
			if !strings.HasPrefix(said.String(), "\n") || !strings.HasSuffix(said.String(), "Stopping.\n") {
				t.Errorf("after a broken line got %q", said.String())
			}
			u.endProgress()
		})
	}
}

// TestNotifyIfSlow wants a message within a second of slow work, and no message of fast work.
func TestNotifyIfSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said strings.Builder
		u := &ui{w: &said, columns: func() int { return 0 }}
		done := u.notifyIfSlow("Reading the plan")
		time.Sleep(500 * time.Millisecond)
		done()
		time.Sleep(time.Hour)
		synctest.Wait()
		if said.Len() > 0 {
			t.Errorf("got %q, want nothing", said.String())
		}
		done = u.notifyIfSlow("Reading the plan")
		time.Sleep(time.Second)
		synctest.Wait()
		done()
		if got, want := said.String(), "Reading the plan …\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
