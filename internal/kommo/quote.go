package kommo

// ReplyTo is the message that is answered. It must be in the same chat (documented).
type ReplyTo struct {
	Message Quote `json:"message"`
}

// Forwards are the messages that are passed on; they may be from any chat of the integration, named by one of the
// two ids (documented).
type Forwards struct {
	Messages          []Quote `json:"messages,omitempty"` // one at most (documented)
	ConversationID    string  `json:"conversation_id,omitempty"`
	ConversationRefID string  `json:"conversation_ref_id,omitempty"`
}

// A Quote is a message within another. One id is enough, and Kommo fills in the rest; without any, Type, the two
// times and the sender's name are required, and what the type is about (documented).
type Quote struct {
	ID            string      `json:"id,omitempty"`    // Kommo's
	MsgID         string      `json:"msgid,omitempty"` // ours
	Type          MessageType `json:"type,omitempty"`
	Text          string      `json:"text,omitempty"`
	FileName      string      `json:"file_name,omitempty"`
	FileSize      int64       `json:"file_size,omitempty"`      // bytes
	MediaDuration int64       `json:"media_duration,omitempty"` // seconds
	Location      *Location   `json:"location,omitempty"`
	Contact       Contact     `json:"contact,omitzero"`
	Timestamp     int64       `json:"timestamp,omitempty"`      // unix seconds
	MsecTimestamp int64       `json:"msec_timestamp,omitempty"` // unix milliseconds
	Sender        QuoteSender `json:"sender,omitzero"`
}

// A QuoteSender is who wrote a quoted message: one of the ids, or else a name.
type QuoteSender struct {
	ID    string `json:"id,omitempty"`     // ours
	RefID string `json:"ref_id,omitempty"` // Kommo's
	Name  string `json:"name,omitempty"`
}
