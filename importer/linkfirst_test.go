package importer

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kommo-import/internal/kommo/crm"
	"kommo-import/internal/sandbox"
)

// fayFirst gives the chat that belongs to another contact already the most messages, so that it is the first to be sent.
func (w *world) fayFirst() {
	w.mustLoad(loads(tableOf(append(linkLines(), line{conversation: "fay", second: 60, direction: "in", text: "more #fay3", id: "fay3",
		phone: "+34611000006"}), true), shifted(0)))
}

// Whether the token may link is found out before any message, also if the first chat needs no link, or all chats are unsure.
func TestMayNotLinkBehindOthers(t *testing.T) {
	t.Parallel()
	for _, do := range []sandbox.Action{sandbox.NoRights, sandbox.Refuse} {
		for _, lookFirst := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				w := linkWorld(t, sandbox.Options{})
				w.fayFirst()
				w.box.AddRule(sandbox.Rule{Do: do, On: sandbox.OnLink})
				s := w.linkingSender()
				s.LookFirst = lookFirst
				_, err := s.Send(t.Context())
				_, denied := errors.AsType[*LinkDeniedError](err)
				_, refused := errors.AsType[*LinkRefusedError](err)
				if denied != (do == sandbox.NoRights) || refused == denied || w.box.Summary().Messages > 0 {
					t.Errorf("%s, unsure %t: %v, %d messages", do, lookFirst, err, w.box.Summary().Messages)
				}
				if refused {
					w.mustDecide("ann contact=17")
				}
			})
		}
	}
}

// A refusal is of one chat alone once Kommo has linked another one: that chat is sent without its contact, and listed.
func TestOneLinkRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := linkWorld(t, sandbox.Options{})
		w.box.AddRule(sandbox.Rule{Do: sandbox.Refuse, On: sandbox.OnLink, Chat: "ann", Count: 3})
		report, err := w.linkingSender().Send(t.Context())
		if err != nil || report.Linked != 2 || report.Unlinked != 0 {
			t.Errorf("%+v, %v, want the refused chat linked behind the other one", report, err)
		}
		w.wantLinks()
		w = linkWorld(t, sandbox.Options{})
		w.box.AddRule(sandbox.Rule{Do: sandbox.Refuse, On: sandbox.OnLink, Chat: "bob"})
		report, err = w.linkingSender().Send(t.Context())
		if err != nil || report.Linked != 1 || len(report.UnlinkedChats) != 1 || !strings.HasPrefix(report.UnlinkedChats[0], "bob: ") {
			t.Errorf("%+v, %v", report, err)
		}
	})
}

// The token of another account is found out before any request about links.
func TestOtherAccountBehindUnsure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := linkWorld(t, sandbox.Options{})
		other := sandbox.NewKommo(sandbox.Options{AccountID: "5a0db0c5-0000-4000-8000-0000000000ff"})
		s := w.linkingSender()
		s.LookFirst = true
		s.Account = &crm.Client{BaseURL: "https://example.kommo.com", Token: other.Options.AccountToken, Transport: other}
		_, err := s.Send(t.Context())
		if _, ok := errors.AsType[*OtherAccountError](err); !ok || w.box.Summary().Messages > 0 {
			t.Errorf("%v, %+v", err, w.box.Summary())
		}
	})
}

// A link whose answer was lost is looked for as long as a message in doubt, before refusals count.
func TestLateLink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := linkWorld(t, sandbox.Options{IndexDelay: 25 * time.Second, Quirks: []sandbox.Quirk{{Trait: sandbox.Linked, Value: "exists"}}})
		w.box.AddRule(sandbox.Rule{Do: sandbox.CutTaken, On: sandbox.OnLink, N: 1, Count: 1})
		report, err := w.linkingSender().Send(t.Context())
		if err != nil || report.Linked != 2 || report.Unlinked > 0 {
			t.Errorf("%+v, %v", report, err)
		}
		w.wantLinks()
	})
}

// A link in doubt stays in doubt when a later try is rejected, so that its contact cannot be changed in the sheet.
func TestRejectedBehindDoubt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := linkWorld(t, sandbox.Options{IndexDelay: time.Minute})
		w.box.AddRule(sandbox.Rule{Do: sandbox.CutTaken, On: sandbox.OnLink, N: 1, Count: 1})
		w.box.AddRule(sandbox.Rule{Do: sandbox.Unauthorized, On: sandbox.OnLink, N: 2, Count: 1})
		if _, err := w.linkingSender().Send(t.Context()); err == nil {
			t.Error("the token is rejected, and send does not stop")
		}
		if err := w.decide("ann contact=17"); err == nil {
			t.Error("the contact of a link in doubt can be changed")
		}
		if err := w.decide("ann chat=dan"); err == nil {
			t.Error("a chat whose link is in doubt can be joined")
		}
		time.Sleep(time.Hour)
		sendAll(t, t.Context(), w.linkingSender())
		if links := w.links(); !slices.Contains(links, "ann 11") {
			t.Error(links)
		}
		w.wantSentOnce()
	})
}
