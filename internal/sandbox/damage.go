package sandbox

import (
	"fmt"
	"slices"
	"time"
)

// Lose removes a message from its chat, as if it had never arrived.
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

// Rewrite changes the payload of a message, given as decoded JSON. Another msec_timestamp moves the message to the place
// of that time. The history shows of another sender or receiver only whether there is a receiver.
func (k *Kommo) Rewrite(msgid string, change func(payload map[string]any)) error {
	return k.damage(msgid, func(m *message) error {
		return k.store.rewrite(m, change)
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

// Insert puts a text of the client into the chat of a conversation, as if it had not come through the API (no msgid) or
// had come from a live integration (an msgid of its own).
func (k *Kommo) Insert(conversation, msgid, text string, at time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.store.byConv[conversation]
	if c == nil || len(c.people) == 0 {
		return fmt.Errorf("conversation %s: no such chat", conversation)
	}
	p := payload{
		MsgID: msgid, ConversationID: conversation, Timestamp: at.Unix(), MsecTimestamp: at.UnixMilli(),
		Sender:  participant{ID: "somebody", Name: "Somebody"},
		Message: content{Type: "text", Text: text},
	}
	k.store.add(c, p, mustMarshal(envelope{"new_message", p}), k.now())
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
