package importer

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/migration"
)

// A second writer is told who the first one is; readers are not in the way; the lock ends with Close.
func TestOneWriter(t *testing.T) {
	f := loaded(t)
	_, err := Open(f.Path, "send")
	inUse, ok := errors.AsType[*migration.InUseError](err)
	if !ok || inUse.Holder.PID != os.Getpid() || inUse.Holder.Command != "test" {
		t.Fatalf("a second writer gets %v", err)
	}
	if !strings.Contains(err.Error(), "kommo-import test") {
		t.Errorf("the error %q does not name the first writer", err)
	}
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(f.Path, link); err == nil { // not everybody may on Windows
		if _, err := Open(link, "send"); !errors.As(err, &inUse) {
			t.Errorf("a second writer that comes by a link gets %v", err)
		}
	}
	reader, err := OpenReadOnly(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if status, err := reader.Status(); err != nil || status.Messages.Planned != 10 {
		t.Errorf("a reader sees %+v, error %v", status, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(f.Path, "send")
	if err != nil {
		t.Fatalf("after the first writer has closed: %v", err)
	}
	again.Close()
}

// What is in a migration file is not everybody's to read.
func TestMigrationFileIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no such permissions")
	}
	f := newFile(t)
	load(t, f, threeConversations())
	for _, path := range []string{f.Path, f.Path + "-wal"} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the permissions %v", filepath.Base(path), info.Mode())
		}
	}
}

// The file belongs to the scope and the prefix of the first send.
func TestFileIsBound(t *testing.T) {
	f := loaded(t)
	box := newBox()
	s := newSender(f, box)
	s.Selection.MaxConversations = 1
	if _, err := s.Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent := len(box.Requests())
	for _, change := range []func(*Sender){
		func(s *Sender) { s.Client.ScopeID = "another_scope" },
		func(s *Sender) { s.Composer.Prefix = "wa-" },
	} {
		s := newSender(f, box)
		change(s)
		_, err := s.Send(t.Context())
		if _, ok := errors.AsType[*ScopeMismatchError](err); !ok {
			t.Errorf("send returns %v, want a ScopeMismatchError", err)
		}
	}
	if len(box.Requests()) != sent {
		t.Error("requests were made")
	}
}

// Only whole conversations are chosen, the first ones first, and the rest follows later.
func TestSelection(t *testing.T) {
	f := loaded(t)
	planned := bodies(t, f, newComposer())
	box := newBox()
	want := make(map[string][]string)
	for _, step := range []struct {
		selection Selection
		then      []string
	}{
		{Selection{MaxConversations: 1}, []string{"ann"}},
		{Selection{Only: []string{"cat", "ann"}}, []string{"cat"}},
		{Selection{Only: []string{"cat"}}, nil},
		{Selection{}, []string{"bob"}},
	} {
		s := newSender(f, box)
		s.Selection = step.selection
		for _, id := range step.then {
			want[id] = planned[id]
		}
		preview, err := f.Preview(s.Composer, s.Selection, 6)
		if err != nil || preview.Conversations != len(step.then) || preview.Notifications != len(step.then) {
			t.Errorf("%+v: preview %+v, error %v", step.selection, preview, err)
		}
		if _, err := s.Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantArrived(t, box, want)
	}
	s := newSender(f, box)
	s.Selection.Only = []string{"nobody"}
	if _, err := s.Send(t.Context()); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("for a conversation that is not there send returns %v", err)
	}
}

func TestAllSilent(t *testing.T) {
	f := loaded(t)
	box := newBox()
	s := newSender(f, box)
	s.Composer.Notify = SilentAll
	if preview, err := f.Preview(s.Composer, Selection{}, 6); err != nil || preview.Notifications != 0 {
		t.Errorf("preview %+v, error %v", preview, err)
	}
	if report, err := s.Send(t.Context()); err != nil || report.Notified != 0 || box.Summary().Loud != 0 || box.Summary().Messages != 10 {
		t.Errorf("report %+v, error %v, arrived %+v", report, err, box.Summary())
	}
}

func TestPreviewCounts(t *testing.T) {
	f := newFile(t)
	long := strings.Repeat("long ", LongTextLength)
	load(t, f, threeConversations()+row("ann", 80, "in", long, "5")+"x,yesterday,in,a,1,,,,,,,\nx,tomorrow,in,a,1,,,,,,,\nx,1700000000,up,a,1,,,,,,,\n")
	p, err := f.Preview(newComposer(), Selection{}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if p.Messages != 11 || p.Conversations != 3 || p.Notifications != 3 || p.Requests != 11 || p.Seconds != 5.5 {
		t.Errorf("got %+v", p)
	}
	if diff := cmp.Diff(map[string]int{"incoming": 7, "outgoing": 4}, p.Directions); diff != "" {
		t.Errorf("directions (-want +got):\n%s", diff)
	}
	if len(p.Invalid) != 2 || p.Invalid[0].Messages != 2 || !slices.Equal(p.Invalid[0].Examples, []string{"chats.csv:13", "chats.csv:14"}) {
		t.Errorf("invalid %+v, want the two times together", p.Invalid)
	}
	kinds := make(map[WarningKind]int)
	for _, w := range p.Warnings {
		kinds[w.Kind] = w.Count
	}
	if diff := cmp.Diff(map[WarningKind]int{OldLast: 3, NoPhone: 3, LongText: 1}, kinds); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}
