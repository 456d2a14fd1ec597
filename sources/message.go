package sources

import (
	"fmt"
	"time"
)

// A Message is one message of an old conversation, in plain words.
//
// Two messages are the same message if they come from the same [Family], belong to the same conversation and have the
// same ID. Where the source has no ids, the same message has the same second, direction, kind, text and file: its name,
// or else the path of its link. The n-th such message is the n-th such message of any other reading.
//
// JSON holds the content of a message. The conversation, time, direction and kind are stored beside it.
type Message struct {
	Conversation Conversation `json:"-"`
	// ID is the message's id at the source, unique within its conversation; "" if the source has no ids.
	ID string `json:"id,omitempty"`
	// Part numbers the messages after the first that one message of the source became, because it has several files:
	// 2, 3 and so on. They share the ID. It is 0 for all other messages.
	Part int `json:"part,omitempty"`
	// Time is when the message was written, to the millisecond. Sources report a message as Invalid if [CheckTime]
	// refuses its time.
	Time      time.Time `json:"-"`
	Direction Direction `json:"-"`
	// Author is the person who wrote the message, as far as the source knows. It matters for outgoing messages, which
	// different employees may have written, and in groups.
	Author Author `json:"author,omitzero"`
	Kind   Kind   `json:"-"`
	// Text is the text of a text message and the caption of any other.
	Text     string    `json:"text,omitempty"`
	Media    *Media    `json:"media,omitempty"`    // picture, video, file, voice, audio, sticker
	Location *Location `json:"location,omitempty"` // location
	Contact  *Contact  `json:"contact,omitempty"`  // contact
	Post     *Post     `json:"post,omitempty"`     // the post on which the message comments; with any kind
	ReplyTo  string    `json:"reply_to,omitempty"` // ID of the answered message, in the same conversation
	// Quote is the text of the answered message, if the source has it. It serves where that message cannot be named.
	Quote string `json:"quote,omitempty"`
	// Deleted says that its author deleted the message at the source. The filter decides whether it is migrated.
	Deleted bool `json:"deleted,omitempty"`
	// Skip is the reason not to migrate the message, such as "a reaction"; "" if there is no reason. A message with
	// a reason may lack the fields of its kind.
	Skip string `json:"skip,omitempty"`
	// Position is the place of the message in the source, for people: "chats.csv:17".
	Position string `json:"position,omitempty"`
}

// CheckTime returns an error if no message can have been written at t. That is before 2009, when there was no WhatsApp
// yet, or more than a day after now. Real histories do hold messages that are dated decades ahead.
func CheckTime(t, now time.Time) error {
	if t.Before(time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC)) {
		return fmt.Errorf("%s UTC is before 2009", t.UTC().Format(time.DateTime))
	}
	if t.After(now.Add(24 * time.Hour)) {
		return fmt.Errorf("%s UTC is in the future", t.UTC().Format(time.DateTime))
	}
	return nil
}

// Direction says which side wrote a message.
type Direction string

// A message is incoming when the client wrote it, and outgoing when the company did.
const (
	Incoming Direction = "incoming"
	Outgoing Direction = "outgoing"
)

// Kind is the kind of content that a message has. There are no others: a source turns any other content into text or
// sets Message.Skip.
type Kind string

// The kinds of message.
const (
	KindText     Kind = "text"
	KindPicture  Kind = "picture"
	KindVideo    Kind = "video"
	KindFile     Kind = "file"
	KindVoice    Kind = "voice"
	KindAudio    Kind = "audio"
	KindSticker  Kind = "sticker"
	KindLocation Kind = "location"
	KindContact  Kind = "contact"
)

// A Conversation is a series of messages with one person or in one group.
type Conversation struct {
	ID     string // at the source, verbatim
	Kind   ConversationKind
	Client Client // the person or the group with which the company talks
}

// ConversationKind distinguishes persons from groups.
type ConversationKind string

// The kinds of conversation.
const (
	Person ConversationKind = "person"
	Group  ConversationKind = "group"
)

// A Client is the other side of a conversation. Every field but ID may be empty.
type Client struct {
	ID   string // at the source; the conversation's id if the source has no other
	Name string
	// Phone is a phone in the form of the source, or a WhatsApp id that holds one ("79001234567@c.us"). [ParsePhone]
	// brings it into E.164.
	Phone string
	// SuspectedPhone is a phone that may be another person's. It serves for warnings and is not sent.
	SuspectedPhone string
	Email          string
	Avatar         string // URL
}

// An Author is the person who wrote a message.
type Author struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Media is a file that belongs to a message.
type Media struct {
	URL  string `json:"url"`
	Name string `json:"name,omitempty"`
	Size int64  `json:"size,omitempty"` // bytes; 0 if unknown
	MIME string `json:"mime,omitempty"`
	// Renewable says that links to the file expire and that the source makes a new link from the id of the message.
	// URL may then be empty.
	Renewable bool `json:"renewable,omitempty"`
}

// MaxFileSize is the largest size of a file that is believed, in bytes: 1 TB. A source or a server that names a larger
// one does not know the size.
const MaxFileSize = 1 << 40

// A Location is a point on the map, in degrees.
type Location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// A Contact is a contact card that was sent as a message. One of its fields may be empty.
type Contact struct {
	Name  string `json:"name,omitempty"`
	Phone string `json:"phone,omitempty"` // as the source has it
}

// A Post is a post in a social network on which a message comments. ID and URL are never empty.
type Post struct {
	ID               string `json:"id"`
	URL              string `json:"url"`
	PreviewURL       string `json:"preview_url,omitempty"`
	PreviewPermalink string `json:"preview_permalink,omitempty"`
	Username         string `json:"username,omitempty"`
	Caption          string `json:"caption,omitempty"`
}
