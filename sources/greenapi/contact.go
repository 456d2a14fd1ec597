package greenapi

import (
	"cmp"
	"strings"
	"unicode"

	"kommo-import/sources"
)

// setContacts makes m a contact, or a text if it holds several: Kommo's contact is one name and one phone.
//
//	[contact] Anna Petrova: +79001234567, +79007654321
//	[contact] Taxi: 1234
func setContacts(m *sources.Message, contacts []entryContact) {
	var cards []contactCard
	for _, contact := range contacts {
		if card := readCard(contact); card.name != "" || len(card.phones) > 0 {
			cards = append(cards, card)
		}
	}
	switch len(cards) {
	case 0:
		m.Skip = cmp.Or(m.Skip, "a contact without a name and a number")
	case 1:
		setContact(m, cards[0])
	default:
		var lines []looseText
		for _, card := range cards {
			phones := looseText(strings.Join(card.phones, ", "))
			lines = append(lines, looseText("[contact] "+inOneLine(looseText(card.name), phones)))
		}
		m.Text = nonBlankLines(lines...)
	}
}

// setContact makes m a contact with the first number; further ones go into the text.
func setContact(m *sources.Message, card contactCard) {
	m.Kind, m.Contact = sources.KindContact, &sources.Contact{Name: card.name}
	if len(card.phones) > 0 {
		m.Contact.Phone = card.phones[0]
		m.Text = strings.Join(card.phones[1:], "\n")
	}
}

// firstName returns the first of names that is a name for id, or "". Green-API fills gaps with ids and numbers, which
// would hide a real name that stands elsewhere (inferred).
func firstName(id string, names ...string) string {
	user, _, _ := strings.Cut(id, "@")
	for _, name := range names {
		name = strings.TrimSpace(name)
		if name != "" && name != id && name != user && !isNumber(name) && !isWhatsAppID(name) {
			return name
		}
	}
	return ""
}

// isNumber reports whether s is a phone number however it is written: seven digits or more and no letter.
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
	switch server {
	case "c.us", "s.whatsapp.net", "lid", "g.us", "broadcast", "newsletter":
		return found && !strings.ContainsAny(user, " \t\n")
	}
	return false
}
