package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/kommo"
	"kommo-import/internal/pace"
	"kommo-import/internal/sandbox"
	"kommo-import/signing"
)

// newVerifier returns a verifier of what is in f and box without a pace to speak of.
func newVerifier(f *File, box *sandbox.Kommo) *Verifier {
	return &Verifier{
		File: f,
		Client: &kommo.Client{ScopeID: box.ScopeID(), Transport: box, Timeout: 20 * time.Second,
			Signer: signing.Signer{Secret: box.Options.ChannelSecret}},
		Composer: Composer{BotID: box.Options.BotID},
		Pace:     pace.New(1e6),
	}
}

// sent brings all that is planned into box and writes it down, as a send without trouble would but faster. It returns
// the msgids by conversation, in order.
func sent(t testing.TB, f *File, box *sandbox.Kommo) map[string][]string {
	t.Helper()
	client := newVerifier(f, box).Client
	arrived := make(map[string][]string)
	type answer struct{ chat, message, conversation, msgid string }
	var answers []answer
	for body, err := range f.Payloads(Composer{BotID: box.Options.BotID}, Selection{}) {
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := client.Send(t.Context(), body)
		if err != nil {
			t.Fatal(err)
		}
		conversation, msgid := between(string(body), `"conversation_id":"`, `"`), msgidOf(string(body))
		arrived[conversation] = append(arrived[conversation], msgid)
		answers = append(answers, answer{accepted.ChatID, accepted.MessageID, conversation, msgid})
	}
	err := f.Update(func(tx *sql.Tx) error {
		for _, a := range answers {
			id, _ := parseMsgid(a.msgid)
			if _, err := tx.Exec(`UPDATE conversation SET planned = planned - 1, accepted = accepted + 1, chat_id = ?,
				notifier = (SELECT staging FROM message WHERE conversation = conversation.id AND identity = ?)
				WHERE external_id = ?`, a.chat, id[:], a.conversation); err != nil {
				return err
			}
			if _, err := tx.Exec(`UPDATE message SET state = 'accepted', remote_id = ? WHERE identity = ?
				AND conversation = (SELECT id FROM conversation WHERE external_id = ?)`, a.message, id[:], a.conversation); err != nil {
				return err
			}
		}
		return recountPending(tx)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(newSender(f, box).claim(Composer{Notify: SilentButLast}), f.EndSending()); err != nil {
		t.Fatal(err)
	}
	return arrived
}

// longChat returns a chat of so many messages, in a migration file and at Kommo, and their msgids in order.
func longChat(t testing.TB, messages int, o sandbox.Options) (*File, *sandbox.Kommo, []string) {
	t.Helper()
	f, box := newFile(t), sandbox.NewKommo(o)
	content := csvHeader
	for i := range messages {
		content += row("ann", 10*i, []string{"in", "out"}[i%2], fmt.Sprintf("text %d", i), fmt.Sprint(i))
	}
	load(t, f, content)
	return f, box, sent(t, f, box)["ann"]
}

func verify(t testing.TB, v *Verifier) VerifyReport {
	t.Helper()
	report, err := v.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// findings returns what was found, a line each: kind, msgid and position.
func findings(t testing.TB, f *File) (all []string) {
	t.Helper()
	for found, err := range f.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.Join([]string{string(found.Kind), found.MsgID, found.Position}, " "))
	}
	return all
}

func wantFindings(t testing.TB, f *File, want ...string) {
	t.Helper()
	got := findings(t, f)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// wantOnlyReading makes sure that nothing was asked of Kommo but histories, after the first so many requests.
func wantOnlyReading(t testing.TB, box *sandbox.Kommo, before int) {
	t.Helper()
	for _, r := range box.Requests()[before:] {
		if r.Method != "GET" || r.Endpoint != sandbox.OnHistory {
			t.Errorf("asked %s %s", r.Method, r.Path)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Every damage to a chat of 1,000 messages is found and named, and nothing else is.
func TestVerifyFindsEveryDamage(t *testing.T) {
	t.Parallel()
	at := func(i int) string { return fmt.Sprintf("chats.csv:%d", i+2) }
	messages := 1000
	in := func(i int) int { return i }
	if os.Getenv("SOAK") == "" { // the same places in a chat of four pages
		messages = 200
		places := map[int]int{0: 0, 3: 3, 100: 20, 250: 50, 417: 83, 500: 100, 501: 101, 502: 102, 503: 103, 504: 104, 505: 105,
			700: 140, 701: 141, 702: 142, 749: 149, 750: 150, 950: 190, 980: 196, 998: 198, 999: 199}
		in = func(i int) int { return places[i] }
	}
	message := func(p map[string]any) map[string]any { return p["message"].(map[string]any) }
	type damage struct {
		name  string
		do    func(t *testing.T, box *sandbox.Kommo, id []string)
		kinds []string // of the findings
		at    []int    // and their messages
		there int
	}
	rewrite := func(i int, change func(p map[string]any)) func(*testing.T, *sandbox.Kommo, []string) {
		return func(t *testing.T, box *sandbox.Kommo, id []string) { must(t, box.Rewrite(id[i], change)) }
	}
	later := func(ms float64) func(map[string]any) {
		return func(p map[string]any) {
			p["msec_timestamp"] = p["msec_timestamp"].(float64) + ms
			p["timestamp"] = float64(int64(p["msec_timestamp"].(float64)) / 1000)
		}
	}
	swap := func(a, b int) func(*testing.T, *sandbox.Kommo, []string) {
		return func(t *testing.T, box *sandbox.Kommo, id []string) { must(t, box.Swap(id[a], id[b])) }
	}
	for _, tt := range []damage{
		{"none", func(*testing.T, *sandbox.Kommo, []string) {}, nil, nil, messages},
		{"a loss", func(t *testing.T, box *sandbox.Kommo, id []string) { must(t, box.Lose(id[in(417)])) }, []string{"missing"}, []int{in(417)}, messages - 1},
		{"the loss of the first", func(t *testing.T, box *sandbox.Kommo, id []string) { must(t, box.Lose(id[in(0)])) }, []string{"missing"}, []int{in(0)}, messages - 1},
		{"the loss of the last", func(t *testing.T, box *sandbox.Kommo, id []string) { must(t, box.Lose(id[in(999)])) }, []string{"missing"}, []int{in(999)}, messages - 1},
		{"another text", rewrite(in(100), func(p map[string]any) { message(p)["text"] = "another text" }), []string{"differs"}, []int{in(100)}, messages - 1},
		{"another kind", rewrite(in(500), func(p map[string]any) { message(p)["type"] = "sticker" }), []string{"differs"}, []int{in(500)}, messages - 1},
		{"the other side", rewrite(in(501), func(p map[string]any) {
			p["sender"] = p["receiver"]
			delete(p, "receiver")
		}), []string{"differs"}, []int{in(501)}, messages - 1},
		{"another time", rewrite(in(502), later(1001)), []string{"differs"}, []int{in(502)}, messages - 1},
		{"another time and place", rewrite(in(503), later(-100_000)), []string{"differs"}, []int{in(503)}, messages - 1},
		{"nearly the same time", rewrite(in(504), later(1000)), nil, nil, messages},
		{"white space", rewrite(in(505), func(p map[string]any) { message(p)["text"] = fmt.Sprintf(" text %d\r\n", in(505)) }), nil, nil, messages},
		{"neighbours swapped", swap(in(700), in(701)), []string{"out_of_order", "out_of_order"}, []int{in(700), in(701)}, messages},
		{"neighbours swapped over pages", swap(in(749), in(750)), []string{"out_of_order", "out_of_order"}, []int{in(749), in(750)}, messages},
		{"swapped with one between", swap(in(700), in(702)), []string{"out_of_order", "out_of_order"}, []int{in(700), in(702)}, messages},
		{"far swapped", swap(in(3), in(980)), []string{"out_of_order", "out_of_order"}, []int{in(3), in(980)}, messages},
		{"the ends swapped", swap(in(0), in(999)), []string{"out_of_order", "out_of_order"}, []int{in(0), in(999)}, messages},
		{"the last two swapped", swap(in(998), in(999)), []string{"out_of_order", "out_of_order"}, []int{in(998), in(999)}, messages},
		{"a doubling", func(t *testing.T, box *sandbox.Kommo, id []string) { must(t, box.Double(id[in(250)])) }, []string{"doubled"}, []int{in(250)}, messages},
		{"a doubling over pages", func(t *testing.T, box *sandbox.Kommo, id []string) { must(t, box.Double(id[in(950)])) }, []string{"doubled"}, []int{in(950)}, messages},
		{"three times", func(t *testing.T, box *sandbox.Kommo, id []string) {
			must(t, box.Double(id[in(250)]))
			must(t, box.Double(id[in(250)]))
		}, []string{"doubled", "doubled"}, []int{in(250), in(250)}, messages},
	} {
		inBubble(t, tt.name, func(t *testing.T) {
			f, box, id := longChat(t, messages, sandbox.Options{})
			tt.do(t, box, id)
			requests := len(box.Requests())
			report := verify(t, newVerifier(f, box))
			var want []string
			for i, kind := range tt.kinds {
				want = append(want, kind+" "+id[tt.at[i]]+" "+at(tt.at[i]))
			}
			wantFindings(t, f, want...)
			if report.There != tt.there || report.Messages != messages || report.Differences() != len(want) || report.Conversations != 1 {
				t.Errorf("report %+v, want %d there and %d differences", report, tt.there, len(want))
			}
			status, err := f.Status()
			if err != nil || status.Messages.Verified != tt.there || status.Messages.Accepted != messages-tt.there {
				t.Errorf("status %+v, error %v, want %d verified", status.Messages, err, tt.there)
			}
			wantOnlyReading(t, box, requests)
			if report.Requests != len(box.Requests())-requests || report.Requests > lastPass*21 { // while a message is missing, each pass ends with an empty page
				t.Errorf("%d requests, report %d", len(box.Requests())-requests, report.Requests)
			}
			// a second verification finds the same
			if again := verify(t, newVerifier(f, box)); again.There != tt.there || again.Differences() != len(want) {
				t.Errorf("verified again: %+v", again)
			}
			wantFindings(t, f, want...)
		})
	}
}

// What others wrote into a chat is counted and named, and changes nothing about the rest.
func TestVerifyForeignMessages(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box, id := longChat(t, 120, sandbox.Options{})
		bare, unknown := strings.TrimPrefix(id[3], msgidPrefix), identity{1}.msgid()
		must(t, box.Insert("ann", "", "written in Kommo", time.Unix(1700000105, 0)))
		must(t, box.Insert("ann", "", "written in Kommo too", time.Unix(1700000105, 0)))
		must(t, box.Insert("ann", "wa-77", "of a live integration", time.Unix(1700009999, 0)))
		must(t, box.Insert("ann", bare, "an id of ours without its prefix", time.Unix(1700009999, 0)))
		must(t, box.Insert("ann", unknown, "of another migration file", time.Unix(1700009999, 0)))
		report := verify(t, newVerifier(f, box))
		if report.There != 120 || report.Foreign != 5 || report.Differences() != 0 {
			t.Errorf("report %+v, want five foreign messages and no differences", report)
		}
		wantFindings(t, f, "foreign  ", "foreign  ", "foreign wa-77 ", "foreign "+bare+" ", "foreign "+unknown+" ")
	})
}

// A finding says what is wrong and where.
func TestVerifyFinding(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box, id := longChat(t, 3, sandbox.Options{})
		must(t, box.Rewrite(id[1], func(p map[string]any) {
			p["message"] = map[string]any{"type": "voice", "text": "tent 1", "media": "https://example.com/a.ogg"}
			p["msec_timestamp"], p["timestamp"] = 1700000015000, 1700000015
			p["sender"] = p["receiver"]
			delete(p, "receiver")
		}))
		verify(t, newVerifier(f, box))
		for found, err := range f.Findings() {
			want := Finding{Kind: MessageDiffers, MsgID: id[1], Conversation: "ann", Position: "chats.csv:3", Time: fromMillis(1700000010000),
				RemoteID: found.RemoteID, Reason: `kind: sent text, there voice; text: from character 3 on sent "xt 1", there "nt 1"; ` +
					`side: sent as outgoing, there incoming; time: sent 2023-11-14T22:13:30.000Z, there 2023-11-14T22:13:35.000Z`}
			if diff := cmp.Diff(want, found); diff != "" || err != nil || found.RemoteID == "" {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
		}
	})
}

// The whole way by the commands: load, send, verify. Every message becomes verified.
func TestVerifyAfterSending(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box := loaded(t), newBox()
		sendAll(t, t.Context(), newSender(f, box))
		report := verify(t, newVerifier(f, box))
		if report.There != 10 || report.Differences()+report.Foreign+report.Unsent != 0 || report.Conversations != 3 || report.Requests != 3 {
			t.Errorf("report %+v, want ten messages there", report)
		}
		if status, err := f.Status(); err != nil || status.Messages.Verified != 10 || status.Messages.Accepted != 0 {
			t.Errorf("status %+v, error %v", status.Messages, err)
		}
		if left := newVerifier(f, box).Progress(); left != (Progress{}) {
			t.Errorf("progress before the beginning: %+v", left)
		}
	})
}

