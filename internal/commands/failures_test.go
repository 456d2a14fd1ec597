package commands

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"kommo-import/importer"
	"kommo-import/internal/sheet"
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

// The list begins with a byte order mark, each cell is quoted, and no text is a formula. It is recognised, as are lists
// without the mark.
func TestFailureRows(t *testing.T) {
	at := time.Date(2025, 3, 1, 10, 1, 0, 0, time.UTC)
	failures := func(yield func(importer.Failure, error) bool) {
		yield(importer.Failure{State: "refused", Position: "chats.csv:3", Conversation: "anna", Time: at, Reason: "no", Text: "say \"hi\";=1\n=2"}, nil)
	}
	var file bytes.Buffer
	if count, err := sheet.CSV.Write(&file, failureColumns(), failureRows(failures)); count != 1 || err != nil {
		t.Fatalf("got %d failures, error %v", count, err)
	}
	const header = `"state","position","conversation_id","time","msgid","reason","text"`
	want := "\ufeff" + header + "\n" + `"refused","chats.csv:3","anna","2025-03-01T10:01:00Z","","no","say ""hi"";'=1` + "\n'=2\"\n"
	if got := file.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for content, want := range map[string]bool{
		want: true, "": true, header + "\n": true, "\ufeffstate,text\n": false, "\x00": false,
	} {
		path := filepath.Join(t.TempDir(), "failures.csv")
		writeFile(t, path, content)
		if got := isTable(path, failureColumns()); got != want {
			t.Errorf("isTable(%q) = %v, want %v", content, got, want)
		}
	}
}
