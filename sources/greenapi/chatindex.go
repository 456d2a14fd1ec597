package greenapi

import (
	"encoding/json"
	"hash/fnv"
	"iter"
	"slices"
	"strings"

	"kommo-import/sources"
)

// A chatIndex holds the facts of a chat that are spread over its entries. The zero value is ready to use.
type chatIndex struct {
	chat string  // the chat's id; "" if it is not known
	own  *ownIDs // of the account; nil if they are not known

	asked   bool   // an entry names the chat
	another string // another chat of the same kind that an entry names, or ""

	senders   senderIndex
	edits     editIndex
	deletions map[string]bool // ids of deleted messages, from their marks and from deletedMessage entries

	// Entries are numbered from the newest, from 0.
	entries    int                  // number of entries so far
	newest     map[uint64]int       // the newest entry of each id, by the hash of the id: a history has many ids
	duplicates map[int][]int        // by the newest entry of an id: the other entries of the id, newest first
	older      map[int]bool         // all entries in duplicates
	incomplete map[lenientText]bool // ids of which every entry is incomplete
}

// fresh returns an empty index of the same chat.
func (x *chatIndex) fresh() chatIndex { return chatIndex{chat: x.chat, own: x.own} }

// hashOf returns a 64-bit hash of an id. Two ids of a chat with the same hash are unlikely, and would do little harm.
func hashOf(id lenientText) uint64 {
	hash := fnv.New64a()
	hash.Write([]byte(id))
	return hash.Sum64()
}

// An indexedEntry has the fields of an entry that an index needs.
type indexedEntry struct {
	Type              lenientText `json:"type"`
	ChatID            lenientText `json:"chatId"`
	IDMessage         lenientText `json:"idMessage"`
	Timestamp         lenientText `json:"timestamp"`
	TypeMessage       lenientText `json:"typeMessage"`
	SenderID          lenientText `json:"senderId"`
	SenderName        lenientText `json:"senderName"`
	SenderContactName lenientText `json:"senderContactName"`
	EditedMessageID   lenientText `json:"editedMessageId"`
	IsDeleted         lenientBool `json:"isDeleted"`
	DeletedMessageID  lenientText `json:"deletedMessageId"`
}

// add adds the next older entry. Unreadable fields are ignored.
func (x *chatIndex) add(raw json.RawMessage) {
	var e indexedEntry
	_ = json.Unmarshal(raw, &e) // all fields of a value that is not an object are empty
	if e.Type == "" || e.TypeMessage == "" || e.TypeMessage == "deletedMessage" || e.TypeMessage == "editedMessage" {
		x.addAny(raw, &e)
	}
	x.addID(&e)
	x.addChat(string(e.ChatID))
	x.entries++
	if e.IsDeleted || e.DeletedMessageID != "" && e.TypeMessage != "deletedMessage" {
		x.addDeletion(string(e.IDMessage))
	}
	if e.EditedMessageID != "" && e.TypeMessage != "editedMessage" {
		x.edits.addName(e.IDMessage, e.EditedMessageID)
	}
	if sources.Direction(e.Type) == sources.Incoming {
		x.senders.add(x, &e)
	}
}

// addAny adds a deletion or an edit, whose fields may stand elsewhere. It corrects the basic fields of e.
func (x *chatIndex) addAny(raw json.RawMessage, e *indexedEntry) {
	whole, err := readEntry(raw)
	if err != nil {
		return
	}
	if needsFlattening(whole) {
		whole = flatten(whole)
	}
	e.Type, e.TypeMessage, e.Timestamp = whole.Type, whole.TypeMessage, whole.Timestamp
	e.SenderID, e.SenderName, e.SenderContactName = whole.SenderID, whole.SenderName, whole.SenderContactName
	switch e.TypeMessage {
	case "deletedMessage":
		x.addDeletion(whole.deleteTarget())
	case "editedMessage":
		x.edits.add(whole)
	}
}

// addChat adds the chat that an entry names. A chat may be named by a phone or by a @lid (documented).
func (x *chatIndex) addChat(named string) {
	_, kind, _ := strings.Cut(named, "@")
	_, own, _ := strings.Cut(x.chat, "@")
	switch {
	case named == "":
	case named == x.chat:
		x.asked = true
	case kind == own:
		x.another = named
	}
}

func (x *chatIndex) addID(e *indexedEntry) {
	id := e.IDMessage
	if id == "" {
		return
	}
	if x.newest == nil {
		x.newest, x.duplicates, x.older = make(map[uint64]int), make(map[int][]int), make(map[int]bool)
		x.incomplete = make(map[lenientText]bool)
	}
	hash := hashOf(id)
	newest, known := x.newest[hash]
	if whole := e.Type != "" && e.Timestamp != ""; whole {
		delete(x.incomplete, id)
	} else if !known {
		x.incomplete[id] = true
	}
	if !known {
		x.newest[hash] = x.entries
		return
	}
	x.duplicates[newest] = append(x.duplicates[newest], x.entries)
	x.older[x.entries] = true
}

// has reports whether an entry has the id. An incomplete entry does not count.
func (x *chatIndex) has(id lenientText) bool {
	_, known := x.newest[hashOf(id)]
	return known && id != "" && !x.incomplete[id]
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

// A converted is the message of an entry, or the reason why the entry is invalid.
type converted struct {
	message sources.Message
	invalid *sources.Invalid // nil for a message
}

func (c converted) usable() bool { return c.invalid == nil && c.message.Skip == "" }

// converted yields the converted entries of h, oldest first. Duplicates, which have the same id, follow each other at the
// place of the oldest of them. The first of them is the message: the newest that is neither skipped nor invalid, else
// the newest. All have the earliest of their times: WhatsApp may deliver a message again hours later (seen in code).
func (c *chat) converted(h *history) iter.Seq2[converted, error] {
	return func(yield func(converted, error) bool) {
		groups := c.index.groups()
		for i := h.len() - 1; i >= 0; i-- {
			group := groups[i]
			if group == nil {
				if c.index.older[i] || len(c.index.duplicates[i]) > 0 {
					continue
				}
				group = []int{i}
			}
			same, err := c.convertSame(h, group)
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

// groups returns the entries of each id that several have, newest first, by the oldest of them.
func (x *chatIndex) groups() map[int][]int {
	groups := make(map[int][]int, len(x.duplicates))
	for newest, older := range x.duplicates {
		groups[older[len(older)-1]] = append([]int{newest}, older...)
	}
	return groups
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
	setEarliest(same)
	return same, nil
}

// setEarliest gives all messages the earliest of their times.
func setEarliest(same []converted) {
	earliest := -1
	for i, one := range same {
		if one.invalid == nil && (earliest < 0 || one.message.Time.Before(same[earliest].message.Time)) {
			earliest = i
		}
	}
	if earliest < 0 {
		return
	}
	for i := range same {
		if same[i].invalid == nil {
			same[i].message.Time = same[earliest].message.Time
		}
	}
}
