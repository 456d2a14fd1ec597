package csvfile

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"kommo-import/sources"
)

// A converter turns records into messages. Its errors name the column, the value and the reason.
type converter struct {
	location *time.Location // of times that name no zone; nil: there is none
	now      time.Time
	phones   map[phoneKey]string // results of findPhone, at most maxPhones
}

// A phoneKey holds the cells of a row that can name the client's phone.
type phoneKey struct{ phone, conversation, client string }

// maxPhones is the number of phones that a converter remembers. They need some megabytes.
const maxPhones = 1 << 16

func newConverter(location *time.Location, now time.Time) *converter {
	return &converter{location: location, now: now, phones: make(map[phoneKey]string)}
}

func (c *converter) message(rec *record) (sources.Message, error) {
	conversation, err := c.conversation(rec)
	if err != nil {
		return sources.Message{}, err
	}
	m := sources.Message{
		Conversation: conversation,
		ID:           strings.TrimSpace(rec.MessageID),
		Author:       sources.Author{ID: strings.TrimSpace(rec.AuthorID), Name: strings.TrimSpace(rec.AuthorName)},
		Text:         rec.Text,
		ReplyTo:      strings.TrimSpace(rec.ReplyTo),
	}
	if m.Time, err = c.time(rec.Timestamp); err != nil {
		return m, invalid("timestamp", rec.Timestamp, err)
	}
	if m.Direction, err = direction(rec.Direction); err != nil {
		return m, invalid("direction", rec.Direction, err)
	}
	if err := setContent(&m, rec); err != nil {
		return m, err
	}
	m.Post, err = post(rec)
	return m, err
}

func (c *converter) conversation(rec *record) (sources.Conversation, error) {
	id := strings.TrimSpace(rec.ConversationID)
	if id == "" {
		return sources.Conversation{}, errors.New("conversation_id is empty")
	}
	client := sources.Client{
		ID:    cmp.Or(strings.TrimSpace(rec.ClientID), id),
		Email: strings.TrimSpace(rec.ClientEmail),
	}
	client.Phone = c.phone(phoneKey{phone: strings.TrimSpace(rec.ClientPhone), conversation: id, client: client.ID})
	client.Name = cmp.Or(strings.TrimSpace(rec.ClientName), client.Phone, client.ID)
	if avatar := strings.TrimSpace(rec.ClientAvatar); avatar != "" && checkURL(avatar) == nil {
		client.Avatar = avatar
	}
	return sources.Conversation{ID: id, Kind: sources.KindOfConversation(id), Client: client}, nil
}

// phone returns the phone in E.164 that key names, or "". It remembers the result, because clients have many rows and
// parsing is slow.
func (c *converter) phone(key phoneKey) string {
	phone, known := c.phones[key]
	if known {
		return phone
	}
	if len(c.phones) >= maxPhones {
		clear(c.phones)
	}
	phone = findPhone(key)
	// The strings of a record are parts of one string, which must not stay in memory.
	key = phoneKey{strings.Clone(key.phone), strings.Clone(key.conversation), strings.Clone(key.client)}
	c.phones[key] = phone
	return phone
}

// findPhone looks at the phone column first and at the ids only if that is not a phone.
func findPhone(key phoneKey) string {
	phone, ok := sources.ParsePhone(key.phone, "")
	if !ok {
		phone = sources.PhoneOfID(key.conversation)
	}
	if phone == "" && key.client != key.conversation {
		phone = sources.PhoneOfID(key.client)
	}
	return phone
}

func direction(s string) (sources.Direction, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "in", "incoming", "inbound", "received", "client", "customer":
		return sources.Incoming, nil
	case "out", "outgoing", "outbound", "sent", "agent", "manager", "operator", "bot":
		return sources.Outgoing, nil
	}
	return "", errors.New("not a direction; use in or out")
}

// post returns the post on which the row is a comment, or nil if the row is not a comment.
func post(rec *record) (*sources.Post, error) {
	p := sources.Post{
		ID:               strings.TrimSpace(rec.PostID),
		URL:              strings.TrimSpace(rec.PostURL),
		PreviewURL:       strings.TrimSpace(rec.PostPreviewURL),
		PreviewPermalink: strings.TrimSpace(rec.PostPreviewPermalink),
		Username:         strings.TrimSpace(rec.PostUsername),
		Caption:          rec.PostCaption,
	}
	switch {
	case p.ID == "" && p.URL == "":
		return nil, nil
	case p.ID == "":
		return nil, errors.New("post_id is empty, which a row with post_url needs")
	case p.URL == "":
		return nil, errors.New("post_url is empty, which a row with post_id needs")
	}
	if err := checkURL(p.URL); err != nil {
		return nil, invalid("post_url", p.URL, err)
	}
	return &p, nil
}

// invalid returns an error that names the column, its value and the reason.
func invalid(column, value string, err error) error {
	if strings.TrimSpace(value) == "" {
		return fmt.Errorf("%s is empty", column)
	}
	return fmt.Errorf("%s %q: %w", column, cut(value, 60), err)
}

// cut returns the first n runes of s, with an ellipsis if s has more.
func cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i] + "…"
		}
		n--
	}
	return s
}
