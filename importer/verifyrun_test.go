package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kommo-import/internal/migration"
	"kommo-import/internal/pace"
	"kommo-import/internal/sandbox"
)

// A transport is a round tripper that is a function.
type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// interruptAt calls interrupt while the n-th request is under way.
func interruptAt(box *sandbox.Kommo, n int, interrupt func()) http.RoundTripper {
	return transport(func(r *http.Request) (*http.Response, error) {
		if len(box.Requests()) == n-1 {
			interrupt()
		}
		return box.RoundTrip(r)
	})
}

// What is missing is planned again, sent once, and then there; the last message of the chat still is the only one that
// notifies.
func TestVerifyRetryMissing(t *testing.T) {
	t.Parallel()
	for _, lost := range [][]int{{5}, {0, 59, 118}, {119}, {118, 119}} {
		inBubble(t, fmt.Sprint(lost), func(t *testing.T) {
			f, box, id := longChat(t, 120, sandbox.Options{})
			for _, i := range lost {
				must(t, box.Lose(id[i]))
			}
			verify(t, newVerifier(f, box))
			if n, err := f.RetryMissing(); n != len(lost) || err != nil {
				t.Fatalf("planned %d again, error %v", n, err)
			}
			if n, err := f.RetryMissing(); n != 0 || err != nil {
				t.Errorf("once more: planned %d, error %v", n, err)
			}
			preview, err := f.Preview(newComposer(), Selection{}, 6)
			if loud := slices.Contains(lost, 119); err != nil || preview.Messages != len(lost) || preview.Notifications != btoi(loud) {
				t.Errorf("preview %+v, error %v", preview, err)
			}
			_, errs := sendAll(t, t.Context(), newSender(f, box))
			report := verify(t, newVerifier(f, box))
			if len(errs) > 0 || report.There != 120 || report.Differences()+report.Foreign != 0 {
				t.Errorf("errors %v, report %+v", errs, report)
			}
			wantFindings(t, f)
			s := box.Summary()
			if s.Messages != 120 || s.Doubled != 0 || s.Loud != 1 {
				t.Errorf("arrived %+v", s)
			}
			if n, err := f.RetryMissing(); n != 0 || err != nil {
				t.Errorf("nothing is missing, and %d are planned, error %v", n, err)
			}
		})
	}
}

// What showed only after it was planned again is not sent once more.
func TestVerifyRetryOfWhatIsOnlyLate(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box, _ := longChat(t, 3, sandbox.Options{HistoryDelay: time.Hour})
		if report := verify(t, newVerifier(f, box)); report.Missing != 3 {
			t.Fatalf("report %+v", report)
		}
		if n, err := f.RetryMissing(); n != 3 || err != nil {
			t.Fatalf("planned %d again, error %v", n, err)
		}
		load(t, f, csvHeader+row("ann", 1000, "in", "news", "new"))
		time.Sleep(time.Hour)
		sendAll(t, t.Context(), newSender(f, box))
		time.Sleep(time.Hour)
		if s := box.Summary(); s.Messages != 4 || s.Doubled != 0 || s.Loud != 1 {
			t.Errorf("arrived %+v", s)
		}
		if report := verify(t, newVerifier(f, box)); report.There != 4 || report.Differences() != 0 {
			t.Errorf("report %+v", report)
		}
	})
}

// A message that the plan does not have as sent and that is there all the same is told, and compared with nothing. The
// next send finds it.
func TestVerifyUnsent(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box, id := longChat(t, 5, sandbox.Options{})
		must(t, box.Lose(id[2]))
		verify(t, newVerifier(f, box))
		if n, err := f.RetryMissing(); n != 1 || err != nil {
			t.Fatalf("handed over %d, error %v", n, err)
		}
		execute(t, f, `UPDATE message SET state = 'planned' WHERE state = 'sending'; UPDATE conversation SET planned = sending, sending = 0`)
		must(t, box.Insert("ann", id[2], "text 2", time.Unix(1700000020, 0)))
		if report := verify(t, newVerifier(f, box)); report.There != 4 || report.Unsent != 1 || report.Differences()+report.Foreign != 0 {
			t.Errorf("report %+v", report)
		}
		wantFindings(t, f, "unsent "+id[2]+" chats.csv:4")
		sendAll(t, t.Context(), newSender(f, box))
		if report := verify(t, newVerifier(f, box)); report.There != 5 || report.Differences() != 0 || box.Summary().Messages != 5 {
			t.Errorf("report %+v, arrived %+v", report, box.Summary())
		}
	})
}

