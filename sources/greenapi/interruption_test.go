package greenapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

// small is an account with some of everything in few messages: a chat whose client only getContactInfo names, media with
// a valid link, without a link and gone, a reply, a duplicate, a deletion, an incomplete entry, and a group.
func small() sandbox.Account {
	picture := func(id string, second int, link, more string) string {
		return entry("incoming", anna, id, second, fmt.Sprintf(`"senderId":%q,"typeMessage":"imageMessage","downloadUrl":%q,"caption":"",`+
			`"fileName":"%s.jpg","mimeType":"image/jpeg"%s`, anna, link, id, more))
	}
	return sandbox.Account{
		Chats: []sandbox.AccountChat{
			listed(anna, "",
				picture("gone", 9, "", `,"sandbox":{"downloadFile":""}`),
				picture("renewed", 8, "", `,"sandbox":{"downloadFile":"media/b.jpg"}`),
				picture("there", 8, "media/a.jpg", ""),
				entry("outgoing", anna, "reply", 7, `"typeMessage":"quotedMessage","extendedTextMessage":{"text":"Yes","stanzaId":"2"},`+
					`"quotedMessage":{"stanzaId":"2","typeMessage":"textMessage","textMessage":"text of 2"}`),
				text(anna, "2", 6), text(anna, "2", 6), text(anna, "1", 6)),
			listed(boris, "Boris",
				entry("incoming", boris, "5", 20, `"typeMessage":"deletedMessage","deletedMessageData":{"stanzaId":"3"}`),
				`{"type":"outgoing","typeMessage":""}`,
				entry("outgoing", boris, "4", 18, `"typeMessage":"textMessage","textMessage":"hello"`),
				text(boris, "3", 17)),
			listed(group, "Our group", text(group, "1", 30)),
		},
		Contacts:    []json.RawMessage{json.RawMessage(`{"id":"79007654321@c.us","name":"Boris B","contactName":"","type":"user"}`)},
		ContactInfo: map[string]json.RawMessage{anna: json.RawMessage(`{"name":"Anna","contactName":"Anna Petrova","email":"anna@example.com"}`)},
		Media:       fstest.MapFS{"a.jpg": {Data: make([]byte, 1234)}, "b.jpg": {Data: make([]byte, 5678)}},
	}
}

// faults returns the faults that a request can meet.
func faults() []sandbox.Rule {
	all := []sandbox.Rule{{Do: sandbox.Slow, Wait: time.Hour}} // longer than any timeout
	for _, do := range []sandbox.Action{sandbox.Unauthorized, sandbox.Block, sandbox.QuotaExceeded, sandbox.CorrespondentsReached,
		sandbox.ClientClosed, sandbox.ServerError, sandbox.BadGateway, sandbox.Unavailable,
		sandbox.GatewayTimeout, sandbox.Starting, sandbox.TooMany, sandbox.Cut, sandbox.CutBody, sandbox.Half, sandbox.Empty,
		sandbox.Garbage, sandbox.HTML, sandbox.PlainBadRequest, sandbox.NotFound} {
		all = append(all, sandbox.Rule{Do: do})
	}
	return all
}

// undisturbed returns the migration of a load without faults, the number of its requests, and the number of requests that
// read the chats. Loading again gives the same migration.
func undisturbed(t *testing.T, account func() sandbox.Account) (want migration, requests, reads int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		i := newInstance(account(), sandbox.GreenAPIOptions{})
		f, path := newFile(t)
		for range 2 {
			report, err := i.load(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			got := migrationOf(t, f)
			if want.Bodies == nil {
				want, requests = got, len(i.Requests())
				reads = requests - len(i.asked(sandbox.OnMedia)) - len(i.asked(sandbox.OnDownloadFile))
			} else if diff := cmp.Diff(want, got); diff != "" || report.Added > 0 || report.Known == 0 {
				t.Fatalf("loaded again: %+v (-once +twice):\n%s", report, diff)
			}
			time.Sleep(time.Minute)
		}
		i.checkClean(t, path)
	})
	return want, requests, reads
}

// believed reports whether a fault of the storage or of downloadFile looks like a true answer: the file is gone, or is
// another file.
func believed(rule sandbox.Rule) bool {
	switch rule.Do {
	case sandbox.PlainBadRequest, sandbox.NotFound, sandbox.HTML, sandbox.Empty, sandbox.Garbage, sandbox.Half:
		return true
	case sandbox.ServerError:
		return rule.Count == 0 // twice from downloadFile: the file is gone (#724)
	}
	return false
}