// What Kommo shows late is waited for, and given up when the time is over.
func TestVerifyWaitsForLateMessages(t *testing.T) {
	for _, tt := range []struct {
		delay, wait time.Duration
		there       int
	}{
		{10 * time.Second, 0, 120},
		{115 * time.Second, 0, 120},
		{119 * time.Second, 0, 120},
		{125 * time.Second, 0, 0},
		{125 * time.Second, 10 * time.Minute, 120},
		{30 * time.Second, 20 * time.Second, 0},
	} {
		inBubble(t, fmt.Sprintf("%v of %v", tt.delay, tt.wait), func(t *testing.T) {
			f, box, _ := longChat(t, 120, sandbox.Options{HistoryDelay: tt.delay})
			v := newVerifier(f, box)
			v.Wait = tt.wait
			report := verify(t, v)
			if report.There != tt.there || report.Missing != 120-tt.there || report.OutOfOrder != 0 {
				t.Errorf("report %+v, want %d there", report, tt.there)
			}
			if longest := max(tt.wait, 2*time.Minute); report.Elapsed > longest+time.Second || tt.there == 0 && report.Elapsed < tt.wait {
				t.Errorf("took %v", report.Elapsed)
			}
			if tt.there == 120 && len(findings(t, f)) != 0 {
				t.Errorf("findings %v", findings(t, f))
			}
		})
	}
}

