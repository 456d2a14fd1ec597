package greenapi_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
	"kommo-import/sources"
	"kommo-import/sources/greenapi"
	"kommo-import/sources/sourcetest"
)

// readings lists the batches as "chat: ids", with "!" and the reason for what is invalid.
func readings(batches []sources.Batch) (all []string) {
	for _, batch := range whole(batches) {
		var c struct{ After string }
		if err := json.Unmarshal([]byte(batch.Cursor), &c); err != nil {
			panic(err)
		}
		line := c.After + ":"
		for _, m := range batch.Messages {
			line += " " + m.ID
		}
		for _, invalid := range batch.Invalid {
			line += " ! " + invalid.Reason
		}
		all = append(all, line)
	}
	return all
}

func wantReadings(t *testing.T, batches []sources.Batch, want ...string) {
	t.Helper()
	if diff := gocmp.Diff(want, readings(batches)); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func wantNotices(t *testing.T, i *instance, want ...string) {
	t.Helper()
	if diff := gocmp.Diff(want, i.notices()); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

func TestName(t *testing.T) {
	if got := newInstance(many(0), sandbox.GreenAPIOptions{}).source().Name(); got != "green-api:7105000000" {
		t.Errorf("got %q", got)
	}
}

// Chats are read in the order of their ids, not in that of getChats. A chat that is listed twice is read once, and a chat
// without messages is a batch too.
func TestChatsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := sandbox.Account{Chats: []sandbox.AccountChat{
			listed(boris, "Boris", text(boris, "2", 5), text(boris, "1", 5)), listed(lid, ""), listed(anna, "Anna", text(anna, "1", 0)),
			{ID: group, Listing: listing(anna, "Anna again")}}}
		i := newInstance(account, sandbox.GreenAPIOptions{})
		batches := read(t, i.source(), "")
		wantReadings(t, batches, lid+":", anna+": 1", boris+": 1 2")
		if !batches[0].FromStart || batches[1].FromStart {
			t.Errorf("got %+v", batches)
		}
		wantReadings(t, read(t, i.source(), batches[0].Cursor), anna+": 1", boris+": 1 2")
		before := len(i.Requests())
		wantReadings(t, read(t, i.source(), batches[2].Cursor))
		if asked := len(i.Requests()) - before; asked > 0 {
			t.Errorf("%d requests to find out that all is read", asked)
		}
		wantNotices(t, i)
	})
}

// A reading can be confined to some chats, and keeps the scope of its beginning.
func TestScopes(t *testing.T) {
	all := []string{lid + ": 1", anna + ": 1 2", boris + ": 1"}
	for _, tt := range []struct {
		name        string
		first, then func(*greenapi.Source)
		batches     int // that the first reading gets to
		want        []string
		fromStart   bool
		beginsAnew  bool
	}{
		{"all", only(), only(), 1, all[1:], false, false},
		{"two chats in another order, one twice", only(boris, anna), only(anna, boris, anna), 1, all[2:], false, false},
		{"all, then one", only(), only(boris), 1, all[2:], true, false},
		{"all to the end, then two", only(), only(boris, anna), 3, all[1:], true, false},
		{"one, then all", only(anna, boris), only(), 1, all, true, true},
		{"one to the end, then all", only(anna), only(), 1, all, true, false},
		{"one to the end, then the same", only(anna), only(anna), 1, nil, false, false},
		{"all, then the newest", only(), countMax(1), 1, []string{lid + ": 1", anna + ": 2", boris + ": 1"}, true, true},
		{"the newest, then all", countMax(1), only(), 1, all, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := newInstance(sandbox.Account{Chats: []sandbox.AccountChat{listed(boris, "B", text(boris, "1", 5)), listed(lid, "L", text(lid, "1", 0)),
					listed(anna, "A", text(anna, "2", 1), text(anna, "1", 0))}}, sandbox.GreenAPIOptions{})
				source := i.source()
				tt.first(source)
				cursor := read(t, source, "")[tt.batches-1].Cursor
				time.Sleep(time.Minute)
				source = i.source()
				tt.then(source)
				batches := read(t, source, cursor)
				wantReadings(t, batches, tt.want...)
				if len(batches) > 0 && batches[0].FromStart != tt.fromStart {
					t.Errorf("FromStart %t", batches[0].FromStart)
				}
				if tt.beginsAnew {
					wantNotices(t, i, "An earlier load of other chats or messages was interrupted; this load starts from the beginning.")
				} else {
					wantNotices(t, i)
				}
			})
		})
	}
}