// A message in doubt that an interrupted verification has seen is compared like the others once it is accepted.
func TestVerifyOfMessageThatWasInDoubt(t *testing.T) {
	for name, differs := range map[string]bool{"as sent": false, "other text": true} {
		inBubble(t, name, func(t *testing.T) {
			f, box, id := longChat(t, 120, sandbox.Options{})
			execute(t, f, `UPDATE message SET state = 'sending', may_exist = 1 WHERE identity = unhex('`+strings.TrimPrefix(id[119], msgidPrefix)+`');
				UPDATE conversation SET accepted = accepted - 1, sending = sending + 1`)
			if differs {
				must(t, box.Rewrite(id[119], func(p map[string]any) { p["message"].(map[string]any)["text"] = "x" }))
			}
			ctx, interrupt := context.WithCancel(t.Context())
			v := newVerifier(f, box)
			v.Client.Transport = interruptAt(box, len(box.Requests())+1, interrupt)
			if _, err := v.Verify(ctx); err == nil {
				t.Fatal("the verification was not interrupted")
			}
			sendAll(t, t.Context(), newSender(f, box))
			report := verify(t, newVerifier(f, box))
			if report.Messages != 120 || report.Differs != btoi(differs) || report.There != 120-btoi(differs) {
				t.Errorf("report %+v", report)
			}
		})
	}
}

// The part of a chat that was read before it could not be read any more has its verdicts and findings; nothing is called
// missing.
func TestVerifyUnreadableFromTheThirdPage(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box, id := longChat(t, 120, sandbox.Options{})
		must(t, box.Rewrite(id[100], func(p map[string]any) { p["message"].(map[string]any)["text"] = "x" }))
		v := newVerifier(f, box)
		v.Client.Transport = transport(func(r *http.Request) (*http.Response, error) {
			if strings.Contains(r.URL.RawQuery, "offset=100") {
				return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
			}
			return box.RoundTrip(r)
		})
		report := verify(t, v)
		status, err := f.Status()
		if err != nil || report.There != 99 || report.Unread != 1 || report.Missing != 0 || status.Messages.Verified != 99 {
			t.Errorf("report %+v, status %+v, error %v", report, status.Messages, err)
		}
		wantFindings(t, f, "differs "+id[100]+" chats.csv:102", "unread  ")
	})
}

// A chat that changes between two passes, by a deleted message and new ones, does not disturb the order of the others.
func TestVerifyChangedBetweenPasses(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box, id := longChat(t, 120, sandbox.Options{})
		must(t, box.Lose(id[60]))
		time.AfterFunc(10*time.Second, func() {
			must(t, box.Lose(id[115]))
			for n := range 30 {
				must(t, box.Insert("ann", fmt.Sprint("live ", n), "live", time.Unix(1800000000+int64(n), 0)))
			}
		})
		if report := verify(t, newVerifier(f, box)); report.Missing != 1 || report.OutOfOrder != 0 || report.There != 119 {
			t.Errorf("report %+v, findings %v", report, findings(t, f))
		}
	})
}

// A live chat grows while it is read: what is pushed onto the next page is no double, and nothing is missed. If it grows
// by a page between two requests, the same page comes again. Twice in a row it is a server that ignores the offset: not readable.
func TestVerifyWhileTheChatGrows(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ every, by, unread int }{{1, 1, 0}, {1, 30, 0}, {2, 49, 0}, {2, 50, 0}, {1, 50, 1}, {3, 77, 0}} {
		inBubble(t, fmt.Sprintf("%d at every %d", tt.by, tt.every), func(t *testing.T) {
			f, box, _ := longChat(t, 400, sandbox.Options{})
			v := newVerifier(f, box)
			requests, grown := 0, 0
			v.Client.Transport = transport(func(r *http.Request) (*http.Response, error) {
				if requests++; requests%tt.every == 0 && grown < 400 {
					for range tt.by {
						grown++
						must(t, box.Insert("ann", fmt.Sprint("live ", grown), "live", time.Unix(1800000000+int64(grown), 0)))
					}
				}
				return box.RoundTrip(r)
			})
			report := verify(t, v)
			if report.There != 400 && tt.unread == 0 || report.Differences() != tt.unread || report.Unread != tt.unread || report.Foreign > grown {
				t.Errorf("report %+v after %d live messages", report, grown)
			}
		})
	}
}

