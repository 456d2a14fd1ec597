package commands

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"
)

// Columns are aligned by what a terminal shows, empty ones are left out, and nothing from outside steers the terminal.
func TestTextTable(t *testing.T) {
	table := newTextTable("ID", "NAME", "N", "NOTHING", "PLAN")
	table.right[2] = true
	table.add("79001234567", "王小明", "7", "", "2 to send")
	table.add("a\x1b[31m", "e\u0301a", "1,234", "", "")
	table.add("b\nc", "👩‍🔧", "0", "", strings.Repeat("long ", 20))
	want := `ID           NAME        N  PLAN
79001234567  王小明      7  2 to send
a\x1b[31m    éa      1,234
b c          👩‍🔧          0  long long long long long long long long…
`
	want = strings.ReplaceAll(want, "éa", "e\u0301a")
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(table.text(0), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want = `ID          NAME        N  PLAN
790012345…  王小明      7  2 to send
a\x1b[31m   éa      1,234
b c         👩‍🔧          0  long long…
`
	want = strings.ReplaceAll(want, "éa", "e\u0301a")
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(table.text(37), "\n")); diff != "" {
		t.Errorf("in 37 columns (-want +got):\n%s", diff)
	}
	table.spare = 1
	if text := table.text(37); strings.Contains(text, "NAME") || !strings.Contains(text, "79001234567") {
		t.Errorf("in 37 columns, with a spare column:\n%s", text)
	}
	for line := range strings.Lines(table.text(12)) {
		if n := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); n > 12 {
			t.Errorf("%q takes %d columns", line, n)
		}
	}
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		text    string
		columns int
		want    string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"王小明", 6, "王小明"}, {"王小明", 5, "王小…"}, {"王小明", 4, "王…"}, {"👩‍🔧👩‍🔧", 3, "👩‍🔧…"}, {"", 1, ""},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
	} {
		if got := cut(test.text, test.columns); got != test.want || uniseg.StringWidth(got) > test.columns {
			t.Errorf("cut(%q, %d) = %q, want %q", test.text, test.columns, got, test.want)
		}
	}
}
