package kommo

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A HistoryMessage is one message of a chat as Kommo holds it. What it does not know is zero.
//
//	{"timestamp":1670832082,"msec_timestamp":1670832082680,
//	 "sender":{"id":"9c2c…","client_id":"u-1","name":"Adam","avatar":"","phone":"+18305803077"},
//	 "message":{"id":"6059…","client_id":"m-1","type":"text","text":"Hello","media":"","file_name":"","file_size":0}}
type HistoryMessage struct {
	Timestamp     int64         `json:"timestamp"`      // unix seconds; a sample differs by one from what was sent
	MsecTimestamp int64         `json:"msec_timestamp"` // unix milliseconds; documented, but not in every sample
	Sender        HistoryPerson `json:"sender"`
	// Receiver is zero for an incoming message (documented).
	Receiver HistoryPerson  `json:"receiver"`
	Message  HistoryContent `json:"message"`
}

// A HistoryPerson is a side of a message.
type HistoryPerson struct {
	ID       string `json:"id"`        // Kommo's
	ClientID string `json:"client_id"` // ours; "" for a Kommo user (documented)
	Name     string `json:"name"`
	Avatar   string `json:"avatar"`
	Phone    string `json:"phone"`
	Email    string `json:"email"`
}

// HistoryContent is what a message consists of.
type HistoryContent struct {
	ID           string      `json:"id"`        // Kommo's, never ""
	ClientID     string      `json:"client_id"` // ours, the MsgID it was sent with; "" for messages written in Kommo
	Type         MessageType `json:"type"`      // others than the types of this package are possible
	Text         string      `json:"text"`
	Media        string      `json:"media"` // URL
	Thumbnail    string      `json:"thumbnail"`
	FileName     string      `json:"file_name"`
	FileSize     int64       `json:"file_size"`      // bytes; 0 if it cannot be read
	MediaGroupID string      `json:"media_group_id"` // the same for files that were sent at once
	Location     *Location   `json:"location"`       // nil if there is none, or it cannot be read
	Contact      *Contact    `json:"contact"`        // likewise
}

// Time returns the moment of the message, to the millisecond if Kommo tells it. It is zero if Kommo tells none,
// which does not mean that the message is old.
func (m HistoryMessage) Time() time.Time {
	switch {
	case m.MsecTimestamp != 0:
		return time.UnixMilli(m.MsecTimestamp)
	case m.Timestamp != 0:
		return time.Unix(m.Timestamp, 0)
	}
	return time.Time{}
}

// UnmarshalJSON reads a message. It takes times as texts and people as empty lists too, but no message without an
// id: somebody who looks for one must not overlook it.
func (m *HistoryMessage) UnmarshalJSON(data []byte) error {
	type plain HistoryMessage
	wire := struct {
		*plain
		Timestamp     json.RawMessage `json:"timestamp"`
		MsecTimestamp json.RawMessage `json:"msec_timestamp"`
		Sender        json.RawMessage `json:"sender"`
		Receiver      json.RawMessage `json:"receiver"`
	}{plain: (*plain)(m)}
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	if m.Message.ID == "" {
		return errors.New("a message without an id")
	}
	var err error
	if m.Timestamp, err = integer(wire.Timestamp); err != nil {
		return fmt.Errorf("timestamp: %w", err)
	}
	if m.MsecTimestamp, err = integer(wire.MsecTimestamp); err != nil {
		return fmt.Errorf("msec_timestamp: %w", err)
	}
	m.Sender, m.Receiver = person(wire.Sender), person(wire.Receiver)
	return nil
}

// UnmarshalJSON reads the content of a message. The size is documented as a text and shown as a number; placeholders
// of any type may stand for what is not there.
func (c *HistoryContent) UnmarshalJSON(data []byte) error {
	type plain HistoryContent
	wire := struct {
		*plain
		FileSize json.RawMessage `json:"file_size"`
		Location json.RawMessage `json:"location"`
		Contact  json.RawMessage `json:"contact"`
	}{plain: (*plain)(c)}
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	c.FileSize, _ = integer(wire.FileSize)
	c.Location = object[Location](wire.Location)
	c.Contact = object[Contact](wire.Contact)
	return nil
}

// integer reads a number or a text that holds one; nothing, null and "" are 0.
func integer(raw json.RawMessage) (int64, error) {
	text := strings.Trim(string(raw), `"`)
	if text == "" || text == "null" {
		return 0, nil
	}
	return strconv.ParseInt(text, 10, 64)
}

// object reads a JSON object, and returns nil for anything else.
func object[T any](raw json.RawMessage) *T {
	value := new(T)
	if !strings.HasPrefix(string(raw), "{") || json.Unmarshal(raw, value) != nil {
		return nil
	}
	return value
}

func person(raw json.RawMessage) HistoryPerson {
	if person := object[HistoryPerson](raw); person != nil {
		return *person
	}
	return HistoryPerson{}
}
