package greenapi_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
	"kommo-import/sources/sourcetest"
)

// parted returns an account with a chat in two parts between others.
func parted() sandbox.Account {
	return sandbox.Account{Chats: []sandbox.AccountChat{listed(lid, ""), long(anna, 2_001), listed(boris, "Boris", text(boris, "1", 1))}}
}

// The source passes the contract of all sources, wherever a reading is interrupted.
func TestContract(t *testing.T) {
	for name, account := range map[string]sandbox.Account{"small": small(), "sample": sample(t), "parts": parted(), "many": many(9)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				t.Setenv("TMPDIR", t.TempDir())
				source := newInstance(account, sandbox.GreenAPIOptions{}).source()
				if err := sourcetest.Check(t.Context(), source); err != nil {
					t.Error(err)
				}
				if name == "parts" { // the rest would take long
					return
				}
				source.Only = []string{account.Chats[1].ID}
				if err := sourcetest.Check(t.Context(), source); err != nil {
					t.Errorf("confined to one chat: %v", err)
				}
				source.Only = nil
				if err := sourcetest.CheckGrowth(t.Context(), source, 0, func() {}); err != nil {
					t.Errorf("not grown: %v", err)
				}
				checkNothingLeft(t)
			})
		})
	}
}

// A chat grows at both ends, a chat is new, and a chat becomes so long that it needs two questions.
func TestGrowth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := sandbox.Account{Chats: []sandbox.AccountChat{
			listed(anna, "Anna", text(anna, "2", 2), text(anna, "1", 1), text(anna, "1", 1)), long(boris, 995)}}
		i := newInstance(account, sandbox.GreenAPIOptions{})
		err := sourcetest.CheckGrowth(t.Context(), i.source(), 13, func() {
			i.AddEntry(anna, json.RawMessage(text(anna, "0", 0)), true)
			i.AddEntry(anna, json.RawMessage(text(anna, "3", 2)), false)
			i.AddEntry(lid, json.RawMessage(text(lid, "1", 2)), false)
			for k := range 10 {
				i.AddEntry(boris, json.RawMessage(text(boris, fmt.Sprint("n", k), 1000+k)), false)
			}
		})
		if err != nil {
			t.Error(err)
		}
		got := idsOf(read(t, i.source(), "")[1])
		if diff := cmp.Diff([]string{"0", "1", "1", "2", "3"}, got); diff != "" {
			t.Errorf("oldest first (-want +got):\n%s", diff)
		}
	})
}

// checkNothingLeft makes sure that TMPDIR is empty.
func checkNothingLeft(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(os.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(left, func(e os.DirEntry) bool { return !e.IsDir() }) {
		t.Errorf("left behind: %v", left)
	}
}
