package commands

import (
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
		if got := escapeFormula(test.cell); got != test.want {
			t.Errorf("escapeFormula(%q) = %q, want %q", test.cell, got, test.want)
		}
	}
}
