package kommo

import (
	"encoding/json"
	"net/http"
	"testing"
)

// FuzzAnswer gives the client answers of any kind: no answer may make it panic, no error may show what it must not, and
// nothing counts as accepted that does not say so.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "", "", "", acceptedBody)
	f.Add(200, "", "", "", `{"new_message":{}}`)
	f.Add(200, "", "", "", `{"messages":[{"timestamp":1,"message":{"id":"a","location":[]}}]}`)
	f.Add(204, "", "", "", "")
	f.Add(302, "https://u:password@host/?q", "", "", "<html>")
	f.Add(400, "", "", "", "\x1b[31mno "+testSecret)
	f.Add(403, "", "", "Fri, 04 Sep 2026 12:02:00 GMT", invalidSignature)
	f.Add(403, "", "", "", "403 Forbidden")
	f.Add(429, "", "Fri, 04 Sep 2026 12:02:00 GMT", "Fri, 04 Sep 2026 12:00:00 GMT", `{"retry_after":"300"}`)
	f.Add(502, "", "", "", "<html><script><h1>\xff&#27;")
	f.Fuzz(func(t *testing.T, status int, location, retryAfter, date, body string) {
		header := http.Header{"Location": {location}, "Retry-After": {retryAfter}, "Date": {date}}
		client := newClient(answering(status, header, body))

		accepted, err := client.Send(t.Context(), []byte("{}"))
		if err == nil && (accepted.MessageID == "" || status/100 != 2) {
			t.Errorf("accepted with %+v", accepted)
		}
		checkError(t, err)
		id, err := client.CreateChat(t.Context(), NewChat{})
		if err == nil && (id == "" || status/100 != 2) {
			t.Errorf("chat %q was created", id)
		}
		checkError(t, err)
		page, err := client.HistoryPage(t.Context(), testChat, 0)
		if err != nil && page != nil {
			t.Errorf("a page of %d messages and an error", len(page))
		}
		checkError(t, err)
	})
}

// FuzzHistoryEntry puts an entry of any kind among others: it has its place in the page, and spoils nothing else.
func FuzzHistoryEntry(f *testing.F) {
	for _, entry := range []string{
		`null`, `"deleted"`, `[]`, `{"message":null}`, `{"timestamp":1.5e9,"message":{"id":1,"text":["a"]}}`,
		`{"timestamp":"2025-01-01T10:00:00Z","sender":[],"receiver":{"id":{}},"message":{"id":"a","thumbnail":false}}`,
	} {
		f.Add(entry)
	}
	f.Fuzz(func(t *testing.T, entry string) {
		if !json.Valid([]byte(entry)) {
			t.Skip()
		}
		body := `{"messages":[{"message":{"id":"a"}},` + entry + `,{"message":{"id":"b"}}]}`
		page, err := newClient(answering(200, nil, body)).HistoryPage(t.Context(), testChat, 0)
		if err != nil || len(page) != 3 || page[0].Message.ID != "a" || page[2].Message.ID != "b" {
			t.Errorf("page %+v, error %v", page, err)
		}
	})
}

func checkError(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	checkClean(t, err.Error())
	s := see(err)
	if s == (seen{}) {
		t.Errorf("%v has none of the types", err)
	}
	if s.RateLimit != nil && (s.RateLimit.RetryAfter < 0 || s.RateLimit.RetryAfter > maxRetryAfter) {
		t.Errorf("a wait of %v", s.RateLimit.RetryAfter)
	}
}
