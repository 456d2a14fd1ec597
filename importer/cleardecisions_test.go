package importer

import (
	"strings"
	"testing"
	"testing/synctest"

	"kommo-import/internal/sandbox"
)

func (w *world) clearDecisions() DecisionReport {
	w.t.Helper()
	report, err := (&Loader{File: w.f}).ClearDecisions(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return report
}

// A decision about a conversation that no source has any more can be undone.
func TestClearDecisionOfGoneConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLoad(loads(tableOf(lidLines(), true), shifted(0)))
	w.mustDecide("bob import=no")
	w.mustLoad(loads(tableOf(lidLines()[:6], true), shifted(0)))
	if report := w.clearDecisions(); report.Decided != 0 {
		t.Errorf("%+v", report)
	}
}

// The contact of a chat that was linked stays, and the other decisions are undone.
func TestClearDecisionsBehindLink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := linkWorld(t, sandbox.Options{})
		w.mustDecide("ann contact=17 notify=no", "bob notify=no")
		if _, err := w.linkingSender().Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		if report := w.clearDecisions(); report.Decided != 1 {
			t.Errorf("%+v", report)
		}
		if d, err := readDecisions(w.f.Reader); err != nil || d.of["ann"] != (Decision{Conversation: "ann", Contact: 17}) {
			t.Errorf("%+v, %v", d.of, err)
		}
	})
}

// A conversation whose message was in doubt cannot be left out: the message would still be sent.
func TestLeaveOutBehindDoubt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLoad(loads(tableOf(lidLines(), true), shifted(0)))
	w.update(`UPDATE message SET may_exist = 1 WHERE conversation = (SELECT id FROM conversation WHERE external_id = 'bob')`)
	if err := w.decide("bob import=no"); err == nil || !strings.Contains(err.Error(), "something of it was sent, so it can no longer be left out") {
		t.Error(err)
	}
}
