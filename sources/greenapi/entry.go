package greenapi

import (
	"bytes"
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

	IsEdited  lenientBool `json:"isEdited"`
	IsDeleted lenientBool `json:"isDeleted"`

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
	// contactsArrayMessage and texts in the form of webhooks (documented there): {"messageData": {"contacts": […]}}.
	MessageData struct {
		Contacts        []entryContact `json:"contacts"`
		TextMessageData struct {
			TextMessage lenientText `json:"textMessage"`
		} `json:"textMessageData"`
		ExtendedTextMessageData entryExtendedText `json:"extendedTextMessageData"`
	} `json:"messageData"`

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

	raw json.RawMessage // the whole entry; nil in a quotedMessage
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
}

// {"displayName": "Anna Petrova", "vcard": "BEGIN:VCARD\n…TEL;type=CELL;waid=79001234567:+7 900 123-45-67\n…"}
type entryContact struct {
	DisplayName lenientText `json:"displayName"`
	VCard       lenientText `json:"vcard"`
}

// A poll is {"name": "Which day?", "options": [{"optionName": "Monday"}]}. Its state after a vote is
// {"name": "Which day?", "stanzaId": "…", "votes": [{"optionName": "Monday", "optionVoters": ["79001234567@c.us"]}]}.
type entryPoll struct {
	Name     lenientText `json:"name"`
	StanzaID lenientText `json:"stanzaId"` // the poll's id
	Options  []struct {
		Name lenientText `json:"optionName"`
	} `json:"options"`
	Votes []struct {
		Name   lenientText   `json:"optionName"`
		Voters []lenientText `json:"optionVoters"`
	} `json:"votes"`
}

// {"titleText": "…", "contentText": "…", "footerText": "…", "mediaUrl": "…", "buttons": […]}. The names vary between
// types. An outgoing template is {"templateId": "…", "params": ["…"]}.
type entryMenu struct {
	TitleText  lenientText `json:"titleText"`
	Title      lenientText `json:"title"`
	HeaderText lenientText `json:"headerText"`
	Header     lenientText `json:"header"`

	ContentText lenientText `json:"contentText"`
	Body        lenientText `json:"body"`

	FooterText lenientText `json:"footerText"`
	Footer     lenientText `json:"footer"`

	MediaURL lenientText   `json:"mediaUrl"`
	Buttons  []entryButton `json:"buttons"`
	Sections []struct {
		Title lenientText `json:"title"`
		Rows  []struct {
			Title       lenientText `json:"title"`
			Description lenientText `json:"description"`
		} `json:"rows"`
	} `json:"sections"`

	TemplateID lenientText   `json:"templateId"`
	Params     []lenientText `json:"params"`
}

// {"type": "url", "buttonId": "1", "buttonText": "Our site", "url": "https://example.com"}, or in a template
// {"index": 1, "urlButton": {"displayText": "Our site", "url": "https://example.com"}}.
type entryButton struct {
	entryAction
	URLButton        entryAction `json:"urlButton"`
	CallButton       entryAction `json:"callButton"`
	QuickReplyButton entryAction `json:"quickReplyButton"`
}

// An entryAction is the text of a button and its effect.
type entryAction struct {
	ButtonText  lenientText `json:"buttonText"`
	DisplayText lenientText `json:"displayText"`
	URL         lenientText `json:"url"`
	PhoneNumber lenientText `json:"phoneNumber"`
	CopyCode    lenientText `json:"copyCode"`
}

// {"stanzaId": "…", "selectedIndex": 1, "selectedId": "1", "selectedDisplayText": "Yes"}. The names vary between types.
type entryChoice struct {
	StanzaID            lenientText `json:"stanzaId"`
	SelectedDisplayText lenientText `json:"selectedDisplayText"`
	SelectedButtonText  lenientText `json:"selectedButtonText"`
	Title               lenientText `json:"title"` // of a list
	SelectedID          lenientText `json:"selectedId"`
	SelectedButtonID    lenientText `json:"selectedButtonId"`
	SingleSelectReply   lenientText `json:"singleSelectReply"` // of a list: the id of the chosen row
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
	return &e, nil
}
