package kommo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// A HistoryMessage is one message of a chat as Kommo holds it. Fields that Kommo leaves out are zero. Kommo shows more
// fields; those that a comparison does not need are not here.
//
//	{"timestamp":1670832082,"msec_timestamp":1670832082680,
//	 "sender":{"id":"9c2c…","client_id":"u-1","name":"Adam","avatar":"","phone":"+18305803077"},
//	 "message":{"id":"6059…","client_id":"m-1","type":"text","text":"Hello","media":"","file_name":"","file_size":0}}
type HistoryMessage struct {
	Timestamp     int64         `json:"timestamp"`      // unix seconds; a sample differs by 1 from the time that was sent
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
}

// HistoryContent is the content of a message.
type HistoryContent struct {
	ID       string      `json:"id"`        // Kommo's, never ""
	ClientID string      `json:"client_id"` // ours, the MsgID it was sent with; "" for messages written in Kommo
	Type     MessageType `json:"type"`      // others than the types of this package are possible
	Text     string      `json:"text"`
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

// UnmarshalJSON reads a message. It also takes times as texts and people as empty lists. A message without an id is an
// error, so that a search for a message cannot overlook it.
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

// integer reads a number or a text that holds a number; nothing, null and "" are 0.
func integer(raw json.RawMessage) (int64, error) {
	text := strings.Trim(string(raw), `"`)
	if text == "" || text == "null" {
		return 0, nil
	}
	return strconv.ParseInt(text, 10, 64)
}

// person reads a side of a message, and returns zero for anything that is not a person.
func person(raw json.RawMessage) (p HistoryPerson) {
	if json.Unmarshal(raw, &p) != nil {
		return HistoryPerson{}
	}
	return p
}

// PageSize is the number of messages in a full page of history, the documented maximum.
const PageSize = 50

// maxPage is the length of a page of history that is read, in bytes.
const maxPage = 16 << 20

// HistoryPage returns up to PageSize messages of a chat, after skipping offset messages. chatID is Kommo's, as in
// [Accepted] or from [Client.CreateChat]. The newest come first; the documents show that and do not promise it.
//
// No messages and no error means that the offset is beyond the last message, that the chat is empty, or that there is
// no such chat: Kommo answers 204 to all three (documented for the latter two). One unreadable message makes the
// whole page an [UnknownOutcomeError]. Reading is always safe to repeat.
func (c *Client) HistoryPage(ctx context.Context, chatID string, offset int) ([]HistoryMessage, error) {
	if !validID(chatID) {
		return nil, fmt.Errorf("chat id %q: not an id", chatID)
	}
	var messages []HistoryMessage
	_, err := c.do(ctx, historyRequest(chatID, PageSize, offset), func(a answer) (err error) {
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
func (a answer) history() ([]HistoryMessage, error) {
	if a.status == http.StatusNoContent {
		return nil, nil
	}
	var reply struct {
		Messages []HistoryMessage `json:"messages"`
	}
	if err := a.decode(&reply); err != nil {
		return nil, err
	}
	if reply.Messages == nil {
		return nil, errors.New("the answer has no messages")
	}
	return reply.Messages, nil
}

// History yields the pages of a chat, newest messages first. A page that is not full is the last one (inferred).
// History calls wait before each request. An error, also of wait, ends the sequence.
//
// A message that arrives during the reading pushes another onto the next page. That message comes twice; no message is
// left out. A server that repeats a page would never come to an end: that is an [UnknownOutcomeError].
func (c *Client) History(ctx context.Context, chatID string, wait func(context.Context) error) iter.Seq2[[]HistoryMessage, error] {
	return func(yield func([]HistoryMessage, error) bool) {
		heads := make(map[string]bool) // ids of the first messages of the pages
		for offset := 0; ; {
			var page []HistoryMessage
			err := wait(ctx)
			if err == nil {
				page, err = c.HistoryPage(ctx, chatID, offset)
			}
			if err == nil && len(page) > 0 && heads[page[0].Message.ID] {
				repeated := fmt.Errorf("history of chat %s: the page at offset %d repeats an earlier page", chatID, offset)
				err = &UnknownOutcomeError{Status: http.StatusOK, Err: repeated}
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if len(page) == 0 || !yield(page, nil) || len(page) < PageSize {
				return
			}
			heads[page[0].Message.ID] = true
			offset += len(page)
		}
	}
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
	got, err := c.do(ctx, historyRequest(uuid.NewString(), 1, 0), func(a answer) error {
		_, err := a.history()
		return err
	})
	if unclear, ok := errors.AsType[*UnclearError](err); ok && unclear.Status == http.StatusForbidden {
		err = &BlockedError{Detail: unclear.Detail}
	}
	return PingResult{ServerDate: got.serverDate(), SentAt: got.sentAt, Took: got.took}, err
}
