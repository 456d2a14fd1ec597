package greenapi

import (
	"encoding/json"
	"fmt"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

// newInstance returns a sandbox with chats 0@c.us …, each with this number of entries, and its client.
func newInstance(chats, entries int, rules ...sandbox.Rule) (*sandbox.GreenAPI, *Client) {
	account := sandbox.Account{Instance: "7105000000", Token: testToken}
	for i := range chats {
		id := fmt.Sprint(i, "@c.us")
		account.Chats = append(account.Chats, sandbox.AccountChat{
			ID:      id,
			Listing: json.RawMessage(fmt.Sprintf(`{"id":"%s","name":"Chat %d","type":"user","archive":false}`, id, i)),
			Entries: func() iter.Seq[json.RawMessage] { return made(id, entries) },
		})
	}
	g := sandbox.NewGreenAPI(account, sandbox.GreenAPIOptions{Rules: rules})
	return g, newClient(g)
}

// made returns n entries of a chat, newest first.
func made(chat string, n int) iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		for i := range n {
			entry := fmt.Sprintf(`{"type":"incoming","idMessage":"%d","chatId":"%s","timestamp":%d,"typeMessage":"textMessage","textMessage":"text"}`,
				n-i, chat, 1700000000+n-i)
			if !yield(json.RawMessage(entry)) {
				return
			}
		}
	}
}

// ids returns a taker that keeps the idMessage of the entries.
func ids(got *[]string) func(entries) error {
	return func(entries entries) error {
		*got = nil
		for raw, err := range entries {
			if err != nil {
				return err
			}
			var told struct{ IDMessage string }
			if err := json.Unmarshal(raw, &told); err != nil {
				return err
			}
			*got = append(*got, told.IDMessage)
		}
		return nil
	}
}

func TestReadingAnInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, client := newInstance(3, 5)
		ctx := t.Context()
		state, err := client.State(ctx)
		if err != nil || state != "authorized" {
			t.Errorf("state %q, %v", state, err)
		}
		settings, err := client.Settings(ctx)
		if err != nil || settings.IncomingOff || settings.OutgoingMessageOff || settings.WID == "" {
			t.Errorf("settings %+v, %v", settings, err)
		}
		wa, err := client.WaSettings(ctx)
		if err != nil || wa.Phone == "" || wa.SyncProgress == nil || *wa.SyncProgress != 100 {
			t.Errorf("settings of WhatsApp %+v, %v", wa, err)
		}
		chats, err := client.Chats(ctx)
		if err != nil || len(chats) != 3 || chats[1] != (Chat{ID: "1@c.us", Name: "Chat 1"}) {
			t.Errorf("chats %+v, %v", chats, err)
		}
		var got []string
		if err := client.History(ctx, "1@c.us", 3, ids(&got)); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"5", "4", "3"}, got); diff != "" {
			t.Errorf("entries (-want +got):\n%s", diff)
		}
		for _, r := range g.Requests() {
			if r.Status != 200 {
				t.Errorf("%s was answered with %d", r.Method, r.Status)
			}
		}
	})
}

// A passing fault is retried until the history is whole.
func TestPassingFaults(t *testing.T) {
	for _, fault := range []sandbox.Action{
		sandbox.TooMany, sandbox.BadGateway, sandbox.HTMLBadGateway, sandbox.Cut, sandbox.Garbage, sandbox.HTML,
		sandbox.ClientClosed, sandbox.ServerError, sandbox.Unavailable, sandbox.GatewayTimeout, sandbox.Starting,
		sandbox.Empty, sandbox.Half, sandbox.CutBody,
	} {
		t.Run(string(fault), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, client := newInstance(1, 100, sandbox.Rule{Do: fault, Count: 5})
				var got []string
				if err := client.History(t.Context(), "0@c.us", 1000, ids(&got)); err != nil {
					t.Error(err)
				}
				if len(got) != 100 || got[0] != "100" || got[99] != "1" {
					t.Errorf("got the entries %v", got)
				}
				if tries := len(g.Requests()); tries != 6 {
					t.Errorf("%d tries, want 6", tries)
				}
			})
		})
	}
}

// A lasting fault ends in its error, and no error holds the token.
func TestLastingFaults(t *testing.T) {
	denied := func(s seen) bool { return s.Denied != nil }
	quota := func(s seen) bool { return s.Quota != nil && s.Quota.Total > 0 }
	for fault, is := range map[sandbox.Action]func(seen) bool{
		sandbox.Unauthorized:          denied,
		sandbox.Block:                 denied,
		sandbox.NotFound:              denied,
		sandbox.Redirect:              denied,
		sandbox.QuotaExceeded:         quota,
		sandbox.CorrespondentsReached: func(s seen) bool { return quota(s) && s.Quota.Correspondents },
		sandbox.PlainBadRequest:       func(s seen) bool { return s.Refused != nil },
		sandbox.TooMany:               func(s seen) bool { return s.Unavailable != nil && s.Unavailable.Status == 429 },
		sandbox.GatewayTimeout:        func(s seen) bool { return s.Unavailable != nil && s.Unavailable.Status == 504 },
		sandbox.ServerError:           func(s seen) bool { return s.Unavailable != nil && s.Unavailable.Status == 500 },
		sandbox.Starting:              func(s seen) bool { return s.Unavailable != nil && s.Unavailable.Status == 400 },
		sandbox.HTML:                  func(s seen) bool { return s.Unavailable != nil && s.Unavailable.Status == 200 },
		sandbox.CutBody:               func(s seen) bool { return s.Unavailable != nil && s.Unavailable.Status == 200 },
		sandbox.Cut:                   func(s seen) bool { return s.Unavailable != nil && s.Unavailable.Status == 0 },
	} {
		t.Run(string(fault), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, client := newInstance(1, 10, sandbox.Rule{Do: fault})
				var got []string
				err := client.History(t.Context(), "0@c.us", 1000, ids(&got))
				if err == nil || !is(see(err)) {
					t.Fatalf("got %v", err)
				}
				checkClean(t, err.Error())
				if final := see(err).Unavailable == nil; final && len(g.Requests()) != 1 {
					t.Errorf("%d tries, want 1", len(g.Requests()))
				}
			})
		})
	}
}

// An unknown instance and a wrong token have different errors.
func TestWrongAccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, client := newInstance(0, 0)
		stranger := newClient(g)
		stranger.Instance = "7105000001"
		_, err := stranger.State(t.Context())
		if got := see(err).Denied; got == nil || got.Status != 403 {
			t.Errorf("of a wrong instance: %v", err)
		}
		client.Token = "wrong"
		_, err = client.State(t.Context())
		if got := see(err).Denied; got == nil || got.Status != 401 {
			t.Errorf("with a wrong token: %v", err)
		}
	})
}

// The instance counts the requests of any second and never answers 429, although nearly all of its rate is used.
func TestPaceAtAnInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const reads = 300
		g, client := newInstance(3, 2)
		start := time.Now()
		var wg sync.WaitGroup
		for worker := range 4 {
			wg.Go(func() {
				for i := range reads / 4 {
					var got []string
					if err := client.History(t.Context(), fmt.Sprint((worker+i)%3, "@c.us"), 10, ids(&got)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for _, r := range g.Requests() {
			if r.Status != 200 {
				t.Fatalf("a request was answered with %d", r.Status)
			}
		}
		if took, most := time.Since(start).Seconds(), (reads-1)/0.99; took > most {
			t.Errorf("%d histories took %.1f s, want at most %.1f", reads, took, most)
		}
	})
}