// Many chats with something missing wait together, and not one after the other.
func TestVerifyWaitsOnceForAllChats(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box := newFile(t), newBox()
		load(t, f, manyConversations(30, 3))
		for _, ids := range sent(t, f, box) {
			must(t, box.Lose(ids[1]))
		}
		report := verify(t, newVerifier(f, box))
		if report.Missing != 30 || report.There != 60 || report.Elapsed > defaultWait+time.Second || report.Requests > 30*2*lastPass {
			t.Errorf("report %+v, took %v", report, report.Elapsed)
		}
	})
}

// damaged is a chat with a bit of everything.
func damaged(t testing.TB, o sandbox.Options) (*File, *sandbox.Kommo) {
	t.Helper()
	f, box := newFile(t), sandbox.NewKommo(o)
	content := csvHeader
	for i := range 110 {
		content += row("ann", 10*i, "in", fmt.Sprintf("text %d", i), fmt.Sprint(i))
	}
	load(t, f, content+row("bob", 5, "in", "a", "1")+row("bob", 6, "in", "b", "2"))
	id := sent(t, f, box)
	must(t, box.Lose(id["ann"][40]))
	must(t, box.Lose(id["bob"][0]))
	must(t, box.Rewrite(id["ann"][20], func(p map[string]any) { p["message"].(map[string]any)["text"] = "x" }))
	must(t, box.Swap(id["ann"][58], id["ann"][59]))
	must(t, box.Swap(id["ann"][99], id["ann"][101]))
	must(t, box.Double(id["ann"][10]))
	must(t, box.Insert("ann", "", "foreign", time.Unix(1700000605, 0)))
	return f, box
}

