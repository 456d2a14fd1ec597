package crm

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kommo-import/internal/kommo"
)

// linkOne links one chat by a transport.
func linkOne(ctx context.Context, transport http.RoundTripper) error {
	_, err := newClient(transport).Link(ctx, []NewLink{{ContactID: 7, ChatID: "c-1"}})
	return err
}

// Every answer to the request that changes something has a result, which the caller acts on as for a message.
func TestOutcomeOfLink(t *testing.T) {
	const accepted = `{"_total_items":1,"_embedded":{"chats":[{"chat_id":"C-1","contact_id":7,"id":26219,"request_id":"0"}]}}`
	tests := []struct {
		status int
		body   string
		want   kommo.Result
	}{
		{200, accepted, kommo.ResultAccepted},
		{200, strings.Replace(accepted, ":7", ":8", 1), kommo.ResultUnknown},
		{200, strings.Replace(accepted, "C-1", "c-2", 1), kommo.ResultUnknown},
		{200, `{"_embedded":{"chats":[]}}`, kommo.ResultUnknown},
		{200, accepted[:40], kommo.ResultUnknown},
		{200, "<html>Hotel</html>", kommo.ResultUnknown},
		{204, "", kommo.ResultUnknown},
		{302, "", kommo.ResultNotAccepted},
		{400, `{"title":"Bad Request"}`, kommo.ResultRefused},
		{401, `{"title":"Unauthorized"}`, kommo.ResultNotAccepted},
		{402, `{"title":"Payment Required"}`, kommo.ResultNotAccepted},
		{403, `{"title":"Forbidden"}`, kommo.ResultNotAccepted},
		{403, "<html>403 Forbidden</html>", kommo.ResultNotAccepted},
		{404, `{"title":"Not Found","detail":"Contact not found"}`, kommo.ResultRefused},
		{404, `{"title":"Not Found","detail":"Cannot POST /api/v4/contacts/chats"}`, kommo.ResultNotAccepted},
		{404, "<html>404</html>", kommo.ResultNotAccepted},
		{405, `{"title":"Method Not Allowed"}`, kommo.ResultNotAccepted},
		{408, "", kommo.ResultUnknown},
		{409, `{"title":"AlreadyExists"}`, kommo.ResultRefused},
		{413, "", kommo.ResultRefused},
		{422, `{"title":"Unprocessable Entity"}`, kommo.ResultRefused},
		{425, "", kommo.ResultUnknown},
		{429, `{"title":"Too Many Requests","retry_after":300}`, kommo.ResultNotAccepted},
		{499, "", kommo.ResultUnknown},
		{500, `{"title":"ErrInternalServer"}`, kommo.ResultUnknown},
		{504, "<html>504</html>", kommo.ResultUnknown},
	}
	for _, tt := range tests {
		err := linkOne(t.Context(), answering(tt.status, nil, tt.body))
		if got := kommo.Outcome(err); got != tt.want {
			t.Errorf("status %d %s: got %s (%v), want %s", tt.status, tt.body, got, err, tt.want)
		}
	}
}

// A refusal says which field of which link, and the token is scrubbed from every part.
func TestRefusedText(t *testing.T) {
	const entry = `{"code":"NotFound","path":"0.contact_id","detail":"no such contact ` + testToken + `"}`
	body := `{"validation-errors":[{"request_id":"0","errors":[` + entry + `]},{"errors":[` + entry + `,` + entry + `,7,` + entry + `]}],` +
		`"title":"Bad Request","status":400,"detail":"Request validation failed"}`
	err := linkOne(t.Context(), answering(400, nil, body))
	const one = "0.contact_id: NotFound: no such contact [secret]"
	const want = "POST example.kommo.com/api/v4/contacts/chats: kommo refused the request: Bad Request: Request validation failed: " +
		one + " (request 0); " + one + "; " + one + "; and 2 more"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if err := linkOne(t.Context(), answering(400, nil, "<html><h1>Bad "+testToken)); err == nil ||
		!strings.HasSuffix(err.Error(), "kommo refused the request: an HTML page: Bad [secret]") {
		t.Errorf("got %v, want the text of the page", err)
	}
}

// A connection that breaks after the request left is of unknown outcome; one that was never made is not.
func TestOutcomeOfConnection(t *testing.T) {
	broken := roundTrip(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })
	if got := kommo.Outcome(linkOne(t.Context(), broken)); got != kommo.ResultUnknown {
		t.Errorf("broken: got %s", got)
	}
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	client := &Client{BaseURL: server.URL, Token: testToken}
	_, err := client.Link(t.Context(), []NewLink{{ContactID: 7, ChatID: "c-1"}})
	if _, ok := errors.AsType[*kommo.UnreachableError](err); !ok || kommo.Outcome(err) != kommo.ResultNotAccepted {
		t.Errorf("nobody listens: got %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := linkOne(ended, broken); !errors.Is(err, context.Canceled) || kommo.Outcome(err) != kommo.ResultNotAccepted {
		t.Errorf("context ended before: got %v", err)
	}
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		start := time.Now()
		_, err := client.Account(t.Context())
		if kommo.Outcome(err) != kommo.ResultUnknown || time.Since(start) != 30*time.Second {
			t.Errorf("got %v after %v, want an unknown outcome after 30 s", err, time.Since(start))
		}
		client.Timeout = time.Second
		start = time.Now()
		if _, err := client.Account(t.Context()); err == nil || time.Since(start) != time.Second {
			t.Errorf("got %v after %v, want an error after 1 s", err, time.Since(start))
		}
	})
}

// What leaves over a real connection: the token, the body once, and no cookie. A redirect is not followed.
func TestRequestOverTheNetwork(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, strings.Join([]string{r.Method, r.URL.RequestURI(), r.Header.Get("Authorization"), r.Header.Get("Content-Type"),
			r.Header.Get("Cookie"), r.Header.Get("User-Agent"), string(body)}, "|"))
		w.Header().Set("Set-Cookie", "session=1")
		if r.Method == http.MethodGet {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusFound)
			return
		}
		io.WriteString(w, `{"_embedded":{"chats":[{"chat_id":"c-1","contact_id":7,"id":1}]}}`)
	}))
	defer server.Close()
	client := &Client{BaseURL: server.URL + "/leads", Token: testToken}
	for range 2 {
		if _, err := client.Link(t.Context(), []NewLink{{ContactID: 7, ChatID: "c-1"}}); err != nil {
			t.Error(err)
		}
	}
	if _, err := client.Unsorted(t.Context()); err == nil || !strings.Contains(err.Error(), "status 302") {
		t.Errorf("got %v, want an error about the redirect", err)
	}
	link := "POST|/api/v4/contacts/chats|Bearer " + testToken + `|application/json||kommo-import|[{"contact_id":7,"chat_id":"c-1","request_id":"0"}]`
	want := []string{link, link, "GET|/api/v4/leads/unsorted/summary|Bearer " + testToken + "|||kommo-import|"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
