package importer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"kommo-import/internal/pace"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"encoding/json"

	"kommo-import/internal/kommo"
	"kommo-import/internal/sandbox"
	"kommo-import/signing"
)

func newProber(f *File, box *sandbox.Kommo, transport http.RoundTripper) *Prober {
	return &Prober{File: f, Pace: pace.New(6), Patience: 40 * time.Second, Client: &kommo.Client{
		ScopeID: box.ScopeID(), Transport: transport, Signer: signing.Signer{Secret: box.Options.ChannelSecret},
	}}
}

// TestProbe probes a Kommo of every kind that the documents leave open.
func TestProbe(t *testing.T) {
	doubled := Probe{Shown: true, Repeated: RepeatDoubled, Order: OrderNewestFirst, Msec: MsecKept, UnknownKind: "refused"}
	with := func(change func(*Probe)) Probe {
		p := doubled
		change(&p)
		return p
	}
	tests := []struct {
		name    string
		options sandbox.Options
		history func([]map[string]any) []map[string]any // what becomes of the pages
		want    Probe
		delay   float64 // shown after so many seconds, at least
	}{
		{"keeps", sandbox.Options{}, nil, doubled, 0},
		{"drops", sandbox.Options{Duplicates: sandbox.DropDuplicates}, nil, with(func(p *Probe) { p.Repeated, p.RepeatedSameID = RepeatDropped, true }), 0},
		{"refuses", sandbox.Options{Duplicates: sandbox.RefuseDuplicates}, nil, with(func(p *Probe) { p.Repeated = RepeatRefused }), 0},
		{"late, keeps", sandbox.Options{HistoryDelay: 12 * time.Second}, nil, with(func(p *Probe) { p.Settle = 15 }), 12},
		{"late, drops", sandbox.Options{HistoryDelay: 12 * time.Second, Duplicates: sandbox.DropDuplicates}, nil,
			with(func(p *Probe) { p.Repeated, p.RepeatedSameID, p.Settle = RepeatDropped, true, 15 }), 12},
		{"a little late", sandbox.Options{HistoryDelay: 3 * time.Second}, nil, doubled, 3},
		{"too late", sandbox.Options{HistoryDelay: time.Hour}, nil,
			Probe{Repeated: RepeatUnknown, Order: OrderUnknown, Msec: MsecUnknown, UnknownKind: "refused", Settle: 50}, 0},
		{"slow down", sandbox.Options{RateLimit: 3}, nil, doubled, 0},
		{"oldest first", sandbox.Options{}, reversed, with(func(p *Probe) { p.Order = OrderOldestFirst }), 0},
		{"by arrival", sandbox.Options{}, byArrival, with(func(p *Probe) { p.Order = OrderArrivalOldest }), 0},
		{"by arrival, newest first", sandbox.Options{}, func(m []map[string]any) []map[string]any { return reversed(byArrival(m)) },
			with(func(p *Probe) { p.Order = OrderArrival }), 0},
		{"by the second", sandbox.Options{}, bySecond, with(func(p *Probe) { p.Order = OrderNewestSeconds }), 0},
		{"oldest second first", sandbox.Options{}, func(m []map[string]any) []map[string]any { return reversed(bySecond(m)) },
			with(func(p *Probe) { p.Order = OrderOldestSeconds }), 0},
		{"no milliseconds", sandbox.Options{}, inAll(func(m map[string]any) { delete(m, "msec_timestamp") }), with(func(p *Probe) { p.Msec = MsecMissing }), 0},
		{"other milliseconds", sandbox.Options{}, inAll(func(m map[string]any) { m["msec_timestamp"] = 1000 * m["timestamp"].(float64) }),
			with(func(p *Probe) { p.Msec = MsecChanged }), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, box := newFile(t), sandbox.NewKommo(tt.options)
				got, err := newProber(f, box, rewriting{box, tt.history}).Probe(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				checkProbe(t, f, box, got)
				if got.ShownAfter < tt.delay || got.ShownAfter > tt.delay+2 {
					t.Errorf("shown after %v s, want %v or a little more", got.ShownAfter, tt.delay)
				}
				got.Time, got.ScopeID, got.ShownAfter, got.RepeatedWords, got.UnknownKindWords = time.Time{}, "", 0, "", ""
				if got != tt.want {
					t.Errorf("\n got %+v\nwant %+v", got, tt.want)
				}
				f.Close()
			})
		})
	}
}

