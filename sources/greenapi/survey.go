package greenapi

import (
	"cmp"
	"encoding/json"
	"strings"

	"kommo-import/sources"
)

// A survey is what one pass over all entries of a chat, newest first, tells about them together. The zero value is
// ready to use.
type survey struct {
	contactName string               // the newest senderContactName, the account's own name for the sender
	senderName  string               // the newest senderName, the sender's name for themselves
	phone       string               // of the newest sender whose id is made of one
	deletions   map[string]bool      // ids that deletedMessage entries name
	edits       map[string]looseText // the newest text by id that editedMessage entries tell
}

// A surveyed entry is what a survey looks at.
type surveyed struct {
	Type              looseText    `json:"type"`
	TypeMessage       looseText    `json:"typeMessage"`
	SenderID          looseText    `json:"senderId"`
	SenderName        looseText    `json:"senderName"`
	SenderContactName looseText    `json:"senderContactName"`
	Deleted           entryDeleted `json:"deletedMessageData"`
	Edited            entryEdited  `json:"editedMessageData"`
}

// note takes in the next older entry. What it cannot read it ignores.
func (s *survey) note(raw json.RawMessage) {
	var e surveyed
	_ = json.Unmarshal(raw, &e) // of what is no object nothing is told
	switch e.TypeMessage {
	case "deletedMessage":
		s.noteDeletion(string(e.Deleted.StanzaID))
	case "editedMessage":
		s.noteEdit(string(e.Edited.StanzaID), cmp.Or(e.Edited.TextMessage, e.Edited.Caption))
	}
	if sources.Direction(e.Type) == sources.Incoming {
		s.noteSender(&e)
	}
}

func (s *survey) noteSender(e *surveyed) {
	id := string(e.SenderID)
	if s.contactName == "" {
		s.contactName = firstName(id, string(e.SenderContactName))
	}
	if s.senderName == "" {
		s.senderName = firstName(id, string(e.SenderName))
	}
	if s.phone == "" && strings.HasSuffix(id, "@c.us") {
		s.phone = sources.PhoneOfID(id)
	}
}

func (s *survey) noteDeletion(id string) {
	if id == "" {
		return
	}
	if s.deletions == nil {
		s.deletions = make(map[string]bool)
	}
	s.deletions[id] = true
}

func (s *survey) noteEdit(id string, text looseText) {
	if id == "" || text == "" || s.edits[id] != "" {
		return
	}
	if s.edits == nil {
		s.edits = make(map[string]looseText)
	}
	s.edits[id] = text
}

// edited returns e with its newest text or caption. An entry that is marked as edited has it already (seen in code).
func (s *survey) edited(e *entry) *entry {
	text := s.edits[string(e.IDMessage)]
	if text == "" || bool(e.IsEdited) {
		return e
	}
	changed := *e
	changed.TextMessage, changed.Caption = text, text
	return &changed
}
