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

// Over a real connection: one that is cut in an answer, and one that is given up while an answer comes.
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