// checkProbe checks what holds for every probe: it is stored as it was returned, in its own chat, and wakes nobody.
func checkProbe(t *testing.T, f *File, box *sandbox.Kommo, got Probe) {
	t.Helper()
	if stored, known, err := f.LastProbe(); err != nil || !known || stored != got {
		t.Errorf("stored %+v, %v, %v; want %+v", stored, known, err, got)
	}
	state := box.Dump()
	if len(state.Chats) != 1 || state.Chats[0].ConversationID != ProbeConversation || state.Summary.Loud != 0 {
		t.Errorf("got %+v, want one chat of the probe, and nothing loud", state.Summary)
	}
	if person := state.Chats[0].Participants[0]; len(state.Chats[0].Participants) != 1 || person.Name != "kommo-import probe" {
		t.Errorf("got participants %+v, want the probe's", state.Chats[0].Participants)
	}
	if state.Summary.BusiestSecond > 7 {
		t.Errorf("got %d requests in a second, want the pace to be kept", state.Summary.BusiestSecond)
	}
}

// A second probe has messages of its own.
func TestProbeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, box := newFile(t), newBox()
		for range 2 {
			got, err := newProber(f, box, box).Probe(t.Context())
			if err != nil || got.Repeated != RepeatDoubled || got.Order != OrderNewestFirst {
				t.Errorf("got %+v, %v", got, err)
			}
		}
		if got := box.Summary(); got.Distinct != 10 || got.Doubled != 2 {
			t.Errorf("got %+v, want ten messages, two of them twice", got)
		}
		f.Close()
	})
}

// What breaks a probe off leaves nothing in the migration file.
func TestProbeFails(t *testing.T) {
	tests := []struct{ rule, want string }{
		{"502-taken:n=2", "outcome is unknown"},
		{"403-signature:n=2", "does not let us in"},
		{"403:on=history", "blocks us"},
		{"refuse:n=1", "should take"},
		{"502:on=history", "gave up after 6 tries"},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rule, err := sandbox.ParseRule(tt.rule)
				if err != nil {
					t.Fatal(err)
				}
				f, box := newFile(t), sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{rule}})
				if _, err := newProber(f, box, box).Probe(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want an error with %q", err, tt.want)
				}
				if _, known, err := f.LastProbe(); known || err != nil {
					t.Errorf("got a stored probe, %v", err)
				}
				f.Close()
			})
		})
	}
}

func TestProbeInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := errors.New("stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		f, box := newFile(t), sandbox.NewKommo(sandbox.Options{HistoryDelay: time.Minute})
		time.AfterFunc(5*time.Second, func() { cancel(stop) })
		if _, err := newProber(f, box, box).Probe(ctx); !errors.Is(err, stop) {
			t.Errorf("got %v, want the cause", err)
		}
		f.Close()
	})
}

// rewriting changes the pages of history.
type rewriting struct {
	http.RoundTripper
	change func([]map[string]any) []map[string]any
}

func (r rewriting) RoundTrip(q *http.Request) (*http.Response, error) {
	response, err := r.RoundTripper.RoundTrip(q)
	if err != nil || r.change == nil || q.Method != http.MethodGet || response.StatusCode != http.StatusOK {
		return response, err
	}
	var page struct {
		Messages []map[string]any `json:"messages"`
	}
	if err := json.NewDecoder(response.Body).Decode(&page); err != nil {
		return nil, err
	}
	page.Messages = r.change(page.Messages)
	body, err := json.Marshal(page)
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, err
}

func reversed(page []map[string]any) []map[string]any {
	slices.Reverse(page)
	return page
}

// byArrival sorts by the number at the end of the msgid.
func byArrival(page []map[string]any) []map[string]any {
	number := func(m map[string]any) string {
		return regexp.MustCompile(`\d+$`).FindString(m["message"].(map[string]any)["client_id"].(string))
	}
	slices.SortStableFunc(page, func(a, b map[string]any) int { return strings.Compare(number(a), number(b)) })
	return page
}

// bySecond sorts by the second, newest first; of one second, the first to arrive first.
func bySecond(page []map[string]any) []map[string]any {
	page = byArrival(page)
	slices.SortStableFunc(page, func(a, b map[string]any) int { return int(b["timestamp"].(float64) - a["timestamp"].(float64)) })
	return page
}

func inAll(change func(map[string]any)) func([]map[string]any) []map[string]any {
	return func(page []map[string]any) []map[string]any {
		for _, m := range page {
			change(m)
		}
		return page
	}
}

func TestSettleFor(t *testing.T) {
	for took, want := range map[float64]int{0: 0, 4.4: 0, 4.6: 10, 8: 10, 12: 15, 12.4: 15, 13: 20, 30: 40} {
		if got := settleFor(Probe{Shown: true, ShownAfter: took}, time.Minute); got != want {
			t.Errorf("after %v s: got %d, want %d", took, got, want)
		}
	}
	if got := settleFor(Probe{}, time.Minute); got != 75 {
		t.Errorf("not shown: got %d, want 75", got)
	}
}
