package sandbox

import (
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"
)

// An accountChat is a chat with what was added to it. GreenAPI.mu guards it.
type accountChat struct {
	AccountChat
	newer, older []json.RawMessage // in the order in which they were added at either end
}

// addChat adds a chat, unless there is one with its id. The caller holds g.mu, or is the only one who knows g.
func (g *GreenAPI) addChat(c AccountChat) *accountChat {
	if known := g.byID[c.ID]; known != nil {
		return known
	}
	added := &accountChat{AccountChat: c}
	g.chats = append(g.chats, added)
	g.byID[c.ID] = added
	return added
}

// AddEntry adds an entry to the history of a chat, at its new end or at its old one. A chat that was not there appears
// at the end of getChats too.
func (g *GreenAPI) AddEntry(chatID string, entry json.RawMessage, atOldEnd bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.byID[chatID]
	if c == nil {
		c = g.addChat(AccountChat{ID: chatID, Listing: newListing(chatID)})
	}
	if atOldEnd {
		c.older = append(c.older, entry)
	} else {
		c.newer = append(c.newer, entry)
	}
}

// entries returns the history of a chat as it is now, newest first; none if there is no such chat.
func (g *GreenAPI) entries(chatID string) iter.Seq[json.RawMessage] {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c := g.byID[chatID]; c != nil {
		return c.entries()
	}
	return func(func(json.RawMessage) bool) {}
}

func (c *accountChat) entries() iter.Seq[json.RawMessage] {
	newer, stored, older := c.newer, c.Entries, c.older
	return func(yield func(json.RawMessage) bool) {
		for i := len(newer) - 1; i >= 0; i-- {
			if !yield(newer[i]) {
				return
			}
		}
		if stored != nil {
			for e := range stored() {
				if !yield(e) {
					return
				}
			}
		}
		for _, e := range older {
			if !yield(e) {
				return
			}
		}
	}
}

// textEntry is an entry that the sandbox makes itself. In a group it is one of the account's own, as the sandbox does
// not know who else is there.
type textEntry struct {
	Type            string `json:"type"`
	Timestamp       int64  `json:"timestamp"`
	IDMessage       string `json:"idMessage"`
	TypeMessage     string `json:"typeMessage"`
	ChatID          string `json:"chatId"`
	SenderID        string `json:"senderId,omitempty"`
	SenderName      string `json:"senderName,omitempty"`
	StatusMessage   string `json:"statusMessage,omitempty"`
	TextMessage     string `json:"textMessage"`
	IsEdited        bool   `json:"isEdited"`
	EditedMessageID string `json:"editedMessageId"`
	IsDeleted       bool   `json:"isDeleted"`
	DeletedID       string `json:"deletedMessageId"`
}

// grow adds a text that nobody has written to a chat, if there is one: a minute older than its oldest entry, or a second
// newer than its newest one, which may be now.
func (g *GreenAPI) grow(chatID string, atOldEnd bool) {
	g.mu.Lock()
	known := g.byID[chatID] != nil
	g.grown++
	number := g.grown
	g.mu.Unlock()
	if !known {
		return
	}
	newest, oldest := g.span(chatID)
	sum := sha1.Sum([]byte(fmt.Sprintf("%s\x00%d", chatID, number)))
	e := textEntry{
		Type: "incoming", Timestamp: max(newest+1, g.Options.Now().Unix()), IDMessage: fmt.Sprintf("3A%018X", sum[:9]),
		TypeMessage: "textMessage", ChatID: chatID, SenderID: chatID, SenderName: "Sandbox",
		TextMessage: fmt.Sprintf("Message %d that came while you were reading", number),
	}
	if isGroup(chatID) {
		e.Type, e.SenderID, e.SenderName, e.StatusMessage = "outgoing", "", "", "read"
	}
	if atOldEnd {
		e.Timestamp = oldest - int64(time.Minute/time.Second)
		e.TextMessage = strings.Replace(e.TextMessage, "came", "was synchronized", 1)
	}
	g.AddEntry(chatID, okAnswer(e).body, atOldEnd)
}

// span returns the times of the newest and the oldest entry of a chat; of one without times, now.
func (g *GreenAPI) span(chatID string) (newest, oldest int64) {
	for entry := range g.entries(chatID) {
		at := readEntry(entry).Timestamp
		if at == 0 {
			continue
		}
		if newest == 0 {
			newest = at
		}
		oldest = at
	}
	if newest == 0 {
		now := g.Options.Now().Unix()
		return now - 1, now
	}
	return newest, oldest
}
