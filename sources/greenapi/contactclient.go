package greenapi

import (
	"strings"

	"kommo-import/sources"
)

// clientOf returns what is known of a chat's client; the best known wins. Names: what the account's owner calls the
// client comes before what the client calls themselves. What senders are called is of use in a person's chat only.
//
// The phone is the one that the chat's id is made of. A chat with an @lid id has none, but its senders may have
// (inferred). The phoneNumber that getContacts tells for an @lid is not used: it is known to be wrong (issue #1121).
func clientOf(chat Chat, contact Contact, info ContactInfo, s *survey) sources.Client {
	client := sources.Client{ID: chat.ID, Phone: sources.PhoneOfID(chat.ID), Email: strings.TrimSpace(info.Email)}
	names := []string{contact.ContactName, chat.Name, contact.Name, info.ContactName, info.Name}
	if isPerson(chat.ID) {
		names = append(names, s.contactName, s.senderName)
		if client.Phone == "" {
			client.Phone = s.phone
		}
	}
	client.Name = firstName(chat.ID, names...)
	if isWebAddress(info.Avatar) {
		client.Avatar = info.Avatar
	}
	return client
}

// isPerson reports whether the incoming entries of a chat are all from one person.
func isPerson(id string) bool {
	return sources.KindOfConversation(id) == sources.Person &&
		!strings.HasSuffix(id, "@newsletter") && !strings.HasSuffix(id, "@broadcast")
}