// takesNames reports whether a load goes on without the name of a client after a fault.
func takesNames(rule sandbox.Rule) bool {
	return slices.Contains([]sandbox.Action{sandbox.QuotaExceeded, sandbox.CorrespondentsReached, sandbox.NotFound, sandbox.PlainBadRequest,
		sandbox.ServerError, sandbox.CutBody, sandbox.Half, sandbox.Empty, sandbox.Garbage, sandbox.HTML}, rule.Do)
}

func (m migration) whole() any { return m }

// msgids returns the parts of a migration that do not depend on files.
func (m migration) msgids() any {
	ids := make(map[string][]string)
	for conversation, bodies := range m.Bodies {
		for _, body := range bodies {
			ids[conversation] = append(ids[conversation], between(body, `"msgid":"`, `"`))
		}
	}
	return ids
}

// An interruption is a load with a fault at a request.
type interruption struct {
	account         func() sandbox.Account
	want            migration
	requests, reads int
}

// check loads with a fault from request n on, and then again without it. A passing fault needs no second load. In the end
// the migration must be the same as without the fault.
func (in interruption) check(t *testing.T, n int, rule sandbox.Rule) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newInstance(in.account(), sandbox.GreenAPIOptions{})
		i.before = func(number int) {
			if number == n {
				i.AddRule(rule)
			}
		}
		f, path := newFile(t)
		_, first := i.load(t.Context(), f)
		i.ClearRules()
		passing := rule.Count == 1 && mendable(rule)
		loads := 1
		if !passing && takesNames(rule) && len(i.asked(sandbox.OnGetContactInfo)) > 0 {
			loads = 2 // a missing name is asked for when the chat is read anew
		}
		about := migration.whole
		if met := len(i.asked(sandbox.OnMedia))+len(i.asked(sandbox.OnDownloadFile)) > 0; met && (n > in.reads || rule.Count == 0) && believed(rule) {
			about = migration.msgids
		}
		if passing {
			if loads = 0; first != nil {
				t.Errorf("the load has not got over it: %v", first)
			}
		}
		for range loads {
			time.Sleep(time.Minute)
			if _, err := i.load(t.Context(), f); err != nil {
				t.Fatalf("first %v, then %v", first, err)
			}
		}
		if diff := cmp.Diff(about(in.want), about(migrationOf(t, f))); diff != "" {
			t.Errorf("(-undisturbed +disturbed):\n%s", diff)
		}
		i.checkClean(t, path)
	})
}

// mendable reports whether a load succeeds in spite of a fault that happens once.
func mendable(rule sandbox.Rule) bool {
	return !slices.Contains([]sandbox.Action{sandbox.Unauthorized, sandbox.Block, sandbox.QuotaExceeded, sandbox.CorrespondentsReached,
		sandbox.PlainBadRequest, sandbox.NotFound}, rule.Do)
}

// Every request of a load meets every fault, once and from there on. Then loading again gives the same migration as
// without the fault, and the token is not shown. With -short each fault meets every sixth request.
func TestEveryFaultAtEveryRequest(t *testing.T) {
	in := interruption{account: small}
	in.want, in.requests, in.reads = undisturbed(t, in.account)
	for n := range in.requests {
		for k, rule := range faults() {
			for count := range 2 {
				rule.Count, rule.On = count, sandbox.OnAny
				if testing.Short() && (n+k+count)%6 > 0 || rule.Count == 1 && mendable(rule) {
					continue // for the latter see below
				}
				t.Run(fmt.Sprintf("%s at %d of %d, count %d", rule.Do, n+1, in.requests, rule.Count), func(t *testing.T) {
					in.check(t, n+1, rule)
				})
			}
		}
	}
}

// everyFirst returns rules for a load of the small account: the first try of each call meets a fault, and so does the
// first request for a file.
func everyFirst(rule sandbox.Rule) (rules []sandbox.Rule) {
	rule.N = 1
	for _, method := range []sandbox.Endpoint{sandbox.OnGetStateInstance, sandbox.OnGetSettings, sandbox.OnGetWaSettings,
		sandbox.OnGetChats, sandbox.OnGetContacts, sandbox.OnGetContactInfo, sandbox.OnMedia} {
		rule.On = method
		rules = append(rules, rule)
	}
	rule.On = sandbox.OnGetChatHistory
	for _, rule.Chat = range []string{anna, boris, group} {
		rules = append(rules, rule)
	}
	rule.On, rule.Chat = sandbox.OnDownloadFile, ""
	for _, rule.MsgID = range []string{"gone", "renewed"} {
		rules = append(rules, rule)
	}
	return rules
}

