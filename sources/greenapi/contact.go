package greenapi

import (
	"slices"
	"strings"

	"github.com/emersion/go-vcard"

	"kommo-import/sources"
)

// setContacts makes m a contact, or a text if there are several: a contact in Kommo has one name and one phone.
//
//	[contact] Anna Petrova: +79001234567, +79007654321
//	[contact] Taxi: 1234
//
// Without a name and a number m stays a text without content.
func setContacts(m *sources.Message, contacts []entryContact) {
	cards := cardsOf(contacts)
	switch len(cards) {
	case 0:
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

// contactsOf returns all contacts of an entry.
func contactsOf(e *entry) []entryContact { return append([]entryContact{e.Contact}, e.Contacts...) }

// cardsOf returns the contacts that have a name or a number, each once.
func cardsOf(contacts []entryContact) (cards []contactCard) {
	for _, contact := range contacts {
		card := readCard(contact)
		if card.name == "" && len(card.phones) == 0 || slices.ContainsFunc(cards, card.equal) {
			continue
		}
		cards = append(cards, card)
	}
	return cards
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

func (c contactCard) equal(other contactCard) bool {
	return c.name == other.name && slices.Equal(c.phones, other.phones)
}

// readCard reads a contact. Fields that its vCard does not have, or not in a valid form, are left out.
func readCard(contact entryContact) contactCard {
	text := strings.TrimLeft(string(contact.VCard), "\ufeff \t\r\n")
	card, _ := vcard.NewDecoder(strings.NewReader(modernCard(text))).Decode() // fields before an error count
	c := contactCard{name: firstLine(string(contact.DisplayName), card.Value(vcard.FieldFormattedName), cardName(card),
		card.Value(vcard.FieldNickname), card.Value("X-WA-BIZ-NAME"), strings.Trim(card.Value(vcard.FieldOrganization), ";"))}
	for _, field := range card[vcard.FieldTelephone] {
		if phone := cardPhone(field); phone != "" && !slices.Contains(c.phones, phone) {
			c.phones = append(c.phones, phone)
		}
	}
	if c.name == "" && len(c.phones) == 0 {
		c.name = firstLine(card.Value(vcard.FieldEmail), card.Value(vcard.FieldURL), card.Value(vcard.FieldNote))
	}
	return c
}

// firstLine returns the first of texts that is not blank, on one line.
func firstLine(texts ...string) string {
	for _, text := range texts {
		if !isBlank(text) {
			return oneLine(text)
		}
	}
	return ""
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
// not possible. waid is the number of a WhatsApp account and therefore international (seen in code). A number with a
// single digit, or without any but 0, is none (issue #836).
func cardPhone(field *vcard.Field) string {
	value := strings.TrimSpace(strings.TrimPrefix(field.Value, "tel:"))
	if phone, ok := sources.ParsePhone(value, ""); ok {
		return phone
	}
	waid := strings.TrimSpace(field.Params.Get("WAID"))
	if phone, ok := sources.ParsePhone("+"+waid, ""); ok {
		return phone
	}
	for _, phone := range []string{value, waid} {
		digits := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, phone)
		if len(digits) > 1 && strings.Trim(digits, "0") != "" {
			return oneLine(phone)
		}
	}
	return ""
}
