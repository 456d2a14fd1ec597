package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/kommo"
	"kommo-import/internal/pace"
	"kommo-import/internal/sandbox"
	"kommo-import/signing"
	"kommo-import/sources/csvfile"
)

const csvHeader = "conversation_id,timestamp,direction,text,message_id,client_name,author_name,reply_to,type,media_url,file_name,file_size\n"

// row returns a row of a CSV file with csvHeader.
func row(conversation string, second int, direction, text, id string) string {
	return fmt.Sprintf("%s,%d,%s,%s,%s,Client of %[1]s,,,,,,\n", conversation, 1700000000+second, direction, text, id)
}

// threeConversations are ten messages with ties, interleaved and not sorted.
func threeConversations() string {
	return csvHeader +
		row("ann", 10, "in", "hello", "1") +
		row("bob", 5, "out", "good morning", "1") +
		row("ann", 10, "out", "hello Ann", "2") +
		row("cat", 30, "in", "is anybody there?", "1") +
		row("ann", 9, "out", "we are open again", "0") +
		row("bob", 6, "in", "good morning to you", "2") +
		row("ann", 10, "in", "when?", "3") +
		row("bob", 6, "out", "how can we help?", "3") +
		row("bob", 7, "in", "not at all", "4") +
		row("ann", 70, "in", "thanks", "4")
}

// newFile opens an empty migration file whose sums are checked after every commit.
func newFile(t testing.TB) *File {
	t.Helper()
	return openFile(t, filepath.Join(t.TempDir(), "migration.db"))
}

