package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// getChats answers GET …/getChats?count=.
func (g *GreenAPI) getChats(q greenAPICall) answer {
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

// getContacts answers GET …/getContacts?count=. The parameter group is not looked at.
func (g *GreenAPI) getContacts(q greenAPICall) answer {
	return g.firstOf(q, g.account.Contacts)
}

// firstOf answers with as many elements as the query's count allows.
func (g *GreenAPI) firstOf(q greenAPICall, list []json.RawMessage) answer {
	if q.query.Has("count") {
		n, err := strconv.Atoi(q.query.Get("count"))
		if err != nil || n < 1 {
			return g.invalid(q)
		}
		list = list[:min(n, len(list))]
	}
	return arrayAnswer(slices.Values(list))
}

// listing is an element of getChats.
type listing struct {
	Archive                   bool   `json:"archive"`
	ID                        string `json:"id"`
	EphemeralExpiration       int    `json:"ephemeralExpiration"`
	EphemeralSettingTimestamp int    `json:"ephemeralSettingTimestamp"`
	Name                      string `json:"name"`
	Type                      string `json:"type"`
}

// newListing returns what getChats says of a chat that appeared by itself.
func newListing(chatID string) json.RawMessage {
	l := listing{ID: chatID, Type: "user"}
	if isGroup(chatID) {
		l.Type = "group"
	}
	return okAnswer(l).body
}

func isGroup(chatID string) bool {
	return strings.HasSuffix(chatID, "@g.us")
}

var contactInfoShape = object(must("chatId", filled))

// contactInfo is the answer of getContactInfo.
type contactInfo struct {
	Avatar            string `json:"avatar"`
	Name              string `json:"name"`
	ContactName       string `json:"contactName"`
	Email             string `json:"email"`
	Category          string `json:"category"`
	Description       string `json:"description"`
	Products          []any  `json:"products"`
	ChatID            string `json:"chatId"`
	LastSeen          any    `json:"lastSeen"`
	IsArchive         bool   `json:"isArchive"`
	IsDisappearing    bool   `json:"isDisappearing"`
	IsMute            bool   `json:"isMute"`
	MessageExpiration int    `json:"messageExpiration"`
	MuteExpiration    any    `json:"muteExpiration"`
	IsBusiness        bool   `json:"isBusiness"`
}

// getContactInfo answers POST …/getContactInfo. Of a chat that the account does not know it answers an empty name.
func (g *GreenAPI) getContactInfo(q greenAPICall) answer {
	if decode(q.body, contactInfoShape, &q.asked) != nil {
		return g.invalid(q)
	}
	if info, ok := g.account.ContactInfo[q.ChatID]; ok {
		return newAnswer(http.StatusOK, "application/json", info)
	}
	info := contactInfo{ChatID: q.ChatID, Products: []any{}}
	g.mu.Lock()
	defer g.mu.Unlock()
	if c := g.byID[q.ChatID]; c != nil && c.Listing != nil {
		info.take(c.Listing)
	}
	i := slices.IndexFunc(g.account.Contacts, func(c json.RawMessage) bool { return idOf(c) == q.ChatID })
	if i >= 0 {
		info.take(g.account.Contacts[i])
	}
	return okAnswer(info)
}

// take takes over what an element of getChats or getContacts says.
func (info *contactInfo) take(element json.RawMessage) {
	var known struct {
		Name, ContactName string
		Archive           bool
	}
	if json.Unmarshal(element, &known) != nil {
		return
	}
	if known.Name != "" {
		info.Name = known.Name
	}
	info.ContactName = known.ContactName
	info.IsArchive = info.IsArchive || known.Archive
}

func idOf(element json.RawMessage) string {
	var known struct{ ID string }
	if json.Unmarshal(element, &known) != nil {
		return ""
	}
	return known.ID
}