// While some chats are read, an interrupted reading of all is kept, and the next reading of all goes on where it stopped.
func TestSomeChatsDuringAReadingOfAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newInstance(sandbox.Account{Chats: []sandbox.AccountChat{listed(anna, "A", text(anna, "1", 0)), listed(boris, "B", text(boris, "1", 5)),
			listed(lid, "L", text(lid, "1", 0))}}, sandbox.GreenAPIOptions{})
		readings := func(cursor string, ids ...string) []sources.Batch {
			time.Sleep(time.Minute)
			source := i.source()
			source.Only = ids
			return read(t, source, cursor)
		}
		cursor := readings("")[0].Cursor
		for range 2 {
			some := readings(cursor, boris)
			wantReadings(t, some, boris+": 1")
			if last := some[len(some)-1]; !last.More {
				t.Error("nothing says that there is more")
			} else {
				cursor = last.Cursor
			}
		}
		all := readings(cursor)
		wantReadings(t, all, anna+": 1", boris+": 1")
		if all[0].FromStart || all[len(all)-1].More {
			t.Errorf("FromStart %t, more %t", all[0].FromStart, all[len(all)-1].More)
		}
		wantNotices(t, i)
	})
}

func only(ids ...string) func(*greenapi.Source) {
	return func(s *greenapi.Source) { s.Only = ids }
}

func countMax(n int) func(*greenapi.Source) {
	return func(s *greenapi.Source) { s.CountMax = n }
}

// An invalid cursor is an error that quotes it.
func TestForeignCursor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newInstance(many(1), sandbox.GreenAPIOptions{})
		for _, cursor := range []string{"17", "x", `{"after":1}`, `["a"]`} {
			_, err := sourcetest.Read(t.Context(), i.source(), cursor)
			if want := fmt.Sprintf("the migration file has an invalid position in green-api:7105000000: %q", cursor); err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	})
}

// A chat is asked for more until the answer is shorter than asked, or as long as wanted.
func TestCounts(t *testing.T) {
	for _, tt := range []struct {
		messages, most int
		want           []int // counts
		first          string
	}{
		{0, 0, []int{1000}, ""}, {1, 0, []int{1000}, "m1"}, {999, 0, []int{1000}, "m1"},
		{1001, 0, []int{1000, 10_000}, "m1"}, {10_001, 0, []int{1000, 10_000, 100_000}, "m1"},
		{2000, 0, []int{1000, 10_000}, "m1"}, {100, 10, []int{10}, "m91"}, {10, 10, []int{10}, "m1"}, {0, 10, []int{10}, ""}, {1500, 1000, []int{1000}, "m501"},
		{1500, 1200, []int{1000, 1200}, "m301"}, {1500, 5000, []int{1000, 5000}, "m1"},
	} {
		if testing.Short() && tt.messages > 10_000 {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			i := newInstance(sandbox.Account{Chats: []sandbox.AccountChat{long(anna, tt.messages)}}, sandbox.GreenAPIOptions{})
			source := i.source()
			source.CountMax = tt.most
			ids := idsOf(read(t, source, "")...)
			var counts []int
			for _, r := range i.asked(sandbox.OnGetChatHistory) {
				counts = append(counts, r.Count)
			}
			if diff := gocmp.Diff(tt.want, counts); diff != "" {
				t.Errorf("%d messages, at most %d (-want +got):\n%s", tt.messages, tt.most, diff)
			}
			want := tt.messages
			if tt.most > 0 {
				want = min(want, tt.most)
			}
			if len(ids) != want || want > 0 && (ids[0] != tt.first || ids[want-1] != fmt.Sprint("m", tt.messages)) {
				t.Errorf("%d messages, at most %d: got %d", tt.messages, tt.most, len(ids))
			}
			wantNotices(t, i)
		})
	}
}

// Messages of one second come in the order in which the account has them, also where parts meet.
func TestOrderOfEqualSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newInstance(sandbox.Account{Chats: []sandbox.AccountChat{long(anna, 4100)}}, sandbox.GreenAPIOptions{})
		parts, err := sourcetest.Read(t.Context(), i.source(), "")
		if err != nil {
			t.Fatal(err)
		}
		var sizes []int
		for k, part := range parts {
			if part.FromStart != (k == 0) {
				t.Errorf("part %d: FromStart is %t", k, part.FromStart)
			}
			sizes = append(sizes, len(part.Messages))
		}
		if diff := gocmp.Diff([]int{2000, 2000, 100}, sizes); diff != "" {
			t.Errorf("parts (-want +got):\n%s", diff)
		}
		for k, id := range idsOf(parts...) {
			if want := fmt.Sprint("m", k+1); id != want {
				t.Fatalf("message %d is %s, want %s", k, id, want)
			}
		}
	})
}

