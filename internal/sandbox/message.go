package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"time"
)

// envelope is the body of POST …/{scope}, as far as the sandbox looks into it after its fields are checked.
type envelope struct {
	EventType string  `json:"event_type"`
	Payload   payload `json:"payload"`
}

type payload struct {
	Timestamp         int64        `json:"timestamp"`
	MsecTimestamp     int64        `json:"msec_timestamp"`
	ID                string       `json:"id,omitempty"` // Kommo's; only of an edited message
	MsgID             string       `json:"msgid"`
	ConversationID    string       `json:"conversation_id"`
	ConversationRefID string       `json:"conversation_ref_id,omitempty"`
	Silent            bool         `json:"silent"`
	Sender            participant  `json:"sender"`
	Receiver          *participant `json:"receiver"`
	Message           content      `json:"message"`
	ReplyTo           *struct {
		Message quote `json:"message"`
	} `json:"reply_to"`
}

// A quote has the fields of a quoted message, of which no more than an id need be there.
type quote map[string]any

func (q quote) ids() (id, msgid string) {
	id, _ = q["id"].(string)
	msgid, _ = q["msgid"].(string)
	return id, msgid
}

// fillTimes completes the time of a message that has only one of its two times.
func (p *payload) fillTimes() {
	p.Timestamp = cmp.Or(p.Timestamp, p.MsecTimestamp/1000)
	p.MsecTimestamp = cmp.Or(p.MsecTimestamp, p.Timestamp*1000)
}

type participant struct {
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
	Type     string          `json:"type"`
	Text     string          `json:"text"`
	Media    string          `json:"media"`
	FileName string          `json:"file_name"`
	FileSize int64           `json:"file_size"`
	Location json.RawMessage `json:"location,omitempty"`
	Contact  json.RawMessage `json:"contact,omitempty"`
}

// decode reads a body at an endpoint of the Chats API, where null stands for a field that is not there.
func (k *Kommo) decode(body []byte, of kind, v any) error {
	return reading{nulls: true, lenient: k.Options.Lenient}.decode(body, of, v)
}

// postMessage answers POST …/{scope}, which adds a message or edits it.
func (k *Kommo) postMessage(body []byte) answer {
	var event struct {
		Type string `json:"event_type"`
	}
	if json.Unmarshal(body, &event) == nil && event.Type == "edit_message" {
		return k.editMessage(body)
	}
	var e envelope
	if err := k.decode(body, newMessageBody, &e); err != nil {
		return refused(err.Error())
	}
	if e.Payload.Receiver != nil && e.Payload.Sender.RefID == "" {
		return refused("payload.sender.ref_id: missing, although there is a receiver")
	}
	e.Payload.fillTimes()
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.store.take(e.Payload, body, k.now(), k.Options.Duplicates)
}

// newMessageAnswer is the answer to an accepted message. All ids but ref_id, which is our msgid, are Kommo's:
//
//	{"new_message":{"conversation_id":"742a…","sender_id":"318e…","receiver_id":"0eef…","msgid":"ecfb…","ref_id":"wa-1"}}
type newMessageAnswer struct {
	NewMessage struct {
		ConversationID string `json:"conversation_id,omitempty"`
		SenderID       string `json:"sender_id"`
		ReceiverID     string `json:"receiver_id,omitempty"`
		MsgID          string `json:"msgid"`
		RefID          string `json:"ref_id"`
	} `json:"new_message"`
}

// take stores the message, unless it is refused or a duplicate to be dropped, and answers it.
func (s *store) take(p payload, body []byte, now time.Time, d Duplicates) answer {
	c, err := s.find(p)
	if err != nil {
		return refused(err.Error())
	}
	if p.ReplyTo != nil && s.quoted(c, p.ReplyTo.Message) == nil && !spelledOut(p.ReplyTo.Message) {
		return refused("payload.reply_to.message: not a message of this chat")
	}
	if earlier := s.byMsgID[p.MsgID]; len(earlier) > 0 {
		switch d {
		case RefuseDuplicates:
			return refused("payload.msgid: already exists")
		case ConflictDuplicates:
			return refusedWith(http.StatusConflict, "payload.msgid: already exists")
		case DropDuplicates:
			return earlier[0].answer()
		}
	}
	if c == nil {
		c = s.open(p.ConversationID)
	}
	s.bind(p.ConversationID, c)
	m := s.add(c, p, body, now)
	s.notify(c, m, now)
	return m.answer()
}

// find returns the chat that a payload names: the reference to a chat of Kommo wins over our conversation id. A
// conversation without a chat is nil. Kommo documents no answer to an unknown reference: here it is an error.
func (s *store) find(p payload) (*chat, error) {
	if p.ConversationRefID == "" {
		return s.byConv[p.ConversationID], nil
	}
	c := s.byUUID[p.ConversationRefID]
	if c == nil {
		return nil, invalidf("payload.conversation_ref_id", "not a chat of this channel")
	}
	return c, nil
}

// quoted returns the message of the chat that a quote names by either id, or nil.
func (s *store) quoted(c *chat, q quote) *message {
	id, msgid := q.ids()
	if m := s.byID[id]; m != nil && m.chat == c {
		return m
	}
	for _, m := range s.byMsgID[msgid] {
		if m.chat == c {
			return m
		}
	}
	return nil
}

func (m *message) answer() answer {
	var a newMessageAnswer
	ids := &a.NewMessage
	ids.ConversationID, ids.SenderID, ids.MsgID, ids.RefID = m.chat.answered, m.sender.ID, m.id, m.msgid
	if m.receiver != nil {
		ids.ReceiverID = m.receiver.ID
	}
	return okAnswer(a)
}
