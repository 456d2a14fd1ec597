package sandbox_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

func TestReplyWithinChat(t *testing.T) {
	c := newCaller(sandbox.Options{})
	mustPost(t, c, incoming("m1", "a", 0))
	id := c.Dump().Chats[0].Messages[0].ID
	tests := []struct {
		conversation, quote string
		want                int
	}{
		{"a", `{"msgid":"m1"}`, 200},
		{"a", `{"id":"` + id + `"}`, 200},
		{"a", `{"msgid":"m9"}`, 400},
		{"b", `{"msgid":"m1"}`, 400},
		{"b", `{"id":"` + id + `"}`, 400},
	}
	for i, tt := range tests {
		fields := fmt.Sprintf(`"msgid":"r%d","conversation_id":%q,"reply_to":{"message":%s}`, i, tt.conversation, tt.quote)
		if got := c.post(t, payload(t, fields)); got.Status != tt.want {
			t.Errorf("reply in %s to %s: got %+v, want status %d", tt.conversation, tt.quote, got, tt.want)
		}
	}
}

func TestDuplicates(t *testing.T) {
	tests := []struct {
		switched sandbox.Duplicates
		status   int
		sameID   bool
		want     []string
	}{
		{"", 200, false, []string{"m1", "m1"}},
		{sandbox.KeepDuplicates, 200, false, []string{"m1", "m1"}},
		{sandbox.DropDuplicates, 200, true, []string{"m1"}},
		{sandbox.RefuseDuplicates, 400, false, []string{"m1"}},
	}
	for _, tt := range tests {
		t.Run(string(tt.switched), func(t *testing.T) {
			c := newCaller(sandbox.Options{Duplicates: tt.switched})
			first := c.post(t, incoming("m1", "a", 0))
			second := c.post(t, incoming("m1", "a", 0))
			if second.Status != tt.status || (second.Body == first.Body) != tt.sameID {
				t.Errorf("got %+v after %+v, want status %d, same ids %v", second, first, tt.status, tt.sameID)
			}
			if diff := cmp.Diff(tt.want, msgids(c.Kommo)); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
		})
	}
}