// A larger question that brings no more messages, or fewer, causes a notice. No message of the earlier answer is lost.
func TestAnswersThatDoNotGrow(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer func(asked int) int
		notice string
	}{
		{"exactly", func(int) int { return 1000 },
			"79001234567@c.us: Green-API gave exactly 1000 messages, also when more were asked for. It may hold more than it gives."},
		{"fewer", func(asked int) int { return map[int]int{1000: 1000, 10_000: 400}[asked] },
			"79001234567@c.us: Green-API gave 1000 messages, and only 400 when more were asked for. It may hold more than it gives."},
		{"none", func(asked int) int { return map[int]int{1000: 1000}[asked] },
			"79001234567@c.us: Green-API gave 1000 messages, and only 0 when more were asked for. It may hold more than it gives."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var i *instance
				entries := func() iter.Seq[json.RawMessage] {
					asked := i.asked(sandbox.OnGetChatHistory)
					return long(anna, tt.answer(asked[len(asked)-1].Count)).Entries()
				}
				i = newInstance(sandbox.Account{Chats: []sandbox.AccountChat{{ID: anna, Listing: listing(anna, "Anna"), Entries: entries}}}, sandbox.GreenAPIOptions{})
				got := len(idsOf(read(t, i.source(), "")...))
				if got != 1000 {
					t.Errorf("got %d messages, want 1000", got)
				}
				wantNotices(t, i, tt.notice)
			})
		})
	}
}

// A chat that grows between two questions is read as in the last answer: no message is lost or duplicated.
func TestGrowthWhileReading(t *testing.T) {
	for _, rule := range []sandbox.Action{sandbox.GrowNew, sandbox.GrowOld} {
		for n := range 3 {
			if testing.Short() && n == 1 {
				continue
			}
			synctest.Test(t, func(t *testing.T) {
				i := newInstance(sandbox.Account{Chats: []sandbox.AccountChat{long(anna, 1000)}},
					sandbox.GreenAPIOptions{Rules: []sandbox.Rule{{Do: rule, N: n}}})
				seen := map[string]bool{}
				for range 2 {
					ids := idsOf(read(t, i.source(), "")...)
					again := map[string]bool{}
					for _, id := range ids {
						again[id] = true
					}
					want := 1001
					if n == 0 { // it grows with every question
						want = 1000 + len(i.histories())
					}
					if len(ids) != want || len(again) != want {
						t.Errorf("%s before question %d: %d messages, %d different ones, want %d", rule, n, len(ids), len(again), want)
					}
					for id := range seen {
						if !again[id] {
							t.Errorf("%s before question %d: %s is not there any more", rule, n, id)
						}
					}
					seen = again
					time.Sleep(time.Minute)
				}
			})
		}
	}
}

// Reading ahead does not exceed the rate, and slow answers do not slow it down.
func TestPace(t *testing.T) {
	for _, latency := range []time.Duration{0, 2500 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			const chats = 60
			i := newInstance(many(chats), sandbox.GreenAPIOptions{Latency: latency})
			read(t, i.source(), "")
			asked := i.asked(sandbox.OnGetChatHistory)
			if len(asked) != chats {
				t.Fatalf("%d questions", len(asked))
			}
			for k, r := range asked {
				if k > 0 && r.At.Sub(asked[k-1].At) < time.Second {
					t.Errorf("two within a second: %v and %v", asked[k-1].At, r.At)
				}
				if r.Status != 200 {
					t.Errorf("answered with %d", r.Status)
				}
			}
			if took, most := asked[chats-1].At.Sub(asked[0].At), (chats-1)*time.Second*100/99; took > most {
				t.Errorf("with answers after %v: %d questions in %v, want %v", latency, chats, took, most)
			}
		})
	}
}

// A chat has at most one question at a time, at most six chats are read at a time, and the number of chats that wait for
// the caller is limited.
func TestAheadWithinBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := many(50)
		for _, k := range []int{1, 3} { // these are asked for twice
			account.Chats[k] = long(account.Chats[k].ID, 1001)
		}
		i := newInstance(account, sandbox.GreenAPIOptions{HistoryRate: -1, Latency: 7 * time.Second})
		source := i.source()
		source.Client.HistoryRate = 10
		taken, ahead := 0, 0
		for batch, err := range source.Batches(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			if !batch.Continued {
				taken++
			}
			time.Sleep(time.Minute) // the caller is slow
			begun := map[string]bool{}
			for _, r := range i.asked(sandbox.OnGetChatHistory) {
				begun[r.ChatID] = true
			}
			ahead = max(ahead, len(begun)-taken)
		}
		if i.most != 6 || ahead < 6 || ahead > 32 {
			t.Errorf("%d at a time, %d chats ahead", i.most, ahead)
		}
		for _, r := range i.Requests() {
			if r.Status != 200 {
				t.Errorf("%s of %s was answered with %d", r.Method, r.ChatID, r.Status)
			}
		}
	})
}

