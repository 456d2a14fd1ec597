package kommo

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// acceptedBody is a real answer, from the log of another client.
const acceptedBody = `{"new_message":{"conversation_id":"742a15d7-dd9b-45af-9462-4111d17c407b",
"sender_id":"318e5488-9e12-42a6-b534-34e1b075726a","receiver_id":"0eefd103-5d5d-4bf6-88e7-1c5b87a3e973",
"msgid":"ecfb59bc-06c6-4c81-aca3-8745c38fb2d5","ref_id":"d180fd81-9969-4509-8e49-d73a6d945576"}}`

func TestSendPostsWhatIsSigned(t *testing.T) {
	body := []byte(`{"event_type":"new_message","payload":{"text":"<b>&\\ü 😀"}}` + "\n ")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("body = %q, %v, want %q", got, err, body)
		}
		if got, want := r.RequestURI, "/v2/origin/custom/"+testScope; got != want {
			t.Errorf("request URI = %q, want %q", got, want)
		}
		if got, want := r.Header.Get("User-Agent"), "kommo-import"; got != want {
			t.Errorf("User-Agent = %q, want %q", got, want)
		}
		checkSignature(t, r, "/v2/origin/custom/"+testScope, body)
		io.WriteString(w, acceptedBody)
	}))
	defer server.Close()

	client := newClient(nil)
	client.BaseURL = server.URL + "/"
	got, err := client.Send(t.Context(), body)
	if err != nil {
		t.Fatal(err)
	}
	want := Accepted{
		ChatID:    "742a15d7-dd9b-45af-9462-4111d17c407b",
		MessageID: "ecfb59bc-06c6-4c81-aca3-8745c38fb2d5",
		RefID:     "d180fd81-9969-4509-8e49-d73a6d945576",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer differs (-want +got):\n%s", diff)
	}
}

func TestSendOfIncoming(t *testing.T) {
	for _, body := range []string{
		`{"new_message":{"msgid":"m","ref_id":"r","receiver_id":null}}`,
		`{"new_message":{"msgid":"m","ref_id":"r"},"more":[1]}`,
		`{"new_message":{"msgid":"m","ref_id":"r","conversation_id":null}}`,
		`{"new_message":{"msgid":"m","ref_id":"r","conversation_id":{}}}`,
	} {
		got, err := newClient(answering(200, nil, body)).Send(t.Context(), []byte("{}"))
		if want := (Accepted{MessageID: "m", RefID: "r"}); got != want || err != nil {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
}

// What stands where an answer has the chat's id need not be an id of Kommo.
func TestIsChatID(t *testing.T) {
	for id, want := range map[string]bool{
		"742a15d7-dd9b-45af-9462-4111d17c407b":   true,
		"742A15D7-DD9B-45AF-9462-4111D17C407B":   true,
		"":                                       false,
		"79001234567@c.us":                       false,
		"742a15d7dd9b45af94624111d17c407b":       false,
		"{742a15d7-dd9b-45af-9462-4111d17c407b}": false,
		"742a15d7-dd9b-45af-9462-4111d17c407b ":  false,
	} {
		if got := IsChatID(id); got != want {
			t.Errorf("%q: got %t", id, got)
		}
	}
}

func TestCreateChat(t *testing.T) {
	const want = `{"conversation_id":"c-1","user":{"id":"u-1","name":"Ann & Bob","profile":{"phone":"+79151112233"}}}`
	client := newClient(roundTrip(func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		if got := string(body); got != want {
			t.Errorf("body = %s, want %s", got, want)
		}
		path := "/v2/origin/custom/" + testScope + "/chats"
		if got := r.URL.String(); got != "https://amojo.kommo.com"+path {
			t.Errorf("URL = %s", got)
		}
		checkSignature(t, r, path, body)
		return answering(200, nil, `{"id":"742a","user":{"id":"b709"}}`)(r)
	}))
	id, err := client.CreateChat(t.Context(), NewChat{
		ConversationID: "c-1",
		User:           Participant{ID: "u-1", Name: "Ann & Bob", Profile: Profile{Phone: "+79151112233"}},
	})
	if id != "742a" || err != nil {
		t.Errorf("got %q, %v, want 742a", id, err)
	}
}

func TestClientOfManyGoroutines(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, acceptedBody)
	}))
	defer server.Close()
	client := newClient(nil)
	client.BaseURL = server.URL
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for range 10 {
				if _, err := client.Send(t.Context(), []byte("{}")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	workers.Wait()
}

func TestAddresses(t *testing.T) {
	tests := []struct{ base, scope, want string }{
		{"https://amojo.kommo.com", testScope, ""},
		{"http://localhost:8080", testScope, ""},
		{"http://[::1]:8080/below/", testScope, ""},
		{"http://amojo.kommo.com", testScope, "base URL: plain http: only https leaves this machine"},
		{"amojo.kommo.com", testScope, "base URL: not of the form https://host"},
		{"https://u:password@h:port", testScope, "base URL: not of the form https://host"},
		{"https://u:password@host", testScope, "base URL: has a user, a query or a fragment"},
		{"https://host?password", testScope, "base URL: has a user, a query or a fragment"},
		{"ftp://host", testScope, "base URL: not of the form https://host"},
		{"", "", `scope id "": not an id`},
		{"", "../a", `scope id "../a": not an id`},
		{"", "a?b", `scope id "a?b": not an id`},
	}
	for _, test := range tests {
		client := newClient(answering(200, nil, acceptedBody))
		client.BaseURL, client.ScopeID = test.base, test.scope
		_, err := client.Send(t.Context(), []byte("{}"))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("base %q, scope %q: got %q, want %q", test.base, test.scope, got, test.want)
		}
	}
}

