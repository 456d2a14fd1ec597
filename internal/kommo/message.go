package kommo

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// A NewMessage is one message as the Chats API takes it, sent or imported. Kommo makes the client's conversation if
// it does not know the id yet (documented). [Marshal] makes the body of a request from a NewMessage. The API has more
// fields; those that the import does not need are not here.
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
	// MsgID is our id of the message. Kommo documents that it takes no second message with the same id, but neither its
	// answer to the second message nor the bounds within which the id is unique.
	MsgID          string `json:"msgid"`
	ConversationID string `json:"conversation_id"` // our id of the chat
	// Sender is the client for an incoming message, and the Kommo user or bot, with RefID set, for an outgoing message.
	Sender Participant `json:"sender"`
	// Receiver is the client of an outgoing message, and zero for an incoming message (documented).
	Receiver Participant `json:"receiver,omitzero"`
	Message  Message     `json:"message"`
	ReplyTo  ReplyTo     `json:"reply_to,omitzero"`
	// Silent keeps the message from making an incoming lead and a notification (documented). It is always written: a
	// missing value acts as false (inferred), and false notifies people.
	Silent bool `json:"silent"`
}

// A Participant is one side of a message. Kommo distinguishes participants by our ID (seen in a client's log), so the
// same person needs the same ID everywhere.
type Participant struct {
	ID     string `json:"id"` // ours
	Avatar string `json:"avatar,omitempty"`
	Name   string `json:"name,omitempty"` // documented as required
	// RefID is Kommo's id: a user's amojo_id, or the bot's id from the registration of the channel.
	RefID   string  `json:"ref_id,omitempty"`
	Profile Profile `json:"profile,omitzero"`
}

// A Profile holds the details that Kommo copies into a new contact. With the first message of a chat, Kommo also looks
// for them among the known contacts (documented).
type Profile struct {
	Phone string `json:"phone,omitempty"`
	Email string `json:"email,omitempty"`
}

// A Message is the content of a message. Which fields a type needs is documented; the comments say it.
type Message struct {
	Type MessageType `json:"type"`
	// Text is the message itself or, for the other types, its caption.
	Text  string `json:"text,omitempty"`
	Media string `json:"media,omitempty"` // URL that Kommo can download; every type but text, location and contact
	// FileName and FileSize are needed for a picture, a video and a file.
	FileName string    `json:"file_name,omitempty"`
	FileSize int64     `json:"file_size,omitempty"` // bytes
	Location *Location `json:"location,omitempty"`
	Contact  Contact   `json:"contact,omitzero"`
	// Post makes the message a comment. All comments of a client on one post become one talk in the chat.
	Post Post `json:"post,omitzero"`
}

// MessageType is the kind of a message.
type MessageType string

// The types that can be imported. The documentation lists no others for this direction.
const (
	TypeText     MessageType = "text"
	TypeContact  MessageType = "contact"
	TypeFile     MessageType = "file"
	TypeVideo    MessageType = "video"
	TypePicture  MessageType = "picture"
	TypeVoice    MessageType = "voice"
	TypeAudio    MessageType = "audio"
	TypeSticker  MessageType = "sticker"
	TypeLocation MessageType = "location"
)

// A Location is a point on the map, in degrees.
type Location struct {
	Longitude float64 `json:"lon"`
	Latitude  float64 `json:"lat"`
}

// A Contact is a visiting card.
type Contact struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
}

// A Post is the post that a comment was written under.
type Post struct {
	ID               string `json:"id"`
	URL              string `json:"url"`
	PreviewURL       string `json:"preview_url,omitempty"`
	PreviewPermalink string `json:"preview_permalink,omitempty"`
	Username         string `json:"username,omitempty"`
	Caption          string `json:"caption,omitempty"`
}

// ReplyTo is the message that is answered. It must be in the same chat (documented).
type ReplyTo struct {
	Message Quote `json:"message"`
}

// A Quote is a message within another, named by our id. Kommo fills in the rest (documented).
type Quote struct {
	MsgID string `json:"msgid,omitempty"`
}

// Marshal returns the body of the request that sends the message.
//
// These bytes are hashed, signed and posted as they are. There is no newline at their end, as [json.Encoder.Encode]
// would leave: it would change the MD5. "<", ">" and "&" stand for themselves. The same message gives the same
// bytes every time. An error means a number that JSON cannot express, such as a longitude that is not a number.
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
