package sources

import "time"

// A Message is one message of an old conversation, in plain words. It knows nothing of Kommo.
//
// Two messages are the same message if they come from the same kind of source (the part of [Source.Name] before
// the colon), belong to the same conversation and have the same ID; where the source has no ids, if time,
// direction, author and content are the same and as many identical ones came before.
type Message struct {
	Conversation Conversation `json:"-"`
	// ID is the message's id at the source, unique within its conversation; "" where the source has none.
	ID string `json:"id,omitempty"`
	// Time is when the message was written, to the millisecond. Sources report a message whose time [CheckTime]
	// refuses as Invalid.
	Time      time.Time `json:"-"`
	Direction Direction `json:"-"`
	// Author is who wrote the message, as far as the source knows. It matters for outgoing messages, where it
	// can be mapped to a Kommo user, and in groups.
	Author Author `json:"author,omitzero"`
	Kind   Kind   `json:"-"`
	// Text is the message itself or, for the other kinds, its caption.
	Text     string    `json:"text,omitempty"`
	Media    *Media    `json:"media,omitempty"`    // picture, video, file, voice, audio, sticker
	Location *Location `json:"location,omitempty"` // location
	Contact  *Contact  `json:"contact,omitempty"`  // contact
	Post     *Post     `json:"post,omitempty"`     // a comment on a post, whatever its kind
	ReplyTo  string    `json:"reply_to,omitempty"` // ID of the message of this conversation that this one answers
	// Quote is what the message said that this one answers, as far as the source tells. It is shown where that
	// message itself cannot be named.
	Quote string `json:"quote,omitempty"`
	// Skip is why the message has no form in Kommo, such as "a reaction"; "" if it has one. A message with a reason
	// may lack what belongs to its kind.
	Skip string `json:"skip,omitempty"`
	// Position is where the message stands in the source, for people: "chats.csv:17".
	Position string `json:"position,omitempty"`
}

// Direction says who a message is from.
type Direction string

// A message is incoming when the client wrote it, and outgoing when the company did.
const (
	Incoming Direction = "incoming"
	Outgoing Direction = "outgoing"
)

// Kind is what a message consists of. The words are those of Kommo's Chats API, which has no others.
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

// A Conversation is all that was written with one person, or in one group.
type Conversation struct {
	ID     string // at the source, verbatim
	Kind   ConversationKind
	Client Client // who the company talks with; for a group, the group
}

// ConversationKind tells a person from a group.
type ConversationKind string

// The kinds of conversation.
const (
	Person ConversationKind = "person"
	Group  ConversationKind = "group"
)

// A Client is the other side of a conversation. Every field but ID may be empty.
type Client struct {
	ID     string // at the source; the conversation's id where the source has no other
	Name   string
	Phone  string // E.164 with its plus, see [ParsePhone]; never the digits of an id that is no phone
	Email  string
	Avatar string // URL
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
	Size int64  `json:"size,omitempty"` // bytes; 0 if not known
	MIME string `json:"mime,omitempty"`
	// Renewable says that links to the file die, and that the source makes a new one for the id of the message. Then
	// URL may be empty.
	Renewable bool `json:"renewable,omitempty"`
}

// A Location is a point on the map, in degrees.
type Location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// A Contact is a visiting card that was sent as a message.
type Contact struct {
	Name  string `json:"name,omitempty"`
	Phone string `json:"phone,omitempty"`
}

// A Post is what a comment was written under.
type Post struct {
	ID               string `json:"id"`
	URL              string `json:"url"`
	PreviewURL       string `json:"preview_url,omitempty"`
	PreviewPermalink string `json:"preview_permalink,omitempty"`
	Username         string `json:"username,omitempty"`
	Caption          string `json:"caption,omitempty"`
}
