package importer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kommo-import/internal/migration"
	"kommo-import/internal/sandbox"
	"kommo-import/sources/csvfile"
)

// copyMigration copies a migration file and the files beside it, as they are, into an empty folder.
func copyMigration(t testing.TB, from, to string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", ".lock"} {
		content, err := os.ReadFile(from + suffix)
		if err == nil {
			err = os.WriteFile(to+suffix, content, 0o600)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// killedAt sends f until the n-th request with a message and returns the migration file as a SIGKILL leaves it then: before
// Kommo takes the message, or after it.
func killedAt(t *testing.T, f *File, box *sandbox.Kommo, n int, taken bool) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "migration.db")
	ctx, kill := context.WithCancel(t.Context())
	s := newSender(f, box)
	s.Workers = 1
	s.Client.Transport = transport(func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/history") || strings.HasSuffix(r.URL.Path, "/chats") {
			return box.RoundTrip(r)
		}
		if n--; n > 0 {
			return box.RoundTrip(r)
		}
		if n == 0 && taken {
			if answer, err := box.RoundTrip(r); err == nil {
				answer.Body.Close()
			}
		}
		if n == 0 {
			copyMigration(t, f.Path, path)
			kill()
		}
		return nil, errors.New("killed")
	})
	if _, err := s.Send(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("send ended with %v", err)
	}
	f.Close()
	return path
}

// sevenMessages are three conversations, one of them of a single message.
func sevenMessages() string {
	return csvHeader + row("ann", 1, "in", "one", "1") + row("bob", 2, "in", "one", "1") + row("ann", 3, "out", "two", "2") +
		row("ann", 3, "in", "three", "3") + row("bob", 4, "out", "two", "2") + row("cat", 5, "in", "one", "1") + row("bob", 6, "in", "three", "3")
}

// damages are what can happen to a migration file after a SIGKILL, so that records are missing.
var damages = []struct {
	name   string
	do     func(t *testing.T, path string)
	refuse bool // the file is refused until its -wal file is removed
}{
	{"-wal removed", func(t *testing.T, path string) { must(t, os.Remove(path+"-wal")) }, false},
	{"-wal emptied", func(t *testing.T, path string) { must(t, os.Truncate(path+"-wal", 0)) }, false},
	{"-wal halved", func(t *testing.T, path string) {
		info, err := os.Stat(path + "-wal")
		must(t, err)
		must(t, os.Truncate(path+"-wal", info.Size()/2))
	}, false},
	{"only the main file copied", func(t *testing.T, path string) {
		must(t, errors.Join(os.Remove(path+"-wal"), os.Remove(path+".lock")))
	}, false},
	{"-wal of another migration", func(t *testing.T, path string) {
		other := newFile(t)
		load(t, other, sevenMessages())
		foreign, err := os.ReadFile(killedAt(t, other, newBox(), 6, true) + "-wal")
		must(t, err)
		must(t, os.WriteFile(path+"-wal", foreign, 0o600))
	}, true},
}

// Whatever records a killed send has lost, and whatever is done with the file before it is sent again: each message
// arrives once and in order, and nobody is notified twice.
func TestLostRecords(t *testing.T) {
	t.Parallel()
	const messages = 7
	meanwhile := []func(t *testing.T, path string, box *sandbox.Kommo){
		func(*testing.T, string, *sandbox.Kommo) {},
		func(t *testing.T, path string, _ *sandbox.Kommo) { // the source is loaded again
			f := openFile(t, path)
			load(t, f, sevenMessages()+row("dan", 7, "in", "one", "1"))
			must(t, f.Close())
		},
		func(t *testing.T, path string, _ *sandbox.Kommo) { // its status is read
			f, err := OpenReadOnly(path)
			must(t, err)
			_, err = f.Status()
			must(t, errors.Join(err, f.Close()))
		},
		func(t *testing.T, path string, box *sandbox.Kommo) { // a send with the wrong secret
			f := openFile(t, path)
			s := newSender(f, box)
			s.Client.Signer.Secret = "wrong"
			if _, err := s.Send(t.Context()); err == nil {
				t.Error("sent with the wrong secret")
			}
			must(t, f.Close())
		},
	}
	for i, damage := range damages {
		for n := range 2 * messages {
			if (n+i)%3 > 0 && os.Getenv("SOAK") == "" {
				continue
			}
			inBubble(t, fmt.Sprintf("%s at %d", damage.name, n), func(t *testing.T) {
				f, box := newFile(t), sandbox.NewKommo(sandbox.Options{HistoryDelay: 30 * time.Second})
				load(t, f, sevenMessages())
				want := bodies(t, f, newComposer())
				path := killedAt(t, f, box, n/2+1, n%2 == 1)
				damage.do(t, path)
				if damage.refuse {
					if _, err := Open(path, "test"); err == nil || !strings.Contains(err.Error(), "belongs to another migration file") {
						t.Fatalf("opened with the error %v", err)
					}
					must(t, os.Remove(path+"-wal"))
				}
				meanwhile[n%len(meanwhile)](t, path, box)
				f = openFile(t, path)
				if n%len(meanwhile) == 1 {
					want["dan"] = bodies(t, f, newComposer())["dan"]
				}
				sendAll(t, t.Context(), newSender(f, box))
				wantOnce(t, box, want)
			})
		}
	}
}