// A reading that is interrupted while many chats are read ahead ends with the cause, too.
func TestInterruptedBehindMuchReadAhead(t *testing.T) {
	for _, n := range []int{1, 5, 30} {
		synctest.Test(t, func(t *testing.T) {
			stopped := errors.New("interrupted by the test")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			got, ended := 0, error(nil)
			for _, err := range newInstance(many(60), sandbox.GreenAPIOptions{}).source().Batches(ctx, "") {
				if ended = err; err != nil {
					break
				}
				if got++; got == n {
					time.Sleep(time.Hour)
					cancel(stopped)
				}
			}
			if ended != stopped || got < n || got == 60 {
				t.Errorf("%d batches, then %v", got, ended)
			}
		})
	}
}

// Progress has the chats read, all chats, and the least time for the rest; after a resume too.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newInstance(many(40), sandbox.GreenAPIOptions{Latency: 20 * time.Second}) // six at a time
		source := i.source()
		var told []string
		source.Progress = func(done, total int, remaining time.Duration) {
			told = append(told, fmt.Sprint(done, "/", total, " ", remaining.Round(5*time.Second)))
		}
		batches := read(t, source, "")
		for k, want := range map[int]string{0: "0/40 40s", 5: "5/40 35s", 40: "40/40 0s"} {
			if told[k] != want {
				t.Errorf("after %d chats: %s, want %s", k, told[k], want)
			}
		}
		var seconds int
		if _, err := fmt.Sscanf(told[20], "20/40 1m%ds", &seconds); err != nil || seconds < 10 || seconds > 30 {
			t.Errorf("after 20 chats of 4 s: %s", told[20])
		}
		told, source = nil, i.source()
		source.Client.HistoryRate = 0.5
		source.Progress = func(done, total int, remaining time.Duration) {
			told = append(told, fmt.Sprint(done, "/", total, " ", remaining.Round(5*time.Second)))
		}
		time.Sleep(time.Minute)
		read(t, source, batches[29].Cursor)
		if told[0] != "30/40 20s" || told[10] != "40/40 0s" || len(told) != 11 {
			t.Errorf("resumed: %v", told)
		}
	})
}

// A chat that Green-API refuses, fails on or answers with rubbish is named, and the others are read.
func TestChatsThatCannotBeRead(t *testing.T) {
	const bad = "79000000002@c.us"
	for do, reason := range map[sandbox.Action]string{
		sandbox.PlainBadRequest: "green-api getChatHistory: green-api refuses this: status 400: bad request data",
		sandbox.ServerError:     "green-api getChatHistory: no usable answer after 6 tries: status 500: Internal Server Error",
		sandbox.Garbage:         "green-api getChatHistory: no usable answer after 6 tries: the answer cannot be read: the connection ended too soon",
		sandbox.CutBody:         "green-api getChatHistory: no usable answer after 6 tries: the answer cannot be read: sandbox: connection reset by peer: unexpected EOF",
		sandbox.Empty:           "green-api getChatHistory: no usable answer after 6 tries: the answer cannot be read: it is empty",
	} {
		t.Run(string(do), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := newInstance(many(5), sandbox.GreenAPIOptions{Rules: []sandbox.Rule{{Do: do, Chat: bad}}})
				batches := read(t, i.source(), "")
				want := []string{"79000000000@c.us: a b", "79000000001@c.us: a b", bad + ": ! the chat cannot be read: " + reason,
					"79000000003@c.us: a b", "79000000004@c.us: a b"}
				wantReadings(t, batches, want...)
				if invalid := batches[2].Invalid[0]; invalid.Conversation != bad || invalid.Position != bad {
					t.Errorf("got %+v", invalid)
				}
				i.checkClean(t, "")
			})
		})
	}
}

// A history with an entry that is not valid JSON makes its chat unreadable. An entry that is valid and strange is invalid
// alone. The other chats load.
func TestBrokenEntries(t *testing.T) {
	for broken, want := range map[string]string{
		`{b:2}`: "79000000001@c.us: ! the chat cannot be read: green-api getChatHistory: no usable answer after 6 tries: " +
			"the answer cannot be read: it is not valid JSON",
		`["` + token + `"]`: "79000000001@c.us: a c ! not a JSON object",
		`17`:                "79000000001@c.us: a c ! not a JSON object",
	} {
		synctest.Test(t, func(t *testing.T) {
			account := many(3)
			id := account.Chats[1].ID
			account.Chats[1] = listed(id, "Broken", text(id, "c", 2), broken, text(id, "a", 0))
			i := newInstance(account, sandbox.GreenAPIOptions{})
			f, path := newFile(t)
			if _, err := i.load(t.Context(), f); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			wantReadings(t, read(t, i.source(), ""), "79000000000@c.us: a b", want, "79000000002@c.us: a b")
			if got := migrationOf(t, f); len(got.Bodies) < 2 || len(got.Failures[id]) != 1 {
				t.Errorf("loaded %+v", got)
			}
			i.checkClean(t, path)
		})
	}
}

