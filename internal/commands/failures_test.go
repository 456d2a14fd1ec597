package commands

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"time"

	"kommo-import/importer"
)

func TestLineOf(t *testing.T) {
	at := time.Date(2025, 3, 1, 10, 1, 0, 0, time.Local)
	for _, test := range []struct {
		failure importer.Failure
		want    string
	}{
		{importer.Failure{State: "invalid", Position: "chats.csv:7", Reason: "no time"}, "invalid  chats.csv:7: no time"},
		{importer.Failure{State: "invalid", Position: "7@c.us/A1", Conversation: "7@c.us", Reason: "no time"},
			"invalid  7@c.us/A1: no time (conversation 7@c.us)"},
		{importer.Failure{State: "skipped", Position: "7@c.us/A1", Conversation: "7@c.us", Time: at, Reason: `a reaction "❤️"`},
			`skipped  7@c.us/A1: a reaction "❤️" (conversation 7@c.us, 2025-03-01 10:01 ` + at.Format("MST)")},
		{importer.Failure{State: "sending", Position: "chats.csv:7", Conversation: "anna", Time: at, MsgID: "ki1-00", Reason: "in doubt"},
			"sending  chats.csv:7: in doubt (conversation anna, 2025-03-01 10:01 " + at.Format("MST") + ", ki1-00)"},
	} {
		if got := lineOf(test.failure); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestEscapeFormula(t *testing.T) {
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
		{"\tx", "'\tx"},
		{"\t=1", "'\t'=1"},
		{"\r=1", "'\r'=1"},
		{"\n=1", "'\n'=1"},
		{"hello;=cmd|'/c calc'!A0", "hello;'=cmd|'/c calc'!A0"}, // where ; separates the cells
		{"hello\n=1\r\n@a\r+1", "hello\n'=1\r\n'@a\r'+1"},
		{"a,-1\t=2|+3;＝4", "a,'-1\t'=2|'+3;'＝4"},
		{`a;"=1`, `a;"'=1`},
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
	}
}

// The list begins with a byte order mark, and each cell is quoted. It is recognised, as are lists without the mark.
func TestEncodeFailures(t *testing.T) {
	at := time.Date(2025, 3, 1, 10, 1, 0, 0, time.UTC)
	failures := func(yield func(importer.Failure, error) bool) {
		yield(importer.Failure{State: "refused", Position: "chats.csv:3", Conversation: "anna", Time: at, Reason: "no", Text: "say \"hi\";=1\n=2"}, nil)
	}
	var file bytes.Buffer
	out := bufio.NewWriter(&file)
	if count, err := encodeFailures(failures, out); count != 1 || err != nil || out.Flush() != nil {
		t.Fatalf("got %d failures, error %v", count, err)
	}
	want := "\ufeff\"state\",\"position\",\"conversation_id\",\"time\",\"msgid\",\"reason\",\"text\"\n" +
		`"refused","chats.csv:3","anna","2025-03-01T10:01:00Z","","no","say ""hi"";'=1` + "\n'=2\"\n"
	if got := file.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(want, "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 2 || !slices.Equal(rows[0], failureColumns()) {
		t.Errorf("read back: got %q, error %v", rows, err)
	}
	for content, want := range map[string]bool{
		want: true, "": true, "\ufeff": true, strings.Join(failureColumns(), ",") + "\n": true, "\ufeffstate,text\n": false,
	} {
		if got := isFailuresFile(strings.NewReader(content)); got != want {
			t.Errorf("isFailuresFile(%q) = %v, want %v", content, got, want)
		}
	}
}
