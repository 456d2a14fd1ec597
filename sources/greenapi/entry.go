package greenapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
)

// An entry is an element of the answer to getChatHistory:
//
//	{
//	    "type": "incoming",
//	    "timestamp": 1603964444,
//	    "idMessage": "3AA45F9F285C5249CDFC",
//	    "typeMessage": "imageMessage",
//	    "chatId": "79001234567@c.us",
//	    "senderId": "79001234567@c.us",
//	    "senderName": "Andrew Sh",
//	    "downloadUrl": "https://api.green-api.com/waInstance9075/downloadFile/download-file-id",
//	    "caption": "Green-API Logo"
//	}
//
// The fields of the common types are documented; unlike those of a webhook they are flat (seen in code). A quotedMessage
// has the same shape, without type, id and time. Each typeMessage fills a few of the fields. Any field may be missing
// (seen in code: entries with only a type and an empty typeMessage).
type entry struct {
	Type        lenientText `json:"type"` // incoming or outgoing
	Timestamp   lenientText `json:"timestamp"`
	IDMessage   lenientText `json:"idMessage"` // unique within its chat only (documented)
	TypeMessage lenientText `json:"typeMessage"`

	// Of incoming entries.
	SenderID          lenientText `json:"senderId"` // in a group the participant
	SenderName        lenientText `json:"senderName"`
	SenderContactName lenientText `json:"senderContactName"`
	// Of outgoing entries: pending, sent, delivered, read; failed, noAccount, notInGroup, yellowCard (seen in code).
	StatusMessage lenientText `json:"statusMessage"`

	// Of messages that were edited or deleted; the ids are those of the entries that did it (seen in code).
	IsEdited         lenientBool `json:"isEdited"`
	EditedMessageID  lenientText `json:"editedMessageId"`
	IsDeleted        lenientBool `json:"isDeleted"`
	DeletedMessageID lenientText `json:"deletedMessageId"`

	// textMessage has the first field; extendedTextMessage, a text with a link, the first two; quotedMessage, a reply,
	// only the second; reactionMessage the third (all seen in code, the first two documented).
	TextMessage             lenientText       `json:"textMessage"`
	ExtendedTextMessage     entryExtendedText `json:"extendedTextMessage"`
	ExtendedTextMessageData entryExtendedText `json:"extendedTextMessageData"`

	// imageMessage, videoMessage, documentMessage, audioMessage, stickerMessage (documented). DownloadURL is empty
	// after the phone was connected anew (seen in code, issue #111).
	DownloadURL lenientText `json:"downloadUrl"`
	Caption     lenientText `json:"caption"`
	FileName    lenientText `json:"fileName"` // often the name in the storage, not the user's (seen in code)
	MIMEType    lenientText `json:"mimeType"`

	Location entryLocation  `json:"location"` // locationMessage (documented)
	Contact  entryContact   `json:"contact"`  // contactMessage (documented)
	Contacts []entryContact `json:"contacts"` // contactsArrayMessage (inferred)

	Order   *entryOrder   `json:"orderMessage"`   // orderMessage (documented for webhooks)
	Product *entryProduct `json:"productMessage"` // productMessage (documented for webhooks)

	// Fields of a webhook. For some months the history had entries in that shape (issue #1024); see [flatten].
	MessageData     isObject `json:"messageData"`
	FileMessageData isObject `json:"fileMessageData"`

	Poll entryPoll `json:"pollMessageData"` // pollMessage, pollUpdateMessage (seen in code)

	// Menus, with buttons or a list. The first two were seen in code; the others are documented for webhooks.
	TemplateMessage         *entryMenu `json:"templateMessage"`
	InteractiveButtons      *entryMenu `json:"interactiveButtons"`
	InteractiveButtonsReply *entryMenu `json:"interactiveButtonsReply"`
	ButtonsMessage          *entryMenu `json:"buttonsMessage"`
	ListMessage             *entryMenu `json:"listMessage"`

	// Choices from a menu. The first was seen in code; the others are documented for webhooks.
	TemplateButtonReply        entryChoice `json:"templateButtonReplyMessage"`
	InteractiveButtonsResponse entryChoice `json:"interactiveButtonsResponse"`
	ButtonsResponse            entryChoice `json:"buttonsResponseMessage"`
	ListResponse               entryChoice `json:"listResponseMessage"`

	GroupInvite entryGroupInvite `json:"groupInviteMessageData"` // groupInviteMessage (documented for webhooks)

	// deletedMessage and editedMessage: entries that delete or edit another message (seen in code).
	Deleted entryDeleted `json:"deletedMessageData"`
	Edited  entryEdited  `json:"editedMessageData"`

	// The message that this entry answers or reacts to (seen in code). A quoted poll has neither type nor typeMessage.
	StanzaID      lenientText `json:"stanzaId"` // in a quotedMessage: the id of the quoted message
	QuotedMessage *entry      `json:"quotedMessage"`

	raw   json.RawMessage // the whole entry; of a quotedMessage only if its fields may stand elsewhere
	words lenientText     // of the newest edit, if they are not those of the entry; see [chatIndex.edited]
}