// result is all that a verification leaves behind.
func result(t testing.TB, f *File) string {
	t.Helper()
	status, err := f.Status()
	if err != nil {
		t.Fatal(err)
	}
	report, err := f.lastVerification()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s\n%+v\n%+v", strings.Join(findings(t, f), "\n"), status.Messages, report)
}

func wantResult(t testing.TB, what string, f *File, want string) {
	t.Helper()
	if diff := cmp.Diff(want, result(t, f)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// uninterrupted returns what a verification of a damaged chat comes to, and how many requests and commits it takes.
func uninterrupted(t testing.TB) (want string, requests, commits int) {
	t.Helper()
	f, box := damaged(t, sandbox.Options{})
	before, healthy := len(box.Requests()), f.Commit
	f.Commit = func(tx *sql.Tx) error { commits++; return healthy(tx) }
	report := verify(t, newVerifier(f, box))
	if report.Missing != 2 || report.Differs != 1 || report.OutOfOrder != 4 || report.Doubled != 1 || report.Foreign != 1 {
		t.Fatalf("report %+v", report)
	}
	return result(t, f), len(box.Requests()) - before, commits
}

// Interrupted at every request it goes on there, and comes to the same.
func TestVerifyInterruptedAtEveryPage(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T) {
		want, requests, _ := uninterrupted(t)
		for n := 1; n <= requests; n++ {
			if n%2 > 0 && os.Getenv("SOAK") == "" {
				continue
			}
			f, box := damaged(t, sandbox.Options{})
			before := len(box.Requests())
			ctx, interrupt := context.WithCancel(t.Context())
			v := newVerifier(f, box)
			v.Workers = 1
			v.Client.Transport = interruptAt(box, before+n, interrupt)
			if _, err := v.Verify(ctx); !errors.Is(err, context.Canceled) && n < requests {
				t.Fatalf("interrupted at request %d, verify returns %v", n, err)
			}
			report := verify(t, newVerifier(f, box))
			wantResult(t, fmt.Sprint("interrupted at request ", n), f, want)
			if all := len(box.Requests()) - before; n < requests && (all != requests || report.Requests != requests-n) {
				t.Errorf("interrupted at request %d it takes %d requests, want %d", n, all, requests)
			}
		}
		f, box := damaged(t, sandbox.Options{}) // interrupted at each one of them
		runs := 0
		for runs = 1; ; runs++ {
			ctx, interrupt := context.WithCancel(t.Context())
			v := newVerifier(f, box)
			v.Workers = 1
			v.Client.Transport = interruptAt(box, len(box.Requests())+1, interrupt)
			if _, err := v.Verify(ctx); err == nil {
				break
			}
		}
		wantResult(t, fmt.Sprint("interrupted in ", runs, " runs"), f, want)
	})
}

