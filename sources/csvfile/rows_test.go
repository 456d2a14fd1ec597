package csvfile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/sources"
	"kommo-import/sources/csvfile"
	"kommo-import/sources/sourcetest"
)

// outcome summarises a batch in the order of its lines: "17 text" for a message, "17! reason" for an invalid row.
func outcome(b sources.Batch) []string {
	type entry struct {
		line int
		text string
	}
	var entries []entry
	line := func(position string) (n int) {
		fmt.Sscanf(position, "chats.csv:%d", &n)
		return n
	}
	for _, m := range b.Messages {
		entries = append(entries, entry{line(m.Position), fmt.Sprintf("%d %s", line(m.Position), m.Text)})
	}
	for _, i := range b.Invalid {
		entries = append(entries, entry{line(i.Position), fmt.Sprintf("%d! %s", line(i.Position), i.Reason)})
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return a.line - b.line })
	var texts []string
	for _, e := range entries {
		texts = append(texts, e.text)
	}
	return texts
}

const (
	bareQuote = `a field has a quote (") but does not begin with one: put it in quotes and double those inside`
	openQuote = `a quoted field is never closed, or a quote (") inside it is not doubled`
	tooLong   = "row is longer than 4 MiB: is a quote in it never closed?"
)

func TestRows(t *testing.T) {
	const row = "c,1714557600,in,"
	long := strings.Repeat("ж", 1<<19)
	for _, tt := range []struct {
		name, content string
		want          []string
	}{
		{"plain", header + row + "a\n" + row + "b\n", []string{"2 a", "3 b"}},
		{"no line end at the end", header + row + "a\n" + row + "b", []string{"2 a", "3 b"}},
		{"byte order mark", "\ufeff" + header + row + "a\n", []string{"2 a"}},
		{"byte order mark and quotes", "\ufeff\"conversation_id\",timestamp,direction,text\n" + row + "a\n", []string{"2 a"}},
		{"CRLF", strings.ReplaceAll(header+row+"a\n"+row+"\"b\nc\"\n", "\n", "\r\n"), []string{"2 a", "3 b\nc"}},
		{"CR CR LF", strings.ReplaceAll(header+row+"a\n"+row+"\"b\nc\"\n"+row+"\"d\"\n"+row+"e,\n", "\n", "\r\r\n"), []string{"2 a", "3 b\nc", "5 d", "6 e"}},
		{"CR CR LF, no line end at the end", header + row + "a\r\r\n" + row + "\"b\"\r\r", []string{"2 a", "3 b"}},
		{"CR in a text", header + row + "\"a\rb\"\n", []string{"2 a\nb"}},
		{"two byte order marks and quotes", "\ufeff\ufeff\"conversation_id\",timestamp,direction,text\n" + row + "a\n", []string{"2 a"}},
		{"byte order mark taken for letters", "ï»¿\ufeff\"conversation_id\",timestamp,direction,text\n" + row + "a\n", []string{"2 a"}},
		{"byte order mark behind sep", "sep=,\n\ufeff" + header + row + "a\n", []string{"3 a"}},
		{"files joined", header + row + "a\n\ufeff" + header + row + "b\n" + header, []string{"2 a", "4 b"}},
		{"formulas without quotes", header + `="c",="1714557600",in,a` + "\n" + `c,="1714557600",in,"a` + "\nb\"\n" + `="c",1714557600,in,a,` + "\r\n" + row + "b\n",
			[]string{"2 a", "3 a\nb", "5 a", "6 b"}},
		{"formula that is none", header + `="c"d,1714557600,in,a` + "\n" + row + "b\n", []string{"2! " + bareQuote, "3 b"}},
		{"rows of quoted empty cells", header + row + "a\n\"\",\"\",\"\",\"\"\n\"\",\" \",\"\"\n" + row + "b\n\"\",\"\",\"\",\"\"", []string{"2 a", "5 b"}},
		{"header in other words", "TEXT, Direction ,conversation-id,Time,timestamp\na,in,c,,1714557600\n", []string{"2 a"}},
		{"sep", "sep=,\r\n" + header + row + "a\n", []string{"3 a"}},
		{"blank lines", "\n\n" + header + "\n" + row + "a\n\r\n,,,\n , \n" + row + "b\n\n", []string{"5 a", "9 b"}},
		{"nothing but a header", header, nil},
		{"lines in texts", header + row + "\"a\n\nb\"\n" + row + "c\n" + row + "\"d\ne\"\n" + row + "f\n",
			[]string{"2 a\n\nb", "5 c", "6 d\ne", "8 f"}},
		{"quotes in texts", header + row + `"say ""hi"", you"` + "\n", []string{`2 say "hi", you`}},
		{"too many fields", header + row + "a,b\n" + row + "c\n", []string{"2! 5 fields where the header has 4", "3 c"}},
		{"too many fields, all empty", header + row + "a,, \n" + row + "\"b\nc\",,\r\n" + row + "d\n", []string{"2 a", "3 b\nc", "5 d"}},
		{"too few fields", "conversation_id,timestamp,direction,text,message_id,type\n" + row + "a\n" + row + "\"b\r\nc\",,\n" + row + "d\n",
			[]string{"2 a", "3 b\nc", "5 d"}},
		{"too few fields for a message", header + "c,1714557600,in\nc\n" + row + "c\n",
			[]string{"2! text is empty (the row has 3 of 4 fields)", "3! timestamp is empty (the row has 1 of 4 fields)", "4 c"}},
		{"too many fields after lines in a text", header + row + "\"a\nb\",c\n" + row + "d\n",
			[]string{"2! 5 fields where the header has 4", "3! " + bareQuote, "4 d"}},
		{"bare quote", header + row + "5\" pipe\n" + row + "b\n", []string{"2! " + bareQuote, "3 b"}},
		{"quote not doubled", header + row + "\"say \"hi\"\"\n" + row + "b\n", []string{"2! " + openQuote, "3 b"}},
		{"quote never closed", header + row + "\"a\n" + row + "b\n" + row + "c\n", []string{"2! " + openQuote, "3 b", "4 c"}},
		{"quote never closed, quotes follow", header + row + "\"a\n" + row + "b\n" + row + "\"c\nd\"\n" + row + "e\n",
			[]string{"2! " + openQuote, "3 b", "4 c\nd", "6 e"}},
		{"quote never closed, swallowed as a field", header + row + "\"a\n" + row + "b\n" + row + "\",c\"\n" + row + "d\n",
			[]string{"2! " + openQuote, "3 b", "4 ,c", "5 d"}},
		{"quote never closed at the end", header + row + "a\n" + row + "\"b", []string{"2 a", "3! " + openQuote}},
		{"quotes never closed", header + strings.Repeat(row+"\"a\n", 3) + row + "b\n",
			[]string{"2! " + openQuote, "3! " + openQuote, "4! " + openQuote, "5 b"}},
		{"a row that is not UTF-8", header + row + "\xef\xf0\xe8\xe2\xe5\xf2\n" + row + "привет\n",
			[]string{`2! not UTF-8; a file in another encoding needs --encoding, e.g. --encoding windows-1252`, "3 привет"}},
		{"NUL", header + row + "a\x00b\n" + row + "b\n", []string{"2! holds a NUL byte, which no text has", "3 b"}},
		{"a text of 1 MiB", header + row + long + "\n" + row + "b\n", []string{"2 " + long, "3 b"}},
		{"a text of 5 MiB", header + row + strings.Repeat(long, 5) + "\n" + row + "b\n", []string{"2! " + tooLong, "3 b"}},
		{"a text of 5 MiB at the end", header + row + strings.Repeat(long, 5), []string{"2! " + tooLong}},
		{"5 MiB in quotes", header + row + "\"a\n" + strings.Repeat(row+"b\n", 2) + strings.Repeat(strings.Repeat(",", 1023)+"\n", 5<<10) + row + "c\n",
			[]string{"2! " + tooLong, "3 b", "4 b", "5125 c"}},
		{"the same row again", header + strings.Repeat(row+"a\n", 3), []string{"2 a", "3 a", "4 a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := &csvfile.File{Path: write(t, tt.content), Now: now}
			if diff := cmp.Diff(tt.want, outcome(readAll(t, file, ""))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			sizes := []int{1, 2, 1000}
			if testing.Short() {
				sizes = []int{1}
			}
			for _, file.BatchRows = range sizes {
				if err := sourcetest.Check(t.Context(), file); err != nil {
					t.Errorf("batches of %d: %v", file.BatchRows, err)
				}
			}
		})
	}
}

// In these files every row takes the rest of the file for a quoted text. Reading them must not take quadratic time.
func TestHostileQuotes(t *testing.T) {
	for _, line := range []string{"c,\"a\n", "\"\n", ",\"\"\"\n", "\"\",\"\"\"\"\n", ",\"\n,\"\"\n", "\"a,\n\"\",\n"} {
		n := 40_000
		if testing.Short() {
			n = 10_000
		}
		batch := readAll(t, &csvfile.File{Path: write(t, header+strings.Repeat(line, n)), Now: now}, "")
		if len(batch.Messages) != 0 || len(batch.Invalid) < n/2 {
			t.Errorf("%q: got %d messages and %d invalid rows, want 0 and at least %d",
				line, len(batch.Messages), len(batch.Invalid), n/2)
		}
	}
}

func TestRaw(t *testing.T) {
	for in, want := range map[string]string{
		"c,yesterday,in,a\r\n":                        "c,yesterday,in,a",
		"c,yesterday,in,\"a\nb\"\n":                   "c,yesterday,in,\"a\nb\"",
		"c,1,in,\xff":                                 "c,1,in,\ufffd",
		"c,1,in,\"a\nc,1,in,b\n":                      "c,1,in,\"a",
		"c,1,in," + strings.Repeat("жж", 4000) + "\n": "c,1,in," + strings.Repeat("ж", (sources.MaxRaw-7)/2),
	} {
		batch := readAll(t, &csvfile.File{Path: write(t, header+in), Now: now}, "")
		if len(batch.Invalid) == 0 || batch.Invalid[0].Raw != want {
			t.Errorf("%.40q: got %.60q, want %.60q", in, batch.Invalid[0].Raw, want)
		}
	}
}

func TestUnknownColumns(t *testing.T) {
	var got [][]string
	file := &csvfile.File{
		Path:    write(t, "Conversation ID,timestamp,direction,Chat Session,,text,chat session\n"),
		Now:     now,
		Unknown: func(columns []string) { got = append(got, columns) },
	}
	readAll(t, file, "")
	if diff := cmp.Diff([][]string{{"Chat Session", "chat session"}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestManyColumns(t *testing.T) {
	row := "c,1714557600,in,a" + strings.Repeat(",x", 16_380) + "\n"
	content := header[:len(header)-1] + strings.Repeat(",a column", 16_380) + "\n" + strings.Repeat(row, 3)
	got := outcome(readAll(t, &csvfile.File{Path: write(t, content), Now: now}, ""))
	if diff := cmp.Diff([]string{"2 a", "3 a", "4 a"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// An invalid row names its conversation where the row has one.
func TestConversationOfInvalidRows(t *testing.T) {
	content := header + "' anna\u200b,yesterday,in,a\n" + ",1714557600,in,b\n" + "7.9E+10,1714557600,in,c\n" + "anna,1714557600,in,\"d\n"
	batch := readAll(t, &csvfile.File{Path: write(t, content)}, "")
	var got []string
	for _, invalid := range batch.Invalid {
		got = append(got, invalid.Conversation)
	}
	if diff := cmp.Diff([]string{"anna", "", "", ""}, got); diff != "" {
		t.Errorf("conversations (-want +got):\n%s", diff)
	}
}
