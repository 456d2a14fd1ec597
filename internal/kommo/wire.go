package kommo

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// A NewMessage is one message as the Chats API takes it, sent or imported. The client's conversation is made if
// its id is not known yet (documented). Marshal makes the body of a request from it.
//
//	{"event_type":"new_message","payload":{"timestamp":1639604761,"msec_timestamp":1639604761694,
//	 "msgid":"m-1","conversation_id":"c-1","sender":{"id":"u-1","name":"Ann"},
//	 "message":{"type":"text","text":"hello"},"silent":true}}
//
// The types are strict: Kommo expects numbers where numbers stand here (documented). Fields with omitempty or
// omitzero are left out when they have their zero value.
type NewMessage struct {
	Timestamp     int64 `json:"timestamp"`      // unix seconds
	MsecTimestamp int64 `json:"msec_timestamp"` // unix milliseconds of the same moment
	// MsgID is our id of the message. Kommo documents that it takes no second message with the same one, but
	// not what it answers then, nor within which bounds the id is unique.
	MsgID          string `json:"msgid"`
	ConversationID string `json:"conversation_id"` // our id of the chat
	// ConversationRefID is Kommo's id of the chat. It wins over ConversationID (seen in a client's log).
	ConversationRefID string `json:"conversation_ref_id,omitempty"`
	Source            Source `json:"source,omitzero"`
	// Sender is the client of an incoming message; else the Kommo user or bot, with RefID set.
	Sender Participant `json:"sender"`
	// Receiver is the client of an outgoing message, and zero for an incoming one (documented).
	Receiver Participant `json:"receiver,omitzero"`
	Message  Message     `json:"message"`
	ReplyTo  ReplyTo     `json:"reply_to,omitzero"`
	Forwards Forwards    `json:"forwards,omitzero"`
	// Silent keeps the message from making an incoming lead and a notification (documented). It is always
	// written: a missing one acts as false (inferred), and false wakes people up.
	Silent bool `json:"silent"`
}

// A Participant is one side of a message. Kommo tells participants apart by our ID (seen in a client's log), so
// the same person needs the same one everywhere.
type Participant struct {
	ID     string `json:"id"` // ours
	Avatar string `json:"avatar,omitempty"`
	Name   string `json:"name,omitempty"` // documented as required
	// RefID is Kommo's id: a user's amojo_id, or the bot's id from the registration of the channel.
	RefID       string  `json:"ref_id,omitempty"`
	Profile     Profile `json:"profile,omitzero"`
	ProfileLink string  `json:"profile_link,omitempty"`
}

// A Profile is what Kommo copies into a new contact and looks for among the known ones, the latter with the first
// message of a chat only (documented).
type Profile struct {
	Phone string `json:"phone,omitempty"`
	Email string `json:"email,omitempty"`
}

// A Source says through which of the integration's sources a message came, and so into which pipeline a lead goes.
type Source struct {
	ExternalID string `json:"external_id"` // at most 40 printable ASCII characters (documented)
}

// Marshal returns the body of the request that sends the message.
//
// These bytes are hashed, signed and posted as they are: there is no newline at their end, as
// [json.Encoder.Encode] would leave one, and the MD5 of a body with one is another MD5. "<", ">" and "&" stand for
// themselves. The same message gives the same bytes every time. An error means a number that JSON has no word for,
// such as a longitude that is not one.
func Marshal(message NewMessage) ([]byte, error) {
	return marshal(struct {
		EventType string     `json:"event_type"`
		Payload   NewMessage `json:"payload"`
	}{"new_message", message})
}

func marshal(value any) ([]byte, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("marshalling for kommo: %w", err)
	}
	return bytes.TrimSuffix(body.Bytes(), []byte("\n")), nil
}
