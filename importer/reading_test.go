package importer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	gocmp "github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
	"kommo-import/sources"
)

// A scripted source yields its batches, each with its place in the list as cursor, and breaks off where it is told to.
type scripted struct {
	batches []sources.Batch
	breakAt int // before this batch; 0: nowhere
	family  sources.Family
}

func (s *scripted) Family() sources.Family { return cmp.Or(s.family, sources.GreenAPI) }

func (s *scripted) Batches(_ context.Context, cursor string) iter.Seq2[sources.Batch, error] {
	return func(yield func(sources.Batch, error) bool) {
		from, _ := strconv.Atoi(cursor)
		for i, batch := range s.batches[from:] {
			i += from
			if s.breakAt == i && i > 0 {
				yield(sources.Batch{}, errors.New("the source broke off"))
				return
			}
			batch.FromStart = i == 0
			if !batch.Continued {
				batch.Cursor = strconv.Itoa(i + 1)
			}
			if !yield(batch, nil) {
				return
			}
		}
	}
}

func textOf(conversation, id string, second int) sources.Message {
	return sources.Message{
		Conversation: sources.Conversation{ID: conversation, Kind: sources.Person, Client: sources.Client{ID: conversation}},
		ID:           id, Time: fromMillis(1700000000000 + int64(second)*1000), Direction: sources.Incoming, Kind: sources.KindText,
		Text: "text of " + id, Position: conversation + "/" + id,
	}
}

