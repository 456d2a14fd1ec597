package importer

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Reasons that differ only in what they quote are one group; the fifty-first reason and all after it are one too.
func TestGroupByReason(t *testing.T) {
	var rows []string
	add := func(reason string) {
		rows = append(rows, fmt.Sprintf(`('%s', 'p%d')`, reason, len(rows)))
	}
	for _, reason := range []string{`time "a"`, `size "1"`, `time "b\"c"`, `size "1"`, `time "a"`, `time "d`, `time "a"`} {
		add(reason)
	}
	want := []Group{
		{Reason: `time "…"`, Messages: 4, Examples: []string{"p0", "p2", "p4"}},
		{Reason: "other reasons", Messages: 3, Examples: []string{"p54", "p55", "p56"}},
		{Reason: `size "1"`, Messages: 2, Examples: []string{"p1", "p3"}},
	}
	for n := range maxGroups {
		add(fmt.Sprintf("reason %02d", n))
	}
	f := newFile(t)
	var got []Group
	err := f.View(func(tx *sql.Tx) (err error) {
		got, err = groupByReason(tx, `SELECT * FROM (VALUES `+strings.Join(rows, ", ")+`)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != maxGroups+1 {
		t.Fatalf("got %d groups, want %d", len(got), maxGroups+1)
	}
	if diff := cmp.Diff(want, got[:3]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// More ids than a statement takes parameters can be selected, to be previewed, sent and verified.
func TestManySelected(t *testing.T) {
	f := loaded(t)
	box := newBox()
	only := slices.Repeat([]string{"ann", "bob"}, 20_000)
	s := newSender(f, box)
	s.Selection = Selection{Only: only, MaxConversations: 1}
	preview, err := f.Preview(s.Composer, s.Selection, 6)
	if err != nil || preview.Conversations != 1 || preview.Messages != 5 {
		t.Errorf("preview: %d messages in %d conversations, error %v, want those of ann", preview.Messages, preview.Conversations, err)
	}
	if report, err := s.Send(t.Context()); err != nil || report.Accepted != 5 {
		t.Errorf("sent %d messages, error %v, want those of ann", report.Accepted, err)
	}
	v := newVerifier(f, box)
	v.Only = only
	if report, err := v.Verify(t.Context()); err != nil || report.There != 5 {
		t.Errorf("%d messages are there, error %v, want those of ann", report.There, err)
	}
}
