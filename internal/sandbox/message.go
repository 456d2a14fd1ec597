package sandbox

import (
	"cmp"
	"slices"
	"time"
)

// envelope is the body of POST …/{scope}, as far as the sandbox looks into it after its shape is checked.
type envelope struct {
	EventType string  `json:"event_type"`
	Payload   payload `json:"payload"`
}

type payload struct {
	Timestamp         int64    `json:"timestamp"`
	MsecTimestamp     int64    `json:"msec_timestamp"`
	MsgID             string   `json:"msgid"`
	ConversationID    string   `json:"conversation_id"`
	ConversationRefID string   `json:"conversation_ref_id"`
	Silent            bool     `json:"silent"`
	Sender            party    `json:"sender"`
	Receiver          *party   `json:"receiver"`
	Message           content  `json:"message"`
	ReplyTo           *replyTo `json:"reply_to"`
}

type party struct {
	ID      string `json:"id"`
	RefID   string `json:"ref_id"`
	Name    string `json:"name"`
	Avatar  string `json:"avatar"`
	Profile struct {
		Phone string `json:"phone"`
		Email string `json:"email"`
	} `json:"profile"`
}

type content struct {
	Type     string    `json:"type"`
	Text     string    `json:"text"`
	Media    string    `json:"media"`
	FileName string    `json:"file_name"`
	FileSize int64     `json:"file_size"`
	Location *location `json:"location"`
	Contact  *contact  `json:"contact"`
}

type location struct {
	Lon float64 `json:"lon"`
	Lat float64 `json:"lat"`
}

type contact struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
}

type replyTo struct {
	Message quote `json:"message"`
}

// A quote is an embedded message: by Kommo's id, by ours, or spelt out.
type quote struct {
	content
	ID            string `json:"id"`
	MsgID         string `json:"msgid"`
	Timestamp     int64  `json:"timestamp"`
	MsecTimestamp int64  `json:"msec_timestamp"`
	Sender        *party `json:"sender"`
}

// whole reports whether the quote can be shown without the message that it quotes.
func (q quote) whole() bool {
	switch {
	case q.Timestamp == 0, q.MsecTimestamp == 0, q.Sender == nil, q.Type == "":
		return false
	case q.Sender.ID == "" && q.Sender.RefID == "" && q.Sender.Name == "":
		return false
	}
	return q.Type == "text" && q.Text != "" ||
		q.Type == "location" && q.Location != nil ||
		q.Type == "contact" && q.Contact != nil ||
		!slices.Contains([]string{"text", "location", "contact"}, q.Type)
}

// takeMessage answers POST …/{scope}. edit_message is documented too, but an import has nothing to edit: it gets 400.
func (k *Kommo) takeMessage(body []byte) answer {
	var e envelope
	if err := decode(body, messageShape, &e); err != nil {
		return refused(err.Error())
	}
	if err := e.Payload.check(); err != nil {
		return refused(within("payload", err).Error())
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.store.take(e.Payload, body, k.Options.Now(), k.Options.Duplicates)
}

// check reports the first field that does not go with the others.
func (p payload) check() error {
	if p.MsecTimestamp/1000 != p.Timestamp {
		return within("msec_timestamp", misfitf("%d is not in the second %d of timestamp", p.MsecTimestamp, p.Timestamp))
	}
	if p.Receiver != nil && p.Sender.RefID == "" {
		return within("sender.ref_id", misfitf("missing, although there is a receiver"))
	}
	return nil
}

// newMessageAnswer is the answer to an accepted message. All ids but ref_id, which is our msgid, are Kommo's:
//
//	{"new_message":{"conversation_id":"742a…","sender_id":"318e…","receiver_id":"0eef…","msgid":"ecfb…","ref_id":"wa-1"}}
type newMessageAnswer struct {
	NewMessage newMessageIDs `json:"new_message"`
}

type newMessageIDs struct {
	ConversationID string `json:"conversation_id"`
	SenderID       string `json:"sender_id"`
	ReceiverID     string `json:"receiver_id,omitempty"`
	MsgID          string `json:"msgid"`
	RefID          string `json:"ref_id"`
}

// take stores the message, unless it is refused or a duplicate to be dropped, and answers it.
func (s *store) take(p payload, body []byte, now time.Time, d Duplicates) answer {
	c, err := s.chatFor(p.ConversationID, p.ConversationRefID)
	if err != nil {
		return refused(within("payload.conversation_ref_id", err).Error())
	}
	if p.ReplyTo != nil && !s.holds(c, p.ReplyTo.Message) && !p.ReplyTo.Message.whole() {
		return refused("payload.reply_to.message: not a message of this chat, and not spelt out")
	}
	if earlier := s.byMsgID[p.MsgID]; len(earlier) > 0 {
		switch d {
		case RefuseDuplicates:
			return refused("payload.msgid: has been used before")
		case DropDuplicates:
			return okAnswer(newMessageAnswer{s.idsOf(earlier[0])})
		}
	}
	m := s.add(c, p, body, now)
	return okAnswer(newMessageAnswer{s.idsOf(m)})
}

// holds reports whether the quote names a message of that chat, by either id. A nil chat has no messages.
func (s *store) holds(c *chat, q quote) bool {
	if c == nil {
		return false
	}
	if m := s.byID[q.ID]; m != nil && m.chat == c {
		return true
	}
	return slices.ContainsFunc(s.byMsgID[q.MsgID], func(m *message) bool { return m.chat == c })
}

func (s *store) idsOf(m *message) newMessageIDs {
	ids := newMessageIDs{ConversationID: m.chat.id, SenderID: m.sender.ID, MsgID: m.id, RefID: m.msgid}
	if m.receiver != nil {
		ids.ReceiverID = m.receiver.ID
	}
	return ids
}

// kommoID returns Kommo's id of a participant: what ref_id says, else one made from our id.
func (p party) kommoID() string {
	return cmp.Or(p.RefID, uuidOf("participant", p.ID))
}
