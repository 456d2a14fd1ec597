package importer

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/migration"
)

func TestHealth(t *testing.T) {
	f := newFile(t)
	load(t, f, threeConversations())
	change := func(statement string) {
		t.Helper()
		execute(t, f, statement)
	}
	health := func() Health {
		t.Helper()
		h, err := f.Health(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	if h := health(); len(h.Damage)+len(h.Miscounted) > 0 || h.Plan != nil || h.Status.Messages.Planned != 10 {
		t.Errorf("of a healthy file got %+v", h)
	}

	change(`UPDATE conversation SET planned = planned + 1 WHERE external_id = 'bob'`)
	change(`UPDATE conversation SET duplicate = 1 WHERE external_id = 'cat'`)
	if diff := cmp.Diff([]string{"bob", "cat"}, health().Miscounted); diff != "" {
		t.Errorf("miscounted (-want +got):\n%s", diff)
	}
	change(`UPDATE conversation SET planned = planned - 1 WHERE external_id = 'bob'`)
	change(`UPDATE conversation SET duplicate = 0`)

	change(`INSERT INTO unfinished (source, from_start, after, cursor, shape, balance) SELECT id, 0, 0, '', '', 0 FROM source`)
	if _, ok := errors.AsType[*NotReadyError](health().Plan); !ok {
		t.Errorf("of an unfinished load got the plan %v, want a NotReadyError", health().Plan)
	}
	change(`DELETE FROM unfinished`)
}

// Whatever page of the file is spoilt, it is not called healthy. What is free or unused does not count.
func TestHealthOfDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "migration.db")
	f := openFile(t, path)
	load(t, f, threeConversations())
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	found := 0
	for at := page; at < len(whole); at += page {
		spoilt := slices.Clone(whole)
		copy(spoilt[at:at+page/2], bytes.Repeat([]byte{0xff}, page/2))
		if err := os.WriteFile(path, spoilt, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := OpenReadOnly(path)
		if err != nil {
			found++
			continue
		}
		if h, err := f.Health(t.Context()); err != nil || len(h.Damage) > 0 {
			found++
		}
		f.Close()
	}
	if pages := len(whole)/page - 1; found < pages*3/4 {
		t.Errorf("found %d of %d spoilt pages", found, pages)
	}
}

func TestHealthOfNothing(t *testing.T) {
	h, err := newFile(t).Health(t.Context())
	if err != nil || !errors.Is(h.Plan, migration.ErrNothingLoaded) {
		t.Errorf("got %+v, %v, want migration.ErrNothingLoaded", h, err)
	}
}

func TestHealthIsInterrupted(t *testing.T) {
	f := newFile(t)
	load(t, f, threeConversations())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Health(ctx); err == nil {
		t.Error("got no error of a context that has ended")
	}
}

// Only messages that are still to be sent count, by the id or the name of their author.
func TestPreviewCountsMessagesOfUsers(t *testing.T) {
	f := newFile(t)
	load(t, f, "conversation_id,timestamp,direction,text,message_id,author_id,author_name\n"+
		"ann,1700000000,out,a,1,u1,Eva\nann,1700000001,out,b,2,,Max\nann,1700000002,out,c,3,u1,\nann,1700000003,in,d,4,,Max\n"+
		"bob,1700000004,out,e,5,,\nbob,1700000005,out,f,6,u3,Max\n")
	s := newSender(f, newBox())
	users := func(users map[string]string) Composer { return Composer{BotID: s.Composer.BotID, Users: users} }
	for _, tt := range []struct {
		composer  Composer
		selection Selection
		want      int
	}{
		{users(nil), Selection{}, 0},
		{users(map[string]string{"Max": "76fc"}), Selection{}, 2},
		{users(map[string]string{"u1": "76fc", "Max": "76fd"}), Selection{}, 4},
		{users(map[string]string{"u1": "76fc", "Max": "76fd"}), Selection{Only: []string{"bob"}}, 1},
		{users(map[string]string{"nobody": "76fc"}), Selection{}, 0},
		{Composer{Users: map[string]string{"Max": "76fc"}}, Selection{}, 2}, // the others have no sender
	} {
		preview, err := f.Preview(tt.composer, tt.selection, 6)
		if err != nil || preview.UserMessages != tt.want {
			t.Errorf("%v, %v: %d messages, error %v, want %d", tt.composer.Users, tt.selection, preview.UserMessages, err, tt.want)
		}
	}
	sendAll(t, t.Context(), s)
	if preview, err := f.Preview(users(map[string]string{"Max": "76fc"}), Selection{}, 6); err != nil || preview.UserMessages != 0 {
		t.Errorf("when all is sent: %d messages, error %v", preview.UserMessages, err)
	}
}

func TestMapping(t *testing.T) {
	f := newFile(t)
	load(t, f, csvHeader+
		"ann,1700000000,out,a,1,,Eva,,,,,\nann,1700000001,out,b,2,,Max,,,,,\nann,1700000002,out,c,3,,Eva,,,,,\nann,1700000003,in,d,4,,,,,,,\n")
	got, err := f.Mapping(Composer{Users: map[string]string{"Max": "76fc", "Mux": "76fd"}})
	if err != nil {
		t.Fatal(err)
	}
	want := Mapping{Authors: 2, Unmapped: []UnmappedAuthor{{Name: "Eva", Messages: 2}}, Unused: []string{"Mux"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
