package csvfile

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"kommo-import/sources"
)

// A converter makes messages of records. Its errors are reasons for people: the column, the value, what is wrong.
type converter struct {
	location *time.Location
	now      time.Time
	phones   map[phoneKey]string // what was found last, at most maxPhones
	older    map[phoneKey]string // what was found before it
}

// A phoneKey holds what the phone of a client is found from.
type phoneKey struct{ phone, conversation, client string }

// maxPhones is how many answers of [sources.ParsePhone] a converter remembers; some megabytes.
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
	if avatar := strings.TrimSpace(rec.ClientAvatar); checkURL(avatar) == nil {
		client.Avatar = avatar
	}
	return sources.Conversation{ID: id, Kind: sources.KindOfConversation(id), Client: client}, nil
}

func (c *converter) phone(key phoneKey) string {
	phone, known := c.phones[key]
	if known {
		return phone
	}
	phone, known = c.older[key]
	if !known {
		phone = findPhone(key)
	}
	if len(c.phones) >= maxPhones {
		c.phones, c.older = make(map[phoneKey]string), c.phones
	}
	// The strings of a record are parts of one string, which must not be kept.
	key = phoneKey{strings.Clone(key.phone), strings.Clone(key.conversation), strings.Clone(key.client)}
	c.phones[key] = phone
	return phone
}

// findPhone takes its time: the ids are only parsed where there is no phone.
func findPhone(key phoneKey) string {
	phone, ok := sources.ParsePhone(key.phone)
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

// post returns what the message is a comment on, nil if it is no comment.
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

// invalid says what is wrong with the value of a column.
func invalid(column, value string, err error) error {
	if strings.TrimSpace(value) == "" {
		return fmt.Errorf("%s is empty", column)
	}
	return fmt.Errorf("%s %q: %w", column, cut(value, 60), err)
}

// cut returns the first n runes of s, with an ellipsis if there were more.
func cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i] + "…"
		}
		n--
	}
	return s
}
