package kommo

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

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
