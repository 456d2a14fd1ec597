package greenapi

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"kommo-import/sources"
)

// setContent gives m its kind and the fields that this kind has. What has no content to show gets a reason to be
// skipped.
func (c *chat) setContent(m *sources.Message, e *entry) (err error) {
	switch e.TypeMessage {
	case "imageMessage", "videoMessage", "documentMessage", "audioMessage", "stickerMessage":
		m.Kind, m.Media, m.Text = kindOfMedia(e), mediaOf(e), caption(e)
	case "locationMessage":
		m.Kind, m.Text = sources.KindLocation, nonBlankLines(e.Location.Name, e.Location.Address)
		m.Location, err = locationOf(e.Location)
	case "contactMessage":
		setContacts(m, []entryContact{e.Contact})
	case "contactsArrayMessage":
		setContacts(m, append(e.Contacts, e.MessageData.Contacts...))
	case "reactionMessage":
		m.Text = string(bodyOf(e))
		m.Skip = cmp.Or(m.Skip, reaction(m.Text))
	default:
		m.Text, err = c.text(e)
		if err == nil && strings.TrimSpace(m.Text) == "" {
			m.Skip = cmp.Or(m.Skip, "it has no text")
		}
	}
	return err
}

// reaction says what a reaction is: one with an empty text takes back an earlier one (seen in code). What it says is
// quoted, so that reactions count together, and not with %q, which takes joined emoji apart.
func reaction(text string) string {
	if text = strings.TrimSpace(text); text != "" {
		return `a reaction "` + strings.NewReplacer(`"`, "'", `\`, "/").Replace(cutRunes(text, 60)) + `"`
	}
	return "a reaction taken back"
}

// text returns what a message says that is nothing but text in Kommo.
func (c *chat) text(e *entry) (string, error) {
	switch e.TypeMessage {
	case "textMessage", "extendedTextMessage", "quotedMessage":
		text, err := decrypted(bodyOf(e))
		if err == nil && text == "" && !hasText(e.raw) {
			err = errors.New("it has no text")
		}
		return text, err
	case "editedMessage":
		return decrypted(cmp.Or(e.Edited.TextMessage, e.Edited.Caption))
	case "deletedMessage":
		return "", nil
	case "pollMessage":
		return pollText(&e.Poll), nil
	case "pollUpdateMessage":
		return c.votesText(&e.Poll), nil
	case "templateMessage", "interactiveButtons", "interactiveButtonsReply", "buttonsMessage", "listMessage":
		return menuText(e), nil
	case "templateButtonsReplyMessage", "templateButtonReplyMessage", "interactiveButtonsResponse", "buttonsResponseMessage":
		return chosen("[button pressed] ", e), nil
	case "listResponseMessage":
		return chosen("[chosen from the list] ", e), nil
	case "groupInviteMessage":
		return groupInviteText(&e.GroupInvite), nil
	}
	return "", fmt.Errorf("type %q is not known", cutRunes(string(e.TypeMessage), 60))
}

func locationOf(l entryLocation) (*sources.Location, error) {
	latitude, err := degrees("latitude", string(l.Latitude), 90)
	if err != nil {
		return nil, err
	}
	longitude, err := degrees("longitude", string(l.Longitude), 180)
	if err != nil {
		return nil, err
	}
	return &sources.Location{Latitude: latitude, Longitude: longitude}, nil
}

func degrees(field, s string, most float64) (float64, error) {
	d, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(d) || math.Abs(d) > most {
		limit := strconv.FormatFloat(most, 'f', -1, 64)
		return 0, badValue(field, s, errors.New("not a number of degrees from -"+limit+" to "+limit))
	}
	return d, nil
}
