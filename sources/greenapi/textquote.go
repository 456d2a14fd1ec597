package greenapi

import (
	"cmp"

	"kommo-import/sources"
)

// maxQuote is how much of a quoted message is repeated, in runes.
const maxQuote = 300

// replyTo returns the id of the message that e answers or reacts to, or "".
func (e *entry) replyTo() string {
	var quoted looseText
	if e.QuotedMessage != nil {
		quoted = e.QuotedMessage.StanzaID
	}
	return string(cmp.Or(quoted, e.ExtendedTextMessage.StanzaID, e.choice().StanzaID, e.Poll.StanzaID))
}

// quote returns what a quoted message said, on one line: its text, or "[picture] caption", "[poll] Which day?". It is
// "" if that is not told.
func (c *chat) quote(e *entry) string {
	m := sources.Message{Kind: sources.KindText}
	if err := c.setContent(&m, e); err != nil && m.Kind == sources.KindText {
		text, _ := decrypted(bodyOf(e)) // whatever type it has
		m.Text = cmp.Or(text, caption(e))
	}
	text := m.Text
	switch {
	case e.Poll.Name != "":
		text = "[poll] " + string(e.Poll.Name)
	case m.Contact != nil:
		text = "[contact] " + inOneLine(looseText(m.Contact.Name), looseText(m.Contact.Phone))
	case m.Kind == sources.KindFile:
		text = "[file] " + cmp.Or(m.Text, m.Media.Name)
	case m.Kind != sources.KindText:
		text = "[" + string(m.Kind) + "] " + m.Text
	}
	return cutRunes(oneLine(text), maxQuote)
}
