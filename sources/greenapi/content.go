package greenapi

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"strconv"
	"strings"

	"kommo-import/sources"
)

// The repairs of content, as nouns.
const (
	repairUnknown     = "messages of types that are not known, read as texts, files or locations"
	repairPlaceholder = "messages of which only the type is known, turned into texts that name it"
)

// setContent sets the kind of m and the fields of that kind. Content in another place than that of the type is used, too.
// A message without content gets a reason to be skipped. The repair, if there is one, is the way in which a message of an
// unknown type, or without content, became a message.
func (c *chat) setContent(m *sources.Message, e *entry) (repair string, err error) {
	switch e.TypeMessage {
	case "imageMessage", "videoMessage", "documentMessage", "audioMessage", "stickerMessage":
		m.Kind, m.Media, m.Text = kindOfMedia(e), mediaOf(e), caption(e)
		if m.Text == "" {
			m.Text = nestedCaption(e)
		}
		return "", nil
	case "locationMessage", "liveLocationMessage":
		err = setLocation(m, e)
	case "contactMessage", "contactsArrayMessage":
		setContacts(m, contactsOf(e))
	case "productMessage":
		setProduct(m, e)
	case "reactionMessage":
		m.Text = string(bodyOf(e))
		if m.Text == "" {
			m.Text = legibleText(e.raw)
		}
		m.Skip = cmp.Or(m.Skip, reaction(m.Text))
	default:
		m.Text, err = c.text(e)
	}
	if err == nil && m.Kind == sources.KindText && isBlank(m.Text) && m.Skip == "" {
		repair = setOtherContent(m, e)
	} else if !isKnown(e) {
		repair = repairUnknown
	}
	if !strings.Contains(m.Text, string(e.words)) {
		m.Text = nonBlankLines(lenientText(m.Text), e.words)
	}
	return repair, err
}

// setOtherContent sets the content of a message that has none where its type has it, or whose type is not known: a file, a
// location, contacts or any text that people can read. Without any of them, m says of which type it was, or is skipped.
func setOtherContent(m *sources.Message, e *entry) (repair string) {
	if !isKnown(e) {
		repair = repairUnknown
	}
	text := legibleText(e.raw)
	switch {
	case e.DownloadURL != "" || e.MIMEType != "":
		m.Kind, m.Media, m.Text = kindOfMedia(e), mediaOf(e), caption(e)
	case hasCoordinates(e):
		_ = setLocation(m, e) // coordinates that are on the globe
		m.Text = cmp.Or(text, m.Text)
	case len(cardsOf(contactsOf(e))) > 0:
		setContacts(m, contactsOf(e))
	case !isBlank(text) && isText(e):
		m.Text = text
	case !isBlank(text):
		m.Text = "[" + kindLabel(string(e.TypeMessage)) + "] " + text
	case isText(e) || isMenu(e) || m.Deleted:
		m.Skip = cmp.Or(m.Skip, noText(m, e))
	default:
		m.Text, repair = "["+kindLabel(string(e.TypeMessage))+"]", repairPlaceholder
	}
	return repair
}

// noText returns the reason to skip a message without content.
func noText(m *sources.Message, e *entry) string {
	switch {
	case m.Deleted:
		return "its author deleted it, and nothing of it is left"
	case e.edited() || e.TypeMessage == "editedMessage":
		return "it was edited, and its new words are not in the journal"
	}
	return "it has no text"
}

// isText reports whether e is of a type that has nothing but a text. A message without a type is one, too: a quoted poll
// has none, for example (seen in code).
func isText(e *entry) bool {
	switch e.TypeMessage {
	case "", "textMessage", "extendedTextMessage", "quotedMessage", "editedMessage":
		return true
	}
	return false
}

// isMenu reports whether e is of a type that offers a choice.
func isMenu(e *entry) bool {
	switch e.TypeMessage {
	case "templateMessage", "interactiveButtons", "interactiveButtonsReply", "buttonsMessage", "listMessage":
		return true
	}
	return false
}

// isChoice reports whether e is of a type that is a choice from a menu.
func isChoice(e *entry) bool {
	switch e.TypeMessage {
	case "templateButtonsReplyMessage", "templateButtonReplyMessage", "interactiveButtonsResponse", "buttonsResponseMessage",
		"listResponseMessage":
		return true
	}
	return false
}

