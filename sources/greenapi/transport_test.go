package greenapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestParseBaseURL(t *testing.T) {
	for _, test := range []struct{ address, want, err string }{
		{"https://7105.api.greenapi.com", "https://7105.api.greenapi.com", ""},
		{"https://proxy.example/green", "https://proxy.example/green", ""},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080", ""},
		{"", "", "not of the form https://host"},
		{"ftp://host/" + testToken, "", "not of the form https://host"},
		{"https://host/%zz" + testToken, "", "not of the form https://host"},
		{"https://" + testToken + "@host", "", "has a user, a query or a fragment"},
		{"https://host/?" + testToken, "", "has a user, a query or a fragment"},
		{"https://host/#" + testToken, "", "has a user, a query or a fragment"},
		{"https://host/waInstance7105/getChats/" + testToken, "", "use apiUrl as the console shows it"},
		{"http://" + testToken, "", "only https leaves this machine"},
	} {
		got, err := ParseBaseURL(test.address)
		switch {
		case test.err == "" && err != nil:
			t.Errorf("%s: %v", test.address, err)
		case test.err == "":
			if got.String() != test.want {
				t.Errorf("%s: got %s, want %s", test.address, got, test.want)
			}
		case err == nil || !strings.Contains(err.Error(), test.err):
			t.Errorf("%s: got %v, want … %s", test.address, err, test.err)
		default:
			checkClean(t, err.Error())
		}
	}
}

// A real connection is cut in an answer, and another is given up while the answer arrives.
func TestOwnTransport(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `[{"a":1},{"b`)
		http.NewResponseController(w).Flush()
		if strings.Contains(r.URL.Path, "/waInstance1/") {
			panic(http.ErrAbortHandler)
		}
		<-r.Context().Done()
	}))
	defer server.Close()
	full, stop := errors.New("full"), errors.New("stop")

	client := &Client{BaseURL: server.URL, Instance: "1", Token: testToken}
	err := client.History(t.Context(), "1@c.us", 2, func(entries entries) error {
		for _, err := range entries {
			if err != nil {
				if want := "green-api getChatHistory: the answer cannot be read: the connection ended too soon"; err.Error() != want {
					t.Errorf("got %v, want %s", err, want)
				}
				return full // once is enough
			}
		}
		return nil
	})
	if err != full {
		t.Errorf("got %v, want %v", err, full)
	}

	client = &Client{BaseURL: server.URL, Instance: "2", Token: testToken}
	ctx, cancel := context.WithCancelCause(t.Context())
	err = client.History(ctx, "1@c.us", 2, func(entries entries) error {
		for _, err := range entries {
			if err != nil {
				return fmt.Errorf("taking: %w", err)
			}
			cancel(stop)
		}
		return nil
	})
	if err != stop {
		t.Errorf("got %v, want %v", err, stop)
	}
	if client.transport() != client.transport() {
		t.Error("a client has two transports")
	}
}
