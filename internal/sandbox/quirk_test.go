package sandbox

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestParseQuirk(t *testing.T) {
	for text, want := range map[string]Quirk{
		"short":           {Trait: ShortPages, Value: "1"},
		"short=10":        {Trait: ShortPages, Value: "10"},
		"page=20:c:1":     {Trait: PageLength, Value: "20", Chat: "c:1"},
		"chat-id=echo":    {Trait: ChatID, Value: "echo"},
		"gone:79@c.us":    {Trait: GoneChat, Chat: "79@c.us"},
		"no-msgid":        {Trait: NoMsgID},
		"normalise:a=b:c": {Trait: NormalTexts, Chat: "a=b:c"},

		"no-link":          {Trait: NoLink, Value: "403"},
		"no-link=401":      {Trait: NoLink, Value: "401"},
		"linked=exists":    {Trait: Linked, Value: "exists"},
		"linked=exists:a":  {Trait: Linked, Value: "exists", Chat: "a"},
		"unknown-link":     {Trait: UnknownLink, Value: "404"},
		"unknown-link=200": {Trait: UnknownLink, Value: "200"},
		"partial-links":    {Trait: PartialLinks},
		"lead=incoming:a":  {Trait: LeadOf, Value: "incoming", Chat: "a"},
		"silent-contact":   {Trait: SilentContact},
		"bin-hidden":       {Trait: BinHidden},
	} {
		if got, err := ParseQuirk(text); got != want || err != nil {
			t.Errorf("%s: got %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "shrt", "short=0", "short=50", "page", "page=x", "chat-id", "chat-id=wrong", "gone=1", "gone:",
		"no-link=500", "no-link:a", "linked", "linked=no", "unknown-link=500", "unknown-link:a", "partial-links=1", "partial-links:a", "bin-hidden:a", "lead", "lead=all"} {
		if got, err := ParseQuirk(text); err == nil {
			t.Errorf("%s: got %+v, want an error", text, got)
		}
	}
}

// quirky returns a sandbox with 120 messages in the chat c1 and one in c2.
func quirky(t *testing.T, texts ...string) *Kommo {
	t.Helper()
	var o Options
	for _, text := range texts {
		q, err := ParseQuirk(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Quirks = append(o.Quirks, q)
	}
	k := NewKommo(o)
	at := time.Unix(1700000000, 0)
	for i := range 120 {
		p := payload{MsgID: "m" + strings.Repeat("x", i), ConversationID: "c1", MsecTimestamp: at.Add(time.Duration(i) * time.Second).UnixMilli(),
			Sender: participant{ID: "c1"}, Message: content{Type: "voice", Text: "a \r\nb\u200b"}}
		if i%2 > 0 {
			p.Sender, p.Receiver = participant{ID: "bot", RefID: "bot"}, &participant{ID: "c1"}
		}
		k.store.add(k.store.open("c1"), p, mustMarshal(envelope{"new_message", p}), k.now())
	}
	p := payload{MsgID: "other", ConversationID: "c2", Sender: participant{ID: "c2"}, Message: content{Type: "text", Text: "a"}}
	k.store.add(k.store.open("c2"), p, mustMarshal(envelope{"new_message", p}), k.now())
	return k
}

// lengths returns how many entries the pages of a conversation's history have, each read behind the one before, and the
// status of the last answer.
func lengths(t *testing.T, k *Kommo, conversation string) (all []int, status int) {
	t.Helper()
	for offset := 0; ; {
		a := k.history(k.store.byConv[conversation].id, "limit=50&offset="+strconv.Itoa(offset))
		if a.status != http.StatusOK {
			return all, a.status
		}
		n := strings.Count(string(a.body), `"message":{`) + strings.Count(string(a.body), `"message":null`) + strings.Count(string(a.body), `"deleted"`)
		all, offset = append(all, n), offset+n
	}
}

func TestQuirksOfPages(t *testing.T) {
	for _, tt := range []struct {
		quirks []string
		want   string
		status int
	}{
		{nil, "[50 50 20]", 204},
		{[]string{"short"}, "[49 49 23 1]", 204},
		{[]string{"short=10"}, "[40 40 40 20]", 204},
		{[]string{"page=20"}, "[20 20 20 20 20 20]", 204},
		{[]string{"odd"}, "[50 50 24]", 204},
		{[]string{"gone:c1"}, "[]", 404},
		{[]string{"gone:c2"}, "[50 50 20]", 204},
		{[]string{"gone"}, "[]", 404},
		{[]string{"empty"}, "[]", 204},
	} {
		got, status := lengths(t, quirky(t, tt.quirks...), "c1")
		if fmt.Sprint(got) != tt.want || status != tt.status {
			t.Errorf("%v: got %v and %d, want %s and %d", tt.quirks, got, status, tt.want, tt.status)
		}
	}
	for quirk, want := range map[string]int{"gone": 404, "gone:c1": 204, "empty": 204} {
		if a := quirky(t, quirk).history("5a0db0c5-0000-4000-8000-000000000000", ""); a.status != want {
			t.Errorf("%s: the history of an unknown chat is a %d, want %d", quirk, a.status, want)
		}
	}
}

func TestQuirksOfEntries(t *testing.T) {
	for _, tt := range []struct {
		quirk        string
		holds, lacks []string
	}{
		{"short", []string{`"client_id":"m`, `"receiver"`, `"voice"`, `a \r\nb`}, nil},
		{"no-msgid", []string{`"client_id":""`}, []string{`"client_id":"m`}},
		{"no-people", []string{`"client_id":"c1"`, `"client_id":"m`}, []string{`"receiver"`}},
		{"normalise", []string{`"text":"a\nb"`}, []string{`\r`}},
		{"shown-as", []string{`"audio"`}, []string{`"voice"`}},
		{"other-ids", nil, []string{uuidOf("message", "m"+strings.Repeat("x", 119), "0")}},
	} {
		k := quirky(t, tt.quirk)
		body := string(k.history(k.store.byConv["c1"].id, "").body)
		for _, text := range tt.holds {
			if !strings.Contains(body, text) {
				t.Errorf("%s: no %s", tt.quirk, text)
			}
		}
		for _, text := range tt.lacks {
			if strings.Contains(body, text) {
				t.Errorf("%s: %s", tt.quirk, text)
			}
		}
	}
}

func TestQuirksOfAnswers(t *testing.T) {
	for quirk, want := range map[string]string{
		"short":         `{"new_message":{"conversation_id":"` + uuidOf("chat", "c2") + `"`,
		"chat-id=echo":  `{"new_message":{"conversation_id":"c2"`,
		"chat-id=none":  `{"new_message":{"sender_id"`,
		"chat-id=other": `{"new_message":{"conversation_id":"` + uuidOf("another chat", "c2") + `"`,
	} {
		k := quirky(t, quirk)
		if got := string(k.store.byMsgID["other"][0].answer().body); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %s, want %s", quirk, got, want)
		}
	}
}
