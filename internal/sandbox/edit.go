package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// editMessage answers POST …/{scope} with an edit_message, which gives a message another content. The published answer
// is that to a new message. Kommo documents no answer about an unknown message: here it is 400.
func (k *Kommo) editMessage(body []byte) answer {
	var e struct {
		Payload struct {
			ID                string         `json:"id"`
			MsgID             string         `json:"msgid"`
			ConversationID    string         `json:"conversation_id"`
			ConversationRefID string         `json:"conversation_ref_id"`
			Message           map[string]any `json:"message"`
		} `json:"payload"`
	}
	if err := k.decode(body, editMessageBody, &e); err != nil {
		return refused(err.Error())
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	p := e.Payload
	c, err := k.store.find(payload{ConversationID: p.ConversationID, ConversationRefID: p.ConversationRefID})
	if err != nil {
		return refused(err.Error())
	}
	name := quote{"msgid": p.MsgID}
	if p.ID != "" {
		name = quote{"id": p.ID}
	}
	m := k.store.quoted(c, name)
	if c == nil || m == nil {
		return refused("payload.msgid: not a message of this chat")
	}
	if p.MsgID != "" {
		k.store.rename(m, p.MsgID)
	}
	if err := k.store.rewrite(m, func(stored map[string]any) { stored["message"] = edited(stored["message"], p.Message) }); err != nil {
		return refused(err.Error())
	}
	return m.answer()
}

// edited returns the new content of a message. Media stay unless others are given (documented); the state of delivery is
// no content.
func edited(old any, content map[string]any) map[string]any {
	content = maps.Clone(content)
	delete(content, "delivery_status")
	maps.DeleteFunc(content, func(_ string, v any) bool { return v == nil })
	if before, ok := old.(map[string]any); ok && before["type"] == content["type"] {
		for _, name := range []string{"media", "file_name", "file_size"} {
			if before[name] != nil && content[name] == nil {
				content[name] = before[name]
			}
		}
	}
	return content
}

// rewrite changes the payload of a message, given as decoded JSON.
func (s *store) rewrite(m *message, change func(payload map[string]any)) error {
	var body map[string]any
	if err := json.Unmarshal(m.body, &body); err != nil {
		return err
	}
	payload, ok := body["payload"].(map[string]any)
	if !ok {
		return fmt.Errorf("message %s: no payload", m.msgid)
	}
	change(payload)
	m.body = mustMarshal(body)
	s.set(m, m.payload(), m.body)
	return nil
}

// rename gives a message another msgid of ours.
func (s *store) rename(m *message, msgid string) {
	s.byMsgID[m.msgid] = slices.DeleteFunc(s.byMsgID[m.msgid], func(other *message) bool { return other == m })
	if len(s.byMsgID[m.msgid]) == 0 {
		delete(s.byMsgID, m.msgid)
	}
	m.msgid = msgid
	s.byMsgID[msgid] = append(s.byMsgID[msgid], m)
}