// wantOnce makes sure that Kommo has each planned message once, in order, and at most one notification in each chat.
func wantOnce(t *testing.T, box *sandbox.Kommo, want map[string][]string) {
	t.Helper()
	got := arrived(box)
	for conversation, planned := range want {
		var wanted, there []string
		loud := 0
		for _, body := range planned {
			wanted = append(wanted, msgidOf(body))
		}
		for _, body := range got[conversation] {
			there = append(there, msgidOf(body))
			loud += strings.Count(body, `"silent":false`)
		}
		if strings.Join(there, " ") != strings.Join(wanted, " ") || loud > 1 {
			t.Errorf("%s: got %v with %d notifications, want %v", conversation, there, loud, wanted)
		}
	}
}

// A killed send that has lost no record makes nothing unsure, nor does a send that was interrupted or has ended.
func TestNoLostRecords(t *testing.T) {
	inBubble(t, "killed", func(t *testing.T) {
		f, box := newFile(t), newBox()
		load(t, f, sevenMessages())
		f = openFile(t, killedAt(t, f, box, 4, true))
		wantSure(t, f)
	})
	inBubble(t, "ended and copied without its lock", func(t *testing.T) {
		f, box := newFile(t), newBox()
		load(t, f, sevenMessages())
		s := newSender(f, box)
		s.Selection.MaxConversations = 1
		_, err := s.Send(t.Context())
		must(t, errors.Join(err, f.Close()))
		path := filepath.Join(t.TempDir(), "migration.db")
		must(t, os.Rename(f.Path, path))
		wantSure(t, openFile(t, path))
	})
}

func wantSure(t *testing.T, f *File) {
	t.Helper()
	if status, err := f.Status(); err != nil || f.LostCommits || status.Unsure > 0 {
		t.Errorf("lost commits %v, status %+v, error %v", f.LostCommits, status, err)
	}
}

// A migration file that is removed or replaced while it is sent stops the send before the next request. Whatever follows,
// nothing is lost and nothing arrives twice.
func TestMigrationFileReplaced(t *testing.T) {
	t.Parallel()
	for i, tt := range []struct {
		name   string
		noLock bool
		do     func(path string) error
	}{
		{"removed", false, os.Remove},
		{"all removed", true, func(path string) error {
			return errors.Join(os.Remove(path), os.Remove(path+"-wal"), os.Remove(path+"-shm"), os.Remove(path+".lock"))
		}},
		{"its lock removed", true, func(path string) error { return os.Remove(path + ".lock") }},
		{"replaced by a folder", false, func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) }},
		{"moved, and linked to", false, func(path string) error {
			return errors.Join(os.Rename(path, path+".moved"), os.Symlink(path+".moved", path))
		}},
		{"replaced by a copy", false, func(path string) error {
			content, err := os.ReadFile(path)
			return errors.Join(err, os.WriteFile(path+".new", content, 0o600), os.Rename(path+".new", path))
		}},
	} {
		for n := range 7 {
			if (n+i)%3 > 0 && os.Getenv("SOAK") == "" {
				continue
			}
			inBubble(t, fmt.Sprintf("%s at %d", tt.name, n), func(t *testing.T) {
				f, box := newFile(t), newBox()
				load(t, f, sevenMessages())
				want, path := bodies(t, f, newComposer()), f.Path
				s, requests := newSender(f, box), 0
				s.Workers = 1
				s.Client.Transport = transport(func(r *http.Request) (*http.Response, error) {
					if requests++; requests == n+1 {
						must(t, tt.do(path))
					}
					return box.RoundTrip(r)
				})
				_, err := s.Send(t.Context())
				if _, moved := errors.AsType[*migration.MovedError](err); moved != (n < 6) || requests != n+1 {
					t.Fatalf("after %d requests, error %v", requests, err)
				}
				must(t, f.Close())
				must(t, errors.Join(os.RemoveAll(path), os.RemoveAll(path+"-wal"), os.RemoveAll(path+"-shm")))
				f = openFile(t, path)
				load(t, f, sevenMessages())
				s = newSender(f, box)
				s.LookFirst = n == 6 && tt.noLock // nothing has told that the file is gone
				sendAll(t, t.Context(), s)
				wantOnce(t, box, want)
			})
		}
	}
}

