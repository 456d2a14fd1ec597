package csvfile_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"kommo-import/sources"
	"kommo-import/sources/csvfile"
	"kommo-import/sources/sourcetest"
)

// TestWrittenRowsComeBack writes any messages as CSV and reads them again.
func TestWrittenRowsComeBack(t *testing.T) {
	path := write(t, "")
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.Custom(anyMessage)).Draw(t, "messages")
		var content bytes.Buffer
		w := csv.NewWriter(&content)
		w.UseCRLF = rapid.Bool().Draw(t, "CRLF")
		w.Write([]string{"text", "timestamp", "conversation_id", "message_id", "direction", "unknown", "author_name"})
		for _, m := range want {
			w.Write([]string{m.Text, m.Time.Format(time.RFC3339Nano), m.Conversation.ID, m.ID, string(m.Direction), "?", m.Author.Name})
		}
		w.Flush()
		if err := os.WriteFile(path, content.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		file := &csvfile.File{Path: path, Now: now, BatchRows: rapid.IntRange(1, 5).Draw(t, "batch")}
		batches, err := sourcetest.Read(t.Context(), file, "")
		if err != nil {
			t.Fatal(err)
		}
		got := []sources.Message{}
		for _, batch := range batches {
			if len(batch.Invalid) > 0 {
				t.Fatalf("got %+v", batch.Invalid)
			}
			for _, m := range batch.Messages {
				m.Position = ""
				got = append(got, m)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		if err := sourcetest.Check(t.Context(), file); err != nil {
			t.Fatal(err)
		}
	})
}

// repaired matches texts that do not come back as they were, or that pass for a phone.
var repaired = regexp.MustCompile(`(?i)^[\s\v\pZ\x{85}]*['=\\]|\p{Cf}|null|nan|none|undefined|n/a|\d{6}|\de\+?\d`)

func anyMessage(t *rapid.T) sources.Message {
	text := rapid.Map(rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("a\"',;\n\r\t é😀\u2028")))),
		func(s string) string {
			return strings.NewReplacer("\x00", "", "\r", "").Replace(s) // a csv.Reader makes one line end of CR and LF
		}).Filter(func(s string) bool { return !repaired.MatchString(s) })
	notEmpty := text.Filter(func(s string) bool { return strings.TrimSpace(s) != "" })
	id := strings.TrimSpace(notEmpty.Draw(t, "conversation"))
	milliseconds := rapid.Int64Range(1_300_000_000_000, now().UnixMilli()).Draw(t, "time")
	return sources.Message{
		Conversation: sources.Conversation{ID: id, Kind: sources.KindOfConversation(id), Client: sources.Client{ID: id}},
		ID:           strings.TrimSpace(text.Draw(t, "id")),
		Time:         time.UnixMilli(milliseconds).UTC(),
		Direction:    rapid.SampledFrom([]sources.Direction{sources.Incoming, sources.Outgoing}).Draw(t, "direction"),
		Author:       sources.Author{Name: strings.TrimSpace(text.Draw(t, "author"))},
		Kind:         sources.KindText,
		Text:         notEmpty.Draw(t, "text"),
	}
}

// FuzzCSV reads any bytes as a file. They are refused with a sentence, or the file keeps the promises that
// [sourcetest.Check] checks, in batches of any size. So do files that Explain has a proposal for.
func FuzzCSV(f *testing.F) {
	sample, err := os.ReadFile("../../samples/chats.csv")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sample[:2000], 3)
	f.Add([]byte("\ufeff"+header+"c,1714557600,in,\"a\nc,1714557600,in,b\n,,,\nc,1714557600000,out,\"c\"\"\"\r\n"), 1)
	f.Add([]byte("conversation_id,timestamp,direction,text,media_url,file_size\r\r\n'c,=\"1714557600\",in,'=a,\"https://example.com/a, https://example.com/b\",1 KB\r\r\n"+
		"\"\",\"\"\r\nNULL,\\N,in\n7.9E+10,1714557600,in,\u200ea,b.jpg,,,\n"), 2)
	f.Add([]byte("sep=;\nconversation_id;timestamp\n"), 1)
	f.Add([]byte("conversation_id,timestamp,direction,type,media_url,latitude,longitude,contact_phone\n"+
		"1@g.us,2024-05-01 10:00,in,image,https://example.com/a,1,2,3\n1@c.us,1714557600,bot,,,1,-2,3\n"), 2)
	f.Add([]byte("\xff\xfea\x00;\x00\n\x00conversation_id"), 1)
	f.Add([]byte("Chats of 2024\n\nconversation_id|timestamp|direction|text\nc|1714557600|in|\"a|\nb\"\n|||\n"), 1)
	f.Add([]byte("phone;date;time;from;message\n8 (900) 123-45-67;11.04.2023;9:00;in;<p>a</p>\n+34600000001;13.04.2023;10:00;note;b\n"), 1)
	f.Add([]byte("Контакт|Дата|Кто|Текст\nАнна|1/2/23 0.5|Клиент|a\nАнна|13/2/23 10:00 م|Заметка|b\n"), 1)
	f.Fuzz(func(t *testing.T, content []byte, rows int) {
		if len(content) > 1<<15 {
			return
		}
		path := filepath.Join(t.TempDir(), "chats.csv")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		rows = max(rows, -rows-1)%100 + bytes.Count(content, []byte{'\n'})/20 // Check reads again after each batch
		file := &csvfile.File{Path: path, Location: time.UTC, Now: now, BatchRows: 1 + rows}
		if _, err := sourcetest.Read(t.Context(), file, ""); err != nil {
			if reason, found := strings.CutPrefix(err.Error(), path+": "); !found || reason == "" {
				t.Fatalf("refused with %v", err)
			}
			if e, err := file.Explain(t.Context()); err == nil && len(e.Missing) == 0 && len(content) < 2000 {
				file.Settings, file.Country = e.Proposal, "RU"
			} else {
				return
			}
		}
		if err := sourcetest.Check(t.Context(), file); err != nil {
			t.Fatal(err)
		}
	})
}
