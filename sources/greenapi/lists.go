package greenapi

import (
	"cmp"
	"context"
	"encoding/json"
)

// A Chat is a chat of the instance's account.
type Chat struct {
	ID    string // ends in @c.us, @lid or @g.us; the digits of a @lid are no phone number (documented)
	Name  string // may be empty
	Phone string // of an @lid it may be another person's; may be empty
}

// Chats returns the chats of the instance, those active last first; Green-API refreshes the list at most once a minute
// (documented). Chats without an id are left out; if there are no others, the error is [ErrUnreadableChats].
func (c *Client) Chats(ctx context.Context) ([]Chat, error) {
	// [{"archive":false,"id":"79001234567@c.us","ephemeralExpiration":0,"ephemeralSettingTimestamp":0,"name":"…","type":"user"}]
	// or [{"chatId":"79001234567@c.us","name":"…","type":"user","phoneNumber":"79001234567"}] (seen in code)
	type wire struct {
		ID     lenientID   `json:"id"`
		ChatID lenientID   `json:"chatId"`
		Name   lenientText `json:"name"`
		Phone  lenientText `json:"phoneNumber"`
	}
	chats, leftOut, err := collect(ctx, c, getChats, func(w wire) (Chat, bool) {
		id := cmp.Or(w.ID, w.ChatID)
		return Chat{string(id), string(w.Name), string(w.Phone)}, id != ""
	})
	if err == nil && len(chats) == 0 && leftOut > 0 {
		err = ErrUnreadableChats
	}
	return chats, err
}

// A Contact is in the phone's contacts, or has written to the account.
type Contact struct {
	ID          string
	OtherID     string // a second id, such as an @lid; may be empty
	LID         string // may be empty
	Name        string // the contact's name for themselves (inferred); may be empty (#792)
	ContactName string // the name in the phone's contacts; may be empty
	Phone       string // of an @lid it may be another person's (#1121); may be empty
}

// Contacts returns the contacts of the instance. The list may be incomplete (#629). Contacts without an id are left
// out.
func (c *Client) Contacts(ctx context.Context) ([]Contact, error) {
	// [{"id":"79001234567@c.us","name":"…","contactName":"…","type":"user","chatId":"…","phoneNumber":79001234567}]
	type wire struct {
		ID          lenientID   `json:"id"`
		ChatID      lenientID   `json:"chatId"`
		LID         lenientText `json:"lid"`
		Name        lenientText `json:"name"`
		ContactName lenientText `json:"contactName"`
		Phone       lenientText `json:"phoneNumber"`
	}
	contacts, _, err := collect(ctx, c, getContacts, func(w wire) (Contact, bool) {
		lid := lenientID(lidOf(w.LID))
		id := cmp.Or(w.ID, w.ChatID, lid)
		other := w.ChatID
		if other == id {
			other = ""
		}
		return Contact{string(id), string(other), string(lid), string(w.Name), string(w.ContactName), string(w.Phone)}, id != ""
	})
	return contacts, err
}

// lidOf returns an @lid that may lack its end.
func lidOf(id lenientText) lenientText {
	if isDigits(string(id)) {
		id += "@lid"
	}
	return id
}

// collect returns the elements of a method's list, converted by read. It counts the elements for which read returns false;
// they are left out.
func collect[Wire, Element any](ctx context.Context, c *Client, m method, read func(Wire) (Element, bool)) (all []Element, leftOut int, err error) {
	err = c.do(ctx, call{method: m}, func(a *answer) error {
		all, leftOut = nil, 0
		for raw, err := range a.array().all {
			if err != nil {
				return err
			}
			var wire Wire
			_ = json.Unmarshal(raw, &wire) // all fields of an element that is not an object are empty
			if element, ok := read(wire); ok {
				all = append(all, element)
			} else {
				leftOut++
			}
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	if leftOut > 0 {
		c.log().Warn("entries without an id were left out of a list of Green-API", "method", m.name, "entries", leftOut)
	}
	return all, leftOut, nil
}
