package csvfile

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// docs/csv.md shows the plain names of columns as plainNames has them, and no others.
func TestPlainNamesInDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/csv.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), "| column | plain names |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var want []string
	for _, column := range columns() {
		if names := plainNamesText()[column]; names != "" {
			want = append(want, fmt.Sprintf("| `%s` | %s |", column, names))
		}
	}
	got := strings.Split(table, "\n")
	slices.Sort(got)
	slices.Sort(want)
	if !found || !slices.Equal(got, want) {
		t.Errorf("docs/csv.md has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// People write the names of columns in many ways.
func TestPlainForm(t *testing.T) {
	for name, want := range map[string]string{
		" Conversation-ID ": "conversationid", "Teléfono": "telefono", "direção": "direcao", "Дата/время": "датавремя", "E-mail": "email",
	} {
		if got := plainForm(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	for column, text := range plainNamesText() {
		if !slices.Contains(columns(), column) || text == "" {
			t.Errorf("%s is no column", column)
		}
	}
}
