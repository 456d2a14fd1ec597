package jsonlfile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/sources/csvfile"
	"kommo-import/sources/jsonlfile"
	"kommo-import/sources/sourcetest"
)

func now() time.Time { return time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC) }

// file returns the source of a file with this content.
func file(tb testing.TB, content string) *csvfile.File {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "chats.jsonl")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		tb.Fatal(err)
	}
	return &csvfile.File{Path: path, Now: now, Location: time.UTC, Text: jsonlfile.Text, NoHeaderLine: true}
}

// outcome returns messages and invalid rows, a line each.
func outcome(tb testing.TB, source *csvfile.File, cursor string) (lines []string, last string) {
	tb.Helper()
	batches, err := sourcetest.Read(tb.Context(), source, cursor)
	if err != nil {
		tb.Fatal(err)
	}
	for _, batch := range batches {
		for _, m := range batch.Messages {
			url := ""
			if m.Media != nil {
				url = " " + m.Media.URL
			}
			lines = append(lines, fmt.Sprintf("%s %s %s %s %s %q%s", m.Position, m.Time.Format(time.RFC3339), m.Direction, m.Conversation.ID, m.ID, m.Text, url))
		}
		for _, i := range batch.Invalid {
			lines = append(lines, fmt.Sprintf("%s! %s: %s", i.Position, i.Reason, i.Raw))
		}
		last = batch.Cursor
	}
	return lines, last
}