// A chat that shrinks while it is read, by what somebody deleted, hides messages from the first pass only.
func TestVerifyWhileTheChatShrinks(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box, _ := longChat(t, 200, sandbox.Options{})
		for i := range 10 {
			must(t, box.Insert("ann", fmt.Sprint("live ", i), "live", time.Unix(1800000000+int64(i), 0)))
		}
		v := newVerifier(f, box)
		requests := 0
		v.Client.Transport = transport(func(r *http.Request) (*http.Response, error) {
			if requests++; requests == 3 {
				for i := range 10 {
					must(t, box.Lose(fmt.Sprint("live ", i)))
				}
			}
			return box.RoundTrip(r)
		})
		if report := verify(t, v); report.There != 200 || report.Differences() != 0 {
			t.Errorf("report %+v", report)
		}
	})
}

// History may come oldest messages first.
func TestVerifyOldestFirst(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box, id := longChat(t, 130, sandbox.Options{})
		must(t, box.Lose(id[70]))
		v := newVerifier(f, box)
		v.Client.Transport = oldestFirst{box}
		verify(t, v)
		for _, found := range findings(t, f) {
			if !strings.HasPrefix(found, "missing "+id[70]) && !strings.HasPrefix(found, "differs") { // that server tells no texts
				t.Error(found)
			}
		}
	})
}

// The requests keep to the pace, and use it also where Kommo is slow.
func TestVerifyKeepsThePace(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box := newFile(t), sandbox.NewKommo(sandbox.Options{Latency: 300 * time.Millisecond})
		load(t, f, manyConversations(60, 3))
		sent(t, f, box)
		time.Sleep(time.Minute)
		v := newVerifier(f, box)
		v.Pace = pace.New(10)
		began := time.Now()
		verify(t, v)
		if took := time.Since(began); took > 6500*time.Millisecond {
			t.Errorf("60 requests at 10 per second took %v", took)
		}
		var last []time.Time
		for _, r := range box.Requests() {
			if r.At.Before(began) {
				continue
			}
			last = append(last, r.At)
			if n := len(last) - 11; n >= 0 && last[n+10].Sub(last[n]) < time.Second {
				t.Fatalf("eleven requests within %v", last[n+10].Sub(last[n]))
			}
		}
	})
}

// One 429 holds everything back for as long as it asks.
func TestVerifySlowsDown(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box := newFile(t), sandbox.NewKommo(sandbox.Options{RetryAfter: time.Minute,
			Rules: []sandbox.Rule{{Do: sandbox.TooMany, On: sandbox.OnHistory, N: 5}}})
		load(t, f, manyConversations(20, 3))
		sent(t, f, box)
		v := newVerifier(f, box)
		v.Pace = pace.New(100)
		report := verify(t, v)
		if report.There != 60 || report.SlowDowns != 1 || report.Elapsed < time.Minute || report.Elapsed > 66*time.Second {
			t.Errorf("report %+v after %v", report, report.Elapsed)
		}
	})
}

// Progress counts messages, and its time is that of the requests and of the wait for what is missing.
func TestVerifyProgress(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T) {
		f, box := newFile(t), newBox()
		load(t, f, manyConversations(60, 50))
		must(t, box.Lose(sent(t, f, box)["c007"][3]))
		v := newVerifier(f, box)
		v.Pace, v.Workers = pace.New(2), 4 // two pages a chat
		check := func(after time.Duration, done int, remaining time.Duration) {
			time.AfterFunc(after, func() {
				p := v.Progress()
				if p.Total != 3000 || (p.Done-done) > 100 || (p.Done-done) < -100 || (p.Remaining-remaining).Abs() > 5*time.Second {
					t.Errorf("after %v: %+v, want %d done and %v remaining", after, p, done, remaining)
				}
			})
		}
		check(15*time.Second, 750, 45*time.Second)
		check(45*time.Second, 2250, 15*time.Second)
		check(65*time.Second, 2999, 5*time.Second)
		verify(t, v)
		if p := v.Progress(); p.Done != 3000 || p.Remaining != 0 || p.PausedFor != 0 {
			t.Errorf("in the end %+v", p)
		}
	})
}