func loadScript(t *testing.T, f *File, loader Loader, batches ...sources.Batch) LoadReport {
	t.Helper()
	loader.File, loader.Name = f, "scripted"
	report, err := loader.Load(t.Context(), &scripted{batches: batches})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// plannedTexts returns what is to be sent, a line each.
func plannedTexts(t *testing.T, f *File) (all []string) {
	t.Helper()
	for _, list := range bodies(t, f, newComposer()) {
		for _, body := range list {
			all = append(all, between(body, `"text":"`, `"`))
		}
	}
	return all
}

// A batch in parts is stored whole or not at all: broken off between two parts it is read again from its first.
func TestBatchInParts(t *testing.T) {
	part := func(first int) sources.Batch {
		return sources.Batch{Messages: []sources.Message{textOf("ann", fmt.Sprint(first), first), textOf("ann", fmt.Sprint(first+1), first+1)},
			Invalid: []sources.Invalid{{Conversation: "ann", Position: fmt.Sprint("part ", first), Reason: "bad"}}}
	}
	source := &scripted{family: sources.Table, batches: []sources.Batch{part(0), part(2), part(4), part(6)}}
	source.batches[1].Continued, source.batches[2].Continued = true, true
	f := newFile(t)
	for source.breakAt = 1; source.breakAt <= 3; source.breakAt++ {
		if _, err := (&Loader{File: f, Name: "scripted"}).Load(t.Context(), source); err == nil || !strings.Contains(err.Error(), "broke off") {
			t.Fatalf("broken off before batch %d: %v", source.breakAt, err)
		}
		status, err := f.Status()
		if err != nil || status.Unplanned != 2 || status.Messages.Invalid != 0 {
			t.Fatalf("broken off before batch %d: %+v, %v", source.breakAt, status, err)
		}
	}
	source.breakAt = 0
	report, err := (&Loader{File: f, Name: "scripted"}).Load(t.Context(), source)
	if err != nil || report.Added != 8 || report.Read != 8 || report.Invalid != 4 || report.Duplicate != 0 {
		t.Errorf("report %+v, error %v", report, err)
	}
}

// A source that ends between two parts of a batch leaves nothing of it.
func TestBatchWithoutItsRest(t *testing.T) {
	f := newFile(t)
	_, err := (&Loader{File: f, Name: "scripted"}).Load(t.Context(), &scripted{batches: []sources.Batch{
		{Messages: []sources.Message{textOf("ann", "1", 1)}, Continued: true}}})
	if status, statusErr := f.Status(); !errors.Is(err, errNotContinued) || statusErr != nil || status.Unplanned != 0 || len(status.Sources) != 0 {
		t.Errorf("error %v, status %+v", err, status)
	}
}

// A reading of an account only adds: it says nothing about the messages that it does not hold. The invalid entries of the
// conversations that it holds take the place of the earlier ones.
func TestReadingOfSomeConversations(t *testing.T) {
	f := newFile(t)
	bad := func(conversation, reason string) sources.Invalid {
		return sources.Invalid{Conversation: conversation, Position: conversation + "/x", Reason: reason}
	}
	loadScript(t, f, Loader{}, sources.Batch{
		Messages: []sources.Message{textOf("ann", "1", 1), textOf("ann", "2", 2), textOf("bob", "1", 1)},
		Invalid:  []sources.Invalid{bad("ann", "first"), bad("bob", "first")}})

	report := loadScript(t, f, Loader{}, sources.Batch{
		Messages: []sources.Message{textOf("ann", "1", 1), textOf("ann", "3", 3)}, Invalid: []sources.Invalid{bad("ann", "second")}})
	if report.Known != 1 || report.Added != 1 || report.Removed != 0 {
		t.Errorf("confined reading: %+v", report)
	}
	var reasons []string
	for failure, err := range f.Failures() {
		if err != nil {
			t.Fatal(err)
		}
		reasons = append(reasons, failure.Conversation+" "+failure.Reason)
	}
	if diff := gocmp.Diff([]string{"bob first", "ann second"}, reasons); diff != "" {
		t.Errorf("invalid (-want +got):\n%s", diff)
	}
	if status, err := f.Status(); err != nil || status.Messages.Planned != 4 {
		t.Errorf("status %+v, error %v", status, err)
	}
}

// An account that was read to its end is read again from its beginning. An interrupted reading of it is planned as far as
// it goes, and goes on.
func TestReadingAnAccountAgain(t *testing.T) {
	f := newFile(t)
	source := &scripted{batches: []sources.Batch{{Messages: []sources.Message{textOf("ann", "1", 1)}}, {Messages: []sources.Message{textOf("ann", "2", 2)}}}}
	source.breakAt = 1
	if _, err := (&Loader{File: f, Name: "scripted"}).Load(t.Context(), source); err == nil {
		t.Fatal("the source did not break off")
	}
	if diff := gocmp.Diff([]string{"text of 1"}, plannedTexts(t, f)); diff != "" || f.ready(Selection{}) != nil {
		t.Errorf("ready %v, planned (-want +got):\n%s", f.ready(Selection{}), diff)
	}
	source.breakAt = 0
	for _, want := range []struct{ read, known, added int }{{1, 0, 1}, {2, 2, 0}, {2, 2, 0}} {
		report, err := (&Loader{File: f, Name: "scripted"}).Load(t.Context(), source)
		if err != nil || report.Read != want.read || report.Known != want.known || report.Added != want.added || report.Unchanged {
			t.Errorf("%+v, error %v; want %+v", report, err, want)
		}
	}
}

// What has no form in Kommo is skipped with its reason, whatever the filters say, and never the one that notifies; when
// the source changes its mind, so does the plan.
func TestMessagesWithoutAForm(t *testing.T) {
	f := newFile(t)
	reaction := textOf("ann", "2", 2)
	reaction.Skip = "a reaction"
	batch := sources.Batch{Messages: []sources.Message{textOf("ann", "1", 1), reaction}}
	if report := loadScript(t, f, Loader{}, batch); report.Added != 2 {
		t.Errorf("report %+v", report)
	}
	list := bodies(t, f, newComposer())["ann"]
	if len(list) != 1 || !strings.Contains(list[0], `"silent":false`) {
		t.Errorf("planned %v", list)
	}
	for failure, err := range f.Failures() {
		if err != nil || failure.State != "skipped" || failure.Reason != "a reaction" || failure.Text != "text of 2" {
			t.Errorf("failure %+v, error %v", failure, err)
		}
	}
	loadScript(t, f, Loader{Filter: Filter{Since: fromMillis(1)}}, batch)
	if got := plannedTexts(t, f); len(got) != 1 {
		t.Errorf("with another filter: planned %v", got)
	}

	batch.Messages[1].Skip = ""
	if report := loadScript(t, f, Loader{}, batch); report.Restored != 1 {
		t.Errorf("report %+v", report)
	}
	if diff := gocmp.Diff([]string{"text of 1", "text of 2"}, plannedTexts(t, f)); diff != "" {
		t.Errorf("planned (-want +got):\n%s", diff)
	}
}

// An answer names the message that it answers if Kommo has it before; otherwise it shows what that message said.
func TestQuotes(t *testing.T) {
	answer := func(id string, second int, to string) sources.Message {
		m := textOf("ann", id, second)
		m.ReplyTo, m.Quote = to, "what "+to+" said\nin two lines"
		return m
	}
	f := newFile(t)
	skipped := textOf("ann", "4", 2)
	skipped.Skip = "a reaction"
	loadScript(t, f, Loader{}, sources.Batch{Messages: []sources.Message{
		textOf("ann", "1", 1), answer("2", 2, "1"), answer("3", 3, "9"), skipped, answer("5", 5, "4"), answer("6", 6, "7"), textOf("ann", "7", 7)}})
	var got []string
	for _, body := range bodies(t, f, newComposer())["ann"] {
		got = append(got, fmt.Sprint(strings.Contains(body, "reply_to"), " ", between(body, `"text":"`, `"`)))
	}
	want := []string{"false text of 1", "true text of 2",
		`false > what 9 said\n> in two lines\ntext of 3`, `false > what 4 said\n> in two lines\ntext of 5`,
		`false > what 7 said\n> in two lines\ntext of 6`, "false text of 7"}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("planned (-want +got):\n%s", diff)
	}
}