// A load succeeds if the first try of every call fails.
func TestFaultsAtEveryFirstTry(t *testing.T) {
	in := interruption{account: small}
	in.want, in.requests, in.reads = undisturbed(t, in.account)
	for _, rule := range faults() {
		if !mendable(rule) {
			continue
		}
		t.Run(string(rule.Do), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				i := newInstance(in.account(), sandbox.GreenAPIOptions{Rules: everyFirst(rule)})
				f, path := newFile(t)
				if _, err := i.load(t.Context(), f); err != nil {
					t.Fatal(err)
				}
				if failed := slices.DeleteFunc(i.Requests(), func(r sandbox.GreenAPIRequest) bool { return r.Status == 200 }); rule.Do == sandbox.BadGateway && len(failed) != len(everyFirst(rule))+1 {
					t.Errorf("not every first try failed: %+v", failed) // and one for the file that is gone
				}
				about := migration.whole
				if believed(rule) {
					about = migration.msgids
				}
				if diff := cmp.Diff(about(in.want), about(migrationOf(t, f))); diff != "" {
					t.Errorf("(-undisturbed +disturbed):\n%s", diff)
				}
				i.checkClean(t, path)
			})
		})
	}
}

// A long chat is left out because its second question fails, or the load stops there, or is interrupted after it. All of
// the chat or nothing is stored.
func TestLongChat(t *testing.T) {
	stopped := errors.New("interrupted by the test")
	var want migration
	for k, rule := range []sandbox.Rule{{}, {Do: sandbox.CutBody}, {Do: sandbox.Unauthorized, Count: 1}, {}} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			i := newInstance(sandbox.Account{Chats: []sandbox.AccountChat{long(anna, 2_001), listed(boris, "Boris", text(boris, "1", 1))}}, sandbox.GreenAPIOptions{})
			i.before = func(number int) {
				if number == 8 && rule.Do != "" {
					i.AddRule(rule)
				}
			}
			f, _ := newFile(t)
			source := i.source()
			source.Now = func() time.Time { // is asked when a chat has been read
				if k == 3 {
					cancel(stopped)
				}
				return afterAll()
			}
			_, err := i.loadFrom(ctx, f, source)
			if i.ClearRules(); k == 0 {
				want = migrationOf(t, f)
				return
			}
			status, failure := f.Status()
			if failure != nil || status.Unplanned != 0 && status.Unplanned != 2_001 || k == 3 && !errors.Is(err, stopped) {
				t.Errorf("case %d: %d messages are stored, %v, %v", k, status.Unplanned, err, failure)
			}
			time.Sleep(time.Minute)
			if _, err := i.load(t.Context(), f); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, migrationOf(t, f)); diff != "" {
				t.Errorf("case %d (-undisturbed +disturbed):\n%s", k, diff)
			}
		})
	}
}

// The same with the sample: each of its requests meets two other faults.
func TestFaultsInTheSample(t *testing.T) {
	in := interruption{account: func() sandbox.Account { return sample(t) }}
	in.want, in.requests, in.reads = undisturbed(t, in.account)
	all := faults()
	for n := range in.requests {
		if testing.Short() && n%3 > 0 {
			continue
		}
		for k, rule := range []sandbox.Rule{all[(2*n+1)%len(all)], all[(3*n)%len(all)]} {
			rule.On, rule.Count = sandbox.OnAny, k
			t.Run(fmt.Sprintf("%s at %d of %d, count %d", rule.Do, n+1, in.requests, k), func(t *testing.T) {
				in.check(t, n+1, rule)
			})
		}
	}
}

// A load that is interrupted at any request ends with the cause, and the next load continues it.
func TestInterruptedAtEveryRequest(t *testing.T) {
	stopped := errors.New("interrupted by the test")
	for name, account := range map[string]func() sandbox.Account{
		"small":  small,
		"sample": func() sandbox.Account { return sample(t) },
	} {
		in := interruption{account: account}
		in.want, in.requests, in.reads = undisturbed(t, in.account)
		for n := range in.requests {
			if testing.Short() && name == "sample" && n%3 > 0 {
				continue
			}
			t.Run(fmt.Sprintf("%s at %d of %d", name, n+1, in.requests), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					i := newInstance(in.account(), sandbox.GreenAPIOptions{})
					ctx, cancel := context.WithCancelCause(t.Context())
					i.before = func(number int) {
						if number == n+1 {
							cancel(stopped)
						}
					}
					f, path := newFile(t)
					if _, err := i.load(ctx, f); !errors.Is(err, stopped) {
						t.Errorf("interrupted, it ends with %v", err)
					}
					if _, err := i.load(t.Context(), f); err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(in.want, migrationOf(t, f)); diff != "" {
						t.Errorf("(-undisturbed +interrupted):\n%s", diff)
					}
					i.checkClean(t, path)
				})
			})
		}
	}
}
