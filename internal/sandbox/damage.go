package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Lose takes a message out of its chat, as if it had never arrived.
func (k *Kommo) Lose(msgid string) error {
	return k.damage(msgid, func(lost *message) error {
		c := lost.chat
		c.messages = slices.DeleteFunc(c.messages, func(m *message) bool { return m == lost })
		c.newestFirst = nil
		delete(k.store.byMsgID, msgid)
		delete(k.store.byID, lost.id)
		return nil
	})
}

// Rewrite changes the payload of a message as it would be read as JSON. A change of its msec_timestamp moves it to the
// place of that time; one of its people shows in the history only as far as there is a receiver or none.
func (k *Kommo) Rewrite(msgid string, change func(payload map[string]any)) error {
	return k.damage(msgid, func(m *message) error {
		var body map[string]any
		if err := json.Unmarshal(m.body, &body); err != nil {
			return err
		}
		payload, ok := body["payload"].(map[string]any)
		if !ok {
			return fmt.Errorf("message %s: no payload", msgid)
		}
		change(payload)
		var err error
		if m.body, err = json.Marshal(body); err != nil {
			return err
		}
		now := m.payload()
		m.msec, m.chat.newestFirst = now.MsecTimestamp, nil
		m.sender, m.receiver = k.store.join(m.chat, now.Sender), nil
		if now.Receiver != nil {
			m.receiver = k.store.join(m.chat, *now.Receiver)
		}
		return nil
	})
}

// Swap lets two messages of a chat change their places in its history. They keep their times and all else.
func (k *Kommo) Swap(msgid, other string) error {
	return k.damage(msgid, func(a *message) error {
		list := k.store.byMsgID[other]
		if len(list) == 0 || list[0].chat != a.chat {
			return fmt.Errorf("message %s: not in the chat of %s", other, msgid)
		}
		b := list[0]
		a.msec, b.msec = b.msec, a.msec
		a.chat.newestFirst = nil
		return nil
	})
}

// Double puts a message into its chat once more, under another id.
func (k *Kommo) Double(msgid string) error {
	return k.damage(msgid, func(m *message) error {
		k.store.add(m.chat, m.payload(), m.body, m.arrived)
		return nil
	})
}

// Insert puts a message of the client into the chat of a conversation that did not come through the API, or that came
// with an msgid of somebody else.
func (k *Kommo) Insert(conversation, msgid, text string, at time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.store.byConv[conversation]
	if c == nil || len(c.people) == 0 {
		return fmt.Errorf("conversation %s: no such chat", conversation)
	}
	p := payload{MsgID: msgid, ConversationID: conversation, Timestamp: at.Unix(), MsecTimestamp: at.UnixMilli()}
	p.Sender.ID, p.Sender.Name = "somebody", "Somebody"
	p.Message.Type, p.Message.Text = "text", text
	body, err := json.Marshal(map[string]any{"event_type": "new_message", "payload": map[string]any{
		"timestamp": p.Timestamp, "msec_timestamp": p.MsecTimestamp,
		"message": map[string]any{"type": "text", "text": text},
	}})
	if err != nil {
		return err
	}
	k.store.add(c, p, body, k.Options.Now())
	return nil
}

// damage calls do with the first message that has an msgid.
func (k *Kommo) damage(msgid string, do func(*message) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	list := k.store.byMsgID[msgid]
	if len(list) == 0 {
		return fmt.Errorf("message %s: not here", msgid)
	}
	return do(list[0])
}
