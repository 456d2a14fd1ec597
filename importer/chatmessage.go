package importer

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"kommo-import/internal/kommo"
	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// A ChatMessage is a message as Kommo gets it, or an entry that it does not get. Its JSON is read by the script of a page,
// and is short: a page holds some hundred thousand of them.
type ChatMessage struct {
	At       int64             `json:"t,omitempty"` // msec_timestamp, which no other message of the chat has; 0 if the time is not known
	Outgoing bool              `json:"o,omitempty"` // the company wrote it
	Author   string            `json:"a,omitempty"` // of an outgoing message, and in a group
	IsUser   bool              `json:"u,omitempty"` // it is sent in the name of a Kommo user, not of the bot
	Kind     kommo.MessageType `json:"k,omitempty"` // that Kommo gets; "" for text
	Was      sources.Kind      `json:"w,omitempty"` // the kind at the source, if it is sent as text
	Text     string            `json:"x,omitempty"`
	File     *ChatFile         `json:"f,omitempty"`
	Location *sources.Location `json:"l,omitempty"`
	Contact  *sources.Contact  `json:"c,omitempty"`
	Post     *sources.Post     `json:"b,omitempty"` // on which it comments
	Quote    *ChatQuote        `json:"q,omitempty"` // the message that it answers
	Notifies bool              `json:"n,omitempty"` // it is sent with silent=false
	State    State             `json:"s,omitempty"` // "" if it is planned; "invalid" for an entry that could not be parsed
	Reason   string            `json:"r,omitempty"` // why Kommo does not get it
	Position string            `json:"p,omitempty"` // in the source; of messages with a reason
	Findings []string          `json:"v,omitempty"` // what the last verification found about it
}

// IsEntry reports whether m is an entry that could not be parsed, and no message of the plan.
func (m ChatMessage) IsEntry() bool { return m.State == stateInvalid }

// A ChatFile is a file as Kommo gets it.
type ChatFile struct {
	Name string `json:"n,omitempty"`
	Size int64  `json:"s,omitempty"` // bytes; 0 if not known
	Link string `json:"u,omitempty"` // without user and password
}

// A ChatQuote is a message that is answered.
type ChatQuote struct {
	At   int64  `json:"t,omitempty"` // ChatMessage.At; 0 if Kommo gets only the text
	Text string `json:"x,omitempty"`
}

// A shownMessage is a message of the plan on its way to a ChatMessage.
type shownMessage struct {
	outgoing
	source   int64
	reversed bool // the source has its newest rows first
}

func scanShown(rows *sql.Rows) (*shownMessage, error) {
	m := new(shownMessage)
	var id, content []byte
	err := rows.Scan(&m.time, &m.place, &id, &m.state, &m.reason, &m.msec, &m.direction, &m.content.Kind, &m.asText, &m.quoteAsText,
		&m.source, &m.family, &m.idSpace, &m.reversed, &content, &m.outgoing.conversation)
	if err != nil {
		return m, err
	}
	m.identity = identity(id)
	if err := json.Unmarshal(content, &m.content); err != nil {
		return m, fmt.Errorf("message %s in the migration file: %w", m.identity.msgid(), err)
	}
	return m, nil
}

func (v *ChatView) yieldMessages(listed ListedChat, behind ChatPlace, yield func(ChatMessage, error) bool) error {
	cv := new(conversation)
	var notifier int64
	var wanted bool
	if listed.ID != 0 {
		found, err := migration.All(v.tx, scanConversation, conversationColumns+` FROM conversation WHERE id = ?`, listed.ID)
		if err != nil {
			return err
		}
		cv = found[0]
		if notifier, wanted, err = notifierOf(v.tx, cv, v.composer.Notify); err != nil {
			return err
		}
	}
	entries, err := v.invalidOf(cv.externalID)
	if err != nil {
		return err
	}
	for m, err := range migration.Query(v.tx, scanShown, `SELECT m.time, m.place, m.identity, m.state, m.reason, m.msec, m.direction, m.kind,
			m.as_text, m.quote_as_text, s.id, s.family, s.id_space, s.newest_first, c.content, c.conversation
		FROM message m JOIN source s ON s.id = m.source JOIN staging c ON c.id = m.staging
		WHERE m.conversation = ? AND (m.time, m.place) > (?, ?) ORDER BY m.time, m.place`, cv.id, behind.time, behind.place) {
		if err != nil {
			return err
		}
		at := placeInSource(m.source, m.content.Position, m.reversed)
		for len(entries) > 0 && entries[0].at.isBefore(at) {
			if behind == (ChatPlace{}) && !yield(entries[0].ChatMessage, nil) {
				return nil
			}
			entries = entries[1:]
		}
		behind = ChatPlace{}
		m.notifies = m.place == notifier && (cv.notifier.Valid || wanted)
		shown, err := v.show(cv, m)
		if err != nil {
			return err
		}
		if !yield(shown, nil) {
			return nil
		}
	}
	for _, e := range entries {
		if !yield(e.ChatMessage, nil) {
			return nil
		}
	}
	return nil
}