// isKnown reports whether the type of e is known.
func isKnown(e *entry) bool {
	switch e.TypeMessage {
	case "imageMessage", "videoMessage", "documentMessage", "audioMessage", "stickerMessage", "locationMessage",
		"liveLocationMessage", "contactMessage", "contactsArrayMessage", "reactionMessage", "deletedMessage", "pollMessage",
		"pollUpdateMessage", "groupInviteMessage", "orderMessage", "productMessage":
		return true
	}
	return isText(e) || isMenu(e) || isChoice(e)
}

// hasContent reports whether e has content where its type has it, so that [flatten] would find nothing else.
func hasContent(e *entry) bool {
	switch e.TypeMessage {
	case "imageMessage", "videoMessage", "documentMessage", "audioMessage", "stickerMessage":
		return e.DownloadURL != "" || bytes.Count(e.raw, []byte("{")) == 1 // the link is lost, and nothing is nested
	case "locationMessage":
		return e.Location.Latitude != "" && e.Location.Longitude != ""
	case "contactMessage":
		return e.Contact != entryContact{}
	case "contactsArrayMessage":
		return len(e.Contacts) > 0
	case "pollMessage", "pollUpdateMessage":
		return e.Poll.Name != ""
	case "groupInviteMessage":
		return e.GroupInvite != entryGroupInvite{}
	case "reactionMessage":
		return true
	case "deletedMessage":
		return e.Deleted.StanzaID != ""
	case "editedMessage":
		return e.Edited.StanzaID != "" && cmp.Or(e.Edited.TextMessage, e.Edited.Caption) != ""
	case "orderMessage":
		return e.Order != nil
	}
	switch {
	case isText(e):
		return bodyOf(e) != ""
	case isMenu(e):
		return menuText(e) != ""
	case isChoice(e):
		return e.choice() != entryChoice{}
	}
	return false
}

// reaction returns the reason to skip a reaction. An empty text removes an earlier reaction (seen in code). The text is
// quoted, so that equal reactions count together; %q would take joined emoji apart.
func reaction(text string) string {
	if text = strings.TrimSpace(text); text != "" {
		return `a reaction "` + strings.NewReplacer(`"`, "'", `\`, "/").Replace(cutRunes(text, 60)) + `"`
	}
	return "a reaction taken back"
}

// setProduct makes m a product of the catalogue: a text, or the caption of its picture.
func setProduct(m *sources.Message, e *entry) {
	m.Text = productText(e)
	if e.DownloadURL != "" {
		m.Kind, m.Media = sources.KindPicture, mediaOf(e)
	}
}

// setLocation makes m a location. Without coordinates it is a text with the name and the address, if there are any. An
// error means that the coordinates are not on the globe.
func setLocation(m *sources.Message, e *entry) error {
	l := e.Location
	text := nonBlankLines(cmp.Or(l.Name, l.PlainName), l.Address, lenientText(caption(e)))
	location, err := locationOf(l)
	if err == nil {
		m.Kind, m.Location, m.Text = sources.KindLocation, location, text
		return nil
	}
	m.Text = labelled("[location] ", text)
	if latitude, longitude := l.degrees(); text != "" || isBlank(latitude) || isBlank(longitude) {
		return nil
	}
	return err
}

// hasCoordinates reports whether e has the coordinates of a place on the globe.
func hasCoordinates(e *entry) bool {
	_, err := locationOf(e.Location)
	return err == nil
}

func locationOf(l entryLocation) (*sources.Location, error) {
	latitude, longitude := l.degrees()
	north, err := degrees("latitude", latitude, 90)
	if err != nil {
		return nil, err
	}
	east, err := degrees("longitude", longitude, 180)
	if err != nil {
		return nil, err
	}
	return &sources.Location{Latitude: north, Longitude: east}, nil
}

// degrees returns a coordinate, which may have a decimal comma.
func degrees(field, s string, most float64) (float64, error) {
	d, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(s), ",", ".", 1), 64)
	if err != nil || math.IsNaN(d) || math.Abs(d) > most {
		limit := strconv.FormatFloat(most, 'f', -1, 64)
		return 0, badValue(field, s, errors.New("not a number of degrees from -"+limit+" to "+limit))
	}
	return d, nil
}
