package greenapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// An entry is one element of the answer to getChatHistory:
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
// The fields of the common types are documented; unlike those of a webhook they are flat (seen in code). The same
// shape, without type, id and time, is what quotedMessage holds. There are as many kinds of entries as typeMessage
// has values, and each fills a few of the fields; none is always there (seen in code: whole entries of a type and an
// empty typeMessage).
type entry struct {
	Type        looseText `json:"type"` // incoming or outgoing
	Timestamp   looseText `json:"timestamp"`
	IDMessage   looseText `json:"idMessage"` // unique within its chat only (documented)
	TypeMessage looseText `json:"typeMessage"`

	// Of incoming entries.
	SenderID          looseText `json:"senderId"` // in a group the participant
	SenderName        looseText `json:"senderName"`
	SenderContactName looseText `json:"senderContactName"`
	// Of outgoing entries: pending, sent, delivered, read; failed, noAccount, notInGroup, yellowCard (seen in code).
	StatusMessage looseText `json:"statusMessage"`

	IsEdited  looseFlag `json:"isEdited"`
	IsDeleted looseFlag `json:"isDeleted"`

	// textMessage has the first; extendedTextMessage, a text with a link, the first two; quotedMessage, a text that
	// answers another message, only the second; reactionMessage the third (all seen in code, the first two documented).
	TextMessage             looseText         `json:"textMessage"`
	ExtendedTextMessage     entryExtendedText `json:"extendedTextMessage"`
	ExtendedTextMessageData entryExtendedText `json:"extendedTextMessageData"`

	// imageMessage, videoMessage, documentMessage, audioMessage, stickerMessage (documented). DownloadURL is empty
	// after the phone was connected anew (seen in code, issue #111).
	DownloadURL looseText `json:"downloadUrl"`
	Caption     looseText `json:"caption"`
	FileName    looseText `json:"fileName"` // often the name in the storage, not the user's (seen in code)
	MIMEType    looseText `json:"mimeType"`

	Location entryLocation  `json:"location"` // locationMessage (documented)
	Contact  entryContact   `json:"contact"`  // contactMessage (documented)
	Contacts []entryContact `json:"contacts"` // contactsArrayMessage (inferred)
	// contactsArrayMessage and texts as their webhooks have them (documented there): {"messageData": {"contacts": […]}}.
	MessageData struct {
		Contacts        []entryContact `json:"contacts"`
		TextMessageData struct {
			TextMessage looseText `json:"textMessage"`
		} `json:"textMessageData"`
		ExtendedTextMessageData entryExtendedText `json:"extendedTextMessageData"`
	} `json:"messageData"`

	Poll entryPoll `json:"pollMessageData"` // pollMessage, pollUpdateMessage (seen in code)

	// What offers something to choose from. Seen in code are the first two; the others are documented for webhooks.
	TemplateMessage         *entryMenu `json:"templateMessage"`
	InteractiveButtons      *entryMenu `json:"interactiveButtons"`
	InteractiveButtonsReply *entryMenu `json:"interactiveButtonsReply"`
	ButtonsMessage          *entryMenu `json:"buttonsMessage"`
	ListMessage             *entryMenu `json:"listMessage"`

	// What was chosen. Seen in code is the first; the others are documented for webhooks.
	TemplateButtonReply        entryChoice `json:"templateButtonReplyMessage"`
	InteractiveButtonsResponse entryChoice `json:"interactiveButtonsResponse"`
	ButtonsResponse            entryChoice `json:"buttonsResponseMessage"`
	ListResponse               entryChoice `json:"listResponseMessage"`

	GroupInvite entryGroupInvite `json:"groupInviteMessageData"` // groupInviteMessage (documented for webhooks)

	// Entries of their own that tell of another one (seen in code): deletedMessage, editedMessage.
	Deleted entryDeleted `json:"deletedMessageData"`
	Edited  entryEdited  `json:"editedMessageData"`

	// What this entry answers or reacts to (seen in code). A quoted poll has neither type nor typeMessage.
	StanzaID      looseText `json:"stanzaId"` // of a quotedMessage: the id of what is quoted
	QuotedMessage *entry    `json:"quotedMessage"`

	raw json.RawMessage // the whole entry; nil of one that is quoted
}

// {"text": "…", "description": "…", "title": "…", "stanzaId": "3AADDD555CB0822C0539", "participant": "79001234567@c.us"}
type entryExtendedText struct {
	Text     looseText `json:"text"`
	StanzaID looseText `json:"stanzaId"` // of a quotedMessage only
}

// {"nameLocation": "Green Park", "address": "", "latitude": 51.5, "longitude": "-0.14"}
type entryLocation struct {
	Name      looseText `json:"nameLocation"`
	Address   looseText `json:"address"`
	Latitude  looseText `json:"latitude"` // a number in recordings, a string in the vendor's types (seen in code)
	Longitude looseText `json:"longitude"`
}

