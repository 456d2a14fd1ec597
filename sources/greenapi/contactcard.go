package greenapi

import (
	"cmp"
	"slices"
	"strings"

	"github.com/emersion/go-vcard"

	"kommo-import/sources"
)

// A contactCard is a visiting card.
type contactCard struct {
	name   string
	phones []string // in E.164 where they can be, each once
}

// readCard reads a contact. What its vCard does not tell, or not in a readable way, is left out.
func readCard(contact entryContact) contactCard {
	text := strings.TrimLeft(string(contact.VCard), "\ufeff \t\r\n")
	// An error comes with what was read before it.
	card, _ := vcard.NewDecoder(strings.NewReader(typedParams(text))).Decode()
	c := contactCard{name: oneLine(cmp.Or(string(contact.DisplayName), card.Value(vcard.FieldFormattedName), cardName(card)))}
	for _, field := range card[vcard.FieldTelephone] {
		if phone := cardPhone(field); phone != "" && !slices.Contains(c.phones, phone) {
			c.phones = append(c.phones, phone)
		}
	}
	return c
}

// cardName returns "Anna Petrova" of N:Petrova;Anna;;;.
func cardName(card vcard.Card) string {
	name := card.Name()
	if name == nil {
		return ""
	}
	return oneLine(strings.Join([]string{name.HonorificPrefix, name.GivenName, name.AdditionalName, name.FamilyName,
		name.HonorificSuffix}, " "))
}

// cardPhone returns the phone of TEL;type=CELL;waid=79001234567:8 (900) 123-45-67 in E.164. waid is the number of a
// WhatsApp account and as such international (seen in code). What is no such number is returned as it stands.
func cardPhone(field *vcard.Field) string {
	value := strings.TrimSpace(strings.TrimPrefix(field.Value, "tel:"))
	if phone, ok := sources.ParsePhone(value); ok {
		return phone
	}
	waid := strings.TrimSpace(field.Params.Get("WAID"))
	if phone, ok := sources.ParsePhone("+" + waid); ok {
		return phone
	}
	return oneLine(cmp.Or(value, waid))
}

// typedParams turns the TEL;CELL:… of vCard 2.1 into TEL;TYPE=CELL:…, without which the decoder takes the number for
// a parameter.
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