// The migration file fails at every commit, with or without having written: the run after it comes to the same.
func TestVerifyStoreFailsAtEveryCommit(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T) {
		want, _, commits := uninterrupted(t)
		for n := range commits {
			for _, written := range []bool{false, true} {
				if (n+btoi(written))%3 > 0 && os.Getenv("SOAK") == "" {
					continue
				}
				f, box := damaged(t, sandbox.Options{})
				healthy, left := f.Commit, n
				f.Commit = func(tx *sql.Tx) error {
					if left--; left >= 0 {
						return healthy(tx)
					}
					if written && left == -1 {
						return fmt.Errorf("broken: %v", healthy(tx))
					}
					return fmt.Errorf("broken: %v", tx.Rollback())
				}
				before := len(box.Requests())
				if _, err := newVerifier(f, box).Verify(t.Context()); err == nil || !strings.Contains(err.Error(), "broken") {
					t.Fatalf("commit %d fails, and verify returns %v", n, err)
				}
				f.Commit = healthy
				verify(t, newVerifier(f, box))
				wantResult(t, fmt.Sprintf("commit %d fails, written %t", n, written), f, want)
				wantOnlyReading(t, box, before)
			}
		}
	})
}

// Interrupted while it waits for what is late, it goes on waiting from where it was.
func TestVerifyInterruptedWhileItWaits(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box, _ := longChat(t, 3, sandbox.Options{HistoryDelay: 100 * time.Second})
		for range 11 {
			ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
			report, err := newVerifier(f, box).Verify(ctx)
			if cancel(); !errors.Is(err, context.DeadlineExceeded) || report.Open != 1 || report.Missing != 0 {
				t.Fatalf("report %+v, error %v", report, err)
			}
		}
		if report := verify(t, newVerifier(f, box)); report.There != 3 || report.Elapsed > 22*time.Second {
			t.Errorf("report %+v after %v", report, report.Elapsed)
		}
	})
}

