package kommo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// A HistoryMessage is one entry of a chat as Kommo holds it. Fields that Kommo leaves out, and fields of another form
// than documented, are zero: an odd field spoils nothing but itself. Kommo shows more fields; those that a comparison
// does not need are not here.
//
//	{"timestamp":1670832082,"msec_timestamp":1670832082680,
//	 "sender":{"id":"9c2c…","client_id":"u-1","name":"Adam","avatar":"","phone":"+18305803077"},
//	 "message":{"id":"6059…","client_id":"m-1","type":"text","text":"Hello","media":"","file_name":"","file_size":0}}
type HistoryMessage struct {
	Timestamp     int64 // unix seconds; a sample differs by 1 from the time that was sent
	MsecTimestamp int64 // unix milliseconds; documented, but not in every sample
	Sender        HistoryPerson
	// Receiver is zero for an incoming message (documented).
	Receiver HistoryPerson
	Message  HistoryContent
}

// A HistoryPerson is a side of a message.
type HistoryPerson struct {
	ID       string // Kommo's
	ClientID string // ours; "" for a Kommo user (documented)
}

// HistoryContent is the content of a message.
type HistoryContent struct {
	ID       string      // Kommo's; "" for an entry without a readable id
	ClientID string      // ours, the MsgID it was sent with; "" for messages written in Kommo
	Type     MessageType // others than the types of this package are possible
	Text     string
}

// Time returns the moment of the message, to the millisecond if Kommo gives it. It is zero if Kommo gives no time,
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

// UnmarshalJSON reads an entry, whatever it is. It never returns an error.
func (m *HistoryMessage) UnmarshalJSON(data []byte) error {
	var wire struct {
		Timestamp     LooseText       `json:"timestamp"`
		MsecTimestamp LooseText       `json:"msec_timestamp"`
		Sender        json.RawMessage `json:"sender"`
		Receiver      json.RawMessage `json:"receiver"`
		Message       json.RawMessage `json:"message"`
	}
	_ = json.Unmarshal(data, &wire) // what is not an object leaves wire empty, and so below
	*m = HistoryMessage{
		Timestamp:     wire.Timestamp.time(time.Time.Unix),
		MsecTimestamp: wire.MsecTimestamp.time(time.Time.UnixMilli),
		Sender:        person(wire.Sender),
		Receiver:      person(wire.Receiver),
		Message:       content(wire.Message),
	}
	return nil
}

func person(data []byte) HistoryPerson {
	var wire struct {
		ID       LooseText `json:"id"`
		ClientID LooseText `json:"client_id"`
	}
	_ = json.Unmarshal(data, &wire)
	return HistoryPerson{string(wire.ID), string(wire.ClientID)}
}

func content(data []byte) HistoryContent {
	var wire struct {
		ID       LooseText `json:"id"`
		ClientID LooseText `json:"client_id"`
		Type     LooseText `json:"type"`
		Text     LooseText `json:"text"`
	}
	_ = json.Unmarshal(data, &wire)
	return HistoryContent{string(wire.ID), string(wire.ClientID), MessageType(wire.Type), string(wire.Text)}
}

// PageSize is the number of messages in a full page of history, the documented maximum.
const PageSize = 50

// maxPage is the length of a page of history that is read, in bytes.
const maxPage = 16 << 20

// HistoryPage returns up to PageSize entries of a chat, after skipping offset entries. chatID is Kommo's, as in
// [Accepted] or from [Client.CreateChat]. The newest come first; the documents show that and do not promise it. An entry
// that cannot be read has its place in the page, so that the next offset is right.
//
// No entries and no error means that the offset is beyond the last entry, that the chat is empty, or that there is no
// such chat: Kommo answers 204 to all three (documented for the latter two). A page that is not full need not be the
// last. Reading is always safe to repeat.
func (c *Client) HistoryPage(ctx context.Context, chatID string, offset int) ([]HistoryMessage, error) {
	if !validID(chatID) {
		return nil, fmt.Errorf("chat id %q: not an id", chatID)
	}
	var messages []HistoryMessage
	_, err := c.do(ctx, historyRequest(chatID, PageSize, offset), func(a Answer) (err error) {
		messages, err = a.history()
		return err
	})
	return messages, err
}

func historyRequest(chatID string, limit, offset int) request {
	return request{
		method: http.MethodGet,
		below:  "/chats/" + chatID + "/history",
		query:  fmt.Sprintf("limit=%d&offset=%d", limit, offset),
		limit:  maxPage,
	}
}

// history reads the messages of a success. Other JSON than a history is an error, as from a hotel's network.
func (a Answer) history() ([]HistoryMessage, error) {
	if a.Status == http.StatusNoContent {
		return nil, nil
	}
	var reply struct {
		Messages []HistoryMessage `json:"messages"`
	}
	if err := a.Decode(&reply); err != nil {
		return nil, err
	}
	if reply.Messages == nil {
		return nil, errors.New("the answer has no messages")
	}
	return reply.Messages, nil
}

// A PingResult holds the facts about Kommo that any answer shows, also a refusal. It is zero if there was no answer.
type PingResult struct {
	// ServerDate is the time at the server, from the Date header of the answer; zero if absent.
	ServerDate time.Time
	SentAt     time.Time     // the time the request was signed with
	Took       time.Duration // from the request to the end of the answer
}

// Ping asks for the history of a chat that does not exist, which changes nothing. Kommo answers 204 (documented) if it
// takes the signature and knows the scope. A 403 without an error_type is a [BlockedError]. The PingResult is valid also with
// an error. Ping is safe to repeat.
func (c *Client) Ping(ctx context.Context) (PingResult, error) {
	got, err := c.do(ctx, historyRequest(uuid.NewString(), 1, 0), func(a Answer) error {
		_, err := a.history()
		return err
	})
	if unclear, ok := errors.AsType[*UnclearError](err); ok && unclear.Status == http.StatusForbidden {
		err = &BlockedError{Detail: unclear.Detail}
	}
	return PingResult{ServerDate: got.serverDate(), SentAt: got.sentAt, Took: got.took}, err
}
