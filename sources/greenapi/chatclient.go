package greenapi

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"kommo-import/sources"
)

// clientOf returns the client of a chat from the best source of each field. The names that the account's owner gave come
// before the client's own. Names of senders count only in a chat with a person, where the
// account's own name does not count.
//
// The phone is the chat's id. An @lid id has no phone, but its senders may have one (inferred). A phone for an @lid that
// Green-API's lists have is known to be wrong at times (issue #1121), so it is only suspected.
func clientOf(chat Chat, contact Contact, info ContactInfo, index *chatIndex) sources.Client {
	client := sources.Client{ID: chat.ID, Phone: phoneID(chat.ID), Email: strings.TrimSpace(info.Email)}
	names := []string{contact.ContactName, chat.Name, contact.Name, info.ContactName, info.Name}
	if isPerson(chat.ID) {
		senders := &index.senders
		names = append(names, senders.contactName, senders.senderName, senders.unsignedName())
		names = slices.DeleteFunc(names, func(name string) bool { return name != contact.ContactName && index.isOwnName(name) })
		if client.Phone == "" {
			client.Phone, client.SuspectedPhone = phonesOf(chat, contact, index)
		}
	}
	client.Name = firstName(chat.ID, names...)
	if isWebAddress(info.Avatar) {
		client.Avatar = info.Avatar
	}
	return client
}

// phonesOf returns the phone of a client whose id has none, or a phone that may be theirs. It is never the account's own.
func phonesOf(chat Chat, contact Contact, index *chatIndex) (phone, suspected string) {
	if senders := &index.senders; senders.phone != "" && !senders.otherPhone {
		return senders.phone, ""
	}
	for _, candidate := range []string{contact.Phone, contact.ID, contact.OtherID, chat.Phone, index.senders.phone} {
		if id := phoneID(candidate); id != "" && !index.own.has(id) {
			return "", id
		}
	}
	return "", ""
}

// firstName returns the first of names that is a real name, or "". Green-API fills gaps with ids and numbers, which would
// hide a real name in another place (inferred).
func firstName(id string, names ...string) string {
	user, _, _ := strings.Cut(id, "@")
	for _, name := range names {
		name = strings.TrimSpace(name)
		if !isBlank(name) && name != id && name != user && !isNumber(name) && !isWhatsAppID(name) && !isNoValue(name) {
			return name
		}
	}
	return ""
}

// isNoValue reports whether s is the word of a program for nothing.
func isNoValue(s string) bool { return s == "null" || s == "undefined" }

// isNumber reports whether s is a phone number in any form: seven digits or more and no letter.
func isNumber(s string) bool {
	digits := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			return false
		}
		if unicode.IsDigit(r) {
			digits++
		}
	}
	return digits >= 7
}

// isWhatsAppID reports whether s is an id such as "79001234567@c.us" or "120363025486842017@g.us".
func isWhatsAppID(s string) bool {
	user, server, found := strings.Cut(s, "@")
	servers := []string{"c.us", "s.whatsapp.net", "lid", "g.us", "broadcast", "newsletter", "bot"}
	return found && slices.Contains(servers, server) && !strings.ContainsAny(user, " \t\n")
}

// merged returns the chats in the order of their ids, each once: a list may name a chat twice (issue #826).
func merged(chats []Chat) (all []Chat) {
	slices.SortStableFunc(chats, func(a, b Chat) int { return cmp.Compare(a.ID, b.ID) })
	for _, c := range chats {
		if last := len(all) - 1; last >= 0 && all[last].ID == c.ID {
			all[last].Name = firstName(c.ID, all[last].Name, c.Name)
			all[last].Phone = cmp.Or(all[last].Phone, c.Phone)
		} else {
			all = append(all, c)
		}
	}
	return all
}
