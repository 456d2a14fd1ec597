package csvfile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A preset holds the settings for the tables of one program. Its sample is in testdata/corpus, under its name.
type preset struct {
	name   string
	header string // columns by which such a table is recognised, separated by commas
	Settings
}

// presets returns the presets, each for a header that is documented in the row of section 8 of the reference that is named.
func presets() []preset {
	return []preset{
		{"imazing", "Chat Session,Message Date,Type,Sender ID,Sender Name,Text,Attachment,Attachment type", Settings{ // rows 1 and 2
			Map: Mapping{"conversation_id": "Chat Session", "client_name": "Chat Session", "client_phone": "Sender ID|", "timestamp": "Message Date",
				"direction": "Type", "text": "Text", "author_id": "Sender ID", "author_name": "Sender Name", "type": "Attachment type",
				"file_name": "Attachment"},
			Skip: []string{"Notification"},
		}},
		{"ultimate", "conversationId,sendTime,senderType,text,agentId (optional)", Settings{ // row 3
			Map: Mapping{"conversation_id": "conversationId", "timestamp": "sendTime", "direction": "senderType",
				"author_id": "agentId (optional)"},
			Incoming: []string{"visitor"},
		}},
		{"intercom", "message_id,message_body,message_type,message_created_at,message_author_type,conversation_id", Settings{ // row 4: UTC
			Map: Mapping{"timestamp": "{message_created_at}Z", "direction": "message_author_type", "text": "message_body",
				"client_name": "message_author_name|", "client_email": "message_author_email|", "author_id": "message_author_id",
				"author_name": "message_author_name"},
			Incoming:  []string{"user", "lead", "contact"},
			Outgoing:  []string{"admin", "team"},
			SkipWhere: []string{"message_type=note,assignment,open,close"},
			HTML:      true,
		}},
		{"chatwoot", "CONTACT_NAME,CONVERSATION_ID,MESSAGE_CREATED_AT,MESSAGE_ID,MESSAGE_TYPE,MESSAGE_PRIVATE,MESSAGE_CONTENT", Settings{ // row 5
			Map: Mapping{"timestamp": "MESSAGE_CREATED_AT", "direction": "MESSAGE_TYPE", "text": "MESSAGE_CONTENT",
				"client_name": "CONTACT_NAME", "client_phone": "CONTACT_PHONE_NUMBER", "client_email": "CONTACT_EMAIL", "contact_name": ""},
			Skip:      []string{"activity", "template"},
			SkipWhere: []string{"MESSAGE_PRIVATE=" + yes},
		}},
		{"wolkvox", "CHANNEL,FROM,FROM_NAME,TO_NAME,DATE,MESSAGE,CONN_ID,CUSTOMER_ID,CUSTOMER_PHONE", Settings{ // row 6
			Map: Mapping{"conversation_id": "CONN_ID", "timestamp": "DATE", "direction": "FROM", "text": "MESSAGE",
				"client_id": "CUSTOMER_ID", "client_name": "FROM_NAME|TO_NAME", "client_phone": "CUSTOMER_PHONE", "author_name": "FROM_NAME"},
			SkipWhere: []string{"FROM="}, // the lines before each conversation
		}},
		{"twilio", "From,To,Body,SentDate,AccountSid,Sid,Direction", Settings{ // row 7
			Map:      Mapping{"conversation_id": "From|To", "timestamp": "SentDate", "text": "Body", "message_id": "Sid"},
			Outgoing: []string{"outbound-api", "outbound-reply", "outbound-call"},
		}},
		{"kaleyra", "WABA ID,WHATSAPP_ID,FROM,TO,MESSAGE_DIRECTION,MESSAGE,CREATED_AT", Settings{ // row 12
			Map: Mapping{"conversation_id": "+{FROM}@c.us|+{TO}@c.us", "timestamp": "CREATED_AT", "direction": "MESSAGE_DIRECTION",
				"text": "MESSAGE", "message_id": "WHATSAPP_ID"},
			Incoming: []string{yes},
			Outgoing: []string{no},
		}},
	}
}

// Presets returns the names of all presets.
func Presets() (names []string) {
	for _, p := range presets() {
		names = append(names, p.name)
	}
	return names
}

// withPreset returns the settings together with those of their preset. A column of the given mapping comes before that of the
// preset; values of lists count in addition.
func (s Settings) withPreset() (Settings, error) {
	if s.Preset == "" {
		return s, nil
	}
	i := slices.IndexFunc(presets(), func(p preset) bool { return p.name == s.Preset })
	if i < 0 {
		return s, fmt.Errorf("there is no preset %q; there are %s", s.Preset, strings.Join(Presets(), ", "))
	}
	p := presets()[i].Settings
	maps.Copy(p.Map, s.Map)
	s.Map = p.Map
	s.Incoming, s.Outgoing = slices.Concat(p.Incoming, s.Incoming), slices.Concat(p.Outgoing, s.Outgoing)
	s.Skip, s.SkipWhere = slices.Concat(p.Skip, s.Skip), slices.Concat(p.SkipWhere, s.SkipWhere)
	s.TimeFormat = cmp.Or(s.TimeFormat, p.TimeFormat)
	s.HTML = s.HTML || p.HTML
	return s, nil
}

// recognised returns the name of the preset whose columns a table has, or "".
func recognised(h *header) string {
	for _, p := range presets() {
		if !slices.ContainsFunc(strings.Split(p.header, ","), func(name string) bool { return !slices.Contains(h.normal, canonical(name)) }) {
			return p.name
		}
	}
	return ""
}