// However many chats in a row hold an entry that is not valid JSON, the others load.
func TestManyBrokenHistories(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := many(9)
		for n := 1; n <= 6; n++ {
			id := account.Chats[n].ID
			account.Chats[n] = listed(id, "Broken", text(id, "c", 2), "{\"a\":\"\t\"}")
		}
		i := newInstance(account, sandbox.GreenAPIOptions{})
		invalid, messages := 0, 0
		for _, batch := range read(t, i.source(), "") {
			invalid, messages = invalid+len(batch.Invalid), messages+len(batch.Messages)
		}
		if invalid != 6 || messages != 6 {
			t.Errorf("%d invalid chats and %d messages, want 6 and 6", invalid, messages)
		}
	})
}

// A server that counts a little more strictly than its documents say slows the load down; it does not end it.
func TestServerThatIsStricterThanDocumented(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newInstance(many(60), sandbox.GreenAPIOptions{})
		source, last := i.source(), time.Time{}
		carrier := source.Client.Transport
		var mu sync.Mutex
		source.Client.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			tooSoon := strings.Contains(r.URL.Path, "getChatHistory") && time.Since(last) < 1050*time.Millisecond
			if strings.Contains(r.URL.Path, "getChatHistory") {
				last = time.Now() // a refused request counts, too
			}
			mu.Unlock()
			if tooSoon {
				return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
			}
			return carrier.RoundTrip(r)
		})
		if batches := read(t, source, ""); len(batches) != 60 {
			t.Errorf("%d chats, want 60", len(batches))
		}
	})
}

// If four chats in a row fail, or a chat and then the instance, the fault is not in the chats: the load stops, and the
// next load continues there.
func TestServerThatFails(t *testing.T) {
	for _, tt := range []struct {
		name  string
		rules []sandbox.Rule
		read  int // batches before the load stops
		error string
	}{
		{"four chats", []sandbox.Rule{{Do: sandbox.ServerError, Chat: "79000000001@c.us"}, {Do: sandbox.Garbage, Chat: "79000000002@c.us"},
			{Do: sandbox.ServerError, Chat: "79000000003@c.us"}, {Do: sandbox.ServerError, Chat: "79000000004@c.us"}}, 4,
			"79000000004@c.us: green-api getChatHistory: no usable answer after 6 tries: status 500: Internal Server Error"},
		{"not four in a row", []sandbox.Rule{{Do: sandbox.ServerError, Chat: "79000000000@c.us"}, {Do: sandbox.ServerError, Chat: "79000000001@c.us"},
			{Do: sandbox.ServerError, Chat: "79000000002@c.us"}, {Do: sandbox.ServerError, Chat: "79000000004@c.us"}}, 6, ""},
		{"refused chats", []sandbox.Rule{{Do: sandbox.PlainBadRequest}}, 6, ""},
		{"the instance too", []sandbox.Rule{{Do: sandbox.ServerError, Chat: "79000000002@c.us"}, {Do: sandbox.Unauthorized, On: sandbox.OnGetStateInstance, N: 2}}, 2,
			"79000000002@c.us: green-api getChatHistory: no usable answer after 6 tries: status 500: Internal Server Error"},
		{"a dead server", []sandbox.Rule{{Do: sandbox.BadGateway, Chat: "79000000001@c.us"}}, 1,
			"79000000001@c.us: green-api getChatHistory: no usable answer after 6 tries: status 502: 502 Bad Gateway"},
		{"offline", []sandbox.Rule{{Do: sandbox.GatewayTimeout, Chat: "79000000001@c.us"}}, 1,
			"79000000001@c.us: green-api getChatHistory: no usable answer after 6 tries: status 504: the phone may be offline: 504 Gateway Timeout"},
		{"cut off", []sandbox.Rule{{Do: sandbox.Cut, Chat: "79000000000@c.us"}}, 0,
			"79000000000@c.us: green-api getChatHistory: no usable answer after 6 tries: no answer: sandbox: connection reset by peer: unexpected EOF"},
		{"denied", []sandbox.Rule{{Do: sandbox.Unauthorized, Chat: "79000000003@c.us"}}, 3,
			"green-api getChatHistory: the token is not the one of this instance: status 401: Unauthorized"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := newInstance(many(6), sandbox.GreenAPIOptions{Rules: tt.rules})
				batches, err := sourcetest.Read(t.Context(), i.source(), "")
				if len(batches) != tt.read || tt.error == "" && err != nil || tt.error != "" && (err == nil || err.Error() != tt.error) {
					t.Fatalf("%d batches, %v\nwant %d, %s", len(batches), err, tt.read, tt.error)
				}
				if tt.error == "" {
					return
				}
				i.ClearRules()
				time.Sleep(time.Minute)
				cursor := ""
				if len(batches) > 0 {
					cursor = batches[len(batches)-1].Cursor
				}
				rest := readings(read(t, i.source(), cursor))
				if len(rest) != 6-tt.read || rest[0] != fmt.Sprintf("7900%07d@c.us: a b", tt.read) {
					t.Errorf("then %v", rest)
				}
				i.checkClean(t, "")
			})
		})
	}
}

