package greenapi

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/emersion/go-vcard"

	"kommo-import/sources"
)

// setContacts makes m a contact, or a text if there are several: a contact in Kommo has one name and one phone.
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
		var lines []lenientText
		for _, card := range cards {
			phones := lenientText(strings.Join(card.phones, ", "))
			lines = append(lines, lenientText("[contact] "+inOneLine(lenientText(card.name), phones)))
		}
		m.Text = nonBlankLines(lines...)
	}
}

// setContact makes m a contact with the first phone; further phones go into the text.
func setContact(m *sources.Message, card contactCard) {
	m.Kind, m.Contact = sources.KindContact, &sources.Contact{Name: card.name}
	if len(card.phones) > 0 {
		m.Contact.Phone = card.phones[0]
		m.Text = strings.Join(card.phones[1:], "\n")
	}
}

type contactCard struct {
	name   string
	phones []string // in E.164 where possible, each once
}

// readCard reads a contact. Fields that its vCard does not have, or not in a valid form, are left out.
func readCard(contact entryContact) contactCard {
	text := strings.TrimLeft(string(contact.VCard), "\ufeff \t\r\n")
	card, _ := vcard.NewDecoder(strings.NewReader(typedParams(text))).Decode() // fields before an error count
	c := contactCard{name: oneLine(cmp.Or(string(contact.DisplayName), card.Value(vcard.FieldFormattedName), cardName(card)))}
	for _, field := range card[vcard.FieldTelephone] {
		if phone := cardPhone(field); phone != "" && !slices.Contains(c.phones, phone) {
			c.phones = append(c.phones, phone)
		}
	}
	return c
}

// cardName returns "Anna Petrova" for N:Petrova;Anna;;;.
func cardName(card vcard.Card) string {
	name := card.Name()
	if name == nil {
		return ""
	}
	return oneLine(strings.Join([]string{name.HonorificPrefix, name.GivenName, name.AdditionalName, name.FamilyName,
		name.HonorificSuffix}, " "))
}

// cardPhone returns the phone of TEL;type=CELL;waid=79001234567:8 (900) 123-45-67 in E.164, or as it stands if that is
// not possible. waid is the number of a WhatsApp account and therefore international (seen in code).
func cardPhone(field *vcard.Field) string {
	value := strings.TrimSpace(strings.TrimPrefix(field.Value, "tel:"))
	if phone, ok := sources.ParsePhone(value, ""); ok {
		return phone
	}
	waid := strings.TrimSpace(field.Params.Get("WAID"))
	if phone, ok := sources.ParsePhone("+"+waid, ""); ok {
		return phone
	}
	return oneLine(cmp.Or(value, waid))
}

// typedParams turns the TEL;CELL:… of vCard 2.1 into TEL;TYPE=CELL:…. Without that the decoder takes the number for a
// parameter.
func typedParams(card string) string {
	var b strings.Builder
	for line := range strings.Lines(card) {
		head, value, found := strings.Cut(line, ":")
		key, params, _ := strings.Cut(head, ";")
		if !found || params == "" || strings.Contains(params, `"`) || !strings.HasSuffix(strings.ToUpper(key), "TEL") {
			b.WriteString(line)
			continue
		}
		b.WriteString(key)
		for param := range strings.SplitSeq(params, ";") {
			if !strings.Contains(param, "=") {
				param = "TYPE=" + param
			}
			b.WriteString(";" + param)
		}
		b.WriteString(":" + value)
	}
	return b.String()
}

// clientOf returns the client of a chat from the best source of each field. The names that the account's owner gave come
// before the client's own. Names of senders count only in a chat with a person.
//
// The phone is part of the chat's id. An @lid id has no phone, but its senders may have one (inferred). The phoneNumber
// of getContacts is not used for an @lid: it is known to be wrong (issue #1121).
func clientOf(chat Chat, contact Contact, info ContactInfo, index *chatIndex) sources.Client {
	client := sources.Client{ID: chat.ID, Phone: sources.PhoneOfID(chat.ID), Email: strings.TrimSpace(info.Email)}
	names := []string{contact.ContactName, chat.Name, contact.Name, info.ContactName, info.Name}
	if isPerson(chat.ID) {
		names = append(names, index.contactName, index.senderName)
		client.Phone = cmp.Or(client.Phone, index.phone)
	}
	client.Name = firstName(chat.ID, names...)
	if isWebAddress(info.Avatar) {
		client.Avatar = info.Avatar
	}
	return client
}

// isPerson reports whether all incoming entries of a chat are from one person.
func isPerson(id string) bool {
	return sources.KindOfConversation(id) == sources.Person &&
		!strings.HasSuffix(id, "@newsletter") && !strings.HasSuffix(id, "@broadcast")
}

// firstName returns the first of names that is a real name, or "". Green-API fills gaps with ids and numbers, which would
// hide a real name in another place (inferred).
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
	servers := []string{"c.us", "s.whatsapp.net", "lid", "g.us", "broadcast", "newsletter"}
	return found && slices.Contains(servers, server) && !strings.ContainsAny(user, " \t\n")
}
