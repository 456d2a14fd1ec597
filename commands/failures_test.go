package commands

import "testing"

func TestHarmless(t *testing.T) {
	for _, test := range []struct{ cell, want string }{
		{"", ""},
		{"Hello", "Hello"},
		{"a=1", "a=1"},
		{" =1", " =1"},
		{"'=1", "'=1"},
		{"=1+1", "'=1+1"},
		{"=HYPERLINK(\"http://evil\")", "'=HYPERLINK(\"http://evil\")"},
		{"+34 600", "'+34 600"},
		{"-2+3", "'-2+3"},
		{"@SUM(A1)", "'@SUM(A1)"},
		{"\t=1", "'\t=1"},
		{"\r=1", "'\r=1"},
		{"\n=1", "'\n=1"},
		{"＝1+1", "'＝1+1"}, // full-width signs are formulas in East Asian spreadsheets
		{"＋1", "'＋1"},
		{"－1", "'－1"},
		{"＠SUM(A1)", "'＠SUM(A1)"},
		{"Здравствуйте", "Здравствуйте"},
		{"\xff", "\xff"},
	} {
		if got := harmless(test.cell); got != test.want {
			t.Errorf("harmless(%q) = %q, want %q", test.cell, got, test.want)
		}
	}
}
