package sheet

import "testing"

func TestEscapeFormula(t *testing.T) {
	for _, test := range []struct{ cell, want string }{
		{"", ""},
		{"Hello", "Hello"},
		{"a=1", "a=1"},
		{" =1", " =1"},
		{"'=1", "''=1"}, // so that the first apostrophe is still known to be of the text
		{"''=1", "'''=1"},
		{"'a", "'a"},
		{"=1+1", "'=1+1"},
		{"=HYPERLINK(\"http://evil\")", "'=HYPERLINK(\"http://evil\")"},
		{"+34 600", "'+34 600"},
		{"-2+3", "'-2+3"},
		{"@SUM(A1)", "'@SUM(A1)"},
		{"\tx", "'\tx"},
		{"'\tx", "''\tx"},
		{"\t=1", "'\t'=1"},
		{"\r=1", "'\r'=1"},
		{"\n=1", "'\n'=1"},
		{"hello;=cmd|'/c calc'!A0", "hello;'=cmd|'/c calc'!A0"}, // where ; separates the cells
		{"hello\n=1\r\n@a\r+1", "hello\n'=1\r\n'@a\r'+1"},
		{"a,-1\t=2|+3;＝4", "a,'-1\t'=2|'+3;'＝4"},
		{`a;"=1`, `a;"'=1`},
		{`a;"'=1`, `a;"''=1`},
		{`"=1`, `"'=1`},
		{"==1", "'==1"},
		{"a; =1, b-c", "a; =1, b-c"},
		{"＝1+1", "'＝1+1"}, // full-width signs are formulas in East Asian spreadsheets
		{"＋1", "'＋1"},
		{"－1", "'－1"},
		{"＠SUM(A1)", "'＠SUM(A1)"},
		{"Здравствуйте", "Здравствуйте"},
		{"\xff", "\xff"},
	} {
		if got := escapeFormula(test.cell); got != test.want {
			t.Errorf("escapeFormula(%q) = %q, want %q", test.cell, got, test.want)
		}
		if got := unescapeFormula(test.want); got != test.cell {
			t.Errorf("unescapeFormula(%q) = %q, want %q", test.want, got, test.cell)
		}
	}
}

// Whatever stands in a cell comes back, and no cell of what is written begins like a formula.
func FuzzEscapeFormula(f *testing.F) {
	for _, seed := range []string{"'=1", "\t'=1", "a;\"'\"=1", "\n\n=1", "''", "'\t'\t=", ";=;=", "'\r\n=1", "\"\"=", ",'@'+"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		written := escapeFormula(cell)
		if got := unescapeFormula(written); got != cell {
			t.Errorf("%q was written as %q and comes back as %q", cell, written, got)
		}
		if isFormula(written) {
			t.Errorf("%q was written as %q", cell, written)
		}
	})
}

// isFormula reports whether a spreadsheet could run a part of a cell: a sign without an apostrophe before it.
func isFormula(cell string) bool {
	for _, found := range formulaSign.FindAllStringSubmatch(cell, -1) {
		if found[2] == "" {
			return true
		}
	}
	return false
}
