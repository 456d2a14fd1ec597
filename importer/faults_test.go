package importer

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kommo-import/internal/sandbox"
)

// Every message meets every fault once, on a server that keeps duplicates and shows messages in history only after
// some time. However the run ends, the runs after it bring every message once, in order, one of each conversation loud.
func TestEveryFaultAtEveryMessage(t *testing.T) {
	t.Parallel()
	planned := bodies(t, loaded(t), newComposer())
	for i, id := range msgids(planned) {
		for j, rule := range []sandbox.Rule{
			{Do: sandbox.TooMany},
			{Do: sandbox.BadGateway},
			{Do: sandbox.BadGatewayTaken},
			{Do: sandbox.Cut},
			{Do: sandbox.CutTaken},
			{Do: sandbox.Slow, Wait: time.Minute}, // longer than the client waits; taken
			{Do: sandbox.Garbage},                 // taken
			{Do: sandbox.HTML},
			{Do: sandbox.HTMLBadGateway},
			{Do: sandbox.BadSignature},
			{Do: sandbox.NotFound},
			{Do: sandbox.Redirect},
		} {
			if (i+j)%2 > 0 && os.Getenv("SOAK") == "" {
				continue
			}
			rule.MsgID, rule.Count = id, 1
			inBubble(t, fmt.Sprintf("%s of %s", rule.Do, id), func(t *testing.T) {
				box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{rule}, HistoryDelay: 3 * time.Second})
				sendAll(t, t.Context(), newSender(loaded(t), box))
				wantArrived(t, box, planned)
			})
		}
	}
}

// A refused message stays out and the others arrive; planned again, it arrives too. Where it was the one to notify,
// the report says that nobody was notified.
func TestRefusalOfEveryMessage(t *testing.T) {
	t.Parallel()
	planned := bodies(t, loaded(t), newComposer())
	synctest.Test(t, func(t *testing.T) {
		for conversation, list := range planned {
			for i, body := range list {
				f := loaded(t)
				rule := sandbox.Rule{Do: sandbox.Refuse, MsgID: msgidOf(body), Count: 1}
				box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{rule}})
				reports, errs := sendAll(t, t.Context(), newSender(f, box))
				if len(errs) > 0 || reports[0].Refused != 1 {
					t.Fatalf("errors %v, report %+v, want one message refused", errs, reports[0])
				}
				if loud := i == len(list)-1; loud != slices.Equal(reports[0].Unnotified, []string{conversation}) {
					t.Errorf("message %d of %s refused: unnotified %v", i, conversation, reports[0].Unnotified)
				}
				wantArrived(t, box, without(planned, conversation, i))

				if n, err := f.RetryRefused(); n != 1 || err != nil {
					t.Fatalf("retry planned %d again, error %v", n, err)
				}
				sendAll(t, t.Context(), newSender(f, box))
				again := without(planned, conversation, i)
				again[conversation] = append(again[conversation], body)
				wantArrived(t, box, again)
			}
		}
	})
}

// The migration file fails at every commit, so that nothing was written or everything was although it failed, and
// stays unwritable as it would on a full disk. The run stops there; a run after it makes everything good.
func TestStoreFailsAtEveryCommit(t *testing.T) {
	t.Parallel()
	planned := bodies(t, loaded(t), newComposer())
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("the disk is full")
		for _, written := range []bool{false, true} {
			for failing := 1; ; failing++ {
				f := loaded(t)
				box := sandbox.NewKommo(sandbox.Options{HistoryDelay: 3 * time.Second})
				s := newSender(f, box)
				healthy, commits, requests := f.Commit, 0, 0
				f.Commit = func(tx *sql.Tx) error {
					if commits++; commits < failing {
						return healthy(tx)
					}
					requests = max(requests, len(box.Requests()))
					if written && commits == failing {
						return errors.Join(healthy(tx), full)
					}
					return errors.Join(tx.Rollback(), full)
				}
				_, err := s.Send(t.Context())
				if commits < failing {
					if err != nil {
						t.Fatal(err)
					}
					break // every commit has failed once
				}
				if !errors.Is(err, full) {
					t.Fatalf("commit %d fails, and send returns %v", failing, err)
				}
				if underWay := len(box.Requests()) - requests; underWay > defaultWorkers-1 {
					t.Errorf("commit %d fails, and %d requests leave after it", failing, underWay)
				}
				f.Commit = healthy
				sendAll(t, t.Context(), s)
				wantArrived(t, box, planned)
			}
		}
	})
}

// inBubble runs a test of that name in a bubble of synctest, where waiting takes no time.
func inBubble(t *testing.T, name string, test func(*testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

// loaded returns a migration file with three conversations of ten messages.
func loaded(t *testing.T) *File {
	t.Helper()
	f := newFile(t)
	if report := load(t, f, threeConversations()); report.Added != 10 {
		t.Fatalf("loaded %+v, want ten messages", report)
	}
	return f
}

func newComposer() Composer {
	return Composer{BotID: sandbox.NewKommo(sandbox.Options{}).Options.BotID}
}

func msgidOf(body string) string { return between(body, `"msgid":"`, `"`) }

// without returns a copy of planned that lacks one message.
func without(planned map[string][]string, conversation string, i int) map[string][]string {
	rest := make(map[string][]string)
	for id, list := range planned {
		rest[id] = slices.Clone(list)
	}
	if rest[conversation] = slices.Delete(rest[conversation], i, i+1); len(rest[conversation]) == 0 {
		delete(rest, conversation)
	}
	return rest
}
