package csvfile

import (
	"cmp"
	"errors"
	"strings"

	"kommo-import/sources"
)

func (c *converter) conversation(rec *record) (sources.Conversation, error) {
	id, err := c.id("conversation_id", rec.ConversationID)
	if err != nil {
		return sources.Conversation{}, err
	}
	if id == "" {
		return sources.Conversation{}, errors.New("conversation_id is empty")
	}
	clientID, err := c.id("client_id", rec.ClientID)
	client := sources.Client{
		ID:     cmp.Or(clientID, id),
		Name:   c.name("client_name", rec.ClientName),
		Email:  c.email(rec.ClientEmail),
		Avatar: c.link("client_avatar", rec.ClientAvatar),
	}
	kind := sources.KindOfConversation(id)
	client.Phone = c.plain("client_phone", rec.ClientPhone)
	if kind == sources.Person {
		setPhone(&client, id)
	}
	return sources.Conversation{ID: id, Kind: kind, Client: client}, err
}

// id returns a cell that identifies something. Many ids in scientific form are one: 7.9001E+10 stands for a million
// phones. Such an id is refused, because it would put the messages of several clients into one chat.
func (c *converter) id(column, cell string) (string, error) {
	id := c.plain(column, cell)
	if isScientific(id) {
		return id, invalid(column, id, errors.New("a spreadsheet has shortened this number; format the column as text and export it again"))
	}
	return id, nil
}

// setPhone completes the phone of a client, which is as the column client_phone has it.
//
// The id of a WhatsApp chat is the number that the client uses there. A phone without country code, or a cell that is no
// phone, must not hide it. An id that is written like a phone, with its plus or "whatsapp:", is the client's phone too.
// Digits alone may number clients, so they serve only to find clients with several ids.
func setPhone(client *sources.Client, conversation string) {
	ids := []string{conversation, client.ID}
	for _, id := range ids {
		if !sources.HoldsPhone(id) {
			continue
		}
		if client.Phone == "" || !sameDigits(client.Phone, id) && !sources.LooksInternational(client.Phone) {
			client.Phone = id
		}
		return
	}
	if client.Phone != "" {
		return
	}
	for _, id := range ids {
		if !mayBePhone(id) || !sources.LooksInternational(id) {
			continue
		}
		if strings.ContainsAny(id, "+:") {
			client.Phone = id
		} else {
			client.SuspectedPhone = id
		}
		return
	}
}

// sameDigits reports whether phone is written as "79001234567" or "+79001234567" and id begins with these digits.
func sameDigits(phone, id string) bool {
	rest, found := strings.CutPrefix(id, strings.TrimPrefix(phone, "+"))
	return found && strings.HasPrefix(rest, "@")
}

// mayBePhone tells most ids from phones by their first character, because that is quick.
func mayBePhone(id string) bool {
	return id != "" && strings.IndexByte("+(0123456789", id[0]) >= 0 ||
		strings.HasPrefix(id, "whatsapp:") || strings.HasPrefix(id, "tel:")
}

// isScientific reports whether s is a number that a spreadsheet or a program has shortened: 7.9E+10, 7,9E+10, 8E+10.
func isScientific(s string) bool {
	if len(s) < 4 || strings.IndexByte(".,eE", s[1]) < 0 {
		return false
	}
	mantissa, exponent, found := strings.Cut(strings.ToUpper(s), "E")
	exponent, signed := strings.CutPrefix(exponent, "+")
	digits := strings.Map(func(r rune) rune {
		if r == '.' || r == ',' {
			return -1
		}
		return r
	}, mantissa)
	return found && areDigits(digits) && areDigits(exponent) && (signed || len(digits) > 1)
}

func areDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// email returns a cell that holds the address of one mailbox, or "".
func (c *converter) email(cell string) string {
	s := c.plain("client_email", cell)
	if s == "" {
		return ""
	}
	user, domain, _ := strings.Cut(s, "@")
	if user == "" || !strings.Contains(domain, ".") || strings.ContainsAny(domain, "@") || strings.ContainsAny(s, " \t\n,;<>\"") {
		c.note(cellDropped, "client_email", s, "")
		return ""
	}
	return s
}

// link returns a cell that holds the address of a file or page on the web, or "".
func (c *converter) link(column, cell string) string {
	s := c.plain(column, cell)
	if s == "" {
		return ""
	}
	link, ok := webAddress(s)
	if !ok {
		c.note(cellDropped, column, s, "")
	}
	return link
}
