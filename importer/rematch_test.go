package importer

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"kommo-import/internal/pace"
	"kommo-import/internal/sandbox"
)

// Whatever changes the chats between match and send, each chat is linked to the contact of its client as it is then, and to no
// other.
func TestChangedAfterMatch(t *testing.T) {
	t.Parallel()
	const phone, lid = "34611000001@c.us", "77@lid"
	excluding := func(l *tableLoad) { l.loader.Filter.Exclude = []string{"*"} }
	for _, tt := range []struct {
		name   string
		load   []func(*tableLoad)
		before []string // decisions before match
		change func(*world)
		want   string // the chat that belongs to contact 11
	}{
		{"joined to a conversation without a phone", nil, nil, func(w *world) { w.mustDecide(phone + " chat=" + lid) }, lid},
		{"parted from a conversation without a phone", nil, []string{phone + " chat=" + lid}, func(w *world) { w.mustDecide(phone) }, phone},
		{"taken along in the sheet", []func(*tableLoad){excluding}, nil, func(w *world) { w.mustDecide(phone+" import=yes", lid+" import=yes") }, phone},
		{"another phone in a new reading", nil, nil, func(w *world) {
			renamed := lidLines()
			for i := range renamed {
				renamed[i].phone = map[string]string{lid: "+34611000001", phone: "+34611000099"}[renamed[i].conversation]
			}
			w.mustLoad(loads(tableOf(renamed, true), shifted(0)))
		}, lid},
	} {
		inBubble(t, tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.box = sandbox.NewKommo(sandbox.Options{Contacts: accountContacts()})
			w.mustLoad(loads(tableOf(lidLines(), true), append(tt.load, shifted(0))...))
			w.mustDecide(tt.before...)
			w.match()
			tt.change(w)
			if report, err := w.linkingSender().Send(t.Context()); err != nil || report.Linked != 1 {
				t.Errorf("%+v, %v", report, err)
			}
			got := slices.DeleteFunc(w.links(), func(l string) bool { return !strings.HasSuffix(l, " 11") })
			if want := []string{tt.want + " 11"}; !slices.Equal(got, want) {
				t.Errorf("links %v, want %v", got, want)
			}
		})
	}
}

// A match that was interrupted keeps the chats from being sent without their contacts, until it is run again or forgotten.
func TestInterruptedMatch(t *testing.T) {
	t.Parallel()
	for commits := 1; commits <= 3; commits++ {
		for _, clear := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				w := linkWorld(t, sandbox.Options{})
				w.dieAfter(commits, false)
				_, err := (&Matcher{File: w.f, Client: w.account(), Pace: pace.New(1e6), ScopeID: w.box.ScopeID(), Refresh: true}).Match(context.Background())
				w.reopen()
				if err == nil {
					return
				}
				var stored int
				w.f.Reader.QueryRow(`SELECT count(*) FROM matched WHERE contact > 0`).Scan(&stored)
				_, err = w.linkingSender().Send(t.Context())
				if _, unmatched := errors.AsType[*UnmatchedError](err); unmatched != (stored == 0) {
					t.Errorf("killed before commit %d: %d matched, %v", commits, stored, err)
				}
				if stored == 0 && clear {
					if _, err := w.f.ClearMatches(); err != nil {
						t.Fatal(err)
					}
				} else if stored == 0 {
					w.match()
				}
				report, err := w.linkingSender().Send(t.Context())
				if err != nil || stored == 0 && report.Linked != 2*btoi(!clear) {
					t.Errorf("killed before commit %d: %+v, %v", commits, report, err)
				}
			})
		}
	}
}
