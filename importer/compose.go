package importer

import (
	"cmp"
	"errors"
	"strings"

	"kommo-import/internal/kommo"
	"kommo-import/internal/linkcheck"
	"kommo-import/sources"
)

// A Composer turns messages into payloads. The same message gives the same bytes in preview and send.
type Composer struct {
	// BotID is the bot's id from the registration of the channel, in the form of an amojo id (documented). The bot is
	// the sender of outgoing messages whose author is not mapped to a Kommo user.
	BotID string
	// BotName is the bot's name; "" means "Bot". Kommo shows the channel's name instead (documented).
	BotName string
	// Users maps the id or the name of an author to the amojo id of a Kommo user.
	Users map[string]string
	// Prefix is put before every conversation id.
	Prefix string
	// Notify is the notify policy; "" means the policy of the sends before, and before the first send SilentButLast.
	Notify NotifyPolicy
}

// errNoSender means that an outgoing message has neither a bot nor a Kommo user as its sender.
var errNoSender = errors.New("an outgoing message has no sender: set KOMMO_BOT_ID, or map its author under users in the config file")

// user returns the amojo id of the Kommo user that an author is mapped to, or "".
func (c Composer) user(author sources.Author) string {
	if user := c.Users[author.ID]; user != "" && author.ID != "" {
		return user
	}
	return c.Users[author.Name]
}

// body returns the request body for m: the payload as JSON.
func (c Composer) body(cv *conversation, m *outgoing) ([]byte, error) {
	payload, err := c.compose(cv, m)
	if err != nil {
		return nil, err
	}
	return kommo.Marshal(payload)
}

// compose returns the payload for m in the conversation cv.
func (c Composer) compose(cv *conversation, m *outgoing) (kommo.NewMessage, error) {
	message := kommo.NewMessage{
		Timestamp:      m.msec / 1000,
		MsecTimestamp:  m.msec,
		MsgID:          m.identity.msgid(),
		ConversationID: c.Prefix + cv.externalID,
		Silent:         !m.notifies,
		Message:        content(m),
	}
	if cv.kind == sources.Group {
		message.Message.Text = byAuthor(m.direction, m.content.Author, message.Message.Text)
	}
	if m.quotes != (identity{}) && !m.quoteAsText {
		message.ReplyTo.Message.MsgID = m.quotes.msgid()
	} else if m.quoteText != "" {
		message.Message.Text = joinLines("> "+strings.ReplaceAll(m.quoteText, "\n", "\n> "), message.Message.Text)
	}
	client := client(cv)
	if m.noAvatar {
		client.Avatar = ""
	}
	if m.direction == sources.Incoming {
		message.Sender = client
		return message, nil
	}
	message.Receiver = client
	var err error
	message.Sender, err = c.sender(m.content.Author)
	return message, err
}

// sender returns the sender of an outgoing message: the Kommo user that its author is mapped to, else the bot.
func (c Composer) sender(author sources.Author) (kommo.Participant, error) {
	if user := c.user(author); user != "" {
		return kommo.Participant{ID: user, Name: cmp.Or(author.Name, author.ID), RefID: user}, nil
	}
	if c.BotID == "" {
		return kommo.Participant{}, errNoSender
	}
	return kommo.Participant{ID: c.BotID, Name: cmp.Or(c.BotName, "Bot"), RefID: c.BotID}, nil
}

func client(cv *conversation) kommo.Participant {
	return kommo.Participant{
		ID:      cv.client.ID,
		Name:    cmp.Or(cv.client.Name, cv.client.Phone, cv.client.ID),
		Avatar:  cv.client.Avatar,
		Profile: kommo.Profile{Phone: cv.client.Phone, Email: cv.client.Email},
	}
}

// content returns the message itself. Media that cannot be sent, and contacts without a number, become text.
func content(m *outgoing) kommo.Message {
	source := &m.content
	message := kommo.Message{Type: kommo.MessageType(source.Kind), Text: source.Text}
	if post := source.Post; post != nil {
		message.Post = kommo.Post(*post)
	}
	switch {
	case source.Media != nil && (m.asText || m.media.Status != mediaFound):
		message.Type, message.Text = kommo.TypeText, mediaAsText(m)
	case source.Media != nil:
		message.Type = mediaType(m)
		message.Media = cmp.Or(m.media.URL, source.Media.URL)
		message.FileName = cmp.Or(source.Media.Name, m.media.Name, linkcheck.NameOfURL(message.Media), string(source.Kind))
		message.FileSize = cmp.Or(source.Media.Size, m.media.Size)
	case source.Location != nil:
		message.Location = &kommo.Location{Longitude: source.Location.Longitude, Latitude: source.Location.Latitude}
	case source.Contact != nil && source.Contact.Phone == "":
		message.Type, message.Text = kommo.TypeText, joinLines("[contact: "+source.Contact.Name+"]", source.Text)
	case source.Contact != nil:
		message.Contact = kommo.Contact{Name: cmp.Or(source.Contact.Name, source.Contact.Phone), Phone: source.Contact.Phone}
	}
	return message
}

// mediaType returns the type that media are sent as. WhatsApp records voice as Opus in Ogg. If the source gives no MIME
// type, the one from the file's server counts.
func mediaType(m *outgoing) kommo.MessageType {
	if m.content.Kind == sources.KindAudio && m.content.Media.MIME == "" && m.media.MIME == "audio/ogg" {
		return kommo.TypeVoice
	}
	return kommo.MessageType(m.content.Kind)
}

// mediaAsText returns the text that replaces media: that the file is gone, or its link without user and password.
//
//	[picture: invoice.jpg, no longer available]
//	[picture: invoice.jpg] https://example.com/invoice.jpg
func mediaAsText(m *outgoing) string {
	source := &m.content
	link := cmp.Or(m.media.URL, source.Media.URL)
	label := string(source.Kind)
	if name := cmp.Or(source.Media.Name, m.media.Name, linkcheck.NameOfURL(link)); name != "" {
		label += ": " + name
	}
	if m.media.Status == mediaGone {
		return joinLines("["+label+", no longer available]", source.Text)
	}
	return joinLines(strings.TrimSpace("["+label+"] "+withoutUser(link)), source.Text)
}

// withoutUser returns a link without user and password, which are not for everybody who reads the chat.
func withoutUser(link string) string {
	scheme, rest, _ := strings.Cut(link, "://")
	authority := rest
	if end := strings.IndexAny(rest, `/\?#`); end >= 0 {
		authority = rest[:end]
	}
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return link
	}
	return scheme + "://" + rest[at+1:]
}

// byAuthor puts the author before a text from a group. Authors of the company are named only if they have a name.
func byAuthor(direction sources.Direction, author sources.Author, text string) string {
	name := author.Name
	if direction == sources.Incoming {
		name = cmp.Or(name, author.ID)
	}
	if name == "" {
		return text
	}
	return strings.TrimSuffix(name+": "+text, ": ")
}

func joinLines(lines ...string) string {
	return strings.TrimSuffix(strings.Join(lines, "\n"), "\n")
}
