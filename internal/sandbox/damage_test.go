package sandbox_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"kommo-import/internal/sandbox"
)

// inHistory returns the messages of a chat as its history shows them: msgid, text and side of each.
func inHistory(t *testing.T, c caller, chat string) (all []string) {
	t.Helper()
	var page struct {
		Messages []struct {
			Receiver *struct{} `json:"receiver"`
			Message  struct {
				ClientID string `json:"client_id"`
				Text     string `json:"text"`
			} `json:"message"`
		} `json:"messages"`
	}
	if err := json.Unmarshal([]byte(c.call(t, "GET", c.scope()+"/chats/"+chat+"/history", "").Body), &page); err != nil {
		t.Fatal(err)
	}
	for _, m := range page.Messages {
		side := "in"
		if m.Receiver != nil {
			side = "out"
		}
		all = append(all, m.Message.ClientID+"/"+m.Message.Text+"/"+side)
	}
	return all
}

func TestDamage(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(k *sandbox.Kommo) error
		want []string
	}{
		{"none", func(*sandbox.Kommo) error { return nil }, []string{"c/hello <c>/in", "b/hello <b>/in", "a/hello <a>/in"}},
		{"a loss", func(k *sandbox.Kommo) error { return k.Lose("b") }, []string{"c/hello <c>/in", "a/hello <a>/in"}},
		{"another text", func(k *sandbox.Kommo) error {
			return k.Rewrite("b", func(p map[string]any) { p["message"].(map[string]any)["text"] = "x" })
		}, []string{"c/hello <c>/in", "b/x/in", "a/hello <a>/in"}},
		{"another time and side", func(k *sandbox.Kommo) error {
			return k.Rewrite("b", func(p map[string]any) {
				p["msec_timestamp"], p["receiver"] = 1939604761000, map[string]any{"id": "x"}
			})
		}, []string{"b/hello <b>/out", "c/hello <c>/in", "a/hello <a>/in"}},
		{"a swap", func(k *sandbox.Kommo) error { return k.Swap("a", "c") }, []string{"a/hello <a>/in", "b/hello <b>/in", "c/hello <c>/in"}},
		{"a doubling", func(k *sandbox.Kommo) error { return k.Double("b") },
			[]string{"c/hello <c>/in", "b/hello <b>/in", "b/hello <b>/in", "a/hello <a>/in"}},
		{"a foreign message", func(k *sandbox.Kommo) error { return k.Insert("chat", "", "x", time.Unix(1939604761, 0)) },
			[]string{"/x/in", "c/hello <c>/in", "b/hello <b>/in", "a/hello <a>/in"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCaller(sandbox.Options{})
			mustPost(t, c, incoming("a", "chat", 1), incoming("b", "chat", 2), incoming("c", "chat", 3), incoming("d", "other", 3))
			chat := c.Dump().Chats[0].ID
			inHistory(t, c, chat)
			if err := tt.do(c.Kommo); err != nil {
				t.Fatal(err)
			}
			if got := inHistory(t, c, chat); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if len(c.Dump().Chats[1].Messages) != 1 {
				t.Error("the other chat is touched")
			}
		})
	}
}

func TestDamageOfWhatIsNotThere(t *testing.T) {
	c := newCaller(sandbox.Options{})
	mustPost(t, c, incoming("a", "chat", 1), incoming("b", "other", 2))
	for name, err := range map[string]error{
		"lose": c.Lose("x"), "rewrite": c.Rewrite("x", nil), "double": c.Double("x"), "swap": c.Swap("x", "a"),
		"swap with nothing": c.Swap("a", "x"), "swap over chats": c.Swap("a", "b"), "insert": c.Insert("x", "", "x", time.Now()),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
