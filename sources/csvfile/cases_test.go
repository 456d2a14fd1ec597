package csvfile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/sources"
	"kommo-import/sources/csvfile"
	"kommo-import/sources/sourcetest"
)

// describe returns the messages, the invalid rows and the repairs of a batch, a line each. A message is written
//
//	2 m1 +60s in 79001234567 (name Anna, phone +79001234567): picture "two photos" https://example.com/a.jpg
//
// with the line, the id and perhaps its part, the seconds since 1700000000, the direction, the conversation, the client,
// the kind, the text and the fields of the kind. Whatever is empty is left out.
func describe(b sources.Batch) string {
	var out strings.Builder
	for _, m := range b.Messages {
		_, line, _ := strings.Cut(m.Position, ":")
		fmt.Fprintf(&out, "%s", line)
		if m.ID != "" {
			fmt.Fprintf(&out, " %s", m.ID)
		}
		if m.Part != 0 {
			fmt.Fprintf(&out, "/%d", m.Part)
		}
		fmt.Fprintf(&out, " %+ds %.3s %s%s: %s", m.Time.Unix()-1_700_000_000, m.Direction, m.Conversation.ID,
			client(m.Conversation), m.Kind)
		if m.Text != "" {
			fmt.Fprintf(&out, " %q", m.Text)
		}
		if m.Media != nil {
			fmt.Fprint(&out, strings.TrimRight(fmt.Sprintf(" %s %s %s", m.Media.URL, m.Media.Name, m.Media.MIME), " "))
			if m.Media.Size != 0 {
				fmt.Fprintf(&out, " of %d bytes", m.Media.Size)
			}
		}
		if m.Location != nil {
			fmt.Fprintf(&out, " at %v %v", m.Location.Latitude, m.Location.Longitude)
		}
		if m.Skip != "" {
			fmt.Fprintf(&out, " skipped: %s", m.Skip)
		}
		fmt.Fprintln(&out)
	}
	for _, i := range b.Invalid {
		fmt.Fprintf(&out, "%s! %s\n", i.Position, i.Reason)
	}
	for _, r := range b.Repairs {
		fmt.Fprintf(&out, "%d x %s: %s\n", r.Count, r.What, r.Example)
	}
	return out.String()
}

func client(conversation sources.Conversation) string {
	var known []string
	for _, field := range []struct{ name, value string }{
		{"client", strings.TrimPrefix(conversation.Client.ID, conversation.ID)}, {"name", conversation.Client.Name},
		{"phone", conversation.Client.Phone}, {"perhaps", conversation.Client.SuspectedPhone},
		{"e-mail", conversation.Client.Email}, {"avatar", conversation.Client.Avatar},
	} {
		if field.value != "" {
			known = append(known, field.name+" "+field.value)
		}
	}
	if len(known) == 0 {
		return ""
	}
	return " (" + strings.Join(known, ", ") + ")"
}

