package sandbox_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kommo-import/internal/sandbox"
)

// A recording is what a public client of the Chats API sends, as testdata/clients/README.md describes it.
type recording struct {
	Zone     string     `json:"zone"`
	Requests []recorded `json:"requests"`
}

type recorded struct {
	Name    string          `json:"name"`
	Method  string          `json:"method"`
	Path    string          `json:"path"` // below /v2/origin/custom/
	Body    json.RawMessage `json:"body"`
	Legacy  bool            `json:"legacy"`
	Lenient bool            `json:"lenient"`
	Status  int             `json:"status"`
}

// What public clients send is taken as the documents say, and the rest only by a lenient sandbox.
func TestPublicClients(t *testing.T) {
	files, err := filepath.Glob("testdata/clients/*.json")
	if err != nil || len(files) != 4 {
		t.Fatalf("got %q, %v, want the files of four clients", files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var all recording
		if err := json.Unmarshal(content, &all); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, lenient := range []bool{false, true} {
			name := strings.TrimSuffix(filepath.Base(file), ".json")
			if lenient {
				name += " to a lenient sandbox"
			}
			t.Run(name, func(t *testing.T) { all.replay(t, lenient) })
		}
	}
}

// replay sends the requests in order. What the documents do not allow leaves nothing behind in a sandbox that is not
// lenient.
func (all recording) replay(t *testing.T, lenient bool) {
	c := newCaller(sandbox.Options{Disconnected: true, Lenient: lenient})
	ids := map[string]string{"channel": c.Options.ChannelID, "account": c.Options.AccountID, "scope": c.ScopeID(),
		"bot": c.Options.BotID, "user": c.Options.ManagerID}
	for _, r := range all.Requests {
		before := c.Summary().Messages
		got := c.send(t, r, all.Zone, ids)
		switch refused := got.Status == 400 || got.Status == 403 && r.Legacy; {
		case r.Lenient && !lenient:
			if !refused || c.Summary().Messages != before {
				t.Errorf("%s: got %+v, want a refusal", r.Name, got)
			}
		case got.Status != r.Status:
			t.Errorf("%s: got %+v, want status %d", r.Name, got, r.Status)
		default:
			remember(ids, got.Body)
		}
	}
}

func (c caller) send(t *testing.T, r recorded, zone string, ids map[string]string) reply {
	t.Helper()
	var pairs []string
	for word, id := range ids {
		pairs = append(pairs, "{"+word+"}", id)
	}
	fill := strings.NewReplacer(pairs...)
	body := fill.Replace(string(r.Body))
	q := c.request(t.Context(), r.Method, "/v2/origin/custom/"+fill.Replace(r.Path), body)
	q.Header.Set("Date", dateIn(zone))
	resign(q, c.Options.ChannelSecret)
	if r.Legacy {
		q.Header = http.Header{"Content-Type": {"application/json"}, "X-Signature": {bodySignature(body, c.Options.ChannelSecret)}}
	}
	got, _, err := c.do(q)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// dateIn returns the present time with a zone such as GMT or +0300.
func dateIn(zone string) string {
	now := time.Now().UTC()
	if offset, err := time.Parse("-0700", zone); err == nil {
		return now.In(offset.Location()).Format("Mon, 02 Jan 2006 15:04:05 ") + zone
	}
	return now.Format("Mon, 02 Jan 2006 15:04:05 ") + zone
}

// remember notes the ids that an answer gives.
func remember(ids map[string]string, body string) {
	var a struct {
		ID   string `json:"id"`
		User struct {
			ID string `json:"id"`
		} `json:"user"`
		New struct {
			Chat    string `json:"conversation_id"`
			Message string `json:"msgid"`
		} `json:"new_message"`
	}
	if json.Unmarshal([]byte(body), &a) != nil {
		return
	}
	for word, id := range map[string]string{"chat": a.ID + a.New.Chat, "person": a.User.ID, "message": a.New.Message} {
		if id != "" {
			ids[word] = id
		}
	}
}