func openFile(t testing.TB, path string) *File {
	t.Helper()
	f, err := Open(path, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	f.Commit = func(tx *sql.Tx) error {
		if err := tx.Commit(); err != nil {
			return err
		}
		checkConservation(t, f)
		return nil
	}
	return f
}

// execute changes the migration file behind the importer's back.
func execute(t testing.TB, f *File, statement string) {
	t.Helper()
	change := func(tx *sql.Tx) error {
		if _, err := tx.Exec(statement); err != nil {
			return err
		}
		return recountPending(tx)
	}
	commit := f.Commit
	f.Commit = (*sql.Tx).Commit
	defer func() { f.Commit = commit }()
	if err := f.Update(change); err != nil {
		t.Fatal(err)
	}
}

// recountPending counts the messages to be sent anew, after a test has changed states by hand.
func recountPending(tx *sql.Tx) error {
	_, err := tx.Exec(`DELETE FROM pending`)
	if err == nil {
		_, err = tx.Exec(addPending("", `state IN ('planned', 'sending')`))
	}
	return err
}

// checkConservation counts the messages one by one and compares with the sums that the file keeps.
func checkConservation(t testing.TB, f *File) {
	t.Helper()
	var kept, counted string
	err := f.Reader.QueryRow(`SELECT (SELECT coalesce(sum(duplicate), 0) FROM conversation) || ' ' || coalesce(group_concat(x, ' '), '') FROM (
		SELECT printf('%d:%d,%d,%d,%d,%d,%d', id, skipped, planned, sending, accepted, verified, refused) AS x
		FROM conversation ORDER BY id)`).Scan(&kept)
	if err != nil {
		t.Fatal(err)
	}
	err = f.Reader.QueryRow(`SELECT (SELECT count(*) FROM duplicate) || ' ' || coalesce(group_concat(x, ' '), '') FROM (
		SELECT printf('%d:%d,%d,%d,%d,%d,%d', conversation, sum(state = 'skipped'), sum(state = 'planned'), sum(state = 'sending'),
			sum(state = 'accepted'), sum(state = 'verified'), sum(state = 'refused')) AS x
		FROM message GROUP BY conversation ORDER BY conversation)`).Scan(&counted)
	if err != nil {
		t.Fatal(err)
	}
	if kept != counted {
		t.Fatalf("sums kept %s, messages counted %s", kept, counted)
	}
	var wrong int
	err = f.Reader.QueryRow(fmt.Sprintf(`SELECT count(*) FROM (
		SELECT conversation, kind, direction, author, messages, long FROM pending WHERE messages <> 0 OR long <> 0
		EXCEPT SELECT conversation, kind, direction, coalesce(author, 0), count(*), sum(length > %[1]d) FROM message WHERE state IN ('planned', 'sending') GROUP BY 1, 2, 3, 4
	UNION ALL SELECT * FROM (SELECT conversation, kind, direction, coalesce(author, 0), count(*), sum(length > %[1]d) FROM message WHERE state IN ('planned', 'sending') GROUP BY 1, 2, 3, 4
		EXCEPT SELECT conversation, kind, direction, author, messages, long FROM pending))`, LongTextLength)).Scan(&wrong)
	if err != nil || wrong != 0 {
		t.Fatalf("%d numbers of messages to be sent differ from a recount, error %v", wrong, err)
	}
}

// writeCSV writes a CSV file and returns its path.
func writeCSV(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "chats.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// longAfter is a clock behind all messages of the tests. In a bubble of synctest the year is 2000.
func longAfter() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func load(t testing.TB, f *File, content string) LoadReport {
	t.Helper()
	return loadFile(t, f, writeCSV(t, content), Filter{})
}

func loadFile(t testing.TB, f *File, path string, filter Filter) LoadReport {
	t.Helper()
	report, err := (&Loader{File: f, Name: path, Filter: filter}).Load(t.Context(), &csvfile.File{Path: path, Now: longAfter})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// newSender returns a sender from f to box without a pace to speak of.
func newSender(f *File, box *sandbox.Kommo) *Sender {
	return &Sender{
		File: f,
		Client: &kommo.Client{ScopeID: box.ScopeID(), Transport: box, Timeout: 20 * time.Second,
			Signer: signing.Signer{Secret: box.Options.ChannelSecret}},
		Composer: Composer{BotID: box.Options.BotID},
		Pace:     pace.New(1e6),
	}
}

// bodies returns what sending would post, by conversation.
func bodies(t testing.TB, f *File, composer Composer) map[string][]string {
	t.Helper()
	planned := make(map[string][]string)
	for body, err := range f.Payloads(composer, Selection{}) {
		if err != nil {
			t.Fatal(err)
		}
		conversation := between(string(body), `"conversation_id":"`, `"`)
		planned[conversation] = append(planned[conversation], string(body))
	}
	return planned
}

func between(text, before, after string) string {
	_, text, _ = strings.Cut(text, before)
	text, _, _ = strings.Cut(text, after)
	return text
}

// arrived returns what the sandbox holds, by conversation and in the order of arrival.
func arrived(box *sandbox.Kommo) map[string][]string {
	got := make(map[string][]string)
	for _, chat := range box.Dump().Chats {
		for _, m := range chat.Messages {
			got[chat.ConversationID] = append(got[chat.ConversationID], string(m.Body))
		}
	}
	return got
}

func wantArrived(t testing.TB, box *sandbox.Kommo, want map[string][]string) {
	t.Helper()
	if diff := cmp.Diff(want, arrived(box)); diff != "" {
		t.Errorf("in the chats (-want +got):\n%s", diff)
	}
}

// sendAll sends until nothing is left, as an administrator would who runs the same command again after every error.
func sendAll(t testing.TB, ctx context.Context, s *Sender) (reports []SendReport, errs []error) {
	t.Helper()
	for range 10 {
		report, err := s.Send(ctx)
		reports = append(reports, report)
		if err != nil {
			errs = append(errs, err)
		}
		left, failure := countPending(s.File.Reader, Selection{})
		if failure != nil {
			t.Fatal(failure)
		}
		if left == 0 {
			return reports, errs
		}
	}
	t.Fatalf("messages are left after ten runs; the errors were %v", errs)
	return nil, nil
}

func msgids(planned map[string][]string) (ids []string) {
	for _, list := range planned {
		for _, body := range list {
			ids = append(ids, between(body, `"msgid":"`, `"`))
		}
	}
	slices.Sort(ids)
	return ids
}

// failAfter returns a commit for f that works so many times and then never again.
func failAfter(f *File, times int) func(*sql.Tx) error {
	healthy := f.Commit
	return func(tx *sql.Tx) error {
		if times--; times >= 0 {
			return healthy(tx)
		}
		return errors.Join(tx.Rollback(), errors.New("the store is broken"))
	}
}

func newBox() *sandbox.Kommo { return sandbox.NewKommo(sandbox.Options{}) }