// show returns a message of the plan as Kommo gets it. A skipped message is shown as the source has it.
func (v *ChatView) show(cv *conversation, m *shownMessage) (shown ChatMessage, err error) {
	m.media.Status, m.quoteText = mediaFound, m.content.Quote
	if m.state != Skipped {
		if err := readReferences(v.tx, cv, &m.outgoing); err != nil {
			return shown, err
		}
	} else {
		m.asText = false
		shown.Position = m.content.Position
	}
	author := m.content.Author
	shown.At, shown.Outgoing, shown.Reason, shown.Notifies = m.msec, m.direction == sources.Outgoing, m.reason, m.notifies
	if m.state != Planned {
		shown.State = m.state
	}
	if m.state == Refused {
		shown.Position = m.content.Position
	}
	if shown.Outgoing {
		shown.Author, shown.IsUser = cmp.Or(author.Name, author.ID, v.composer.BotName, "Bot"), v.composer.user(author) != ""
	} else if cv.kind == sources.Group {
		shown.Author = cmp.Or(author.Name, author.ID)
	}
	shown.fill(&m.outgoing)
	if shown.Quote, err = v.quoteOf(cv, &m.outgoing); err != nil {
		return shown, err
	}
	if v.findings {
		shown.Findings, err = v.findingsOf(cv.id, m.identity)
	}
	return shown, err
}

// fill sets the content of the message.
func (shown *ChatMessage) fill(m *outgoing) {
	message := content(m)
	shown.Text, shown.Location, shown.Post = message.Text, m.content.Location, m.content.Post
	if message.Type != kommo.TypeText {
		shown.Kind = message.Type
	} else if m.content.Kind != sources.KindText {
		shown.Was = m.content.Kind
	}
	if message.Media != "" {
		shown.File = &ChatFile{message.FileName, message.FileSize, withoutUser(message.Media)}
	}
	if message.Contact != (kommo.Contact{}) {
		shown.Contact = &sources.Contact{Name: message.Contact.Name, Phone: message.Contact.Phone}
	}
}

// quoteOf returns the message that m answers, nil if it answers no message, or nothing is known of that.
func (v *ChatView) quoteOf(cv *conversation, m *outgoing) (*ChatQuote, error) {
	quote := &ChatQuote{Text: strings.TrimSpace(m.quoteText)}
	if m.quotes != (identity{}) && !m.quoteAsText {
		err := v.tx.QueryRow(`SELECT msec FROM message WHERE conversation = ? AND identity = ?`, cv.id, m.quotes[:]).Scan(&quote.At)
		if err != nil {
			return nil, err
		}
	}
	if *quote == (ChatQuote{}) {
		return nil, nil
	}
	if short := []rune(quote.Text); len(short) > maxQuote {
		quote.Text = string(short[:maxQuote]) + "…"
	}
	return quote, nil
}

// maxQuote is how many characters of an answered message a view shows.
const maxQuote = 200

// findingsOf returns what the last verification found about a message, faults only.
func (v *ChatView) findingsOf(conversation int64, id identity) ([]string, error) {
	return migration.All(v.tx, func(rows *sql.Rows) (reason string, err error) {
		return reason, rows.Scan(&reason)
	}, `SELECT replace(kind, '_', ' ') || iif(reason = '', '', ': ' || reason) FROM finding
		WHERE conversation = ? AND identity = ? AND `+isFault+` ORDER BY kind`, conversation, id[:])
}

// isFault selects the findings that are differences from the plan. Messages of others, kinds that Kommo shows differently and
// messages that were planned again do not count.
const isFault = `kind NOT IN ('foreign', 'shown_as') AND NOT retried`