func TestErrorsNameTheServer(t *testing.T) {
	client := newClient(answering(400, nil, "no"))
	client.BaseURL = "https://amojo.amocrm.ru"
	_, err := client.HistoryPage(t.Context(), testChat, 0)
	const want = "kommo refused the request: no (GET amojo.amocrm.ru)"
	if got := err.Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBodyWithoutNumberForJSON(t *testing.T) {
	_, err := Marshal(NewMessage{Message: Message{Location: &Location{Latitude: notANumber()}}})
	if err == nil || !strings.HasPrefix(err.Error(), "marshalling for kommo: ") {
		t.Errorf("got %v, want an error", err)
	}
}

func TestConnect(t *testing.T) {
	const told = `{"account_id":"52e5","scope_id":"344a_52e5","title":"Old chats","hook_api_version":"v2","is_time_window_disabled":true}`
	var body []byte
	client := newClient(roundTrip(func(r *http.Request) (*http.Response, error) {
		body, _ = io.ReadAll(r.Body)
		checkSignature(t, r, "/v2/origin/custom/344a/connect", body)
		return answering(200, nil, told)(r)
	}))
	client.ScopeID = ""
	got, err := client.Connect(t.Context(), "344a", "52e5", "Old chats")
	if err != nil {
		t.Fatal(err)
	}
	want := Connection{AccountID: "52e5", ScopeID: "344a_52e5", Title: "Old chats", HookAPIVersion: "v2", TimeWindowDisabled: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := `{"account_id":"52e5","title":"Old chats","hook_api_version":"v2"}`; string(body) != want {
		t.Errorf("sent %s, want %s", body, want)
	}
}

func TestConnectErrors(t *testing.T) {
	_, err := newClient(answering(404, nil, `{"error_type":"ORIGIN_NOT_REGISTERED"}`)).Connect(t.Context(), "344a", "52e5", "")
	if denied, ok := errors.AsType[*DeniedError](err); !ok || denied.Status != 404 {
		t.Errorf("got %v, want a DeniedError of status 404", err)
	}
	_, err = newClient(answering(400, nil, `{"error_description":"no"}`)).Connect(t.Context(), "344a", "52e5", "")
	if _, ok := errors.AsType[*RefusedError](err); !ok {
		t.Errorf("got %v, want a RefusedError", err)
	}
	_, err = newClient(answering(200, nil, `{}`)).Connect(t.Context(), "344a", "52e5", "")
	if _, ok := errors.AsType[*UnknownOutcomeError](err); !ok || !strings.Contains(err.Error(), "no scope_id") {
		t.Errorf("got %v, want an UnknownOutcomeError", err)
	}
	if _, err = newClient(nil).Connect(t.Context(), "../344a", "52e5", ""); err == nil || !strings.Contains(err.Error(), "not an id") {
		t.Errorf("got %v, want an error about the channel id", err)
	}
}

func TestPing(t *testing.T) {
	date := http.Header{"Date": {"Fri, 04 Sep 2026 13:00:00 GMT"}}
	tests := []struct {
		name   string
		status int
		body   string
		want   string // of the error
	}{
		{"no such chat", 204, "", ""},
		{"wrong secret", 403, `{"error_type":"ORIGIN_INVALID_SIGNATURE"}`, "status 403"},
		{"blocked", 403, `403 Forbidden`, "blocks us"},
		{"too fast", 429, ``, "too many requests"},
		{"a login page", 200, `<html>Welcome to the hotel</html>`, "Welcome to the hotel"},
		{"other JSON", 200, `{"ok":true}`, "no messages"},
		{"a chat after all", 200, `{"messages":[]}`, ""},
		{"broken", 500, ``, "500"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client := newClient(roundTrip(func(r *http.Request) (*http.Response, error) {
				if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/history") {
					t.Errorf("asked %s %s, want to read a history", r.Method, r.URL)
				}
				return answering(tt.status, date, tt.body)(r)
			}))
			got, err := client.Ping(t.Context())
			if text := errorText(err); !strings.Contains(text, tt.want) || (tt.want == "") != (err == nil) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
			if !got.ServerDate.Equal(testNow.Add(time.Hour)) || !got.SentAt.Equal(testNow) {
				t.Errorf("got %+v, want the times of both sides", got)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