// A sample is as large as it was asked for, spread over all, goes on when it was interrupted, and is another the next
// time.
func TestVerifySample(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box := newFile(t), newBox()
		load(t, f, manyConversations(50, 2))
		sent(t, f, box)
		chosen := func() (ids []int) {
			rows, err := f.Reader.Query(`SELECT c.external_id FROM readback r JOIN conversation c ON c.id = r.conversation ORDER BY 1`)
			must(t, err)
			defer rows.Close()
			for rows.Next() {
				var id string
				must(t, rows.Scan(&id))
				var n int
				fmt.Sscanf(id, "c%d", &n)
				ids = append(ids, n)
			}
			return ids
		}
		v := newVerifier(f, box)
		v.Sample = 7
		ctx, interrupt := context.WithCancel(t.Context())
		v.Client.Transport = interruptAt(box, len(box.Requests())+3, interrupt)
		v.Workers = 1
		v.Verify(ctx)
		first := chosen()
		v.Client.Transport = box
		report := verify(t, v)
		if len(first) != 7 || !slices.Equal(first, chosen()) || report.Conversations != 7 || report.There != 14 || report.Requests != 4 {
			t.Errorf("chosen %v, then %v, report %+v", first, chosen(), report)
		}
		for i := 1; i < len(first); i++ {
			if gap := first[i] - first[i-1]; gap < 7 || gap > 8 {
				t.Errorf("chosen %v: not spread evenly", first)
			}
		}
		if verify(t, v); len(chosen()) != 7 || slices.Equal(first, chosen()) {
			t.Errorf("the next time chosen %v", chosen())
		}
		v.Sample = 1000
		if report := verify(t, v); report.Conversations != 50 {
			t.Errorf("of a sample larger than all: %+v", report)
		}
	})
}

func TestVerifyOnly(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box := loaded(t), newBox()
		sent(t, f, box)
		v := newVerifier(f, box)
		v.Only = []string{"bob", "cat"}
		if report := verify(t, v); report.Conversations != 2 || report.There != 5 {
			t.Errorf("report %+v, want two conversations of five messages", report)
		}
		v.Only = []string{"nobody"}
		if _, err := v.Verify(t.Context()); err == nil || !strings.Contains(err.Error(), "nobody") {
			t.Errorf("for a conversation that is not there: %v", err)
		}
		v.Only, v.Client.ScopeID = nil, "another_scope"
		if _, err := v.Verify(t.Context()); err == nil || !strings.Contains(err.Error(), "scope") {
			t.Errorf("for another scope: %v", err)
		}
	})
}

func TestVerifyNothing(t *testing.T) {
	box := newBox()
	if _, err := newVerifier(newFile(t), box).Verify(t.Context()); !errors.Is(err, migration.ErrNothingLoaded) {
		t.Errorf("of an empty file: %v", err)
	}
	if report, err := newVerifier(loaded(t), box).Verify(t.Context()); err != nil || report.Messages != 0 || report.Conversations != 0 {
		t.Errorf("before anything was sent: %+v, %v", report, err)
	}
	if len(box.Requests()) != 0 {
		t.Error("requests were made")
	}
}

// What is sent while a verification is interrupted takes part in it.
func TestVerifyWhatWasSentMeanwhile(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box := newFile(t), newBox()
		rows := manyConversations(3, 60)
		load(t, f, rows)
		sent(t, f, box)
		ctx, interrupt := context.WithCancel(t.Context())
		v := newVerifier(f, box)
		v.Workers = 1
		v.Client.Transport = interruptAt(box, len(box.Requests())+4, interrupt)
		if report, err := v.Verify(ctx); !errors.Is(err, context.Canceled) || report.Conversations != 2 || report.Open != 1 {
			t.Fatalf("report %+v, error %v", report, err)
		}
		load(t, f, rows+row("c000", 5000, "in", "new", "new")+row("new", 1, "in", "new", "1"))
		sendAll(t, t.Context(), newSender(f, box))
		v.Client.Transport = box
		if report := verify(t, v); report.Conversations != 4 || report.There != 182 || report.Differences() != 0 {
			t.Errorf("report %+v", report)
		}
	})
}

// A chat that Kommo does not show does not keep the others from being read, and neither do all of them, as long as Kommo
// answers. Where the answers are not Kommo's, the run stops.
func TestVerifyUnreadableChats(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box := newFile(t), newBox()
		load(t, f, manyConversations(30, 2))
		sent(t, f, box)
		box.AddRule(sandbox.Rule{Do: sandbox.Refuse, On: sandbox.OnHistory, Every: 7})
		report := verify(t, newVerifier(f, box))
		if report.Unread != 4 || report.There != 52 || report.Conversations != 26 || report.UnreadMessages != 8 || report.Differences() != 4 {
			t.Errorf("report %+v", report)
		}
		box.ClearRules()
		if report := verify(t, newVerifier(f, box)); report.There != 60 || report.Differences() != 0 {
			t.Errorf("report %+v", report)
		}
		box.AddRule(sandbox.Rule{Do: sandbox.Refuse, On: sandbox.OnHistory})
		if report := verify(t, newVerifier(f, box)); report.Unread != 30 || report.Messages != 0 {
			t.Errorf("refused: report %+v", report)
		}
		for _, do := range []sandbox.Action{sandbox.HTML, sandbox.BadGateway, sandbox.Cut} {
			box.ClearRules()
			box.AddRule(sandbox.Rule{Do: do, On: sandbox.OnHistory})
			report, err := newVerifier(f, box).Verify(t.Context())
			if _, stopped := errors.AsType[*StoppedError](err); !stopped || report.Unread != 0 {
				t.Errorf("%s: report %+v, error %v", do, report, err)
			}
		}
	})
}

