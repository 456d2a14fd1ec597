package greenapi

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

const testToken = "d75b3a66374942c5b3c019c698abc2067e151558acbd412345"

// A roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func newClient(transport http.RoundTripper) *Client {
	return &Client{
		BaseURL:   "https://7105.api.greenapi.com",
		Instance:  "7105000000",
		Token:     testToken,
		Transport: transport,
	}
}

// respond returns an answer with a body.
func respond(status int, header http.Header, body io.Reader) *http.Response {
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(body)}
}

// answering returns a transport that gives every request the same answer.
func answering(status int, body string) roundTrip {
	return func(*http.Request) (*http.Response, error) {
		return respond(status, http.Header{}, strings.NewReader(body)), nil
	}
}

// inTurn returns a transport that gives the answers in order, and repeats the last answer for ever.
func inTurn(all ...roundTrip) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		now := all[0]
		if len(all) > 1 {
			all = all[1:]
		}
		return now(r)
	}
}

// counting counts the requests that go through transport.
func counting(n *int, transport roundTrip) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		*n++
		return transport(r)
	}
}

// checkClean fails if text holds the token, or is not one line of valid UTF-8 without control characters.
func checkClean(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(strings.ToLower(text), testToken) {
		t.Errorf("%q holds the token", text)
	}
	control := func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' }
	if !utf8.ValidString(text) || strings.ContainsFunc(text, control) {
		t.Errorf("%q is not one clean line", text)
	}
}

func TestRequests(t *testing.T) {
	var got []string
	client := newClient(roundTrip(func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, strings.TrimSpace(fmt.Sprint(r.Method, " ", r.URL, " ", r.Header.Get("Content-Type"), " ", string(body))))
		if r.GetBody != nil {
			t.Errorf("%s %s can be sent twice", r.Method, r.URL.Path)
		}
		return respond(401, nil, strings.NewReader("")), nil
	}))
	client.BaseURL += "/"
	ctx := t.Context()
	client.State(ctx)
	client.Settings(ctx)
	client.WaSettings(ctx)
	client.Chats(ctx)
	client.Contacts(ctx)
	client.ContactInfo(ctx, "1@c.us")
	client.History(ctx, "1@c.us", 200000, nil)
	client.DownloadFile(ctx, "1@c.us", "3EB0")

	at := func(method string) string {
		return "https://7105.api.greenapi.com/waInstance7105000000/" + method + "/" + testToken
	}
	want := []string{
		"GET " + at("getStateInstance"),
		"GET " + at("getSettings"),
		"GET " + at("getWaSettings"),
		"GET " + at("getChats"),
		"GET " + at("getContacts"),
		"POST " + at("getContactInfo") + ` application/json {"chatId":"1@c.us"}`,
		"POST " + at("getChatHistory") + ` application/json {"chatId":"1@c.us","count":200000}`,
		"POST " + at("downloadFile") + ` application/json {"chatId":"1@c.us","idMessage":"3EB0"}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestFields(t *testing.T) {
	for name, change := range map[string]func(*Client){
		"base URL":   func(c *Client) { c.BaseURL = "http://" + testToken },
		"instance":   func(c *Client) { c.Instance = testToken },
		"no id":      func(c *Client) { c.Instance = "" },
		"no token":   func(c *Client) { c.Token = "" },
		"token line": func(c *Client) { c.Token = testToken + "\n" },
	} {
		t.Run(name, func(t *testing.T) {
			sent := 0
			client := newClient(counting(&sent, answering(200, `{}`)))
			change(client)
			_, err := client.State(t.Context())
			if err == nil || sent != 0 {
				t.Fatalf("got %v after %d requests, want an error and none", err, sent)
			}
			checkClean(t, err.Error())
		})
	}
}

func TestClientHidesItsToken(t *testing.T) {
	client := newClient(nil)
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("ready", "client", client, "in", struct{ Client *Client }{client})
	slog.New(slog.NewJSONHandler(&out, nil)).Info("ready", "client", client)
	fmt.Fprintf(&out, "%v %+v %#v %s %q", client, client, client, client, client)
	if strings.Contains(out.String(), testToken) {
		t.Errorf("the token is in %s", out.String())
	}
	if want := "7105000000"; !strings.Contains(out.String(), want) {
		t.Errorf("%s does not tell the instance", out.String())
	}
}
