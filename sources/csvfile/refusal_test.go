package csvfile_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/sources/csvfile"
	"kommo-import/sources/sourcetest"
)

const manyColumns = "the header has more than 16,384 columns, which is Excel's limit: remove those without a name"

func TestRefusals(t *testing.T) {
	var workbook bytes.Buffer
	w := zip.NewWriter(&workbook)
	w.Create("xl/workbook.xml")
	w.Close()

	for _, tt := range []struct{ name, content, want string }{
		{"empty", "", "the file is empty: its first line must name the columns, at least conversation_id, timestamp, direction"},
		{"only a byte order mark", "\ufeff", "the file is empty: its first line must name the columns, at least conversation_id, timestamp, direction"},
		{"blank lines", "\r\n\n , ,\n", "the file is empty: its first line must name the columns, at least conversation_id, timestamp, direction"},
		{"xlsx", workbook.String(), "is an Excel workbook (or another zip archive): load it with --xlsx"},
		{"xls", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an old Excel workbook, or has a password: save it as .xlsx without one, and load it with --xlsx"},
		{"JSON lines", `{"conversation_id":"c"}` + "\n", "holds JSON: load it with --jsonl"},
		{"JSON", "[\n  {\"conversation_id\":\"c\"}]\n", "holds JSON: load it with --jsonl"},
		{"a page", "<html><table><tr><td>conversation_id", "is a web page (or XML), whatever its name: open it in Excel, save it as .xlsx, and load it with --xlsx"},
		{"UTF-16 without mark", "c\x00o\x00n\x00", "is UTF-16 without a byte order mark: add --encoding utf-16le, or utf-16be"},
		{"program", "\x7fELF\x02\x01\x01\x00\x00\x00\"", "holds binary data, it is not a CSV file"},
		{"long and binary", strings.Repeat("\x00\x00x", 5<<20), "holds binary data, it is not a CSV file"},
		{"Windows-1251", "conversation_id,timestamp,direction,\xf2\xe5\xea\xf1\xf2\n", "it is not UTF-8. Some of its lines as windows-1251:\n  conversation_id,timestamp,direction,текст\n" +
			"or as koi8-r:\n  conversation_id,timestamp,direction,РЕЙЯР"},
		{"old Mac", "conversation_id,timestamp,direction\r1,2,in\r", `the lines end like those of old Macs (CR): save the file as "CSV UTF-8"`},
		{"semicolons, other names", "chat;date;type\n", "columns conversation_id, timestamp, direction are missing: found chat, date, type"},
		{"one missing", "Conversation ID,direction,text\n", "column timestamp is missing: found Conversation ID, direction, text"},
		{"none recognised", "chat,date,type\n", "columns conversation_id, timestamp, direction are missing: found chat, date, type"},
		{"twice", header[:len(header)-1] + ",Conversation-ID\n", "column conversation_id appears twice: rename one, or name the one to read by its number, as in --map text=#1"},
		{"open quote", `conversation_id,timestamp,"direction` + "\n", `header: a quoted field is never closed, or a quote (") inside it is not doubled`},
		{"16,384 columns", strings.Repeat("a column,", 16_383) + "direction\n", "columns conversation_id, timestamp are missing: found a column, " +
			strings.Repeat("a column, ", 10) + "a column and 16372 more"},
		{"16,385 columns", header[:len(header)-1] + strings.Repeat(",", 16_385-4) + "\n", manyColumns},
		{"16,385 columns on two lines", header[:len(header)-1] + strings.Repeat(",", 16_385-5) + "\"a\nb\",c\n", manyColumns},
		{"a name of 5 MiB", strings.Repeat("a column ", 5<<20/9+1), "header: row is longer than 4 MiB: is a quote in it never closed?"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, tt.content)
			batches, err := sourcetest.Read(t.Context(), &csvfile.File{Path: path, Now: now}, "")
			if err == nil {
				t.Fatalf("got %+v, want an error", batches)
			}
			if diff := cmp.Diff(path+": "+tt.want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNoFile(t *testing.T) {
	dir := t.TempDir()
	_, err := sourcetest.Read(t.Context(), &csvfile.File{Path: filepath.Join(dir, "chats.csv")}, "")
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), filepath.Join(dir, "chats.csv")+": ") {
		t.Errorf("missing file: got %v, want the path and %v", err, fs.ErrNotExist)
	}
	_, err = sourcetest.Read(t.Context(), &csvfile.File{Path: dir}, "")
	if want := dir + ": is a directory: name the CSV file in it"; err == nil || err.Error() != want {
		t.Errorf("directory: got %v, want %s", err, want)
	}
	_, err = sourcetest.Read(t.Context(), &csvfile.File{Path: os.DevNull}, "")
	if want := os.DevNull + ": is not a regular file: save it to disk first"; err == nil || err.Error() != want {
		t.Errorf("device: got %v, want %s", err, want)
	}
}

func TestCancelled(t *testing.T) {
	file := &csvfile.File{Path: write(t, header+"c,1714557600,in,a\nc,1714557600,in,b\n"), Now: now, BatchRows: 1}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	asked := errors.New("interrupted")
	n := 0
	var last error
	for _, err := range file.Batches(ctx, "") {
		n++
		last = err
		cancel(asked)
	}
	if n != 2 || !errors.Is(last, asked) {
		t.Errorf("got %d batches, the last with %v, want 2 with %v", n, last, asked)
	}
}
