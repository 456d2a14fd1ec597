package greenapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

type entries = iter.Seq2[json.RawMessage, error]

// noEntries takes a history that has to be empty.
func noEntries(t *testing.T) func(entries) error {
	return func(entries entries) error {
		for entry, err := range entries {
			if err != nil {
				return err
			}
			t.Errorf("got %s, want nothing", entry)
		}
		return nil
	}
}

// A taken has the entries of each call of take.
type taken [][]string

func (all *taken) take(entries entries) error {
	*all = append(*all, nil)
	got := &(*all)[len(*all)-1]
	for entry, err := range entries {
		if err != nil {
			*got = append(*got, "!")
			return fmt.Errorf("taking: %w", err)
		}
		*got = append(*got, string(entry))
	}
	return nil
}

func TestHistory(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want taken
		text string // of the error
	}{
		"empty":       {`[]`, taken{nil}, ""},
		"null":        {" null\n", taken{nil}, ""},
		"entries":     {"\n [ {\"b\": 1,\n\"a\":\"\\u0041\"} , {} ]\n", taken{{"{\"b\": 1,\n\"a\":\"\\u0041\"}", "{}"}}, ""},
		"not objects": {`[null,1,"a",[2],true,{"":""}]`, taken{{"null", "1", `"a"`, "[2]", "true", `{"":""}`}}, ""},
		"a text":      {`"Error: item-not-found"`, taken{{"!"}}, "not the answer of this method: it is a text: Error: item-not-found"},
		"an object":   {`{"message":"no such chat"}`, taken{{"!"}}, "not the answer of this method: it is an object: no such chat"},
		"a number":    {`7`, taken{{"!"}}, "not the answer of this method: it is a number or a word"},
		"a long entry": {`[1,"` + strings.Repeat("x", 2*maxValue) + `\"",{"a":[1]}]`, taken{{"1", "!"}},
			"not the answer of this method: it has an element of more than 16 MB"},
		"an entry of 16 MB": {`["` + strings.Repeat("x", maxValue-2) + `"]`, taken{{`"` + strings.Repeat("x", maxValue-2) + `"`}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got taken
			err := newClient(answering(200, test.body)).History(t.Context(), "1@c.us", 10, got.take)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			switch {
			case test.text == "" && err != nil:
				t.Error(err)
			case test.text != "" && (see(err).Refused == nil || err.Error() != "green-api getChatHistory: "+test.text):
				t.Errorf("got %v, want a refusal: %s", err, test.text)
			}
		})
	}
}

func TestHistoryBreaksOff(t *testing.T) {
	const whole = `[{"a":1},{"b":2}]`
	again := taken{nil, {`{"a":1}`, `{"b":2}`}}
	after := func(got ...string) taken { return taken{append(got, "!"), again[1]} }
	for name, test := range map[string]struct {
		first roundTrip
		want  taken
	}{
		"in an entry":       {answering(200, `[{"a":1},{"b`), after(`{"a":1}`)},
		"between entries":   {answering(200, `[{"a":1},`), after(`{"a":1}`)},
		"before the end":    {answering(200, `[{"a":1}`), after(`{"a":1}`)},
		"at the beginning":  {answering(200, `[`), after()},
		"before it":         {answering(200, ``), after()},
		"connection":        {breaking(`[{"a":1},{"b`), after(`{"a":1}`)},
		"connection, early": {breaking(``), after()},
		"in a text":         {answering(200, `[{"a":1},{"b":"]}`), after(`{"a":1}`)},
		"in a number":       {answering(200, `[{"a":1},2`), after(`{"a":1}`, "2")}, // it may be whole
		"bad entry":         {answering(200, `[{"a":1},{b:2},{"c":3}]`), after(`{"a":1}`)},
		"bad text":          {answering(200, "[{\"a\":1},\"x\ny\"]"), after(`{"a":1}`)},
		"bad word":          {answering(200, `[{"a":1},`+testToken+`]`), after(`{"a":1}`)},
		"deep entry":        {answering(200, `[{"a":1},`+strings.Repeat("[", 20_000)+strings.Repeat("]", 20_001)), after(`{"a":1}`)},
		"bad bracket":       {answering(200, `[{"a":1}}`), after(`{"a":1}`)},
		"no comma":          {answering(200, `[{"a":1} {"b":2}]`), after(`{"a":1}`)},
		"more behind":       {answering(200, `[{"a":1}][]`), after(`{"a":1}`)},
		"a page behind":     {answering(200, `[{"a":1}]<html>`), after(`{"a":1}`)},
		"a page":            {answering(200, `<html>`), after()},
		"words":             {answering(200, `try later`), after()},
		"an object":         {answering(200, `{"a":`), after()},
		"not an answer":     {answering(503, ``), taken{again[1]}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got taken
				client := newClient(inTurn(test.first, answering(200, whole)))
				if err := client.History(t.Context(), "1@c.us", 10, got.take); err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("entries (-want +got):\n%s", diff)
				}
			})
		})
		t.Run(name+" each time", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got taken
				tries := 0
				err := newClient(counting(&tries, test.first)).History(t.Context(), "1@c.us", 10, got.take)
				if see(err).Unavailable == nil || tries != 6 {
					t.Errorf("got %v after %d tries, want it to be unavailable after 6", err, tries)
				}
				checkClean(t, err.Error())
			})
		})
	}
}

