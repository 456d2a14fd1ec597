package greenapi

import (
	"cmp"
	"slices"

	"kommo-import/sources"
)

// maxNames limits the names that are kept of entries without a sender.
const maxNames = 8

// A senderIndex holds the names and phones of senders in the incoming entries of a chat. Those of the account itself are
// ignored: Green-API may name the recipient as the sender (issue #883).
type senderIndex struct {
	any         bool              // there are incoming entries
	contactName string            // the newest senderContactName, the account's name for the sender
	senderName  string            // the newest senderName, the sender's own name
	phone       string            // the newest sender's id, if it holds a phone
	otherPhone  bool              // there are senders with different phones
	names       map[string]string // the newest name of each sender
	unsigned    []string          // names in entries without a sender
	ownNames    []string          // names of the account itself
}

func (s *senderIndex) add(x *chatIndex, e *indexedEntry) {
	s.any = true
	id := string(e.SenderID)
	contactName, senderName := firstName(id, string(e.SenderContactName)), firstName(id, string(e.SenderName))
	switch {
	case x.own.has(id) && !sameID(id, x.chat):
		s.ownNames = appendName(s.ownNames, senderName)
		return
	case id == "":
		s.unsigned = appendName(appendName(s.unsigned, contactName), senderName)
		return
	}
	s.contactName = cmp.Or(s.contactName, contactName)
	if !x.isOwnName(senderName) {
		s.senderName = cmp.Or(s.senderName, senderName)
	}
	s.addName(id, cmp.Or(contactName, senderName))
	if phone := phoneID(id); phone != "" {
		s.otherPhone = s.otherPhone || s.phone != "" && s.phone != phone
		s.phone = cmp.Or(s.phone, phone)
	}
}

func (s *senderIndex) addName(id, name string) {
	if name == "" || s.names[id] != "" {
		return
	}
	if s.names == nil {
		s.names = make(map[string]string)
	}
	s.names[id] = name
}

func appendName(names []string, name string) []string {
	if name == "" || len(names) == maxNames || slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}

// unsignedName returns a name of an entry without a sender that is not the account's, or "".
func (s *senderIndex) unsignedName() string {
	for _, name := range s.unsigned {
		if !slices.Contains(s.ownNames, name) {
			return name
		}
	}
	return ""
}

// isOwnName reports whether a name is the account's own. Green-API gives it to clients at times (issues #612 and #805).
func (x *chatIndex) isOwnName(name string) bool {
	return x.own != nil && x.own.names[name] || slices.Contains(x.senders.ownNames, name)
}

// author returns the author of e. An outgoing entry has no senderId (seen in code): its author is the account.
func (c *chat) author(e *entry, direction sources.Direction) sources.Author {
	if direction == sources.Outgoing {
		return sources.Author{ID: c.account}
	}
	id := string(e.SenderID)
	if c.index.own.has(id) && !sameID(id, c.conversation.ID) {
		return sources.Author{}
	}
	name := firstName(id, c.name(id), string(e.SenderContactName), string(e.SenderName), c.index.senders.names[id])
	if id == "" && c.index.isOwnName(name) {
		name = ""
	}
	if name == "" {
		name = dialled(id) // which takes its time
	}
	return sources.Author{ID: id, Name: name}
}
