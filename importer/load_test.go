package importer

import (
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"kommo-import/internal/sandbox"
	"kommo-import/sources/csvfile"
	"kommo-import/sources/xlsxfile"
)

// texts returns the texts of what would be sent, by conversation.
func texts(t testing.TB, f *File) map[string][]string {
	t.Helper()
	got := make(map[string][]string)
	for conversation, list := range bodies(t, f, newComposer()) {
		for _, body := range list {
			got[conversation] = append(got[conversation], between(body, `"text":"`, `"`))
		}
	}
	return got
}

// Messages are sent by time and, within a second, in the order of the file, each with a time of its own.
func TestOrderIsTimeThenArrival(t *testing.T) {
	f := loaded(t)
	want := map[string][]string{
		"ann": {"we are open again", "hello", "hello Ann", "when?", "thanks"},
		"bob": {"good morning", "good morning to you", "how can we help?", "not at all"},
		"cat": {"is anybody there?"},
	}
	if diff := cmp.Diff(want, texts(t, f)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var times []string
	for _, body := range bodies(t, f, newComposer())["ann"] {
		times = append(times, between(body, `"msec_timestamp":`, ","))
	}
	if want := []string{"1700000009000", "1700000010000", "1700000010001", "1700000010002", "1700000070000"}; !slices.Equal(times, want) {
		t.Errorf("times %v, want %v", times, want)
	}
}

// Loading again adds what is new and nothing else, with and without ids at the source, wherever the new rows stand.
func TestLoadingAgain(t *testing.T) {
	without := func(rows ...string) string {
		return "conversation_id,timestamp,direction,text\n" + strings.Join(rows, "")
	}
	with := func(rows ...string) string {
		return "conversation_id,timestamp,direction,text,message_id\n" + strings.Join(rows, "")
	}
	const ok, other = "c,1700000000,in,ok\n", "c,1700000001,in,other\n"
	const a, b = "c,1700000000,in,a,1\n", "c,1700000001,in,b,2\n"
	for _, tt := range []struct {
		name          string
		before, after string
		want          []string
		read          int
		duplicates    int
		report        LoadReport // of the second load: the fields that are compared
	}{
		{"unchanged", with(a, b), with(a, b), []string{"a", "b"}, 2, 0, LoadReport{}},
		{"grown", with(a), with(a, b), []string{"a", "b"}, 2, 0, LoadReport{Read: 1, Added: 1}},
		{"grown at the front", with(b), with(a, b), []string{"a", "b"}, 2, 0, LoadReport{Read: 2, Known: 1, Added: 1}},
		{"a row twice", with(a, a), with(a, a, b), []string{"a", "b"}, 3, 1, LoadReport{Read: 1, Added: 1}},
		{"a row twice, read again", with(a, a), with(b, a, a), []string{"a", "b"}, 3, 1, LoadReport{Read: 3, Known: 1, Added: 1, Duplicate: 1}},
		{"one more copy", with(a, b), with(b, a, a), []string{"a", "b"}, 3, 1, LoadReport{Read: 3, Known: 2, Duplicate: 1}},
		{"two ok of one second", without(ok, ok), without(ok, ok, other), []string{"ok", "ok", "other"}, 3, 0, LoadReport{Read: 1, Added: 1}},
		{"two ok, read again", without(ok, ok), without(other, ok, ok), []string{"ok", "ok", "other"}, 3, 0, LoadReport{Read: 3, Known: 2, Added: 1}},
		{"a third ok", without(ok, ok), without(ok, other, ok, ok), []string{"ok", "ok", "ok", "other"}, 4, 0, LoadReport{Read: 4, Known: 2, Added: 2}},
		{"a text corrected", with(a, b), with("c,1700000000,in,A,1\n", b), []string{"A", "b"}, 2, 0, LoadReport{Read: 2, Known: 2}},
		{"a time corrected", with(a, b), with("c,1700000002,in,a,1\n", b), []string{"b", "a"}, 2, 0, LoadReport{Read: 2, Known: 2}},
		{"a bad row corrected", with("c,yesterday,in,a,1\n", b), with(a, b), []string{"a", "b"}, 2, 0, LoadReport{Read: 2, Known: 1, Added: 1}},
		{"an ok of the same second later", without(ok), without(ok, ok), []string{"ok", "ok"}, 2, 0, LoadReport{Read: 1, Added: 1}},
		{"one id at three times", with(a, "c,1700000005,in,a,1\n", "c,1700000006,in,a,1\n"),
			with(b, a, "c,1700000005,in,a,1\n", "c,1700000006,in,a,1\n"), []string{"a", "b"}, 4, 2, LoadReport{Read: 4, Known: 1, Added: 1, Duplicate: 2}},
		{"a row gone", with(a, b), with(b), []string{"b"}, 1, 0, LoadReport{Read: 1, Known: 1, Removed: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFile(t)
			path := writeCSV(t, tt.before)
			loadFile(t, f, path, Filter{})
			if err := os.WriteFile(path, []byte(tt.after), 0o600); err != nil {
				t.Fatal(err)
			}
			report := loadFile(t, f, path, Filter{})
			tt.report.Source, tt.report.Unchanged, tt.report.Repairs = report.Source, tt.before == tt.after, report.Repairs
			if diff := cmp.Diff(tt.report, report); diff != "" {
				t.Errorf("second load (-want +got):\n%s", diff)
			}
			if got := texts(t, f)["c"]; !slices.Equal(got, tt.want) {
				t.Errorf("planned %q, want %q", got, tt.want)
			}
			status, err := f.Status()
			if err != nil || status.Messages.Read != tt.read || status.Messages.Duplicate != tt.duplicates {
				t.Errorf("status %+v, error %v, want %d read and %d duplicates", status.Messages, err, tt.read, tt.duplicates)
			}
		})
	}
}

// What was sent stays what it was, and is not sent again, whatever the file says later.
func TestLoadingAgainAfterSending(t *testing.T) {
	f := newFile(t)
	path := writeCSV(t, csvHeader+row("ann", 10, "in", "a", "1")+row("ann", 20, "in", "b", "2"))
	loadFile(t, f, path, Filter{})
	box := newBox()
	sendAll(t, t.Context(), newSender(f, box))
	changed := csvHeader + row("ann", 10, "in", "A", "1") + row("ann", 20, "in", "b", "2") + row("ann", 10, "in", "c", "3") + row("ann", 30, "in", "d", "4")
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	loadFile(t, f, path, Filter{})
	planned := bodies(t, f, newComposer())["ann"]
	if len(planned) != 2 || between(planned[0], `"msec_timestamp":`, ",") != "1700000010001" {
		t.Errorf("planned %v, want the two new ones, the first right after the one of its second", planned)
	}
	for _, body := range planned {
		if !strings.Contains(body, `"silent":true`) {
			t.Errorf("%s is loud, but somebody was notified of the conversation before", body)
		}
	}
	sendAll(t, t.Context(), newSender(f, box))
	if s := box.Summary(); s.Messages != 4 || s.Doubled != 0 || s.Loud != 1 {
		t.Errorf("arrived %+v, want four messages, one of them loud", s)
	}
}

// Equal messages without ids keep their number over any loads, also when another file is loaded in between and when a
// reading that was interrupted goes on after that.
func TestEqualMessagesOverManyLoads(t *testing.T) {
	const header, ok = "conversation_id,timestamp,direction,text\n", "c,1700000000,in,ok\n"
	f := newFile(t)
	path, other := writeCSV(t, header+ok), writeCSV(t, header+strings.Repeat(ok, 2))
	for n := 1; n <= 6; n++ {
		if err := os.WriteFile(path, []byte(header+strings.Repeat(ok, n)), 0o600); err != nil {
			t.Fatal(err)
		}
		loadFile(t, f, path, Filter{})
		loadFile(t, f, other, Filter{})
		if status, err := f.Status(); err != nil || status.Messages.Planned != max(n, 2) || status.Messages.Read != n+2 {
			t.Errorf("after %d: %+v, error %v", n, status.Messages, err)
		}
	}
	source := &csvfile.File{Path: writeCSV(t, header+strings.Repeat(ok, 8)), Now: longAfter, BatchRows: 3}
	ctx, cancel := context.WithCancel(t.Context())
	loader := &Loader{File: f, Name: source.Path, Progress: func(LoadProgress) { cancel() }}
	if _, err := loader.Load(ctx, source); err == nil {
		t.Fatal("the load was not interrupted")
	}
	loadFile(t, f, other, Filter{})
	if _, err := (&Loader{File: f, Name: source.Path}).Load(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	if got := len(texts(t, f)["c"]); got != 8 {
		t.Errorf("in the end %d are planned, want 8", got)
	}
}

// A duplicate that says something else under the same id is no duplicate to an administrator, who is told.
func TestDuplicateThatSaysSomethingElse(t *testing.T) {
	f := newFile(t)
	load(t, f, csvHeader+row("ann", 1, "in", "a", "120000000000000000")+row("ann", 2, "in", "a", "120000000000000000")+row("ann", 3, "in", "b", "120000000000000000"))
	var found []Failure
	for failure, err := range f.Failures() {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, failure)
	}
	if len(found) != 1 || found[0].State != "duplicate" || found[0].Position != "chats.csv:4" {
		t.Errorf("failures %+v, want the one in line 4", found)
	}
	p, err := f.Preview(newComposer(), Selection{}, 6)
	if err != nil || !slices.ContainsFunc(p.Warnings, func(w Warning) bool { return w.Kind == ConflictingDuplicate && w.Count == 1 }) {
		t.Errorf("preview warns %+v, error %v", p.Warnings, err)
	}
}

// What Kommo refused takes the words of its source again and is planned again, if the filters let it.
func TestRefusedMessageIsCorrected(t *testing.T) {
	f := newFile(t)
	path := writeCSV(t, csvHeader+row("ann", 1, "in", "BAD", "1")+row("bob", 1, "in", "BAD", "1"))
	loadFile(t, f, path, Filter{})
	box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.Refuse, Count: 2}}})
	if _, err := newSender(f, box).Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(csvHeader+row("ann", 1, "in", "good", "1")+row("bob", 1, "in", "BAD", "1")), 0o600); err != nil {
		t.Fatal(err)
	}
	loadFile(t, f, path, Filter{Exclude: []string{"bob"}})
	if n, err := f.RetryRefused(); n != 0 || err != nil {
		t.Errorf("planned again %d, error %v, want 0", n, err)
	}
	if diff := cmp.Diff(map[string][]string{"ann": {"good"}}, texts(t, f)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The same messages from another file of the same kind are duplicates.
func TestSameMessagesFromAnotherFile(t *testing.T) {
	f := newFile(t)
	for range 3 {
		path := writeCSV(t, threeConversations())
		loadFile(t, f, path, Filter{})
		loadFile(t, f, path, Filter{})
	}
	status, err := f.Status()
	if m := status.Messages; err != nil || m.Planned != 10 || m.Duplicate != 20 || m.Read != 30 {
		t.Errorf("got %+v, error %v, want 10 planned and 20 duplicates", m, err)
	}
}

// A workbook after a CSV pilot: what the pilot sent is not sent again, the rest once.
func TestWorkbookAfterCSVPilot(t *testing.T) {
	const withID, withoutID = "conversation_id,timestamp,direction,text,message_id\n", "conversation_id,timestamp,direction,text\n"
	for name, table := range map[string]string{
		"with ids":    withID + "ann,1700000000,in,hi,1\nann,1700000001,out,\"two\nlines\",2\nbob,1700000002,in,well,1\n",
		"without ids": withoutID + "ann,1700000000,in,hi\nann,1700000000,in,hi\nann,1700000001,out,\"two\nlines\"\nbob,1700000002,in,well\n",
	} {
		t.Run(name, func(t *testing.T) {
			f, box := newFile(t), sandbox.NewKommo(sandbox.Options{})
			load(t, f, table)
			s := newSender(f, box)
			s.Selection.MaxConversations = 1
			if report, err := s.Send(t.Context()); err != nil || report.Accepted == 0 {
				t.Fatalf("report %+v, error %v", report, err)
			}
			path := filepath.Join(t.TempDir(), "chats.xlsx")
			writeWorkbook(t, path, table)
			_, err := (&Loader{File: f, Name: path}).Load(t.Context(), &csvfile.File{Path: path, Text: xlsxfile.Sheet("").Text, Now: longAfter})
			must(t, err)
			if _, err := newSender(f, box).Send(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := strings.Count(table, ",1700000")
			if got := box.Summary(); got.Messages != want || got.Distinct != want {
				t.Errorf("got %+v, want %d messages", got, want)
			}
		})
	}
}

// writeWorkbook writes a CSV table as a workbook. Its times are numbers.
func writeWorkbook(t *testing.T, path, table string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	must(t, err)
	file := excelize.NewFile()
	defer file.Close()
	for r, row := range rows {
		for c, text := range row {
			cell, _ := excelize.CoordinatesToCellName(c+1, r+1)
			var value any = text
			if n, err := strconv.Atoi(text); err == nil {
				value = n
			}
			must(t, file.SetCellValue("Sheet1", cell, value))
		}
	}
	must(t, file.SaveAs(path))
}

// A load that is broken off at any commit, written or not, or between any two batches, ends after another load where
// one without a break ends.
func TestInterruptedLoad(t *testing.T) {
	content := threeConversations() + "ann,yesterday,in,x,9,,,,,,,\n"
	want := bodies(t, loaded(t), newComposer())
	for _, written := range []bool{false, true} {
		for failing := 1; ; failing++ {
			f := newFile(t)
			path := writeCSV(t, content)
			source := &csvfile.File{Path: path, Now: longAfter, BatchRows: 3}
			healthy, commits := f.Commit, 0
			f.Commit = func(tx *sql.Tx) error {
				if commits++; commits != failing {
					return healthy(tx)
				}
				if written {
					return errors.Join(healthy(tx), errors.New("broken"))
				}
				return errors.Join(tx.Rollback(), errors.New("broken"))
			}
			_, err := (&Loader{File: f, Name: source.Path}).Load(t.Context(), source)
			if commits < failing {
				break
			}
			if err == nil {
				t.Fatalf("commit %d fails, and load does not", failing)
			}
			if _, err := (&Loader{File: f, Name: source.Path}).Load(t.Context(), source); err != nil {
				t.Fatal(err)
			}
			status, err := f.Status()
			if diff := cmp.Diff(want, bodies(t, f, newComposer())); diff != "" || err != nil || status.Messages.Read != 11 || status.Messages.Invalid != 1 {
				t.Errorf("broken at commit %d (written %t): %+v, error %v (-want +got):\n%s", failing, written, status.Messages, err, diff)
			}
		}
	}
}

// An unfinished reading of a table keeps preview and send from starting until it is finished or dropped. Dropped, it leaves
// the plan as it was.
func TestDiscard(t *testing.T) {
	f := loaded(t)
	want := bodies(t, f, newComposer())
	ctx, cancel := context.WithCancel(t.Context())
	source := &csvfile.File{Path: writeCSV(t, threeConversations()), Now: longAfter, BatchRows: 3}
	loader := &Loader{File: f, Name: "second", Progress: func(LoadProgress) { cancel() }}
	if _, err := loader.Load(ctx, source); err == nil {
		t.Fatal("the load was not interrupted")
	}
	if notReady, ok := errors.AsType[*NotReadyError](f.ready(Selection{})); !ok || notReady.Source != "second" {
		t.Errorf("ready returns %v", f.ready(Selection{}))
	}
	if names, err := f.Discard("another"); len(names) > 0 || err != nil {
		t.Errorf("discarded %v, error %v", names, err)
	}
	if names, err := f.Discard(""); !slices.Equal(names, []string{"second"}) || err != nil {
		t.Errorf("discarded %v, error %v", names, err)
	}
	status, err := f.Status()
	if diff := cmp.Diff(want, bodies(t, f, newComposer())); diff != "" || err != nil || f.ready(Selection{}) != nil || len(status.Sources) != 1 || status.Unplanned > 0 {
		t.Errorf("status %+v, error %v (-want +got):\n%s", status, err, diff)
	}
}

// A file that is changed while its first load is interrupted is as if it had been loaded then and changed later.
func TestFileChangedDuringItsFirstLoad(t *testing.T) {
	f := newFile(t)
	path := writeCSV(t, csvHeader+row("ann", 3, "in", "old", "1")+row("ann", 4, "in", "b", "2")+row("ann", 5, "in", "c", "3"))
	ctx, cancel := context.WithCancel(t.Context())
	loader := &Loader{File: f, Name: path, Progress: func(LoadProgress) { cancel() }}
	if _, err := loader.Load(ctx, &csvfile.File{Path: path, Now: longAfter, BatchRows: 1}); err == nil {
		t.Fatal("the load was not interrupted")
	}
	if err := os.WriteFile(path, []byte(csvHeader+row("ann", 6, "in", "new", "1")+row("ann", 4, "in", "b", "2")), 0o600); err != nil {
		t.Fatal(err)
	}
	loadFile(t, f, path, Filter{})
	if got, want := texts(t, f)["ann"], []string{"b", "new"}; !slices.Equal(got, want) {
		t.Errorf("planned %q, want %q", got, want)
	}
	if got := between(bodies(t, f, newComposer())["ann"][1], `"msec_timestamp":`, ","); got != "1700000006000" {
		t.Errorf("the changed one has the time %s", got)
	}
	if status, _ := f.Status(); status.Messages.Read != 2 {
		t.Errorf("status %+v, want two read", status.Messages)
	}
}

// A file that cannot be read leaves nothing behind that would keep the others from being sent.
func TestFileThatCannotBeRead(t *testing.T) {
	f := loaded(t)
	if _, err := (&Loader{File: f, Name: "slip.csv"}).Load(t.Context(), &csvfile.File{Path: "slip.csv"}); err == nil {
		t.Fatal("a file that is not there is loaded")
	}
	if err := f.ready(Selection{}); err != nil {
		t.Error(err)
	}
}

// A load that somebody stops says why, and nothing is sent before another load came to its end.
func TestStoppedLoad(t *testing.T) {
	f := newFile(t)
	source := &csvfile.File{Path: writeCSV(t, threeConversations()), Now: longAfter, BatchRows: 3}
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	loader := &Loader{File: f, Name: source.Path, Progress: func(LoadProgress) { cancel(stop) }}
	if _, err := loader.Load(ctx, source); !errors.Is(err, stop) {
		t.Fatalf("stopped load returns %v", err)
	}
	box := newBox()
	_, err := newSender(f, box).Send(t.Context())
	if notReady, ok := errors.AsType[*NotReadyError](err); !ok || notReady.Source != source.Path {
		t.Errorf("send returns %v, want a NotReadyError", err)
	}
	if len(box.Requests()) > 0 {
		t.Error("requests were made")
	}
	if status, _ := f.Status(); status.Unplanned == 0 || status.Messages.Read != 0 {
		t.Errorf("status %+v, want messages that are not planned", status)
	}
	if _, err := (&Loader{File: f, Name: source.Path}).Load(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	sendAll(t, t.Context(), newSender(f, box))
	if s := box.Summary(); s.Messages != 10 || s.Doubled != 0 {
		t.Errorf("arrived %+v", s)
	}
}

// Filters leave out with a reason, decide before the last message is chosen to be loud, and decide anew with each load
// for what was not sent.
func TestFilters(t *testing.T) {
	at := func(second int) time.Time { return time.Unix(1700000000+int64(second), 0) }
	f := newFile(t)
	path := writeCSV(t, threeConversations())
	for _, tt := range []struct {
		name   string
		filter Filter
		want   map[string][]string
	}{
		{"since", Filter{Since: at(7)}, map[string][]string{"ann": {"we are open again", "hello", "hello Ann", "when?", "thanks"}, "bob": {"not at all"}, "cat": {"is anybody there?"}}},
		{"until", Filter{Until: at(10)}, map[string][]string{"ann": {"we are open again"}, "bob": {"good morning", "good morning to you", "how can we help?", "not at all"}}},
		{"include", Filter{Include: []string{"c*", "bob"}}, map[string][]string{"bob": {"good morning", "good morning to you", "how can we help?", "not at all"}, "cat": {"is anybody there?"}}},
		{"exclude", Filter{Exclude: []string{"[ab]*"}}, map[string][]string{"cat": {"is anybody there?"}}},
		{"none", Filter{}, texts(t, loaded(t))},
	} {
		report := loadFile(t, f, path, tt.filter)
		if diff := cmp.Diff(tt.want, texts(t, f)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		for conversation, list := range bodies(t, f, newComposer()) {
			for i, body := range list {
				if loud := strings.Contains(body, `"silent":false`); loud != (i == len(list)-1) {
					t.Errorf("%s, %s: message %d is loud: %t", tt.name, conversation, i, loud)
				}
			}
		}
		if tt.name == "none" && report.Restored != 9 {
			t.Errorf("without filters %d are restored, want 9", report.Restored)
		}
	}
	for failure, err := range f.Failures() {
		t.Errorf("left over: %+v, %v", failure, err)
	}
}

// Groups are skipped with a reason, or taken with the author before each text.
func TestGroups(t *testing.T) {
	f := newFile(t)
	path := writeCSV(t, "conversation_id,timestamp,direction,text,author_name\n120363@g.us,1700000000,in,hello,Ann\n120363@g.us,1700000001,out,hi,Mark\n")
	loadFile(t, f, path, Filter{})
	count := 0
	for failure, err := range f.Failures() {
		if count++; err != nil || failure.State != "skipped" || !strings.Contains(failure.Reason, "--groups=include") {
			t.Errorf("failure %+v, error %v", failure, err)
		}
	}
	if count != 2 {
		t.Errorf("%d are skipped, want 2", count)
	}
	loadFile(t, f, path, Filter{Groups: true})
	if got, want := texts(t, f)["120363@g.us"], []string{"Ann: hello", "Mark: hi"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A name is not forgotten for a row that has none, and the newest phone counts.
func TestClientIsWhatIsKnownBest(t *testing.T) {
	f := newFile(t)
	header := "conversation_id,timestamp,direction,text,client_name,client_phone\n"
	path := writeCSV(t, header+"c,1700000000,in,a,Ann,+79001234567\nc,1700000001,in,b,,+79007654321\n")
	loadFile(t, f, path, Filter{})
	loadFile(t, f, writeCSV(t, header+"c,1700000002,in,c,,\n"), Filter{})
	for _, body := range bodies(t, f, newComposer())["c"] {
		if !strings.Contains(body, `"sender":{"id":"c","name":"Ann","profile":{"phone":"+79007654321"}}`) {
			t.Errorf("got %s", body)
		}
	}
}

// The input's order costs no memory, so conversations may come in any order; with more of them than are remembered
// while reading, nothing is lost.
func TestMoreConversationsThanAreRemembered(t *testing.T) {
	f := newFile(t)
	f.Commit = (*sql.Tx).Commit
	var content strings.Builder
	content.WriteString(csvHeader)
	n := maxAuthors + 1000
	for range 2 {
		for c := range n {
			fmt.Fprintf(&content, "c%d,%d,out,text,%d,Client %d,Author %d,,,,,\n", c, 1700000000+content.Len()%7, content.Len(), c, c)
		}
	}
	load(t, f, content.String())
	status, err := f.Status()
	if err != nil || status.Conversations.Total != n || status.Messages.Planned != 2*n {
		t.Errorf("got %+v, error %v", status, err)
	}
	var authors, named int
	err = f.Reader.QueryRow(`SELECT (SELECT count(*) FROM author), (SELECT count(*) FROM conversation WHERE client_name LIKE 'Client %')`).Scan(&authors, &named)
	if err != nil || authors != n || named != n {
		t.Errorf("%d authors, %d named clients, error %v, want %d", authors, named, err, n)
	}
}

// Conversations are sent in the order in which they were read, whatever the times of their messages.
func TestConversationsKeepTheOrderOfReading(t *testing.T) {
	f := newFile(t)
	load(t, f, csvHeader+row("bob", 10, "in", "a", "1")+row("ann", 5, "in", "b", "1")+row("bob", 1, "in", "c", "2"))
	var got []string
	for body, err := range f.Payloads(newComposer(), Selection{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, between(string(body), `"conversation_id":"`, `"`)+between(string(body), `"text":"`, `"`))
	}
	if diff := cmp.Diff([]string{"bobc", "boba", "annb"}, got); diff != "" {
		t.Errorf("payloads (-want +got):\n%s", diff)
	}
}

// Each message of a conversation gets a millisecond of its own. A load says so when that shows some more than a minute late.
func TestManyMessagesOfOneTime(t *testing.T) {
	content := csvHeader + row("ann", 10, "in", "text", "") + strings.Repeat(row("bob", 10, "in", "text", ""), maxDelay+2)
	f := newFile(t)
	report := load(t, f, content)
	if report.Delayed != 1 || !slices.Equal(report.DelayedConversations, []string{"bob"}) || report.DelayedBy != 60.001 {
		t.Errorf("%d conversations (%v) are delayed by %v", report.Delayed, report.DelayedConversations, report.DelayedBy)
	}

	path := writeCSV(t, csvHeader+row("ann", 10, "in", "hello", "1"))
	f = newFile(t)
	loadFile(t, f, path, Filter{})
	sendAll(t, t.Context(), newSender(f, newBox()))
	execute(t, f, `UPDATE message SET msec = msec + 59999`)
	for i, want := range []float64{0, 60.001, 0} {
		content := csvHeader + row("ann", 10, "in", "hello", "1") + strings.Repeat(row("ann", 10, "in", "text", ""), i+1)
		filter := Filter{}
		if i == 2 {
			filter.Until = time.Unix(1700000000, 0)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if report := loadFile(t, f, path, filter); report.DelayedBy != want || report.Delayed != btoi(want > 0) {
			t.Errorf("%d messages added: %d conversations are delayed by %v, want %v", i+1, report.Delayed, report.DelayedBy, want)
		}
	}
}

// Messages that are added around a sent message do not get its time, and no two of them the same.
func TestTimesStayUniqueAroundSentMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := func(msec int, id string) string {
			return fmt.Sprintf("ann,17000000090%02d,in,text %s,%[2]s,,,,,,,\n", msec, id)
		}
		f, box := newFile(t), newBox()
		content := csvHeader + at(1, "1")
		load(t, f, content)
		sendAll(t, t.Context(), newSender(f, box))
		load(t, f, content+at(0, "2")+at(0, "3")+at(0, "4")+at(1, "5"))
		var got []string
		for body, err := range f.Payloads(newComposer(), Selection{}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, between(string(body), `"msec_timestamp":`, `,`))
		}
		if diff := cmp.Diff([]string{"1700000009000", "1700000009002", "1700000009003", "1700000009004"}, got); diff != "" {
			t.Errorf("times (-want +got):\n%s", diff)
		}
	})
}
