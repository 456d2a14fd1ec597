package greenapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// take puts entries into a history, newest first.
func take(t testing.TB, h *history, entries ...string) {
	t.Helper()
	err := h.take(func(yield func(json.RawMessage, error) bool) {
		for _, entry := range entries {
			if !yield(json.RawMessage(entry), nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// kept returns the entries, newest first.
func kept(t testing.TB, h *history) (entries []string) {
	t.Helper()
	for i := range h.len() {
		entry, err := h.entry(i)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, string(entry))
	}
	return entries
}

func TestEntriesOnDisk(t *testing.T) {
	const block = 256 << 10
	numbered := func(n, size int) (entries []string) {
		for i := range n {
			entries = append(entries, fmt.Sprintf(`{"n":%d,"text":"%s"}`, i, strings.Repeat("x", size)))
		}
		return entries
	}
	for name, entries := range map[string][]string{
		"none":              nil,
		"one":               {`{}`},
		"empty ones":        {``, `1`, ``, ``, `22`, ``},
		"some":              numbered(10, 3),
		"many":              numbered(30_000, 40),
		"of just one block": {strings.Repeat("a", block)},
		"of two blocks":     {strings.Repeat("a", block-1), "bb"},
		"longer than a block": {"1", strings.Repeat("a", block+1), "2", strings.Repeat("b", 3*block), strings.Repeat("c", block),
			"3"},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := newHistory()
			if err != nil {
				t.Fatal(err)
			}
			defer h.close()
			take(t, h, entries...)
			if diff := cmp.Diff(entries, kept(t, h)); diff != "" || h.len() != len(entries) {
				t.Errorf("%d entries (-want +got):\n%.2000s", h.len(), diff)
			}
		})
	}
}

// An answer replaces the one before and its index, also if that answer broke off.
func TestAnotherAnswer(t *testing.T) {
	h, err := newHistory()
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	deleting := func(id string) string {
		return fmt.Sprintf(`{"type":"incoming","typeMessage":"deletedMessage","deletedMessageData":{"stanzaId":%q}}`, id)
	}
	take(t, h, deleting("1"), deleting("2"), deleting("3"))
	broken := errors.New("the answer broke off")
	err = h.take(func(yield func(json.RawMessage, error) bool) {
		_ = yield(json.RawMessage(deleting("4")), nil) && yield(nil, broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	take(t, h, `{"a":1}`, deleting("5"))
	if diff := cmp.Diff([]string{`{"a":1}`, deleting("5")}, kept(t, h)); diff != "" || h.len() != 2 {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]bool{"5": true}, h.index.deletions); diff != "" {
		t.Errorf("deletions (-want +got):\n%s", diff)
	}
}

// The file is in TMPDIR. It is removed at once where the system allows that, and otherwise when the history is closed.
func TestHistoryFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	h, err := newHistory()
	if err != nil {
		t.Fatal(err)
	}
	if os.TempDir() == dir && filepath.Dir(h.file.Name()) != dir {
		t.Errorf("the file is %s", h.file.Name())
	}
	take(t, h, "1", "2")
	if left, err := os.ReadDir(dir); runtime.GOOS != "windows" && (len(left) > 0 || err != nil) {
		t.Errorf("open, it can be seen: %v, %v", left, err)
	}
	h.close()
	if _, err := os.Stat(h.file.Name()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("closed, the file is there: %v", err)
	}
	if _, err := h.file.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed, the file is open: %v", err)
	}
	(*history)(nil).close()
}

// A full or broken disk is an error with the purpose of the file.
func TestHistoryOnABadDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip("this system has no disk that is always full")
	}
	defer full.Close()
	for name, entries := range map[string][]string{"at the end": {"1"}, "on the way": {strings.Repeat("x", 200_000), "2"}} {
		bad := &history{file: full}
		err := bad.take(func(yield func(json.RawMessage, error) bool) {
			for _, entry := range entries {
				if !yield(json.RawMessage(entry), nil) {
					return
				}
			}
		})
		if !errors.Is(err, syscall.ENOSPC) || !strings.HasPrefix(err.Error(), "keeping a chat's history on disk for a moment: write") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	h, err := newHistory()
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	take(t, h, "1", "2")
	if err := h.file.Truncate(1); err != nil {
		t.Fatal(err)
	}
	if entry, err := h.entry(1); err == nil || !strings.HasPrefix(err.Error(), "keeping a chat's history on disk for a moment: ") {
		t.Errorf("got %q, %v", entry, err)
	}
}

// A history without an end, and that of another chat, are refused: only their chat is unreadable then.
func TestRefusedHistory(t *testing.T) {
	of := func(chat string) string { return fmt.Sprintf(`{"type":"incoming","idMessage":"1","chatId":%q}`, chat) }
	endless := func(yield func(json.RawMessage, error) bool) {
		for yield(json.RawMessage(`0`), nil) {
		}
	}
	large := func(yield func(json.RawMessage, error) bool) {
		entry := make([]byte, 15<<20) // no JSON: an index of a gigabyte would take seconds
		for yield(entry, nil) {
		}
	}
	for _, tt := range []struct {
		name    string
		entries iter.Seq2[json.RawMessage, error]
		want    string // in the error, "" for no error
		long    bool
	}{
		{"of this chat", sequence(of("1@c.us"), of("1@c.us")), "", false},
		{"of another chat", sequence(of("2@c.us"), of("2@c.us")), "another chat, 2@c.us", false},
		{"some of another chat", sequence(of("2@c.us"), of("1@c.us")), "", false},
		{"under its lid", sequence(of("5@lid")), "", false},
		{"without an id", sequence(`{"type":"incoming"}`), "", false},
		{"without an end", endless, "more than 1000000 messages", true},
		{"too large", large, "more than 1 GB", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.long && testing.Short() {
				t.Skip("takes seconds")
			}
			h, err := newHistory()
			if err != nil {
				t.Fatal(err)
			}
			defer h.close()
			h.index.chat = "1@c.us"
			err = h.take(tt.entries)
			_, refused := errors.AsType[*RefusedError](err)
			if refused != (tt.want != "") || refused && (!strings.Contains(err.Error(), tt.want) || !ofOneChat(err)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func sequence(entries ...string) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for _, entry := range entries {
			if !yield(json.RawMessage(entry), nil) {
				return
			}
		}
	}
}