// Commas that JSON does not allow do no harm.
func TestHistoryWithCommas(t *testing.T) {
	for _, body := range []string{`[{"a":1},{"b":2},]`, `[,{"a":1},{"b":2}]`, `[{"a":1},,{"b":2}]`, `[{"a":1,},{,"b":2}]`} {
		tries := 0
		var got taken
		err := newClient(counting(&tries, answering(200, body))).History(t.Context(), "1@c.us", 10, got.take)
		if diff := cmp.Diff(taken{{`{"a":1}`, `{"b":2}`}}, got); diff != "" || err != nil || tries != 1 {
			t.Errorf("%s: %v after %d tries (-want +got):\n%s", body, err, tries, diff)
		}
	}
}

// breaking returns a transport whose connection breaks behind body.
func breaking(body string) roundTrip {
	return func(*http.Request) (*http.Response, error) {
		return respond(200, nil, io.MultiReader(strings.NewReader(body), brokenBody{})), nil
	}
}

type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, errors.New("reset: " + testToken) }

// History retries although take ignores the error of the sequence.
func TestHistorySwallowedError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		client := newClient(inTurn(answering(200, `[1,`), answering(200, `[1]`)))
		err := client.History(t.Context(), "1@c.us", 10, func(entries entries) error {
			calls++
			for range entries {
			}
			return nil
		})
		if err != nil || calls != 2 {
			t.Errorf("got %v after %d calls, want 2", err, calls)
		}
	})
}

func TestHistoryTakersError(t *testing.T) {
	full := errors.New("disk full")
	for name, take := range map[string]func(entries) error{
		"at once":         func(entries) error { return full },
		"at an entry":     func(entries entries) error { return errorAt(entries, full) },
		"after the error": func(entries entries) error { errorAt(entries, nil); return full },
	} {
		tries := 0
		client := newClient(counting(&tries, answering(200, `[1,`)))
		if err := client.History(t.Context(), "1@c.us", 10, take); err != full || tries != 1 {
			t.Errorf("%s: got %v after %d tries, want %v after 1", name, err, tries, full)
		}
	}
	enough := newClient(answering(200, `[1,{`))
	if err := enough.History(t.Context(), "1@c.us", 10, func(entries entries) error { return errorAt(entries, nil) }); err != nil {
		t.Errorf("got %v of a taker that had enough", err)
	}
}

// errorAt returns err for the first entry.
func errorAt(entries entries, err error) error {
	for _, broken := range entries {
		if err != nil || broken == nil {
			return err
		}
	}
	return nil
}