func TestLines(t *testing.T) {
	const content = `{"conversation_id": "79001234567@c.us", "timestamp": 1714557600, "direction": "in", "text": "Привет\nкак дела? 🚲"}` + "\n" +
		`{"conversation_id": 7, "timestamp": "2024-05-01T10:00:00Z", "direction": "out", "message_id": 12345678901234567890, "media_url": ["https://e.com/a.jpg", "https://e.com/b.jpg"]}` + "\r\n" +
		"\n" +
		`{"conversation_id": "c", "timestamp": 17145` + "\n" +
		`["c", 1714557600]` + "\n" +
		"null\n{}\n" +
		`{"conversation_id": "c"} {"conversation_id": "d"}` + "\n" +
		`{"conversation_id": "c", "timestamp": 1714557600, "direction": "in", "text": "` + "\xff" + `"}` + "\n" +
		`{"conversation_id": "c", "timestamp": 1714557600, "direction": "in", "text": "a\u0000b"}` + "\n" +
		`{"conversation_id": "c", "timestamp": 1714557600, "direction": "in", "text": "last, \"quoted\"", "extra": null}`
	want := []string{
		`chats.jsonl:1 2024-05-01T10:00:00Z incoming 79001234567@c.us  "Привет\nкак дела? 🚲"`,
		`chats.jsonl:2 2024-05-01T10:00:00Z outgoing 7 12345678901234567890 "" https://e.com/a.jpg`,
		`chats.jsonl:2 2024-05-01T10:00:00Z outgoing 7 12345678901234567890 "" https://e.com/b.jpg`,
		`chats.jsonl:11 2024-05-01T10:00:00Z incoming c  "last, \"quoted\""`,
		`chats.jsonl:4! not a JSON object: unexpected EOF: {"conversation_id": "c", "timestamp": 17145`,
		`chats.jsonl:5! not a JSON object, but a JSON array: ["c", 1714557600]`,
		`chats.jsonl:6! not a JSON object, but null: null`,
		`chats.jsonl:8! not one JSON object, but more behind it: {"conversation_id": "c"} {"conversation_id": "d"}`,
		`chats.jsonl:9! not UTF-8: {"conversation_id": "c", "timestamp": 1714557600, "direction": "in", "text": "` + "\ufffd" + `"}`,
		`chats.jsonl:10! holds a NUL byte, which no text has: `,
	}
	source := file(t, content)
	got, _ := outcome(t, source, "")
	for i := range got {
		if before, _, isNUL := strings.Cut(got[i], ": ,"); isNUL {
			got[i] = before + ": "
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, source.BatchRows = range []int{1, 2} {
		if err := sourcetest.Check(t.Context(), source); err != nil {
			t.Error(err)
		}
	}
}

// Lines of a gateway, as its API gives them, need a mapping only.
func TestNestedKeys(t *testing.T) {
	source := file(t, `{"key":{"remoteJid":"34600000001@s.whatsapp.net","fromMe":false,"id":"A1"},"message":{"conversation":"hola"},"messageTimestamp":1714557600}
{"key":{"remoteJid":"34600000001@s.whatsapp.net","fromMe":true,"id":"A2"},"message":{"conversation":"sí"},"messageTimestamp":1714557601}
`)
	source.Map = csvfile.Mapping{"conversation_id": "{key.remoteJid}@c.us", "timestamp": "messageTimestamp", "direction": "key.fromMe",
		"text": "message.conversation", "message_id": "key.id"}
	source.Incoming, source.Outgoing = []string{"false"}, []string{"true"}
	got, _ := outcome(t, source, "")
	want := []string{
		`chats.jsonl:1 2024-05-01T10:00:00Z incoming 34600000001@c.us A1 "hola"`,
		`chats.jsonl:2 2024-05-01T10:00:01Z outgoing 34600000001@c.us A2 "sí"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A file that grows is read on. If a new key comes in, it is read anew.
func TestGrowth(t *testing.T) {
	const first = `{"conversation_id":"c","timestamp":1714557600,"direction":"in","text":"a"}` + "\n"
	source := file(t, first)
	_, cursor := outcome(t, source, "")
	for _, tt := range []struct {
		added string
		want  int
	}{
		{"", 0}, {strings.Replace(first, `"a"`, `"b"`, 1), 1}, {strings.Replace(first, `"text":"a"`, `"text":"b","message_id":"7"`, 1), 2},
	} {
		if err := os.WriteFile(source.Path, []byte(first+tt.added), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, _ := outcome(t, source, cursor); len(got) != tt.want {
			t.Errorf("with %q: got %q, want %d lines", tt.added, got, tt.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for content, want := range map[string]string{
		"":                               "chats.jsonl: the file is empty",
		"a,b\n":                          "chats.jsonl: no line is a JSON object: is it a CSV file? then load it with --csv",
		"PK\x03\x04":                     "chats.jsonl: is an Excel workbook (or another zip archive): load it with --xlsx",
		"[\n{}\n]\n":                     `is a JSON array, not JSON lines; make lines of it: jq -c ".[]" FILE > chats.jsonl`,
		`{"conversation_id":"c"}` + "\n": "columns timestamp, direction are missing: found conversation_id",
	} {
		_, err := sourcetest.Read(t.Context(), file(t, content), "")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", content, err, want)
		}
	}
}

// A line of more than 4 MiB is invalid; the lines behind it are read.
func TestLongLine(t *testing.T) {
	const line = `{"conversation_id":"c","timestamp":1714557600,"direction":"in","text":"a"}` + "\n"
	got, _ := outcome(t, file(t, line+`{"text":"`+strings.Repeat("x", 5<<20)+"\"}\n"+line), "")
	if len(got) != 3 || !strings.HasPrefix(got[2], "chats.jsonl:2! the line is longer than 4 MiB") {
		t.Errorf("got %.80q", got)
	}
}

// FuzzLines reads any bytes as JSON lines: they are refused, or keep the promises of a source.
func FuzzLines(f *testing.F) {
	f.Add([]byte(`{"conversation_id":"c","timestamp":1714557600,"direction":"in","text":"a\nb"}`+"\n\n{\"a\":{\"b\":[1,null]}}\n{"), 2)
	f.Add([]byte("\ufeff{\"conversation_id\":\"\\u0000\",\"timestamp\":1e9,\"direction\":true}\r\nnull"), 1)
	f.Fuzz(func(t *testing.T, content []byte, rows int) {
		if len(content) > 1<<14 {
			return
		}
		source := file(t, string(content))
		source.BatchRows = 1 + max(rows, -rows-1)%50
		if _, err := sourcetest.Read(t.Context(), source, ""); err != nil {
			return
		}
		if err := sourcetest.Check(t.Context(), source); err != nil {
			t.Fatal(err)
		}
	})
}