// Messages of one second come in the order of the last reading: an earlier one may have held only the newest of them.
func TestOrderOfALaterReading(t *testing.T) {
	same := func(ids ...string) (batch sources.Batch) {
		for _, id := range ids {
			batch.Messages = append(batch.Messages, textOf("ann", id, 1))
		}
		return batch
	}
	f := newFile(t)
	loadScript(t, f, Loader{}, same("4", "5", "6"))
	loadScript(t, f, Loader{}, same("1", "2", "3", "4", "5", "6"))
	if diff := gocmp.Diff([]string{"text of 1", "text of 2", "text of 3", "text of 4", "text of 5", "text of 6"}, plannedTexts(t, f)); diff != "" {
		t.Errorf("planned (-want +got):\n%s", diff)
	}
	var rows int
	if err := f.Reader.QueryRow(`SELECT count(*) FROM staging`).Scan(&rows); err != nil || rows != 6 {
		t.Errorf("%d rows are kept for 6 messages, error %v", rows, err)
	}
}

// That nobody was notified of a conversation is told, unless that was wanted.
func TestConversationWithoutNotification(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		batch := sources.Batch{Messages: []sources.Message{textOf("ann", "1", 1), textOf("ann", "2", 2)}}
		loadScript(t, f, Loader{}, batch)
		last := msgidOf(bodies(t, f, newComposer())["ann"][1])
		box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.BadSignature, MsgID: last}}})
		if _, err := newSender(f, box).Send(t.Context()); err == nil {
			t.Fatal("no error")
		}
		loadScript(t, f, Loader{Filter: Filter{Until: fromMillis(1700000002000)}}, batch)
		warned := func(composer Composer) bool {
			preview, err := f.Preview(composer, Selection{}, 6)
			if err != nil {
				t.Fatal(err)
			}
			return slices.ContainsFunc(preview.Warnings, func(w Warning) bool { return w.Kind == Unnotified && w.Count == 1 })
		}
		silent := newComposer()
		silent.Notify = SilentAll
		if !warned(newComposer()) || warned(silent) {
			t.Errorf("warned %t, and where it was wanted %t", warned(newComposer()), warned(silent))
		}
	})
}
