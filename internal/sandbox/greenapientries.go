package sandbox

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"iter"
	"regexp"
	"slices"
)

// An accountChat is a chat with the entries that were added to it. GreenAPI.mu guards it.
type accountChat struct {
	AccountChat
	newer, older []json.RawMessage // in the order in which they were added at either end
}

// addChat adds a chat, unless a chat with its id is there already. The caller holds g.mu, or is the only user of g.
func (g *GreenAPI) addChat(c AccountChat) *accountChat {
	if known := g.byID[c.ID]; known != nil {
		return known
	}
	added := &accountChat{AccountChat: c}
	g.chats = append(g.chats, added)
	g.byID[c.ID] = added
	return added
}

// AddEntry adds an entry to the history of a chat, at its new end or at its old one. A new chat appears at the end of
// getChats too.
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

// entries returns the history of a chat as it is now, newest first; empty if there is no such chat.
func (g *GreenAPI) entries(chatID string) iter.Seq[json.RawMessage] {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.byID[chatID]
	if c == nil {
		return func(func(json.RawMessage) bool) {}
	}
	newer, stored, older := slices.Clone(c.newer), c.Entries, c.older
	slices.Reverse(newer)
	return func(yield func(json.RawMessage) bool) {
		parts := []iter.Seq[json.RawMessage]{slices.Values(newer), slices.Values(older)}
		if stored != nil {
			parts = slices.Insert(parts, 1, stored())
		}
		for _, part := range parts {
			for entry := range part {
				if !yield(entry) {
					return
				}
			}
		}
	}
}

// storedEntry has the fields of an entry that the sandbox itself looks at.
type storedEntry struct {
	Timestamp   int64  `json:"timestamp"`
	IDMessage   string `json:"idMessage"`
	DownloadURL string `json:"downloadUrl"`
	Sandbox     struct {
		DownloadFile *string `json:"downloadFile"`
	} `json:"sandbox"`
}

func readEntry(entry json.RawMessage) storedEntry {
	var e storedEntry
	if json.Unmarshal(entry, &e) != nil {
		return storedEntry{}
	}
	return e
}

// These find fields in the text of an entry. They never match within a string, where JSON escapes each quotation mark.
var (
	sandboxField = regexp.MustCompile(`\s*,\s*"sandbox"\s*:\s*\{[^{}]*\}|(\{\s*)"sandbox"\s*:\s*\{[^{}]*\}(?:\s*,\s*)?`)
	linkField    = regexp.MustCompile(`"downloadUrl"\s*:\s*"[^"]*"`)
	ownFile      = regexp.MustCompile(`("downloadUrl"\s*:\s*")media/`) // a quoted message may have one too
)

// published returns an entry of a chat as getChatHistory shows it to a client that knows the sandbox as base. Its bytes
// are the stored ones, but for links to the account's own files and the field of the sandbox.
func (g *GreenAPI) published(chatID string, entry json.RawMessage, base string) json.RawMessage {
	shown := entry
	if bytes.Contains(shown, []byte(`"sandbox"`)) {
		shown = sandboxField.ReplaceAll(shown, []byte("$1"))
	}
	if link := g.renewal(chatID, entry); link != "" {
		shown = withLink(shown, base+link)
	}
	if !bytes.Contains(shown, []byte(`"downloadUrl"`)) {
		return shown
	}
	return ownFile.ReplaceAll(shown, []byte("${1}"+base+mediaPrefix))
}

// withLink returns the entry with another downloadUrl: its first one, since that of a quoted message comes later.
func withLink(entry []byte, link string) []byte {
	if at := linkField.FindIndex(entry); at != nil {
		old := entry[at[0]:at[1]]
		value := at[0] + bytes.LastIndexByte(old[:len(old)-1], '"')
		return slices.Concat(entry[:value], mustMarshal(link), entry[at[1]:])
	}
	end := bytes.LastIndexByte(entry, '}')
	return slices.Concat(entry[:end], []byte(`,"downloadUrl":`), mustMarshal(link), entry[end:])
}

// grow adds a made-up text to an existing chat: a minute older than its oldest entry, or a second newer than its newest
// one, or now if that is later. In a group it is the account's own, as the sandbox does not know the members.
func (g *GreenAPI) grow(chatID string, atOldEnd bool) {
	g.mu.Lock()
	known := g.byID[chatID] != nil
	g.grown++
	number := g.grown
	g.mu.Unlock()
	if !known {
		return
	}
	now := g.now().Unix()
	newest, oldest := int64(0), int64(0)
	for entry := range g.entries(chatID) {
		if at := readEntry(entry).Timestamp; at > 0 {
			newest, oldest = max(newest, at), at
		}
	}
	at, verb := max(newest+1, now), "came"
	if atOldEnd {
		at, verb = cmp.Or(oldest, now)-60, "was synchronized"
	}
	who := `"type":"incoming","senderId":` + string(mustMarshal(chatID)) + `,"senderName":"Sandbox"`
	if isGroup(chatID) {
		who = `"type":"outgoing","statusMessage":"read"`
	}
	sum := sha1.Sum(fmt.Appendf(nil, "%s\x00%d", chatID, number))
	entry := fmt.Appendf(nil, `{%s,"timestamp":%d,"idMessage":"3A%018X","typeMessage":"textMessage","chatId":%s,`+
		`"textMessage":"Message %d that %s while you were reading","isEdited":false,"editedMessageId":"","isDeleted":false,`+
		`"deletedMessageId":""}`, who, at, sum[:9], mustMarshal(chatID), number, verb)
	g.AddEntry(chatID, entry, atOldEnd)
}
