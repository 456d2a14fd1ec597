package kommo

// A Message is what a message consists of. Which fields a type needs is documented; the comments say it.
type Message struct {
	Type MessageType `json:"type"`
	// Text is the message itself or, for the other types, its caption.
	Text  string `json:"text,omitempty"`
	Media string `json:"media,omitempty"` // URL that Kommo can download; every type but text, location and contact
	// FileName and FileSize are needed for a picture, a video and a file.
	FileName      string    `json:"file_name,omitempty"`
	FileSize      int64     `json:"file_size,omitempty"`      // bytes
	MediaDuration int64     `json:"media_duration,omitempty"` // seconds; optional for video, voice and audio
	StickerID     string    `json:"sticker_id,omitempty"`     // optional for a sticker
	Location      *Location `json:"location,omitempty"`
	Contact       Contact   `json:"contact,omitzero"`
	CallbackData  string    `json:"callback_data,omitempty"` // what was chosen from a WhatsApp list
	// Post makes the message a comment. All comments of a client on one post become one talk in the chat.
	Post       Post       `json:"post,omitzero"`
	SharedPost SharedPost `json:"shared_post,omitzero"`
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

// A Post is what a comment was written under.
type Post struct {
	ID               string `json:"id"`
	URL              string `json:"url"`
	PreviewURL       string `json:"preview_url,omitempty"`
	PreviewPermalink string `json:"preview_permalink,omitempty"`
	Username         string `json:"username,omitempty"`
	Caption          string `json:"caption,omitempty"`
}

// A SharedPost is a post that somebody sent on.
type SharedPost struct {
	URL              string `json:"url"`
	PreviewLink      string `json:"preview_link,omitempty"`      // may expire: Kommo copies it
	PreviewPermalink string `json:"preview_permalink,omitempty"` // is not copied, and wins
	Type             string `json:"type"`                        // "post", the documents know no other
	SiteName         string `json:"site_name,omitempty"`
}
