package csvfile_test

import (
	"os"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"kommo-import/sources/csvfile"
	"kommo-import/sources/sourcetest"
)

func TestChangedFile(t *testing.T) {
	const row = "c,1714557600,in,"
	for _, tt := range []struct {
		name, before, after string
		fromStart           bool
		want                []string
	}{
		{"unchanged", header + row + "a\n", header + row + "a\n", false, nil},
		{"unchanged, no line end", header + row + "a", header + row + "a", false, nil},
		{"unchanged, open quote", header + row + "\"a\n", header + row + "\"a\n", false, nil},
		{"only a header", header, header, false, nil},
		{"blank lines", header + row + "a\n", header + row + "a\n\n,,,\n", false, nil},
		{"grown", header + row + "a\n", header + row + "a\n" + row + "b\n", false, []string{"3 b"}},
		{"grown from a header", header, header + row + "a\n", false, []string{"2 a"}},
		{"grown after lines in a text", header + row + "\"a\nb\"\n", header + row + "\"a\nb\"\n" + row + "c\n", false, []string{"4 c"}},
		{"grown after a line without end", header + row + "a", header + row + "alas\n" + row + "b\n", true, []string{"2 alas", "3 b"}},
		{"grown in an open quote", header + row + "\"a\n", header + row + "\"a\nb\"\n" + row + "c\n", true, []string{"2 a\nb", "4 c"}},
		{"one byte changed", header + row + "a\n" + row + "b\n", header + row + "x\n" + row + "b\n", true, []string{"2 x", "3 b"}},
		{"other header", "direction,timestamp,conversation_id,text\n", header + row + "a\n", true, []string{"2 a"}},
		{"shorter", header + row + "a\n" + row + "b\n", header + row + "a\n", true, []string{"2 a"}},
		{"now empty but for the header", header + row + "a\n", header, true, nil},
		{"byte order mark added", header + row + "a\n", "\ufeff" + header + row + "a\n", true, []string{"2 a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := &csvfile.File{Path: write(t, tt.before), Now: now}
			before := readAll(t, file, "")
			if !before.FromStart {
				t.Error("the first reading: FromStart is not set")
			}
			if err := os.WriteFile(file.Path, []byte(tt.after), 0o600); err != nil {
				t.Fatal(err)
			}
			after := readAll(t, file, before.Cursor)
			if after.FromStart != tt.fromStart {
				t.Errorf("FromStart: got %t, want %t", after.FromStart, tt.fromStart)
			}
			if diff := gocmp.Diff(tt.want, outcome(after)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if again := readAll(t, file, after.Cursor); again.FromStart || len(outcome(again)) > 0 {
				t.Errorf("read once more: got %v, want nothing", outcome(again))
			}
		})
	}
}

// A file is read while it is cut off at any byte, and then as a whole. The second reading completes the first or replaces
// it.
func TestGrowthFromEveryByte(t *testing.T) {
	const content = "\ufeff" + header + "c,1714557600,in,a\r\nc,1714557600,in,\"say \"\"b\"\"\r\n\r\nb\"\r\n\n,,,\nc,1714557600,in,\"\"\"c\"\n" +
		"c,yesterday,in,d\nc,1714557600,in,\"e\nc,1714557600,in,f\nc,1714557600,in,\"g\""
	whole := outcome(readAll(t, &csvfile.File{Path: write(t, content), Now: now}, ""))
	for cut := range len(content) {
		file := &csvfile.File{Path: write(t, content[:cut]), Now: now, BatchRows: 1}
		before, err := sourcetest.Read(t.Context(), file, "")
		if err != nil {
			continue // not even a header
		}
		if err := os.WriteFile(file.Path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		for i, batch := range before {
			after := readAll(t, file, batch.Cursor)
			got := outcome(after)
			if !after.FromStart {
				for _, earlier := range slices.Backward(before[:i+1]) {
					got = append(outcome(earlier), got...)
				}
			}
			if diff := gocmp.Diff(whole, got); diff != "" {
				t.Errorf("cut after %d bytes, resumed after batch %d (-want +got):\n%s", cut, i, diff)
			}
		}
	}
}

// A file that has grown yields the old messages and the new ones, each as often as the file holds it. The promises that
// hold without growth are checked for all files of the tests.
func TestGrowth(t *testing.T) {
	const ids = "conversation_id,timestamp,direction,text,message_id\n"
	for name, rows := range map[string][2]string{
		"with ids": {ids + "a,1714557600,in,hello,1\na,1714557600,in,hello,1\n", "a,1714557600,in,hello,2\nb,1714557600,in,hello,1\n"},
		"several links": {"conversation_id,timestamp,direction,message_id,media_url\na,1714557600,in,1,https://e.com/a https://e.com/b\n",
			"a,1714557600,in,2,https://e.com/a https://e.com/b\n"},
		"without ids": {header + "a,1714557600,in,ok\na,1714557600,in,ok\n", "a,1714557600,out,ok\na,1714557601,in,ok\n"},
		"by nothing":  {header + "a,1714557600,in,ok\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := &csvfile.File{Path: write(t, rows[0]), Now: now, BatchRows: 1}
			by := map[bool]int{true: 2}[rows[1] != ""]
			err := sourcetest.CheckGrowth(t.Context(), file, by, func() {
				if err := os.WriteFile(file.Path, []byte(rows[0]+rows[1]), 0o600); err != nil {
					t.Fatal(err)
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// In an edited file each message that was not edited keeps its identity, wherever its row stands now.
func TestEdit(t *testing.T) {
	const ids = "conversation_id,timestamp,direction,text,message_id,media_url\n"
	for _, tt := range []struct {
		name          string
		before, after string
		gone, fresh   int
	}{
		{"sorted anew", header + "a,1714557600,in,ok\na,1714557600,in,ok\na,1714557600,out,no\n", header + "a,1714557600,out,no\na,1714557600,in,ok\na,1714557600,in,ok\n", 0, 0},
		{"with ids", ids + "a,1714557600,in,x,1,\na,1714557601,in,y,2,\nb,1714557600,in,z,1,\n", ids + "b,1714557600,in,z,1,\na,1714557600,in,edited,1,\n", 1, 0},
		{"without ids", header + "a,1714557600,in,x\na,1714557601,in,y\nb,1714557600,in,z\n", header + "b,1714557600,in,z\na,1714557600,in,edited\n", 2, 1},
		{"one of equal rows", header + "a,1714557600,in,ok\na,1714557600,in,ok\na,1714557600,in,ok\n", header + "a,1714557600,in,ok\na,1714557600,in,edited\n", 2, 1},
		{"several links", ids + "a,1714557600,in,,1,https://e.com/a https://e.com/b\na,1714557601,in,x,2,\n", ids + "a,1714557601,in,x,2,\na,1714557600,in,,1,https://e.com/c https://e.com/b\n", 0, 0},
		{"other columns", header + "a,1714557600,in,x\n", "text,client_name,direction,timestamp,conversation_id\nx,,in,1714557600,a\n", 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := &csvfile.File{Path: write(t, tt.before), Now: now, BatchRows: 1}
			err := sourcetest.CheckEdit(t.Context(), file, tt.gone, tt.fresh, func() {
				if err := os.WriteFile(file.Path, []byte(tt.after), 0o600); err != nil {
					t.Fatal(err)
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestForeignCursors(t *testing.T) {
	file := &csvfile.File{Path: write(t, header+"c,1714557600,in,a\n"), Now: now}
	for _, cursor := range []string{
		"", "17", "null", "{}", "not JSON", `{"chat":"79001234567@c.us"}`, `{"offset":-1,"line":1,"sha256":""}`,
		`{"offset":3,"line":1,"sha256":"00"}`, `{"offset":999999999999,"line":1,"sha256":"00"}`,
	} {
		batch := readAll(t, file, cursor)
		if got := outcome(batch); !batch.FromStart || !gocmp.Equal(got, []string{"2 a"}) {
			t.Errorf("%s: got %v, FromStart %t, want the whole file", cursor, got, batch.FromStart)
		}
	}
}

func TestBatchesAreBounded(t *testing.T) {
	content := []byte(header)
	for range 12 {
		content = append(content, "c,1714557600,in,"...)
		content = append(content, make1MiB()...)
		content = append(content, '\n')
	}
	batches, err := sourcetest.Read(t.Context(), &csvfile.File{Path: write(t, string(content)), Now: now}, "")
	if err != nil || len(batches) != 3 {
		t.Errorf("12 texts of 1 MiB: got %d batches, %v, want 3", len(batches), err)
	}
}

func make1MiB() []byte {
	return slices.Repeat([]byte{'a'}, 1<<20)
}
