package greenapi

import (
	"regexp"
	"strings"

	"kommo-import/sources"
)

// An ownIDs is the set of the ids that the account itself has: its number and its @lid. A nil set is empty.
type ownIDs struct {
	certain map[string]bool // from the settings
	likely  map[string]bool // from the contacts, whose phones of @lid ids may be wrong (issue #1121)
	names   map[string]bool // that the account has in its contacts
}

// newOwnIDs returns the set of these ids and of the contacts that have one of them. Ids may be blank.
func newOwnIDs(ids []string, contacts []Contact) *ownIDs {
	own := &ownIDs{make(map[string]bool), make(map[string]bool), make(map[string]bool)}
	for _, id := range ids {
		if id = plainID(id); id != "" {
			own.certain[id] = true
		}
	}
	for _, contact := range contacts {
		if own.certain[plainID(contact.ID)] {
			own.names[contact.Name], own.names[contact.ContactName] = true, true
		}
		for _, id := range []string{contact.ID, contact.OtherID, contact.LID, phoneID(contact.Phone)} {
			if own.certain[plainID(id)] {
				own.addLikely(contact)
			}
		}
	}
	return own
}

func (o *ownIDs) addLikely(contact Contact) {
	for _, id := range []string{contact.ID, contact.OtherID, contact.LID} {
		if id != "" {
			o.likely[plainID(id)] = true
		}
	}
}

// has reports whether id is the account's.
func (o *ownIDs) has(id string) bool {
	if o == nil || id == "" {
		return false
	}
	id = plainID(id)
	return o.certain[id] || o.likely[id]
}

// isNotes reports whether a chat has only notes to oneself. A chat that only the contacts call the account's has a client
// if somebody writes there.
func (o *ownIDs) isNotes(chat string, answered bool) bool {
	return o != nil && (o.certain[plainID(chat)] || o.has(chat) && !answered)
}

// device matches the number of a device in an id such as "79001234567:12@s.whatsapp.net".
var device = regexp.MustCompile(`[:_]\d+@`)

// plainID returns an id without a device, with the server that Green-API uses. Digits alone are a number.
func plainID(id string) string {
	id = strings.TrimSpace(id)
	if strings.ContainsAny(id, ":_") {
		id = device.ReplaceAllString(id, "@")
	}
	if user, found := strings.CutSuffix(id, "@s.whatsapp.net"); found {
		id = user + "@c.us"
	}
	if isDigits(id) {
		id += "@c.us"
	}
	return id
}

func sameID(a, b string) bool { return a != "" && plainID(a) == plainID(b) }

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// phoneID returns "79001234567@c.us" for an id that holds a phone, or for a phone, which Green-API writes without a plus.
// It returns "" for anything else.
func phoneID(s string) string {
	id := plainID(strings.TrimPrefix(strings.TrimSpace(s), "+"))
	user, found := strings.CutSuffix(id, "@c.us")
	if !found || !isDigits(user) || len(user) < 7 || len(user) > 15 || notPerson(id) != "" {
		return ""
	}
	return id
}

// dialled returns the phone in an id for people: in E.164, or as WhatsApp has it with a plus.
func dialled(id string) string {
	if phone := sources.PhoneOfID(id); phone != "" {
		return phone
	}
	return labelled("+", strings.TrimSuffix(phoneID(id), "@c.us"))
}

// serviceNumber matches the ids that WhatsApp uses for itself and for Meta AI (seen in code of WhatsApp libraries).
var serviceNumber = regexp.MustCompile(`^(0|16505361212|1313555\d{4}|131655500\d{2})@c\.us$`)

// notPerson returns why there is no client in a chat, or "". A group is a client.
func notPerson(id string) string {
	id = plainID(id)
	user, server, _ := strings.Cut(id, "@")
	switch {
	case server == "newsletter":
		return "a newsletter; nobody answers there"
	case server == "broadcast":
		return "a broadcast list or status; nobody answers there"
	case server == "bot":
		return "a chat with a bot of WhatsApp; there is no client"
	case serviceNumber.MatchString(id), server == "c.us" && !isDigits(user), user == "0":
		return "a chat with WhatsApp itself; there is no client"
	}
	return ""
}

// isPerson reports whether all incoming entries of a chat are from one person.
func isPerson(id string) bool {
	return sources.KindOfConversation(id) == sources.Person && notPerson(id) == ""
}
