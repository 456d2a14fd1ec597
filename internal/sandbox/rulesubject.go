package sandbox

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A subject is what the conditions of a Rule look at in a request of Kommo.
type subject struct {
	msgid, text, media string
	avatars            []string // of sender and receiver
	from               []string // the names that the sender has in the condition from
	reply              time.Duration
	isReply            bool // to a message that arrived reply ago
	size               int  // of the body, in bytes
}

// The names that the condition from has for senders, besides their ref_id.
const (
	fromClient  = "client"
	fromBot     = "bot"     // the bot of the Options
	fromUser    = "user"    // the CRM user of the Options
	fromUnknown = "unknown" // another ref_id, such as a wrong bot id
)

// subject reads what rules ask about a request before it is checked. The caller holds the mutex.
func (k *Kommo) subject(q request, now time.Time) subject {
	s := subject{size: len(q.body)}
	var e struct {
		envelope
		User participant `json:"user"`
	}
	if (q.endpoint != OnMessage && q.endpoint != OnChats) || json.Unmarshal(q.body, &e) != nil {
		return s
	}
	p := e.Payload
	s.msgid, s.text, s.media = p.MsgID, p.Message.Text, p.Message.Media
	s.avatars = []string{p.Sender.Avatar, e.User.Avatar}
	if q.endpoint == OnMessage {
		s.from = []string{fromClient}
	}
	if p.Receiver != nil {
		s.avatars = append(s.avatars, p.Receiver.Avatar)
		s.from = []string{k.sender(p.Sender.RefID), p.Sender.RefID}
	}
	if p.ReplyTo == nil {
		return s
	}
	if c, err := k.store.find(p); err == nil {
		if m := k.store.quoted(c, p.ReplyTo.Message); m != nil {
			s.reply, s.isReply = now.Sub(m.arrived), true
		}
	}
	return s
}

// chatsOf returns the ids of the chats that a request about links names, and our ids of their conversations. The caller holds the
// mutex.
func (k *Kommo) chatsOf(q request) (ids []string) {
	switch q.endpoint {
	case OnLinks:
		query, _ := url.ParseQuery(q.query)
		ids = arrayOf(query, "chat_id")
	case OnLink:
		var entries []newLink
		_ = json.Unmarshal(q.body, &entries)
		for _, e := range entries {
			ids = append(ids, e.ChatID)
		}
	}
	for _, id := range ids {
		if c := k.store.byUUID[id]; c != nil {
			ids = append(ids, c.conversation)
		}
	}
	return ids
}

func (k *Kommo) sender(refID string) string {
	switch refID {
	case k.Options.BotID:
		return fromBot
	case k.Options.ManagerID:
		return fromUser
	}
	return fromUnknown
}

// asks reports whether the rule has a condition about the subject of a request.
func (r Rule) asks() bool { return r.MsgID != "" || r.asksKommo() }

func (r Rule) asksKommo() bool {
	return r.Text != "" || r.Media != "" || r.Avatar != "" || r.From != "" || r.Reply != 0 || r.Over != 0
}

// selects reports whether the subject fulfils these conditions.
func (r Rule) selects(s subject) bool {
	return (r.MsgID == "" || s.msgid == r.MsgID) &&
		strings.Contains(s.text, r.Text) &&
		strings.Contains(s.media, r.Media) &&
		(r.Avatar == "" || slices.ContainsFunc(s.avatars, func(a string) bool { return strings.Contains(a, r.Avatar) })) &&
		(r.From == "" || slices.Contains(s.from, r.From)) &&
		(r.Reply == 0 || s.isReply && s.reply < r.Reply) &&
		(r.Over == 0 || s.size > r.Over)
}