// If many chats in a row are refused, the fault is not in the chats: the load stops, and the next load continues there.
func TestServerThatRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newInstance(many(30), sandbox.GreenAPIOptions{Rules: []sandbox.Rule{{Do: sandbox.PlainBadRequest}}})
		batches, err := sourcetest.Read(t.Context(), i.source(), "")
		refused, ok := errors.AsType[*greenapi.RefusedError](err)
		const want = "20 chats in a row could not be read, the last of them 79000000019@c.us: green-api getChatHistory: "
		if len(batches) != 19 || !ok || refused.Status != 400 || !strings.HasPrefix(err.Error(), want) {
			t.Fatalf("%d batches, %v", len(batches), err)
		}
		i.ClearRules()
		rest := readings(read(t, i.source(), batches[18].Cursor))
		if len(rest) != 11 || rest[0] != "79000000019@c.us: a b" {
			t.Errorf("then %v", rest)
		}
	})
}

// A load that is interrupted while it checks the instance ends with the cause.
func TestInterruptedWhileJudging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := errors.New("interrupted by the test")
		ctx, cancel := context.WithCancelCause(t.Context())
		i := newInstance(many(2), sandbox.GreenAPIOptions{Rules: []sandbox.Rule{{Do: sandbox.ServerError, Chat: "79000000000@c.us"}}})
		i.before = func(int) {
			if len(i.asked(sandbox.OnGetChatHistory)) == 7 { // six tries of one, and the other chat
				cancel(stopped)
			}
		}
		if batches, err := sourcetest.Read(ctx, i.source(), ""); err != stopped || len(batches) > 0 {
			t.Errorf("%d batches, %v", len(batches), err)
		}
	})
}