// edited reports whether e is a message that was edited.
func (e *entry) edited() bool {
	return bool(e.IsEdited) || e.EditedMessageID != "" && e.TypeMessage != "editedMessage"
}

// deleted reports whether e is marked as deleted.
func (e *entry) deleted() bool {
	return bool(e.IsDeleted) || e.DeletedMessageID != "" && e.TypeMessage != "deletedMessage"
}

// editTarget returns the id of the message that an editedMessage edits, or "".
func (e *entry) editTarget() string {
	return string(cmp.Or(e.Edited.StanzaID, e.EditedMessageID, lenientText(e.replyTo())))
}

// deleteTarget returns the id of the message that a deletedMessage deletes, or "".
func (e *entry) deleteTarget() string {
	return string(cmp.Or(e.Deleted.StanzaID, e.DeletedMessageID, lenientText(e.replyTo())))
}

// {"text": "…", "description": "…", "title": "…", "stanzaId": "3AADDD555CB0822C0539", "participant": "79001234567@c.us"}
type entryExtendedText struct {
	Text     lenientText `json:"text"`
	StanzaID lenientText `json:"stanzaId"` // of a quotedMessage only
}

// {"nameLocation": "Green Park", "address": "", "latitude": 51.5, "longitude": "-0.14"}
type entryLocation struct {
	Name      lenientText `json:"nameLocation"`
	Address   lenientText `json:"address"`
	Latitude  lenientText `json:"latitude"` // a number in recordings, a string in the vendor's types (seen in code)
	Longitude lenientText `json:"longitude"`

	// The names of WhatsApp's own protocol (inferred).
	PlainName        lenientText `json:"name"`
	DegreesLatitude  lenientText `json:"degreesLatitude"`
	DegreesLongitude lenientText `json:"degreesLongitude"`
}

func (l entryLocation) degrees() (latitude, longitude string) {
	return string(cmp.Or(l.Latitude, l.DegreesLatitude)), string(cmp.Or(l.Longitude, l.DegreesLongitude))
}

// {"displayName": "Anna Petrova", "vcard": "BEGIN:VCARD\n…TEL;type=CELL;waid=79001234567:+7 900 123-45-67\n…"}
type entryContact struct {
	DisplayName lenientText `json:"displayName"`
	VCard       lenientText `json:"vcard"`
}

// A poll is {"name": "Which day?", "options": [{"optionName": "Monday"}]}. Its state after a vote is
// {"name": "Which day?", "stanzaId": "…", "votes": [{"optionName": "Monday", "optionVoters": ["79001234567@c.us"]}]}.
type entryPoll struct {
	Name     lenientText   `json:"name"`
	StanzaID lenientText   `json:"stanzaId"` // the poll's id
	Options  []entryOption `json:"options"`
	Votes    []struct {
		Name   lenientText   `json:"optionName"`
		Voters []lenientText `json:"optionVoters"`
	} `json:"votes"`
}

// An entryOption is {"optionName": "Monday"}, or only its name (inferred).
type entryOption struct {
	Name lenientText `json:"optionName"`
}

func (o *entryOption) UnmarshalJSON(data []byte) error {
	type plain entryOption // without this method
	if o.Name = ""; json.Unmarshal(data, (*plain)(o)) != nil {
		return o.Name.UnmarshalJSON(data)
	}
	return nil
}

// {"groupJid": "120363025486842017@g.us", "inviteCode": "…", "inviteExpiration": 1657025112, "groupName": "…", "caption": "…"}
type entryGroupInvite struct {
	GroupName  lenientText `json:"groupName"`
	Caption    lenientText `json:"caption"`
	InviteCode lenientText `json:"inviteCode"`
}

// {"stanzaId": "3AADDD555CB0822C0539"}
type entryDeleted struct {
	StanzaID lenientText `json:"stanzaId"`
}

// {"textMessage": "the new text", "stanzaId": "3AADDD555CB0822C0539"}, or caption in place of textMessage
type entryEdited struct {
	TextMessage lenientText `json:"textMessage"`
	Caption     lenientText `json:"caption"`
	StanzaID    lenientText `json:"stanzaId"`
}

// readEntry decodes an entry. A field of an unusual type reads as empty, and so does null. Invalid UTF-8 is replaced.
func readEntry(raw json.RawMessage) (*entry, error) {
	if !bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{")) {
		if !json.Valid(raw) {
			return nil, errors.New("not valid JSON")
		}
		return nil, errors.New("not a JSON object")
	}
	e := entry{raw: raw}
	err := json.Unmarshal(raw, &e)
	// Unmarshal decodes all other fields before it returns an error of this type (documented in encoding/json).
	if _, otherType := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !otherType {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	if e.QuotedMessage != nil && needsFlattening(e.QuotedMessage) {
		var quoting struct {
			Raw json.RawMessage `json:"quotedMessage"`
		}
		_ = json.Unmarshal(raw, &quoting) // it was read above
		e.QuotedMessage.raw = quoting.Raw
	}
	return &e, nil
}
