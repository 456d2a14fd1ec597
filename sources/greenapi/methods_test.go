package greenapi

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func TestChats(t *testing.T) {
	var log bytes.Buffer
	client := newClient(answering(200, `[
		{"archive":true,"id":"79001234567@c.us","ephemeralExpiration":0,"ephemeralSettingTimestamp":0,"name":"Анна","type":"user"},
		{"archive":"no","id":"1@g.us","name":null,"type":"group"},
		{"id":5,"name":7,"type":[]},
		{"name":"nobody"}, null, "x"]`))
	client.Log = slog.New(slog.NewTextHandler(&log, nil))
	got, err := client.Chats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []Chat{{"79001234567@c.us", "Анна", "user", true}, {"1@g.us", "", "group", false}, {"5", "7", "", false}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("chats (-want +got):\n%s", diff)
	}
	if want := "entries=3"; !strings.Contains(log.String(), want) {
		t.Errorf("the log does not say %s:\n%s", want, log.String())
	}
}

func TestContacts(t *testing.T) {
	client := newClient(answering(200, `[{"id":"1@c.us","name":"A","contactName":"B","type":"user"},
		{"chatId":"2@lid","phoneNumber":79001234567}]`))
	got, err := client.Contacts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []Contact{
		{ID: "1@c.us", Name: "A", ContactName: "B", Type: "user"},
		{ID: "2@lid", ChatID: "2@lid", Phone: "79001234567"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("contacts (-want +got):\n%s", diff)
	}
}

// A list that breaks off is read again, and what was read of it is forgotten.
func TestChatsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(inTurn(answering(200, `[{"id":"1@c.us"},`), answering(200, `[{"id":"1@c.us"}]`)))
		got, err := client.Chats(t.Context())
		if err != nil || len(got) != 1 {
			t.Errorf("got %v, %v, want one chat", got, err)
		}
	})
}

// A list of chats in which one cannot be read is not taken for whole.
func TestChatsThatAreNotJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(inTurn(answering(200, `[{"id":"1@c.us"},{"id":2@c.us}]`), answering(200, `[{"id":"1@c.us"},{"id":"2@c.us"}]`)))
		got, err := client.Chats(t.Context())
		if err != nil || len(got) != 2 {
			t.Errorf("got %v, %v, want two chats", got, err)
		}
	})
}

func TestContactInfo(t *testing.T) {
	body := `{"avatar":"https://pps.whatsapp.net/a","name":"A","contactName":"B","email":"a@example.com","products":[]}`
	got, err := newClient(answering(200, body)).ContactInfo(t.Context(), "1@c.us")
	want := ContactInfo{Name: "A", ContactName: "B", Email: "a@example.com", Avatar: "https://pps.whatsapp.net/a"}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	long := `{"base64Avatar":"` + strings.Repeat("A", maxValue) + `"}`
	_, err = newClient(answering(200, long)).ContactInfo(t.Context(), "1@c.us")
	if refused := see(err).Refused; refused == nil || refused.Detail != "it is longer than 16 MB" {
		t.Errorf("got %v of an answer that is too long", err)
	}
}