// The name of a client comes from the best source, and getContactInfo is called only if there is no other.
func TestNames(t *testing.T) {
	sender := func(chat, name, contactName string) string {
		return entry("incoming", chat, "1", 0, fmt.Sprintf(`"senderId":%q,"senderName":%q,"senderContactName":%q,"typeMessage":"textMessage","textMessage":"hi"`, chat, name, contactName))
	}
	for _, tt := range []struct {
		name, id     string
		chat         string // its name in getChats
		entry        string
		contact      string // name and contactName
		info         string
		want         sources.Client
		asked        bool
		refuseToTell sandbox.Action
	}{
		{name: "contact", id: anna, chat: "In chats", entry: sender(anna, "Self", "Called"), contact: `"name":"Self","contactName":"In contacts"`,
			want: sources.Client{Name: "In contacts", Phone: anna}},
		{name: "chat", id: anna, chat: "In chats", entry: sender(anna, "Self", "Called"), contact: `"name":"Self","contactName":""`,
			want: sources.Client{Name: "In chats", Phone: anna}},
		{name: "sender", id: anna, entry: sender(anna, "Self", "Called"), want: sources.Client{Name: "Called", Phone: anna}},
		{name: "sender's own", id: anna, chat: "79001234567", entry: sender(anna, "Self", ""), want: sources.Client{Name: "Self", Phone: anna}},
		{name: "info", id: anna, chat: "+7 900 123-45-67", entry: sender(anna, "", ""),
			info: `{"name":"Self","contactName":"Called","email":"a@example.com","avatar":"https://example.com/a.jpg"}`, asked: true,
			want: sources.Client{Name: "Called", Phone: anna, Email: "a@example.com", Avatar: "https://example.com/a.jpg"}},
		{name: "nobody", id: anna, entry: sender(anna, "", ""), asked: true, want: sources.Client{Phone: anna}},
		{name: "refused", id: anna, entry: sender(anna, "", ""), asked: true, refuseToTell: sandbox.PlainBadRequest, want: sources.Client{Phone: anna}},
		{name: "used up", id: anna, entry: sender(anna, "", ""), asked: true, refuseToTell: sandbox.QuotaExceeded, want: sources.Client{Phone: anna}},
		{name: "no such method", id: anna, entry: sender(anna, "", ""), asked: true, refuseToTell: sandbox.NotFound, want: sources.Client{Phone: anna}},
		{name: "failing", id: anna, entry: sender(anna, "", ""), asked: true, refuseToTell: sandbox.ServerError, want: sources.Client{Phone: anna}},
		{name: "lid", id: lid, chat: "Olga", entry: sender(lid, "", ""), contact: `"name":"","contactName":"","phoneNumber":34612345678`, want: sources.Client{Name: "Olga", SuspectedPhone: "34612345678@c.us"}},
		{name: "lid without a name", id: lid, entry: sender(lid, "", ""), asked: true, want: sources.Client{}},
		{name: "lid with a sender that has a phone", id: lid, chat: "Olga", entry: strings.Replace(sender(lid, "", ""), `"senderId":"`+lid, `"senderId":"`+anna, 1),
			want: sources.Client{Name: "Olga", Phone: anna}},
		{name: "group", id: group, entry: sender(group, "Participant", ""), want: sources.Client{}},
		{name: "no messages", id: anna, want: sources.Client{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				account := sandbox.Account{Chats: []sandbox.AccountChat{listed(tt.id, tt.chat)}}
				if tt.entry != "" {
					account.Chats[0] = listed(tt.id, tt.chat, tt.entry)
				}
				if tt.contact != "" {
					account.Contacts = []json.RawMessage{json.RawMessage(`{"id":"` + tt.id + `",` + tt.contact + `,"type":"user"}`)}
				}
				if tt.info != "" {
					account.ContactInfo = map[string]json.RawMessage{tt.id: json.RawMessage(tt.info)}
				}
				i := newInstance(account, sandbox.GreenAPIOptions{Rules: []sandbox.Rule{{Do: cmp.Or(tt.refuseToTell, sandbox.Slow), Wait: 1, On: sandbox.OnGetContactInfo}}})
				batches := read(t, i.source(), "")
				if asked := len(i.asked(sandbox.OnGetContactInfo)) > 0; asked != tt.asked {
					t.Errorf("getContactInfo was asked: %t", asked)
				}
				if tt.entry == "" {
					return
				}
				tt.want.ID = tt.id
				if diff := gocmp.Diff(tt.want, batches[0].Messages[0].Conversation.Client); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// If getContactInfo denies access or is unavailable, the load stops instead of doing without the name.
func TestNamesWorthWaitingFor(t *testing.T) {
	for _, do := range []sandbox.Action{sandbox.Unauthorized, sandbox.BadGateway, sandbox.Cut} {
		synctest.Test(t, func(t *testing.T) {
			i := newInstance(sandbox.Account{Chats: []sandbox.AccountChat{listed(anna, "", text(anna, "1", 0))}},
				sandbox.GreenAPIOptions{Rules: []sandbox.Rule{{Do: do, On: sandbox.OnGetContactInfo}}})
			if batches, err := sourcetest.Read(t.Context(), i.source(), ""); len(batches) > 0 || err == nil {
				t.Errorf("%s: %d batches, %v", do, len(batches), err)
			}
		})
	}
}

// The author in a group has the name in the account's contacts, or else their own.
func TestAuthors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		said := func(id, sender string) string {
			return entry("incoming", group, id, 0, fmt.Sprintf(`"senderId":%q,"senderName":"Self","typeMessage":"textMessage","textMessage":"hi"`, sender))
		}
		i := newInstance(sandbox.Account{WID: own,
			Chats: []sandbox.AccountChat{listed(group, "Group", entry("outgoing", group, "4", 0, `"typeMessage":"textMessage","textMessage":"hi"`),
				said("3", lid), said("2", boris), said("1", anna))},
			Contacts: []json.RawMessage{json.RawMessage(`{"id":"` + anna + `","name":"A","contactName":"Anna Petrova"}`),
				json.RawMessage(`{"id":"` + boris + `","name":"Boris","contactName":"79007654321"}`)},
		}, sandbox.GreenAPIOptions{})
		var got []sources.Author
		for _, m := range read(t, i.source(), "")[0].Messages {
			got = append(got, m.Author)
		}
		want := []sources.Author{{ID: anna, Name: "Anna Petrova"}, {ID: boris, Name: "Boris"}, {ID: lid, Name: "Self"}, {ID: own}}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// Times in the future are invalid by the given clock, and notes to oneself are left out.
func TestFieldsOfTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newInstance(sandbox.Account{WID: own, Chats: []sandbox.AccountChat{
			listed(anna, "A", text(anna, "late", 1), entry("incoming", anna, "1", 0, `"typeMessage":"textMessage","textMessage":"hi","isDeleted":true`)),
			listed(own, "Me", text(own, "1", 0))}}, sandbox.GreenAPIOptions{})
		source := i.source()
		source.Now = func() time.Time { return time.Unix(1700000000, 0).Add(-24 * time.Hour) }
		batches := read(t, source, "")
		if m := batches[0].Messages[0]; !m.Deleted || m.Skip != "" {
			t.Errorf("deleted %t, skipped for %q", m.Deleted, m.Skip)
		}
		if batches[1].Messages[0].Skip == "" {
			t.Error("notes to oneself are not skipped")
		}
		if len(batches[0].Invalid) != 1 || batches[0].Invalid[0].Position != anna+"/late" {
			t.Errorf("invalid: %+v", batches[0].Invalid)
		}
	})
}

// A long history is held on disk: the memory does not grow with it, and the disk is free again afterwards.
func TestMemory(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		messages := 60_000
		if testing.Short() {
			messages = 20_000
		}
		i := newInstance(sandbox.Account{Chats: []sandbox.AccountChat{long(anna, messages)}}, sandbox.GreenAPIOptions{})
		got, most := 0, uint64(0)
		for batch, err := range i.source().Batches(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			if got += len(batch.Messages); len(batch.Messages) > 2_000 {
				t.Errorf("a part of %d messages", len(batch.Messages))
			}
			if got%10_000 == 0 {
				runtime.GC()
				var stats runtime.MemStats
				runtime.ReadMemStats(&stats)
				most = max(most, stats.HeapAlloc)
			}
		}
		if got != messages {
			t.Errorf("%d messages, want %d", got, messages)
		}
		if most > 12<<20 { // the answer has 13 MB, and the messages take about 36 MB
			t.Errorf("%d MB in use while they are read", most>>20)
		}
	})
	checkNothingLeft(t)
}