func TestHistoryInterrupted(t *testing.T) {
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	client := newClient(roundTrip(func(*http.Request) (*http.Response, error) {
		return respond(200, nil, io.MultiReader(strings.NewReader(`[1,2`), endless{})), nil
	}))
	err := client.History(ctx, "1@c.us", 10, func(entries entries) error {
		for _, err := range entries {
			if err != nil {
				return fmt.Errorf("taking: %w", err)
			}
			cancel(stop)
		}
		return nil
	})
	if err != stop {
		t.Errorf("got %v, want %v", err, stop)
	}
}

// An endless body is a history without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, `,{"idMessage":"3EB0"}`), nil }

// Entries are yielded before the answer ends, and the memory does not grow with their number.
func TestHistoryIsStreamed(t *testing.T) {
	const count = 20_000
	made := 0
	body := io.MultiReader(strings.NewReader(`[{}`), &generated{&made, count, 2000}, strings.NewReader(`]`))
	client := newClient(roundTrip(func(*http.Request) (*http.Response, error) { return respond(200, nil, body), nil }))
	got, before := 0, heap()
	err := client.History(t.Context(), "1@c.us", count+1, func(entries entries) error {
		for entry, err := range entries {
			if err != nil {
				return err
			}
			got++
			if ahead := made - got; ahead > 200 {
				t.Fatalf("%d entries were made when the %dth came", made, got)
			}
			if got%5_000 == 0 {
				if grown := int64(heap()) - int64(before); grown > 4<<20 {
					t.Errorf("after %d entries of %d bytes the heap has grown by %d KB", got, len(entry), grown>>10)
				}
			}
		}
		return nil
	})
	if err != nil || got != count+1 {
		t.Errorf("got %d entries, %v, want %d", got, err, count+1)
	}
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// A generated body makes entries when they are read, one at a time.
type generated struct {
	made        *int
	count, size int
}

func (g *generated) Read(p []byte) (int, error) {
	if *g.made == g.count {
		return 0, io.EOF
	}
	entry := fmt.Sprintf(`,{"idMessage":"%d","textMessage":"%s"}`, *g.made, strings.Repeat("x", g.size))
	if len(p) < len(entry) {
		return copy(p, " "), nil // white space is as good between two entries
	}
	*g.made++
	return copy(p, entry), nil
}

func TestOneHistoryOfAChatAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		under := map[string]int{}
		var mu sync.Mutex
		client := newClient(roundTrip(func(r *http.Request) (*http.Response, error) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			defer mu.Unlock()
			if under[string(body)]++; under[string(body)] > 1 {
				t.Errorf("two at once of %s", body)
			}
			return respond(200, nil, &drip{[]string{"[1]"}, time.Minute}), nil
		}))
		client.HistoryRate = 100
		start := time.Now()
		var wg sync.WaitGroup
		for i := range 9 {
			chat := fmt.Sprint(i%3, "@c.us")
			wg.Go(func() {
				err := client.History(t.Context(), chat, 1, func(entries entries) error {
					for range entries {
					}
					mu.Lock()
					defer mu.Unlock()
					under[fmt.Sprintf(`{"chatId":"%s","count":1}`, chat)]--
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := time.Since(start); got < 3*time.Minute || got > 4*time.Minute {
			t.Errorf("took %v, want three in a row of three chats at once, which is 3 minutes", got)
		}
		for chat, slot := range client.chatLocks.slots {
			if len(slot) > 0 {
				t.Errorf("%s is still locked", chat)
			}
		}
	})
}

func TestInterruptedWhileAnotherReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := errors.New("stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		client := newClient(answering(200, `[]`))
		err := client.History(t.Context(), "1@c.us", 1, func(entries) error {
			time.AfterFunc(time.Second, func() { cancel(stop) })
			start := time.Now()
			err := client.History(ctx, "1@c.us", 1, noEntries(t))
			if err != stop || time.Since(start) != time.Second {
				t.Errorf("got %v after %v, want %v after 1 s", err, time.Since(start), stop)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
