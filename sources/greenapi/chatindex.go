package greenapi

import (
	"cmp"
	"encoding/json"
	"hash/fnv"
	"iter"
	"slices"
	"strings"

	"kommo-import/sources"
)

// A chatIndex holds the facts of a chat that are spread over its entries. The zero value is ready to use.
type chatIndex struct {
	contactName string                 // the newest senderContactName, the account's name for the sender
	senderName  string                 // the newest senderName, the sender's own name
	phone       string                 // of the newest sender whose id contains a phone
	deletions   map[string]bool        // ids of deleted messages, from isDeleted and from deletedMessage entries
	edits       map[string]lenientText // the newest text by id, from editedMessage entries

	// Entries are numbered from the newest, from 0.
	entries    int            // number of entries so far
	newest     map[uint64]int // the newest entry of each id, by the hash of the id: a history has many ids
	duplicates map[int][]int  // by the newest entry of an id: the other entries of the id, newest first
	older      map[int]bool   // all entries in duplicates
}

// hashOf returns a 64-bit hash of an id. Two ids of a chat with the same hash are unlikely, and would do little harm.
func hashOf(id lenientText) uint64 {
	hash := fnv.New64a()
	hash.Write([]byte(id))
	return hash.Sum64()
}

// An indexedEntry has the fields of an entry that an index needs.
type indexedEntry struct {
	Type              lenientText  `json:"type"`
	IDMessage         lenientText  `json:"idMessage"`
	TypeMessage       lenientText  `json:"typeMessage"`
	SenderID          lenientText  `json:"senderId"`
	SenderName        lenientText  `json:"senderName"`
	SenderContactName lenientText  `json:"senderContactName"`
	IsDeleted         lenientBool  `json:"isDeleted"`
	Deleted           entryDeleted `json:"deletedMessageData"`
	Edited            entryEdited  `json:"editedMessageData"`
}

// add adds the next older entry. Unreadable fields are ignored.
func (x *chatIndex) add(raw json.RawMessage) {
	var e indexedEntry
	_ = json.Unmarshal(raw, &e) // all fields of a value that is not an object are empty
	x.addID(e.IDMessage)
	x.entries++
	if e.IsDeleted {
		x.addDeletion(string(e.IDMessage))
	}
	switch e.TypeMessage {
	case "deletedMessage":
		x.addDeletion(string(e.Deleted.StanzaID))
	case "editedMessage":
		x.addEdit(string(e.Edited.StanzaID), cmp.Or(e.Edited.TextMessage, e.Edited.Caption))
	}
	if sources.Direction(e.Type) == sources.Incoming {
		x.addSender(&e)
	}
}

func (x *chatIndex) addSender(e *indexedEntry) {
	id := string(e.SenderID)
	x.contactName = cmp.Or(x.contactName, firstName(id, string(e.SenderContactName)))
	x.senderName = cmp.Or(x.senderName, firstName(id, string(e.SenderName)))
	if x.phone == "" && strings.HasSuffix(id, "@c.us") {
		x.phone = sources.PhoneOfID(id)
	}
}

func (x *chatIndex) addID(id lenientText) {
	if id == "" {
		return
	}
	if x.newest == nil {
		x.newest, x.duplicates, x.older = make(map[uint64]int), make(map[int][]int), make(map[int]bool)
	}
	hash := hashOf(id)
	newest, known := x.newest[hash]
	if !known {
		x.newest[hash] = x.entries
		return
	}
	x.duplicates[newest] = append(x.duplicates[newest], x.entries)
	x.older[x.entries] = true
}

// has reports whether an entry has the id.
func (x *chatIndex) has(id lenientText) bool {
	_, known := x.newest[hashOf(id)]
	return known && id != ""
}

func (x *chatIndex) addDeletion(id string) {
	if id == "" {
		return
	}
	if x.deletions == nil {
		x.deletions = make(map[string]bool)
	}
	x.deletions[id] = true
}

func (x *chatIndex) addEdit(id string, text lenientText) {
	if id == "" || text == "" || x.edits[id] != "" || codeIn(text) != "" {
		return
	}
	if x.edits == nil {
		x.edits = make(map[string]lenientText)
	}
	x.edits[id] = text
}

// edited returns e with its newest text or caption. An entry with isEdited has it already (seen in code).
func (x *chatIndex) edited(e *entry) *entry {
	text := x.edits[string(e.IDMessage)]
	if text == "" || bool(e.IsEdited) {
		return e
	}
	changed := *e
	changed.TextMessage, changed.Caption = text, text
	return &changed
}

// A converted is the message of an entry, or the reason why the entry is invalid.
type converted struct {
	message sources.Message
	invalid *sources.Invalid // nil for a message
}

func (c converted) usable() bool { return c.invalid == nil && c.message.Skip == "" }

// converted yields the converted entries of h, oldest first. Duplicates, which have the same id, follow each other at the
// place of the newest of them. The first of them is the message: the newest that is neither skipped nor invalid, else
// the newest.
func (c *chat) converted(h *history) iter.Seq2[converted, error] {
	return func(yield func(converted, error) bool) {
		for i := h.len() - 1; i >= 0; i-- {
			if c.index.older[i] {
				continue
			}
			same, err := c.convertSame(h, append([]int{i}, c.index.duplicates[i]...))
			if err != nil {
				yield(converted{}, err)
				return
			}
			for _, one := range same {
				if !yield(one, nil) {
					return
				}
			}
		}
	}
}

// convertSame converts the entries of one id, in the order that [chat.converted] has them.
func (c *chat) convertSame(h *history, entries []int) ([]converted, error) {
	var same []converted
	for _, i := range entries {
		raw, err := h.entry(i)
		if err != nil {
			return nil, err
		}
		message, invalid := c.convert(raw, h.len()-i)
		same = append(same, converted{message, invalid})
	}
	if best := slices.IndexFunc(same, converted.usable); best > 0 {
		message := same[best]
		copy(same[1:], same[:best])
		same[0] = message
	}
	return same, nil
}
