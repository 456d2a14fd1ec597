package kommo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestHistoryPage(t *testing.T) {
	sample, err := os.ReadFile("testdata/history.json")
	if err != nil {
		t.Fatal(err)
	}
	client := newClient(roundTrip(func(r *http.Request) (*http.Response, error) {
		path := "/v2/origin/custom/" + testScope + "/chats/" + testChat + "/history"
		if got, want := r.URL.RequestURI(), path+"?limit=50&offset=100"; got != want {
			t.Errorf("request URI = %s, want %s", got, want)
		}
		checkSignature(t, r, path, nil)
		return answering(200, nil, string(sample))(r)
	}))
	got, err := client.HistoryPage(t.Context(), testChat, 100)
	if err != nil {
		t.Fatal(err)
	}
	lama := HistoryPerson{ID: "b0bc49f0-ec21-4463-965f-1fe1d4cd5b89"}
	adam := HistoryPerson{
		ID: "9c2ccde3-a3ab-4695-832c-919dbfc598ea", ClientID: "b0bc49f0-ec21-4463-965f-1fe1d4cd5a89",
	}
	want := []HistoryMessage{{
		Timestamp: 1670930693, MsecTimestamp: 1670930693280, Sender: lama, Receiver: adam,
		Message: HistoryContent{
			ID: "c57dae8e-de79-468b-a923-9a7c88c733d7", Type: TypePicture, Text: "Hello from Kommo",
		},
	}, {
		Timestamp: 1670832082, MsecTimestamp: 1670832082680, Sender: adam,
		Message: HistoryContent{
			ID: "60595445-a8b2-4a97-b7a9-7101ec25a74f", ClientID: "f1065e3b-0ec6-427b-b97c-883329acbaaa",
			Type: TypeText, Text: "Hello Kommo! Have a productive week. ",
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages differ (-want +got):\n%s", diff)
	}
}

func TestHistoryMessageIsReadTolerantly(t *testing.T) {
	tests := []struct {
		name, body string
		want       HistoryMessage
	}{
		{"texts for numbers", `{"timestamp":"12","msec_timestamp":"12345","message":{"id":"a","file_size":"27107"}}`,
			HistoryMessage{Timestamp: 12, MsecTimestamp: 12345, Message: HistoryContent{ID: "a"}}},
		{"placeholders", `{"timestamp":null,"msec_timestamp":"","sender":[],"receiver":null,"message":{"id":"a","text":null,"file_size":"","location":[],"contact":""}}`,
			HistoryMessage{Message: HistoryContent{ID: "a"}}},
		{"objects", `{"message":{"id":"a","type":"template","location":{"lon":1.5,"lat":-2},"contact":{"name":"n","phone":"p"}}}`,
			HistoryMessage{Message: HistoryContent{ID: "a", Type: "template"}}},
		{"what cannot be read", `{"new":1,"message":{"id":"a","new":[],"file_size":"27 KB","location":{"lon":"east"}}}`,
			HistoryMessage{Message: HistoryContent{ID: "a"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got HistoryMessage
			if err := json.Unmarshal([]byte(test.body), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("message differs (-want +got):\n%s", diff)
			}
		})
	}
}

// An unreadable page must not look like an empty page: the messages would be sent again.
func TestHistoryThatCannotBeRead(t *testing.T) {
	for _, body := range []string{
		``, `{}`, `[]`, `{"messages":null}`, `{"messages":{}}`, `<html>`, `{"messages":[]`,
		`{"messages":[{}]}`, `{"messages":[null]}`, `{"messages":[{"message":{"id":""}}]}`,
		`{"messages":[{"timestamp":"yesterday","message":{"id":"a"}}]}`,
	} {
		page, err := newClient(answering(200, nil, body)).HistoryPage(t.Context(), testChat, 0)
		if _, ok := errors.AsType[*UnknownOutcomeError](err); !ok || page != nil {
			t.Errorf("%s: got %v, %v, want an unknown outcome", body, page, err)
		}
	}
}

func TestHistoryThatIsEmpty(t *testing.T) {
	for _, client := range []*Client{
		newClient(answering(204, nil, "")),
		newClient(answering(200, nil, `{"messages":[]}`)),
	} {
		if page, err := client.HistoryPage(t.Context(), testChat, 0); len(page) != 0 || err != nil {
			t.Errorf("got %v, %v, want nothing", page, err)
		}
		for page, err := range client.History(t.Context(), testChat, dontWait) {
			t.Errorf("got %v, %v, want no page", page, err)
		}
	}
}

func TestHistoryOfNoChat(t *testing.T) {
	client := newClient(answering(204, nil, ""))
	for _, id := range []string{"", "../x", "a?b", "a/b"} {
		if _, err := client.HistoryPage(t.Context(), id, 0); err == nil {
			t.Errorf("%q was taken for an id", id)
		}
	}
}

// chatOf returns a transport with a chat of n messages, m0 the newest, and notes the offsets it is asked for.
func chatOf(n int, offsets *[]int) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		*offsets = append(*offsets, offset)
		var page struct {
			Messages []HistoryMessage `json:"messages"`
		}
		for i := offset; i < min(n, offset+PageSize); i++ {
			page.Messages = append(page.Messages, HistoryMessage{Message: HistoryContent{ID: fmt.Sprintf("m%d", i)}})
		}
		if len(page.Messages) == 0 {
			return answering(204, nil, "")(r)
		}
		body, err := json.Marshal(page)
		return must(answering(200, nil, string(body)), err)(r)
	}
}

func must(transport roundTrip, err error) roundTrip {
	if err != nil {
		panic(err)
	}
	return transport
}

func dontWait(context.Context) error { return nil }

func TestHistoryPaging(t *testing.T) {
	tests := []struct {
		messages int
		want     []int
	}{{0, []int{0}}, {1, []int{0}}, {49, []int{0}}, {50, []int{0, 50}}, {100, []int{0, 50, 100}}, {120, []int{0, 50, 100}}}
	for _, test := range tests {
		var offsets []int
		client, waits, next := newClient(chatOf(test.messages, &offsets)), 0, 0
		wait := func(context.Context) error { waits++; return nil }
		for page, err := range client.History(t.Context(), testChat, wait) {
			if err != nil {
				t.Fatal(err)
			}
			for _, message := range page {
				if got, want := message.Message.ID, fmt.Sprintf("m%d", next); got != want {
					t.Fatalf("got message %s, want %s", got, want)
				}
				next++
			}
		}
		if diff := cmp.Diff(test.want, offsets); diff != "" || next != test.messages || waits != len(offsets) {
			t.Errorf("%d messages: read %d with %d waits, offsets (-want +got):\n%s", test.messages, next, waits, diff)
		}
	}
}

func TestHistoryStops(t *testing.T) {
	var offsets []int
	client := newClient(chatOf(200, &offsets))
	for range client.History(t.Context(), testChat, dontWait) {
		break
	}
	if len(offsets) != 1 {
		t.Errorf("made %d requests for one page", len(offsets))
	}
	tired := errors.New("tired")
	for page, err := range client.History(t.Context(), testChat, func(context.Context) error { return tired }) {
		if page != nil || err != tired {
			t.Errorf("got %v, %v, want the error of wait", page, err)
		}
	}
	if len(offsets) != 1 {
		t.Errorf("made a request although wait failed")
	}
}

func TestHistoryThatRepeatsItself(t *testing.T) {
	var offsets []int
	chat := chatOf(100, &offsets)
	client := newClient(roundTrip(func(r *http.Request) (*http.Response, error) {
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		r.URL.RawQuery = fmt.Sprintf("offset=%d", offset%100) // page 1, page 2, page 1, page 2 …
		return chat(r)
	}))
	pages, last := 0, error(nil)
	for page, err := range client.History(t.Context(), testChat, dontWait) {
		if err == nil {
			pages += len(page) / PageSize
		}
		last = err
	}
	if _, ok := errors.AsType[*UnknownOutcomeError](last); !ok || pages != 2 {
		t.Errorf("got %d pages and %v, want 2 and an unknown outcome", pages, last)
	}
}

func TestHistoryTime(t *testing.T) {
	tests := []struct {
		message HistoryMessage
		want    time.Time
	}{
		{HistoryMessage{Timestamp: 5, MsecTimestamp: 5001}, time.UnixMilli(5001)},
		{HistoryMessage{Timestamp: 5}, time.UnixMilli(5000)},
		{HistoryMessage{}, time.Time{}},
	}
	for _, test := range tests {
		if got := test.message.Time(); !got.Equal(test.want) {
			t.Errorf("%+v: got %v, want %v", test.message, got, test.want)
		}
	}
}
