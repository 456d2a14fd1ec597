package csvfile

import "reflect"

// A record is a row as it stands in the file. All fields are text, because gocsv reads the number 010 as 8.
type record struct {
	ConversationID string `csv:"conversation_id"` // required
	Timestamp      string `csv:"timestamp"`       // required: unix seconds or milliseconds, RFC 3339, or local time
	Direction      string `csv:"direction"`       // required: in, out and what else they are called
	Text           string `csv:"text"`
	MessageID      string `csv:"message_id"` // without it, identical messages are told apart by their order

	ClientID     string `csv:"client_id"`    // default: the conversation's id
	ClientName   string `csv:"client_name"`  // default: the phone, else the client's id
	ClientPhone  string `csv:"client_phone"` // default: the phone that the id of a WhatsApp chat is made of
	ClientEmail  string `csv:"client_email"`
	ClientAvatar string `csv:"client_avatar"` // URL

	AuthorID   string `csv:"author_id"`
	AuthorName string `csv:"author_name"`

	Type         string `csv:"type"` // default: what the fields below suggest
	MediaURL     string `csv:"media_url"`
	FileName     string `csv:"file_name"`
	FileSize     string `csv:"file_size"` // bytes
	Latitude     string `csv:"latitude"`  // degrees
	Longitude    string `csv:"longitude"`
	ContactName  string `csv:"contact_name"`
	ContactPhone string `csv:"contact_phone"`

	ReplyTo string `csv:"reply_to"` // message_id of a message in the same conversation

	PostID               string `csv:"post_id"`
	PostURL              string `csv:"post_url"` // required with post_id
	PostPreviewURL       string `csv:"post_preview_url"`
	PostPreviewPermalink string `csv:"post_preview_permalink"`
	PostUsername         string `csv:"post_username"`
	PostCaption          string `csv:"post_caption"`
}

// columns returns the names of all columns, in the order of record.
func columns() []string {
	fields := reflect.VisibleFields(reflect.TypeFor[record]())
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = field.Tag.Get("csv")
	}
	return names
}

// requiredColumns returns the names of the columns that a file must have.
func requiredColumns() []string {
	return []string{"conversation_id", "timestamp", "direction"}
}
