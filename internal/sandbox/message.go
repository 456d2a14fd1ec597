package sandbox

import (
	"encoding/json"
	"slices"
	"time"
)

// The bodies that Kommo takes: the fields of its reference that an import sends, with their kinds. The other fields of
// the reference (forwards, shared_post, sticker_id …) are refused as unknown.
var (
	newMessageBody = object(
		field{"event_type", oneOf("new_message"), must},
		field{"payload", payloadBody, must},
	)

	payloadBody = object(
		field{"timestamp", count, must},
		field{"msec_timestamp", count, must},
		field{"msgid", filled, must},
		field{"conversation_id", filled, must},
		field{"silent", boolean, may},
		field{"source", sourceBody, may},
		field{"sender", participantBody, must},
		field{"receiver", participantBody, may},
		field{"message", contentBody, must},
		field{"reply_to", object(field{"message", quoteBody, must}), may},
	)

	sourceBody = object(field{"external_id", externalID, must})

	participantBody = object(
		field{"id", filled, must},
		field{"name", filled, must},
		field{"ref_id", amojoID, may},
		field{"avatar", linkOrEmpty, may},
		field{"profile", object(field{"phone", text, may}, field{"email", text, may}), may},
		field{"profile_link", linkOrEmpty, may},
	)

	contentBody = object(
		field{"type", oneOf("text", "contact", "file", "video", "picture", "voice", "audio", "sticker", "location"), must},
		field{"text", textOrNull, may}, // clients at work send null beside media
		field{"media", link, may},
		field{"file_name", filled, may},
		field{"file_size", count, may},
		field{"location", object(field{"lon", degrees(180), must}, field{"lat", degrees(90), must}), may},
		field{"contact", object(field{"name", filled, must}, field{"phone", filled, must}), may},
		field{"post", postBody, may},
	).and(fieldsOfType)

	postBody = object(
		field{"id", filled, must},
		field{"url", link, must},
		field{"preview_url", linkOrEmpty, may},
		field{"preview_permalink", linkOrEmpty, may},
		field{"username", text, may},
		field{"caption", text, may},
	)

	// quoteBody names the quoted message by Kommo's id or by ours. Spelling it out is documented too.
	quoteBody = object(field{"id", amojoID, may}, field{"msgid", filled, may})
)

// envelope is the body of POST …/{scope}, as far as the sandbox looks into it after its fields are checked.
type envelope struct {
	EventType string  `json:"event_type"`
	Payload   payload `json:"payload"`
}

type payload struct {
	Timestamp      int64        `json:"timestamp"`
	MsecTimestamp  int64        `json:"msec_timestamp"`
	MsgID          string       `json:"msgid"`
	ConversationID string       `json:"conversation_id"`
	Silent         bool         `json:"silent"`
	Sender         participant  `json:"sender"`
	Receiver       *participant `json:"receiver"`
	Message        content      `json:"message"`
	ReplyTo        *struct {
		Message quote `json:"message"`
	} `json:"reply_to"`
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

type quote struct {
	ID    string `json:"id"`
	MsgID string `json:"msgid"`
}

// fieldsOfType returns an error unless a message has the fields that its type requires. A text must not be empty, as
// nothing else is there.
func fieldsOfType(path string, message map[string]any) error {
	kind := message["type"].(string)
	required := []string{"media"}
	switch kind {
	case "text", "location", "contact":
		required = []string{kind}
	case "picture", "video", "file":
		required = []string{"media", "file_name", "file_size"}
	}
	for _, name := range required {
		if _, present := message[name]; !present {
			return invalidf(join(path, name), "missing")
		}
	}
	if kind == "text" {
		return filled.check(join(path, "text"), message["text"])
	}
	return nil
}

// takeMessage answers POST …/{scope}. edit_message is documented too, but an import has nothing to edit: it gets 400.
func (k *Kommo) takeMessage(body []byte) answer {
	var e envelope
	if err := decode(body, newMessageBody, &e); err != nil {
		return refused(err.Error())
	}
	if err := e.Payload.check(); err != nil {
		return refused(err.Error())
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.store.take(e.Payload, body, k.now(), k.Options.Duplicates)
}

// check returns an error about the first field that contradicts another one.
func (p payload) check() error {
	if p.MsecTimestamp/1000 != p.Timestamp {
		return invalidf("payload.msec_timestamp", "%d is not in the second %d of timestamp", p.MsecTimestamp, p.Timestamp)
	}
	if p.Receiver != nil && p.Sender.RefID == "" {
		return invalidf("payload.sender.ref_id", "missing, although there is a receiver")
	}
	return nil
}

// newMessageAnswer is the answer to an accepted message. All ids but ref_id, which is our msgid, are Kommo's:
//
//	{"new_message":{"conversation_id":"742a…","sender_id":"318e…","receiver_id":"0eef…","msgid":"ecfb…","ref_id":"wa-1"}}
type newMessageAnswer struct {
	NewMessage struct {
		ConversationID string `json:"conversation_id"`
		SenderID       string `json:"sender_id"`
		ReceiverID     string `json:"receiver_id,omitempty"`
		MsgID          string `json:"msgid"`
		RefID          string `json:"ref_id"`
	} `json:"new_message"`
}

// take stores the message, unless it is refused or a duplicate to be dropped, and answers it.
func (s *store) take(p payload, body []byte, now time.Time, d Duplicates) answer {
	if p.ReplyTo != nil && !s.holds(p.ConversationID, p.ReplyTo.Message) {
		return refused("payload.reply_to.message: not a message of this chat")
	}
	if earlier := s.byMsgID[p.MsgID]; len(earlier) > 0 {
		switch d {
		case RefuseDuplicates:
			return refused("payload.msgid: has been used before")
		case DropDuplicates:
			return earlier[0].answer()
		}
	}
	return s.add(s.open(p.ConversationID), p, body, now).answer()
}

// holds reports whether the quote names a message of that conversation, by either id.
func (s *store) holds(conversation string, q quote) bool {
	return slices.ContainsFunc(s.byMsgID[q.MsgID], func(m *message) bool { return m.chat.conversation == conversation }) ||
		s.byID[q.ID] != nil && s.byID[q.ID].chat.conversation == conversation
}

func (m *message) answer() answer {
	var a newMessageAnswer
	ids := &a.NewMessage
	ids.ConversationID, ids.SenderID, ids.MsgID, ids.RefID = m.chat.id, m.sender.ID, m.id, m.msgid
	if m.receiver != nil {
		ids.ReceiverID = m.receiver.ID
	}
	return okAnswer(a)
}