// After any end of a reading its files on disk and its goroutines are gone.
func TestNothingIsLeft(t *testing.T) {
	for n := range 12 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			synctest.Test(t, func(t *testing.T) { // which ends only when all goroutines have
				ctx, cancel := context.WithCancel(t.Context())
				i := newInstance(many(9), sandbox.GreenAPIOptions{Latency: 2 * time.Second})
				batches := 0
				for _, err := range i.source().Batches(ctx, "") {
					if batches++; err != nil || batches == n {
						break
					}
					if batches == n-5 {
						cancel()
					}
				}
				checkNothingLeft(t)
				checkNoOpenFiles(t)
				cancel()
			})
		})
	}
}

// A caller that stops a reading does not wait, and no further request is sent.
func TestBrokenOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newInstance(many(60), sandbox.GreenAPIOptions{Latency: time.Second})
		var asked int
		var at time.Time
		for _, err := range i.source().Batches(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			asked, at = len(i.Requests()), time.Now()
			break
		}
		if more := len(i.Requests()) - asked; more > 0 || time.Since(at) > 0 {
			t.Errorf("%d more requests in %v", more, time.Since(at))
		}
	})
}

// Nothing is left on disk after a larger question, whether its answer is longer, shorter or broken.
func TestNothingIsLeftOfAnyAnswer(t *testing.T) {
	for name, second := range map[string]func(*instance) int{
		"more":   func(*instance) int { return 1001 },
		"less":   func(*instance) int { return 500 },
		"broken": func(i *instance) int { i.AddRule(sandbox.Rule{Do: sandbox.CutBody}); return 1000 }, // from the next on
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			defer debug.SetGCPercent(debug.SetGCPercent(-1)) // the collector would close forgotten files
			synctest.Test(t, func(t *testing.T) {
				var i *instance
				entries := func() iter.Seq[json.RawMessage] {
					n := 1000
					if asked := i.asked(sandbox.OnGetChatHistory); asked[len(asked)-1].Count > 1000 || name == "broken" {
						n = second(i)
					}
					return long(anna, n).Entries()
				}
				i = newInstance(sandbox.Account{Chats: []sandbox.AccountChat{{ID: anna, Listing: listing(anna, "Anna"), Entries: entries}}}, sandbox.GreenAPIOptions{})
				if got := readings(read(t, i.source(), "")); len(got) != 1 || strings.Contains(got[0], "cannot be read") != (name == "broken") {
					t.Errorf("read %.200v", got)
				}
				checkNoOpenFiles(t)
			})
		})
	}
}

// checkNoOpenFiles makes sure that no removed file of a history is open, on systems with /proc.
func checkNoOpenFiles(t *testing.T) {
	t.Helper()
	open, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range open {
		if target, _ := os.Readlink(name); strings.Contains(target, "kommo-import-history-") {
			t.Errorf("still open: %s", target)
		}
	}
}

// If no temporary file can be made, the error has its purpose.
func TestNoTemporaryFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	t.Setenv("TMPDIR", dir)
	synctest.Test(t, func(t *testing.T) {
		_, err := sourcetest.Read(t.Context(), newInstance(many(1), sandbox.GreenAPIOptions{}).source(), "")
		if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "keeping a chat's history on disk for a moment: open "+dir) ||
			!strings.HasSuffix(err.Error(), "no such file or directory (TMPDIR names another folder)") {
			t.Errorf("got %v", err)
		}
	})
}
