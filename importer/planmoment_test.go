package importer

import (
	"fmt"
	"strings"
	"testing"

	"kommo-import/sources"
)

// rowsOf returns rows of one second from a text: "A1 hi" is a row of the source A, with the id 1 and the text hi. Without an
// id, its identity is that of its text. A row with ! was sent, a row with + is of the reading that is brought into the plan,
// a row with - has no form in Kommo, and a row with ~ is left out. Small letters are accounts, capitals are tables.
func rowsOf(texts ...string) (rows []*stagingRow) {
	for i, text := range texts {
		head, words, _ := strings.Cut(strings.TrimLeft(text, "!+-~"), " ")
		marks := text[:strings.Index(text, head)]
		r := &stagingRow{staging: int64(i + 1), source: int64(strings.ToUpper(head)[0] - 'A' + 1), family: sources.Table, direction: "incoming", kind: "text",
			origin: int64(strings.ToUpper(head)[0] - 'A' + 1), words: int64(len(words)), counted: len(head) == 1, identity: digest("id", head[1:]), fresh: strings.Contains(marks, "+")}
		if r.counted {
			r.identity = digest(words)
		}
		if strings.ToLower(head[:1]) == head[:1] {
			r.family, r.identity = sources.GreenAPI, digest("account", head[1:])
		}
		if strings.Contains(marks, "-") {
			r.skip = "no form"
		}
		r.leftOut = strings.Contains(marks, "~")
		if strings.Contains(marks, "!") {
			r.known = &knownMessage{source: r.source, words: r.words, sent: true}
		}
		rows = append(rows, r)
	}
	return rows
}

func TestCountEqual(t *testing.T) {
	rows := rowsOf("A ok", "A7 ok", "B ok", "A no", "A ok")
	wantIDs := []identity{digest("ok").nth(1), digest("id", "7"), digest("ok").nth(1), digest("no").nth(1), digest("ok").nth(2)}
	countEqual([]*stagingRow{rows[4], rows[0], rows[2], rows[1], rows[3]}) // in any order
	for i, r := range rows {
		if r.identity != wantIDs[i] {
			t.Errorf("row %d has the wrong identity", i)
		}
	}
}

func TestAssignRoles(t *testing.T) {
	for _, tt := range []struct {
		name string
		rows []string
		want string // m message, d duplicate, o superseded, s sent; one letter for each row
	}{
		{"one source", []string{"A1 hi", "A2 hi"}, "mm"},
		{"one id twice", []string{"A1 hi", "A1 ho"}, "md"},
		{"equal texts without ids", []string{"A hi", "A hi"}, "mm"},
		{"an id in two tables", []string{"A1 hi", "B1 hi"}, "md"},
		{"an id in two tables, sent from the second", []string{"A1 hi", "!B1 hi"}, "ds"},
		{"equal texts in two tables", []string{"A hi", "B hi", "B hi"}, "mdm"},
		{"equal texts, ids in one", []string{"A1 hi", "A2 hi", "B hi"}, "mmd"},
		{"equal texts, ids in one, more in the other", []string{"A1 hi", "B hi", "B hi"}, "mdm"},
		{"a table and an account", []string{"A hi", "b1 hi", "b2 hi", "b3 ho"}, "mdmm"},
		{"an account and a table", []string{"a1 hi", "B hi", "B hi", "B ho!"}, "mdmm"},
		{"the second was sent", []string{"A1 hi", "!b1 hi"}, "ds"},
		{"the second of the second was sent", []string{"A1 hi", "b1 hi", "!b2 hi"}, "dms"},
		{"both were sent", []string{"!A1 hi", "!b1 hi"}, "ss"},
		{"both were sent, a third", []string{"!A1 hi", "!b1 hi", "C hi", "C hi", "C hi"}, "ssddm"},
		{"no form in the first", []string{"-A1 hi", "b1 hi"}, "dm"},
		{"the first is left out", []string{"~A1 hi", "b1 hi"}, "dm"},
		{"no form in both", []string{"-A1 hi", "-b1 hi"}, "md"},
		{"an account read again", []string{"a1 hi", "+a1 hi"}, "om"},
		{"an account read again, sent", []string{"!a1 hi", "!+a1 hi"}, "os"},
		{"an account read again, twice in it", []string{"a1 hi", "+a1 hi", "+a1 hi"}, "omd"},
		{"the third of three was sent", []string{"!A hi", "!A hi", "!b3 hi", "b1 hi", "b2 hi"}, "sssdd"},
		{"an id of the first behind another in the second", []string{"A2 hi", "B1 hi", "B2 hi"}, "mmd"},
		{"an id of a sent message behind another in the second", []string{"!A2 hi", "B1 hi", "B2 hi"}, "smd"},
		{"an id of a duplicate in a third", []string{"a1 hi", "B7 hi", "C7 hi"}, "mdd"},
		{"three sources", []string{"A1 hi", "b1 hi", "C hi"}, "mdd"},
	} {
		rows := rowsOf(tt.rows...)
		countEqual(rows)
		var sent []sentMessage
		for _, r := range rows {
			if r.known != nil {
				sent = append(sent, r.asSent())
			}
		}
		before := append([]*stagingRow{}, rows...)
		assignRoles(rows, sent, true)
		got := ""
		for _, r := range before {
			got += map[role]string{asMessage: "m", asDuplicate: "d", superseded: "o", asSent: "s"}[r.role]
			if r.role == asDuplicate && r.twin == (identity{}) {
				t.Errorf("%s: a duplicate of nothing", tt.name)
			}
		}
		if got != tt.want {
			t.Errorf("%s: %s become %s, want %s", tt.name, fmt.Sprint(tt.rows), got, tt.want)
		}
	}
}

// A row of another source holds a place among equal messages also if the message with its identity was sent: the third of
// three equal rows is no duplicate of the first of two sent ones.
func TestEqualRowsBehindSentOnes(t *testing.T) {
	rows := rowsOf("!A hi", "!A hi", "B hi", "B hi", "B hi")
	countEqual(rows)
	var sent []sentMessage
	for i, r := range rows[:2] {
		sent = append(sent, r.asSent())
		rows[2+i].known = r.known
	}
	third := rows[4]
	assignRoles(rows, sent, true)
	if third.role != asMessage {
		t.Errorf("the third row has the role %d", third.role)
	}
}