// Every request meets every fault that passes: tried again, the result is the same.
func TestVerifyFaultsAtEveryRequest(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T) {
		want, requests, _ := uninterrupted(t)
		f, box := damaged(t, sandbox.Options{})
		for n := 1; n <= requests; n++ {
			for i, do := range []sandbox.Action{sandbox.TooMany, sandbox.BadGateway, sandbox.Cut, sandbox.Garbage, sandbox.HTML} {
				if os.Getenv("SOAK") == "" && (n+i)%8 > 0 {
					continue
				}
				box.ClearRules()
				box.AddRule(sandbox.Rule{Do: do, On: sandbox.OnHistory, N: n, Count: 1})
				forgetVerification(t, f)
				verify(t, newVerifier(f, box))
				wantResult(t, fmt.Sprintf("%s at request %d", do, n), f, want)
			}
		}
	})
}

// forgetVerification brings the migration file back to where it was before its first verification.
func forgetVerification(t testing.TB, f *File) {
	t.Helper()
	execute(t, f, `DELETE FROM finding; DELETE FROM entry; DELETE FROM readback; DELETE FROM setting WHERE name = 'verification';
		UPDATE message SET state = 'accepted' WHERE state = 'verified';
		UPDATE conversation SET accepted = accepted + verified, verified = 0`)
}

// Access that Kommo denies stops the run with its typed error, and the next one goes on.
func TestVerifyIsNotLetIn(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T) {
		want, _, _ := uninterrupted(t)
		for _, do := range []sandbox.Action{sandbox.Block, sandbox.BadSignature, sandbox.NotFound, sandbox.Redirect} {
			f, box := damaged(t, sandbox.Options{})
			v := newVerifier(f, box)
			requests := 0
			v.Client.Transport = transport(func(r *http.Request) (*http.Response, error) {
				if requests++; requests == 3 {
					box.AddRule(sandbox.Rule{Do: do, On: sandbox.OnAny})
				}
				return box.RoundTrip(r)
			})
			report, err := v.Verify(t.Context())
			_, denied := errors.AsType[*kommo.DeniedError](err)
			_, blocked := errors.AsType[*kommo.BlockedError](err)
			if denied == blocked || blocked != (do == sandbox.Block) || report.Unread != 0 {
				t.Errorf("%s: report %+v, error %v", do, report, err)
			}
			box.ClearRules()
			verify(t, newVerifier(f, box))
			wantResult(t, string(do), f, want)
		}
	})
}