// A migration file that is lost can be rebuilt: what the chats show is not sent again, also if a filter leaves it out now, or
// if another source is its message in the plan.
func TestLookFirst(t *testing.T) {
	t.Parallel()
	other := func(content string) string { return strings.ReplaceAll(content, ",one,1,", ",one,x1,") }
	withoutIDs := csvHeader
	for _, line := range strings.Split(strings.TrimSpace(sevenMessages()), "\n")[1:] {
		cells := strings.Split(line, ",")
		cells[4] = ""
		withoutIDs += strings.Join(cells, ",") + "\n"
	}
	for _, tt := range []struct {
		name  string
		first []string // the sources of the lost file
		then  []string // the sources of the new one
		since int64
	}{
		{"the same", []string{sevenMessages()}, []string{sevenMessages()}, 0},
		{"left out by a filter", []string{sevenMessages()}, []string{sevenMessages()}, 1700000002},
		{"another source first", []string{sevenMessages()}, []string{other(sevenMessages()), sevenMessages()}, 0},
		{"another source first, without ids", []string{withoutIDs}, []string{sevenMessages(), withoutIDs}, 0},
	} {
		for pilot := range 4 {
			inBubble(t, fmt.Sprintf("%s after %d conversations", tt.name, pilot), func(t *testing.T) {
				f, box := newFile(t), newBox()
				for i, content := range tt.first {
					mustLoadNamed(t, f, fmt.Sprint("source", i), content, Filter{})
				}
				if pilot > 0 {
					s := newSender(f, box)
					s.Selection.MaxConversations = pilot
					_, err := s.Send(t.Context())
					must(t, err)
				}
				sent := box.Summary().Messages
				f = newFile(t)
				for i, content := range tt.then {
					mustLoadNamed(t, f, fmt.Sprint("source", i), content, Filter{Since: fromMillis(tt.since * 1000)})
				}
				planned := bodies(t, f, newComposer())
				s := newSender(f, box)
				s.LookFirst = true
				reports, errs := sendAll(t, t.Context(), s)
				if len(errs) > 0 || reports[0].Found != sent {
					t.Errorf("report %+v, errors %v, want %d found", reports[0], errs, sent)
				}
				want := 0
				for _, list := range planned {
					want += len(list)
				}
				if got := box.Summary(); got.Messages != max(want, got.Distinct) || got.Messages != got.Distinct {
					t.Errorf("got %+v, planned %d", got, want)
				}
				status, err := f.Status()
				if err != nil || status.Unsure > 0 || status.Messages.Planned+status.Messages.Sending > 0 {
					t.Errorf("status %+v, error %v", status, err)
				}
			})
		}
	}
}

func mustLoadNamed(t *testing.T, f *File, name, content string, filter Filter) {
	t.Helper()
	_, err := (&Loader{File: f, Name: name, Named: true, Filter: filter}).Load(t.Context(), &csvfile.File{Path: writeCSV(t, content), Now: longAfter})
	must(t, err)
}

// An unsure conversation is sent only if its chat proves which messages it lacks. Otherwise it is set aside, with the reason
// among the failures.
func TestUnsureSetAside(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, quirk string
		content     string // of the source in the new file
		why         string
		asides      int
	}{
		{"no chat with ids", "no-msgid", sevenMessages(), "Kommo shows no message ids of ours", 2},
		{"unreadable", "gone:ann", sevenMessages(), "CHAT_NOT_FOUND", 1},
		{"sent with other times and known ids", "", strings.ReplaceAll(sevenMessages(), ",170000000", ",170000360"), "", 0},
		{"sent with other ids", "", strings.NewReplacer(",one,1,", ",one,,", ",two,2,", ",two,,", ",three,3,", ",three,,").Replace(sevenMessages()),
			"this migration file does not know", 2},
	} {
		inBubble(t, tt.name, func(t *testing.T) {
			f, box := newFile(t), quirks(t, tt.quirk)
			load(t, f, sevenMessages())
			s := newSender(f, box)
			s.Selection.MaxConversations = 2
			_, err := s.Send(t.Context())
			must(t, err)
			f = newFile(t)
			load(t, f, tt.content)
			s = newSender(f, box)
			s.LookFirst = true
			report, err := s.Send(t.Context())
			if got := box.Summary().Messages; err != nil || report.SetAside != tt.asides || got != 7 {
				t.Errorf("report %+v, error %v, %d messages at Kommo", report, err, got)
			}
			listed := 0
			for failure, err := range f.Failures() {
				if listed++; err != nil || failure.State != string(Planned) || !strings.Contains(failure.Reason, tt.why) || failure.Position == "" {
					t.Errorf("failure %+v, error %v", failure, err)
				}
			}
			if listed != tt.asides {
				t.Errorf("%d failures, want %d", listed, tt.asides)
			}
		})
	}
}

// A verification asks Kommo for nothing more, either, when the migration file is gone.
func TestVerifyOfARemovedFile(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T) {
		f, box := loaded(t), newBox()
		sent(t, f, box)
		before := len(box.Requests())
		v := newVerifier(f, box)
		v.Workers = 1
		v.Client.Transport = transport(func(r *http.Request) (*http.Response, error) {
			must(t, os.RemoveAll(f.Path))
			return box.RoundTrip(r)
		})
		_, err := v.Verify(t.Context())
		if _, moved := errors.AsType[*migration.MovedError](err); !moved || len(box.Requests()) != before+1 {
			t.Errorf("error %v after %d requests", err, len(box.Requests())-before)
		}
	})
}