// However many chats in a row cannot be read, the others are, if Kommo answers about others.
func TestVerifyManyUnreadableChats(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box := newFile(t), newBox()
		load(t, f, manyConversations(30, 2))
		sent(t, f, box)
		var bad []string
		for _, chat := range box.Dump().Chats[:24] {
			bad = append(bad, chat.ID)
		}
		v := newVerifier(f, box)
		v.Client.Transport = transport(func(r *http.Request) (*http.Response, error) {
			if slices.ContainsFunc(bad, func(id string) bool { return strings.Contains(r.URL.Path, id) }) {
				return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
			}
			return box.RoundTrip(r)
		})
		if report := verify(t, v); report.Unread != 24 || report.There != 12 {
			t.Errorf("report %+v", report)
		}
	})
}

// A server that does not know offsets gives its first page for ever.
func TestVerifySamePageForEver(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box, _ := longChat(t, 60, sandbox.Options{})
		v := newVerifier(f, box)
		v.Client.Transport = transport(func(r *http.Request) (*http.Response, error) {
			r.URL.RawQuery = "limit=50&offset=0"
			return box.RoundTrip(r)
		})
		report := verify(t, v)
		if report.Unread != 1 || report.Doubled != 0 || report.Requests > 20 {
			t.Errorf("report %+v", report)
		}
	})
}

// Where the chat of a conversation is not known, Kommo is asked for it, once.
func TestVerifyWithoutChat(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box := loaded(t), newBox()
		sent(t, f, box)
		execute(t, f, `UPDATE conversation SET chat_id = '' WHERE external_id = 'bob'`)
		for _, requests := range []int{4, 3} {
			if report := verify(t, newVerifier(f, box)); report.There != 10 || report.Differences() != 0 || report.Requests != requests {
				t.Errorf("report %+v, want %d requests", report, requests)
			}
		}
		if s := box.Summary(); s.Messages != 10 || s.Chats != 3 {
			t.Errorf("arrived %+v", s)
		}
	})
}

// What can no longer be read back loses its verdict.
func TestVerifiedNoLonger(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		f, box, id := longChat(t, 4, sandbox.Options{})
		verify(t, newVerifier(f, box))
		must(t, box.Lose(id[1]))
		must(t, box.Rewrite(id[2], func(p map[string]any) { p["message"].(map[string]any)["text"] = "x" }))
		verify(t, newVerifier(f, box))
		if status, err := f.Status(); err != nil || status.Messages.Verified != 2 || status.Messages.Accepted != 2 {
			t.Errorf("status %+v, error %v", status.Messages, err)
		}
	})
}

// A thousand messages take 21 requests at most, and memory does not grow with their number.
func TestVerifyManyMessages(t *testing.T) {
	conversations := 4
	if os.Getenv("SOAK") != "" {
		conversations = 1000
	}
	f, box := newFile(t), newBox()
	load(t, f, manyConversations(conversations, 1000))
	sent(t, f, box)
	f.Commit = (*sql.Tx).Commit // counting them after every page takes long
	plain := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}

	before := plain()
	began := time.Now()
	var most atomic.Uint64
	v := newVerifier(f, box)
	requests := 0
	v.Workers = 1
	v.Client.Transport = transport(func(r *http.Request) (*http.Response, error) {
		if requests++; requests%100 == 0 {
			most.Store(max(most.Load(), plain()))
		}
		return box.RoundTrip(r)
	})
	report := verify(t, v)
	if report.There != conversations*1000 || report.Requests > conversations*21 {
		t.Errorf("report %+v", report)
	}
	t.Logf("%d requests, took %v", report.Requests, time.Since(began))
	if grown := int64(most.Load()) - int64(before); grown > 20<<20 {
		t.Errorf("the heap grows by %d MB", grown>>20)
	}
}
