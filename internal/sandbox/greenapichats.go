package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

var (
	historyBody     = object(field{"chatId", filled, must}, field{"count", atLeast(1), may})
	contactInfoBody = object(field{"chatId", filled, must})
)

// getChatHistory answers POST …/getChatHistory with the newest entries of a chat, newest first. An unknown chat has an
// empty history (the sandbox's own choice).
func (g *GreenAPI) getChatHistory(q call) answer {
	if decode(q.body, historyBody, &q.parameters) != nil {
		return g.invalid(q)
	}
	if raw := g.rawHistory(q.ChatID); raw != nil {
		return newAnswer(http.StatusOK, "application/json; charset=utf-8", raw)
	}
	var newest []json.RawMessage
	for entry := range g.entries(q.ChatID) {
		if newest = append(newest, g.published(q.ChatID, entry, q.base)); len(newest) == q.count() {
			break
		}
	}
	return arrayAnswer(newest)
}

// rawHistory returns the Raw of a chat, or nil.
func (g *GreenAPI) rawHistory(chatID string) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c := g.byID[chatID]; c != nil {
		return c.Raw
	}
	return nil
}

// arrayAnswer answers with a JSON array of the elements, byte for byte as they are.
func arrayAnswer(elements []json.RawMessage) answer {
	a := newAnswer(http.StatusOK, "application/json; charset=utf-8", []byte("["))
	for i, e := range elements {
		if i > 0 {
			a.body = append(a.body, ',')
		}
		a.last = len(a.body)
		a.body = append(a.body, e...)
	}
	a.body = append(a.body, ']')
	return a
}

// getChats answers GET …/getChats?count=.
func (g *GreenAPI) getChats(q call) answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	var listings []json.RawMessage
	for _, c := range g.chats {
		if c.Listing != nil {
			listings = append(listings, c.Listing)
		}
	}
	return g.firstOf(q, listings)
}

// firstOf answers with as many elements as the query's count allows.
func (g *GreenAPI) firstOf(q call, list []json.RawMessage) answer {
	if q.query.Has("count") {
		n, err := strconv.Atoi(q.query.Get("count"))
		if err != nil || n < 1 {
			return g.invalid(q)
		}
		list = list[:min(n, len(list))]
	}
	return arrayAnswer(list)
}

// newListing returns the element of getChats for a chat that has appeared by itself.
func newListing(chatID string) json.RawMessage {
	kind := "user"
	if isGroup(chatID) {
		kind = "group"
	}
	return fmt.Appendf(nil, `{"archive":false,"id":%s,"ephemeralExpiration":0,"ephemeralSettingTimestamp":0,"name":"","type":"%s"}`,
		mustMarshal(chatID), kind)
}

func isGroup(chatID string) bool {
	return strings.HasSuffix(chatID, "@g.us")
}

// getContactInfo answers POST …/getContactInfo: as the account says, else from getContacts and getChats. The name of a
// chat that the account does not know is empty.
func (g *GreenAPI) getContactInfo(q call) answer {
	if decode(q.body, contactInfoBody, &q.parameters) != nil {
		return g.invalid(q)
	}
	if info, ok := g.account.ContactInfo[q.ChatID]; ok {
		return newAnswer(http.StatusOK, "application/json", info)
	}
	type element struct {
		ID, Name, ContactName string
		Archive               bool
	}
	var chat, contact element
	g.mu.Lock()
	defer g.mu.Unlock()
	if c := g.byID[q.ChatID]; c != nil && c.Listing != nil {
		json.Unmarshal(c.Listing, &chat) // an unreadable element says nothing
	}
	for _, listed := range g.account.Contacts {
		var e element
		if json.Unmarshal(listed, &e) == nil && e.ID == q.ChatID {
			contact = e
			break
		}
	}
	body := fmt.Appendf(nil, `{"avatar":"","name":%s,"contactName":%s,"email":"","category":"","description":"","products":[],`+
		`"chatId":%s,"lastSeen":null,"isArchive":%t,"isDisappearing":false,"isMute":false,"messageExpiration":0,`+
		`"muteExpiration":null,"isBusiness":false}`,
		mustMarshal(cmp.Or(contact.Name, chat.Name)), mustMarshal(contact.ContactName), mustMarshal(q.ChatID), chat.Archive)
	return newAnswer(http.StatusOK, "application/json", body)
}
