package greenapi

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"kommo-import/sources"
)

// bodyOf returns the text of a message: of textMessage and extendedTextMessage from the top, of a quotedMessage from
// extendedTextMessage, of a reaction from extendedTextMessageData (seen in code). The words of a newer edit come first.
func bodyOf(e *entry) lenientText {
	return cmp.Or(e.words, e.TextMessage, e.ExtendedTextMessage.Text, e.ExtendedTextMessageData.Text)
}

// text returns the text of a message that is a text in Kommo, "" without a text in the place of its type.
func (c *chat) text(e *entry) (string, error) {
	switch {
	case e.TypeMessage == "editedMessage":
		return decrypted(wordsOfEdit(e))
	case isText(e):
		text, err := decrypted(bodyOf(e))
		if err == nil && text == "" && !e.edited() && !hasText(e.raw) && legibleText(e.raw) == "" {
			err = errors.New("it has no text")
		}
		return text, err
	case isMenu(e):
		return cmp.Or(menuText(e), chosen("[button pressed] ", e)), nil
	case e.TypeMessage == "listResponseMessage":
		return chosen("[chosen from the list] ", e), nil
	case isChoice(e):
		return chosen("[button pressed] ", e), nil
	}
	switch e.TypeMessage {
	case "pollMessage":
		return pollText(&e.Poll), nil
	case "pollUpdateMessage":
		return c.votesText(&e.Poll), nil
	case "groupInviteMessage":
		return groupInviteText(&e.GroupInvite), nil
	case "orderMessage":
		return orderText(e), nil
	case "deletedMessage":
		return "", nil
	}
	return decrypted(bodyOf(e)) // of a type that is not known
}

// hasText reports whether an entry has any of the fields of bodyOf, even if its text is empty.
func hasText(raw json.RawMessage) bool {
	type extended struct {
		Text textField `json:"text"`
	}
	var e struct {
		TextMessage             textField `json:"textMessage"`
		ExtendedTextMessage     extended  `json:"extendedTextMessage"`
		ExtendedTextMessageData extended  `json:"extendedTextMessageData"`
		MessageData             struct {
			TextMessageData struct {
				TextMessage textField `json:"textMessage"`
			} `json:"textMessageData"`
			ExtendedTextMessageData extended `json:"extendedTextMessageData"`
		} `json:"messageData"`
	}
	_ = json.Unmarshal(raw, &e) // fields of another type are left out
	return bool(e.TextMessage || e.ExtendedTextMessage.Text || e.ExtendedTextMessageData.Text ||
		e.MessageData.TextMessageData.TextMessage || e.MessageData.ExtendedTextMessageData.Text)
}

// A textField is true if the field is there and holds a text or a number.
type textField bool

func (t *textField) UnmarshalJSON(data []byte) error {
	*t = textField(isTextOrNumber(data))
	return nil
}

// codeIn returns the code such as {{SWE001}} that stands in the place of a text, or "". Green-API writes it into the first
// messages of a chat (documented for webhooks).
func codeIn(text lenientText) string {
	code := strings.TrimSpace(string(text))
	if strings.HasPrefix(code, "{{SWE") && strings.HasSuffix(code, "}}") {
		return code
	}
	return ""
}

// decrypted returns text, or an error if a code stands in its place.
func decrypted(text lenientText) (string, error) {
	if code := codeIn(text); code != "" {
		return "", fmt.Errorf("WhatsApp had not decrypted it: the text is %q", cutRunes(code, 60))
	}
	return string(text), nil
}

// caption returns the caption of a file, which may stand where other messages have their text. It returns "" if WhatsApp
// has not decrypted it: the file itself is usable.
func caption(e *entry) string {
	text, _ := decrypted(cmp.Or(e.words, e.Caption, bodyOf(e)))
	return text
}

// groupInviteText returns "[group invitation] Our group", the caption and the link to follow.
func groupInviteText(invite *entryGroupInvite) string {
	var link lenientText
	if invite.InviteCode != "" {
		link = "https://chat.whatsapp.com/" + invite.InviteCode
	}
	return labelled("[group invitation] ", nonBlankLines(invite.GroupName, invite.Caption, link))
}