// checkCase reads the CSV file at path and compares it with want, which is written as describe writes it.
func checkCase(t *testing.T, path, want string) {
	t.Helper()
	file := &csvfile.File{Path: path, Location: time.UTC, Now: now}
	got := describe(readAll(t, file, ""))
	if diff := cmp.Diff(strings.TrimLeft(want, "\n"), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, file.BatchRows = range []int{1, 2} {
		if err := sourcetest.Check(t.Context(), file); err != nil {
			t.Error(err)
		}
	}
}

// TestCases reads files as people really have them.
func TestCases(t *testing.T) {
	wants := map[string]string{
		"21-trailing-commas": `
2 m1 +0s inc 79001234567 (name Anna, phone +79001234567): text "one"
3 m2 +60s out 79001234567 (name Anna, phone +79001234567): text "two"
`,
		"22-cr-cr-lf": `
2 m1 +0s inc 79001234567 (phone +79001234567): text "plain"
3 m2 +60s out 79001234567 (phone +79001234567): text "hello, quoted"
4 m3 +120s inc 79001234567 (phone +79001234567): text "two\nlines"
`,
		"24-phone-invisible": `
2 m1 +0s inc c1 (name A, phone +79001234567): text "hi"
3 m2 +0s inc c2 (name B, phone +7` + "\u00a0900\u00a0123\u201145\u2011" + `67): text "hi"
4 m3 +0s inc c3 (name C, phone +7 900 123–45–67): text "hi"
5 m4 +0s inc c4 (name D, phone +79001234568): text "hi"
6 m5 +0s inc c5 (name E, phone +79001234569): text "hi"
7 m6 +0s inc c6 (name F, phone +79001234560): text "hi"
8 m7 +0s inc c7 (name G, phone tel:+79001234561): text "hi"
9 m8 +0s inc c8 (name I, phone whatsapp:+79001234562): text "hi"
10 m9 +0s inc +79001234563 (phone +79001234563): text "hi"
1 x apostrophes before a cell, removed: 24-phone-invisible.csv:6: client_phone "'+79001234569" is +79001234569
1 x cells written as ="…", reduced to their text: 24-phone-invisible.csv:7: client_phone "=\"+79001234560\"" is +79001234560
3 x invisible marks in a cell, removed: 24-phone-invisible.csv:2: client_phone "\u202a+79001234567\u202c" is +79001234567
`,
		"25-null-as-text": `
2 +0s inc 79001234567 (perhaps 79001234567): text "one"
3 +60s out 79001234567 (perhaps 79001234567): text "two"
4 +60s inc 79009999999 (perhaps 79009999999): text "three"
3 x NULL or its like in a cell, read as empty: 25-null-as-text.csv:2: client_id "NULL" is empty
`,
		"25b-null-in-ids": `
2 +0s inc 79001234567 (perhaps 79001234567): text "one"
3 +60s out 79001234567 (perhaps 79001234567): text "two"
4 +60s inc 79009999999 (perhaps 79009999999): text "three"
5 +90s inc 79009999999 (perhaps 79009999999): text "four"
4 x NULL or its like in a cell, read as empty: 25b-null-in-ids.csv:2: client_id "NULL" is empty
`,
		"28-timezone-corrected-before-sending": `
2 +6695200s inc c1: text "Hello"
3 +6695260s out c1: text "Hi"
`,
		"29-several-links-in-one-cell": `
2 m1 +0s inc c1: picture "two photos" http://127.0.0.1:39207/media/a.jpg
2 m1/2 +0s inc c1: picture http://127.0.0.1:39207/media/b.jpg
3 m2 +60s inc c1: picture "two more" http://127.0.0.1:39207/media/c.jpg
3 m2/2 +60s inc c1: picture http://127.0.0.1:39207/media/d.jpg
5 m3 +120s inc c1: picture "one" http://127.0.0.1:39207/media/e.jpg
6 m4 +180s inc c1: picture "semis" http://127.0.0.1:39207/media/f.jpg
6 m4/2 +180s inc c1: picture http://127.0.0.1:39207/media/g.jpg
3 x several links in one cell, read as one message each: 29-several-links-in-one-cell.csv:2: media_url "http://127.0.0.1:39207/media/a.jpg, http://127.0.0.1:39207/m…" is 2 links
`,
		"30-zero-latitude-longitude-in-every-row": `
2 m1 +0s inc c1: text "Hello"
3 m2 +60s out c1: text "Hi"
`,
		"31-double-bom": `
2 m0 +0s inc 79001234567@c.us (name Anna, phone +79001234567): text "text 0"
`,
		"32-rows-of-quoted-empty-cells": `
2 +0s inc c1: text "one"
4 +60s inc c1: text "two"
`,
		"33-leading-apostrophes": `
2 m1 +0s inc 79001234567 (name Anna, phone +79001234567): text "=SUM(A1) ok"
3 m2 +60s inc 79001234567 (name Anna, phone +79001234567): text "+1 from me"
4 m3 +120s inc 79001234567 (name Anna, phone +79001234567): text "- yes"
3 x apostrophes before a cell, removed: 33-leading-apostrophes.csv:2: conversation_id "'79001234567" is 79001234567
`,
		"34-file-size-in-words": `
2 m1 +0s inc c1: picture "photo" http://127.0.0.1:39207/media/a.jpg
3 m2 +0s inc c1: picture "photo" http://127.0.0.1:39207/media/b.jpg of 12345 bytes
4 m3 +0s inc c1: picture "photo" http://127.0.0.1:39207/media/c.jpg
2 x a file size that is no number of bytes up to 1 TB, left out: 34-file-size-in-words.csv:2: file_size "12 KB" is empty
`,
		"35-relative-media-path": `
2 m1 +0s inc c1: text "[file: contract.pdf, no longer available]\nsee the contract"
3 m2 +60s inc c1: picture https://example.com/a.jpg  image/jpeg
4 m3 +120s inc c1: text "hello"
5 m4 +180s inc c1: voice https://example.com/a.ogg
1 x files without a web address, named in the text instead: 35-relative-media-path.csv:2: media_url "attachments/contract.pdf" is [file: contract.pdf, no longer available]
`,
		"36-one-person-several-ids": `
2 m1 +0s inc 79001234567 (name Anna, perhaps 79001234567): text "one"
3 m2 +60s out +79001234567 (name Anna, phone +79001234567): text "two"
4 m3 +120s inc +7 900 123-45-67 (name Anna, phone +7 900 123-45-67): text "three"
5 m4 +180s inc 79001234567@c.us (name Anna, phone 79001234567@c.us): text "four"
`,
	}
	files, err := os.ReadDir("testdata/cases")
	if err != nil || len(files) != len(wants) {
		t.Fatalf("got %d files, %v, want %d", len(files), err, len(wants))
	}
	for _, file := range files {
		name := strings.TrimSuffix(file.Name(), ".csv")
		t.Run(name, func(t *testing.T) {
			checkCase(t, filepath.Join("testdata/cases", file.Name()), wants[name])
		})
	}
}
