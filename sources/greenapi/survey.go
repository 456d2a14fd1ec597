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
	deletions   map[string]bool      // ids that deletedMessage entries name, or whose entry is marked as deleted
	edits       map[string]looseText // the newest text by id that editedMessage entries tell

	// Entries are named by their place in the answer, the newest is 0.
	noted  int            // entries so far
	newest map[uint64]int // the newest entry of each id, by the id's hash: a history has many
	copies map[int][]int  // by the newest entry of an id that several have: the others, newest first
	older  map[int]bool   // those others
}

// hashOf returns the 64-bit FNV-1a hash of an id. That two ids of a chat share one is not to be expected, and would do
// little harm.
func hashOf(id looseText) uint64 {
	hash := uint64(14695981039346656037)
	for i := range len(id) {
		hash = (hash ^ uint64(id[i])) * 1099511628211
	}
	return hash
}

// A surveyed entry is what a survey looks at.
type surveyed struct {
	Type              looseText    `json:"type"`
	IDMessage         looseText    `json:"idMessage"`
	TypeMessage       looseText    `json:"typeMessage"`
	SenderID          looseText    `json:"senderId"`
	SenderName        looseText    `json:"senderName"`
	SenderContactName looseText    `json:"senderContactName"`
	IsDeleted         looseFlag    `json:"isDeleted"`
	Deleted           entryDeleted `json:"deletedMessageData"`
	Edited            entryEdited  `json:"editedMessageData"`
}

// note takes in the next older entry. What it cannot read it ignores.
func (s *survey) note(raw json.RawMessage) {
	var e surveyed
	_ = json.Unmarshal(raw, &e) // of what is no object nothing is told
	s.noteID(e.IDMessage)
	s.noted++
	if e.IsDeleted {
		s.noteDeletion(string(e.IDMessage))
	}
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

func (s *survey) noteID(id looseText) {
	if id == "" {
		return
	}
	if s.newest == nil {
		s.newest, s.copies, s.older = make(map[uint64]int), make(map[int][]int), make(map[int]bool)
	}
	hash := hashOf(id)
	newest, known := s.newest[hash]
	if !known {
		s.newest[hash] = s.noted
		return
	}
	s.copies[newest] = append(s.copies[newest], s.noted)
	s.older[s.noted] = true
}

// has reports whether an entry has the id.
func (s *survey) has(id looseText) bool {
	_, known := s.newest[hashOf(id)]
	return known && id != ""
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
	if id == "" || text == "" || s.edits[id] != "" || codeIn(text) != "" {
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