// {"displayName": "Anna Petrova", "vcard": "BEGIN:VCARD\n…TEL;type=CELL;waid=79001234567:+7 900 123-45-67\n…"}
type entryContact struct {
	DisplayName looseText `json:"displayName"`
	VCard       looseText `json:"vcard"`
}

// {"name": "Which day?", "options": [{"optionName": "Monday"}]} is a poll and
// {"name": "Which day?", "stanzaId": "…", "votes": [{"optionName": "Monday", "optionVoters": ["79001234567@c.us"]}]}
// where it stands after a vote.
type entryPoll struct {
	Name     looseText `json:"name"`
	StanzaID looseText `json:"stanzaId"` // the poll's id
	Options  []struct {
		Name looseText `json:"optionName"`
	} `json:"options"`
	Votes []struct {
		Name   looseText   `json:"optionName"`
		Voters []looseText `json:"optionVoters"`
	} `json:"votes"`
}

// {"titleText": "…", "contentText": "…", "footerText": "…", "mediaUrl": "…", "buttons": […]}, with other words for the
// same things from type to type and {"templateId": "…", "params": ["…"]} for an outgoing template.
type entryMenu struct {
	TitleText  looseText `json:"titleText"`
	Title      looseText `json:"title"`
	HeaderText looseText `json:"headerText"`
	Header     looseText `json:"header"`

	ContentText looseText `json:"contentText"`
	Body        looseText `json:"body"`

	FooterText looseText `json:"footerText"`
	Footer     looseText `json:"footer"`

	MediaURL looseText     `json:"mediaUrl"`
	Buttons  []entryButton `json:"buttons"`
	Sections []struct {
		Title looseText `json:"title"`
		Rows  []struct {
			Title       looseText `json:"title"`
			Description looseText `json:"description"`
		} `json:"rows"`
	} `json:"sections"`

	TemplateID looseText   `json:"templateId"`
	Params     []looseText `json:"params"`
}

// {"type": "url", "buttonId": "1", "buttonText": "Our site", "url": "https://example.com"}, or in a template
// {"index": 1, "urlButton": {"displayText": "Our site", "url": "https://example.com"}}.
type entryButton struct {
	entryAction
	URLButton        entryAction `json:"urlButton"`
	CallButton       entryAction `json:"callButton"`
	QuickReplyButton entryAction `json:"quickReplyButton"`
}

// An entryAction is what stands on a button and what the button does.
type entryAction struct {
	ButtonText  looseText `json:"buttonText"`
	DisplayText looseText `json:"displayText"`
	URL         looseText `json:"url"`
	PhoneNumber looseText `json:"phoneNumber"`
	CopyCode    looseText `json:"copyCode"`
}

// {"stanzaId": "…", "selectedIndex": 1, "selectedId": "1", "selectedDisplayText": "Yes"}, with other words for the same
// things from type to type.
type entryChoice struct {
	StanzaID            looseText `json:"stanzaId"`
	SelectedDisplayText looseText `json:"selectedDisplayText"`
	SelectedButtonText  looseText `json:"selectedButtonText"`
	Title               looseText `json:"title"` // of a list
	SelectedID          looseText `json:"selectedId"`
	SelectedButtonID    looseText `json:"selectedButtonId"`
	SingleSelectReply   looseText `json:"singleSelectReply"` // of a list: the id of what was chosen
}

// {"groupJid": "120363025486842017@g.us", "inviteCode": "…", "inviteExpiration": 1657025112, "groupName": "…", "caption": "…"}
type entryGroupInvite struct {
	GroupName  looseText `json:"groupName"`
	Caption    looseText `json:"caption"`
	InviteCode looseText `json:"inviteCode"`
}

// {"stanzaId": "3AADDD555CB0822C0539"}
type entryDeleted struct {
	StanzaID looseText `json:"stanzaId"`
}

// {"textMessage": "the new text", "stanzaId": "3AADDD555CB0822C0539"}, or caption in place of textMessage
type entryEdited struct {
	TextMessage looseText `json:"textMessage"`
	Caption     looseText `json:"caption"`
	StanzaID    looseText `json:"stanzaId"`
}

// readEntry reads raw. A field that is of another type than usual reads as empty, and so do fields of JSON null.
// Text that is not UTF-8 is made so. Its errors say why raw is no entry.
func readEntry(raw json.RawMessage) (*entry, error) {
	if !bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{")) {
		if !json.Valid(raw) {
			return nil, errors.New("not valid JSON")
		}
		return nil, errors.New("not a JSON object")
	}
	e := entry{raw: raw}
	err := json.Unmarshal(raw, &e)
	// Unmarshal goes on after an error of this type and completes what it can (documented in encoding/json).
	if _, otherType := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !otherType {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	return &e, nil
}
