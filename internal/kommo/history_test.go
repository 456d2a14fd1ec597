package kommo

import (
	"errors"
	"net/http"
	"os"
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

// An odd field spoils nothing but itself.
func TestOddEntries(t *testing.T) {
	a := HistoryMessage{Message: HistoryContent{ID: "a"}}
	at := func(seconds, msec int64) HistoryMessage {
		return HistoryMessage{Timestamp: seconds, MsecTimestamp: msec, Message: HistoryContent{ID: "a"}}
	}
	for _, test := range []struct {
		body string
		want HistoryMessage
	}{
		{`{"timestamp":"12","msec_timestamp":"12345","message":{"id":"a","file_size":"27107"}}`, at(12, 12345)},
		{`{"timestamp":12.9,"msec_timestamp":1.2345e4,"message":{"id":"a"}}`, at(12, 12345)},
		{`{"timestamp":"2022-12-12T08:01:22Z","msec_timestamp":"2022-12-12T08:01:22.680+00:00","message":{"id":"a"}}`, at(1670832082, 1670832082680)},
		{`{"timestamp":"2022-12-12 08:01:22","message":{"id":"a"}}`, at(1670832082, 0)},
		{`{"timestamp":"yesterday","msec_timestamp":[1],"message":{"id":"a"}}`, a},
		{`{"timestamp":1e300,"msec_timestamp":"NaN","message":{"id":"a"}}`, a},
		{`{"timestamp":null,"msec_timestamp":"","sender":[],"receiver":null,"message":{"id":"a","text":null,"contact":""}}`, a},
		{`{"timestamp":{},"sender":"Ann","receiver":false,"message":{"id":"a","text":["b"],"type":{},"client_id":[]}}`, a},
		{`{"new":1,"message":{"id":"a","new":[],"thumbnail":false,"media":null,"location":{"lon":"east"}}}`, a},
		{`{"sender":{"id":1,"client_id":2},"message":{"id":3,"client_id":"m","type":"template","text":4}}`, HistoryMessage{
			Sender: HistoryPerson{ID: "1", ClientID: "2"}, Message: HistoryContent{ID: "3", ClientID: "m", Type: "template", Text: "4"}}},
		{`{"message":{"id":"a","text":"\ud83d"}}`, HistoryMessage{Message: HistoryContent{ID: "a", Text: "\ufffd"}}},
		{`{"message":null}`, HistoryMessage{}},
		{`{"message":"text"}`, HistoryMessage{}},
		{`null`, HistoryMessage{}},
		{`"text"`, HistoryMessage{}},
		{`[[]]`, HistoryMessage{}},
	} {
		page, err := newClient(answering(200, nil, `{"messages":[`+test.body+`,{"message":{"id":"a"}}]}`)).HistoryPage(t.Context(), testChat, 0)
		if err != nil {
			t.Errorf("%s: %v", test.body, err)
		} else if diff := cmp.Diff([]HistoryMessage{test.want, a}, page); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.body, diff)
		}
	}
}

// An unreadable page must not look like an empty page: the messages would be sent again.
func TestHistoryThatCannotBeRead(t *testing.T) {
	for _, body := range []string{
		``, `{}`, `[]`, `{"messages":null}`, `{"messages":{}}`, `<html>`, `{"messages":[]`,
	} {
		page, err := newClient(answering(200, nil, body)).HistoryPage(t.Context(), testChat, 0)
		if unknown, ok := errors.AsType[*UnknownOutcomeError](err); !ok || !unknown.Garbled || page != nil {
			t.Errorf("%s: got %v, %v, want a garbled answer", body, page, err)
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
