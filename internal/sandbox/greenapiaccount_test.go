package sandbox_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

// folder returns an account on disk: name, content, name, content …
func folder(files ...string) fstest.MapFS {
	disk := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		disk[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return disk
}

func TestReadAccount(t *testing.T) {
	a, err := sandbox.ReadAccount(folder(
		"account.json", `{"instance":"7105","token":"t0k3n","wid":"1@c.us","state":"authorized","settings":{"incomingWebhook":"no"},"waSettings":{"historySyncProgress":7}}`,
		"chats.json", `[{"id":"`+anna+`", "name":"Anna"},{"id":"`+group+`"}]`,
		"contacts.json", `[{"id":"`+anna+`"}]`,
		"contact-info.json", `{"`+anna+`":{"name":"A"}}`,
		"history/"+anna+".json", "[\n {\"idMessage\":\"1\", \"downloadUrl\":\"media/x.jpg\"},\n {\"idMessage\":\"2\"}\n]\n",
		"history/"+lid+".json", `[{"idMessage":"3"}]`,
		"history/README.md", "not a history",
		"media/x.jpg", "an x",
	))
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Chats) != 3 {
		t.Errorf("got %d chats, want 3", len(a.Chats))
	}
	p := newPhone(a, unlimited)
	if p.Options.Instance != "7105" || p.Options.Token != "t0k3n" {
		t.Errorf("got %+v, want the instance and the token of the account", p.Options)
	}
	got := map[string]string{
		"chats":     p.get(t, "getChats").Body,
		"contacts":  p.get(t, "getContacts").Body,
		"info":      p.call(t, "POST", p.path("getContactInfo"), `{"chatId":"`+anna+`"}`).Body,
		"history":   p.history(t, anna, 10).Body,
		"no file":   p.history(t, group, 10).Body,
		"unlisted":  p.history(t, lid, 10).Body,
		"file":      p.call(t, "GET", "/media/x.jpg", "").Body,
		"not media": p.call(t, "GET", "/media/account.json", "").Body,
	}
	want := map[string]string{
		"chats":     `[{"id":"` + anna + `", "name":"Anna"},{"id":"` + group + `"}]`,
		"contacts":  `[{"id":"` + anna + `"}]`,
		"info":      `{"name":"A"}`,
		"history":   `[{"idMessage":"1", "downloadUrl":"` + p.base + `/media/x.jpg"},{"idMessage":"2"}]`,
		"no file":   `[]`,
		"unlisted":  `[{"idMessage":"3"}]`,
		"file":      `an x`,
		"not media": noSuchKey,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for method, want := range map[string]string{"getSettings": `"incomingWebhook":"no"`, "getWaSettings": `"historySyncProgress":7`, "getStateInstance": `"authorized"`} {
		if got := p.get(t, method).Body; !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", method, got, want)
		}
	}
	if got := p.get(t, "getSettings"); got.Status != 429 {
		t.Errorf("got %+v, want 429", got)
	}
}

func TestReadAccountState(t *testing.T) {
	a, err := sandbox.ReadAccount(folder("account.json", `{"wid":"1@c.us","state":"starting"}`, "chats.json", `[]`))
	if err != nil {
		t.Fatal(err)
	}
	if a.WID != "1@c.us" || a.State != "starting" {
		t.Errorf("got %+v", a)
	}
}

func TestReadAccountErrors(t *testing.T) {
	tests := []struct {
		name string
		disk fstest.MapFS
		want string
	}{
		{"nothing", folder(), "open account.json: file does not exist"},
		{"no chats", folder("account.json", "{}"), "open chats.json: file does not exist"},
		{"account", folder("account.json", "[]", "chats.json", "[]"), "account.json: "},
		{"chats", folder("account.json", "{}", "chats.json", "{}"), "chats.json: "},
		{"chat without id", folder("account.json", "{}", "chats.json", `[{"id":"1"},{"name":"x"}]`), "chats.json: element 1: want an object with an id"},
		{"chat no object", folder("account.json", "{}", "chats.json", `[7]`), "chats.json: element 0: want an object with an id"},
		{"contacts", folder("account.json", "{}", "chats.json", "[]", "contacts.json", "{"), "contacts.json: "},
		{"info", folder("account.json", "{}", "chats.json", "[]", "contact-info.json", "[]"), "contact-info.json: "},
		{"history", folder("account.json", "{}", "chats.json", "[]", "history/1.json", "{}"), "history/1.json: "},
		{"entry", folder("account.json", "{}", "chats.json", "[]", "history/1.json", `[{}, null]`), "history/1.json: element 1: want an object, got null"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := sandbox.ReadAccount(tt.disk)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if a.Chats != nil {
				t.Errorf("got %+v with an error", a)
			}
		})
	}
}

// Every entry is shown byte for byte, unless it has the sandbox's field or a link to a file of the account.
func FuzzEntry(f *testing.F) {
	f.Add(`{"downloadUrl":"https://y.test","a":"<\"quoted\">"}`)
	f.Add(` {"a":"b", "a":null } `)
	f.Fuzz(func(t *testing.T, entry string) {
		var object map[string]any
		if json.Unmarshal([]byte(entry), &object) != nil || object == nil || strings.Contains(entry, "sandbox") || strings.Contains(entry, "media/") {
			return
		}
		p := newPhone(sandbox.Account{}, unlimited)
		p.AddEntry("x", json.RawMessage(entry), false)
		if got := p.history(t, "x", 1).Body; got != "["+entry+"]" {
			t.Errorf("%s is shown as %s", entry, got)
		}
	})
}