// pollText returns
//
//	[poll] Which day?
//	- Monday
//	- Tuesday
func pollText(poll *entryPoll) string {
	lines := []lenientText{poll.Name}
	for _, option := range poll.Options {
		lines = append(lines, lenientText(labelled("- ", oneLine(string(option.Name)))))
	}
	return labelled("[poll] ", nonBlankLines(lines...))
}

// votesText returns the state of a poll after a vote:
//
//	[poll votes] Which day?
//	- Monday: Anna Petrova, +79001234567
//	- Tuesday: nobody
func (c *chat) votesText(poll *entryPoll) string {
	lines := []lenientText{poll.Name}
	for _, vote := range poll.Votes {
		var voters []string
		for _, voter := range vote.Voters {
			voters = append(voters, c.nameOrID(string(voter)))
		}
		line := oneLine(string(vote.Name)) + ": " + cmp.Or(strings.Join(voters, ", "), "nobody")
		lines = append(lines, lenientText("- "+line))
	}
	return labelled("[poll votes] ", nonBlankLines(lines...))
}

// nameOrID returns the name of a participant, else the phone, else the id.
func (c *chat) nameOrID(id string) string {
	var client string
	if id == c.conversation.Client.ID {
		client = c.conversation.Client.Name
	}
	if name := firstName(id, c.name(id), client); name != "" {
		return name
	}
	return cmp.Or(dialled(id), id)
}

// replyTo returns the id of the message that e answers or reacts to, or "".
func (e *entry) replyTo() string {
	var quoted lenientText
	if e.QuotedMessage != nil {
		quoted = e.QuotedMessage.StanzaID
	}
	return string(cmp.Or(quoted, e.ExtendedTextMessage.StanzaID, e.choice().StanzaID, e.Poll.StanzaID))
}

// quote returns a quoted message on a single line of at most 300 runes: its text, or "[picture] caption", "[poll] Which day?".
// It returns "" if the content is not known.
func (c *chat) quote(e *entry) string {
	if needsFlattening(e) {
		e = flatten(e)
	}
	m := sources.Message{Kind: sources.KindText}
	if repair, err := c.setContent(&m, e); repair == repairPlaceholder || err != nil && m.Kind == sources.KindText {
		text, _ := decrypted(bodyOf(e)) // of any type
		m.Text = cmp.Or(text, caption(e))
	}
	text := m.Text
	switch {
	case e.Poll.Name != "":
		text = "[poll] " + string(e.Poll.Name)
	case m.Contact != nil:
		text = "[contact] " + inOneLine(lenientText(m.Contact.Name), lenientText(m.Contact.Phone))
	case m.Kind == sources.KindFile:
		text = "[file] " + cmp.Or(m.Text, m.Media.Name)
	case m.Kind != sources.KindText:
		text = "[" + string(m.Kind) + "] " + m.Text
	}
	return cutRunes(oneLine(text), 300)
}

// labelled returns text with label before it, or "" for an empty text.
func labelled(label, text string) string {
	if text == "" {
		return ""
	}
	return label + text
}

// nonBlankLines returns the texts that are not blank, each on a line of its own.
func nonBlankLines(texts ...lenientText) string {
	var lines []string
	for _, text := range texts {
		if line := strings.TrimSpace(string(text)); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// inOneLine returns "name: value", or only the text that is not blank.
func inOneLine(name, value lenientText) string {
	return strings.ReplaceAll(nonBlankLines(lenientText(oneLine(string(name))), lenientText(oneLine(string(value)))), "\n", ": ")
}

// oneLine replaces line breaks and other white space in s by single spaces.
func oneLine(s string) string {
	return strings.Join(strings.Fields(s), " ")
}

// cutRunes returns at most n runes of s. An ellipsis is the last of them if s is longer.
func cutRunes(s string, n int) string {
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return s
}
