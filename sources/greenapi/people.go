package greenapi

import (
	"cmp"
	"context"
	"encoding/json"
)

// A Chat is one that an instance knows of.
type Chat struct {
	ID       string // ends in @c.us, @lid or @g.us; the digits of a @lid are no phone number (documented)
	Name     string // may be empty
	Type     string // "user" or "group" (documented)
	Archived bool
}

// Chats returns the chats of the instance, those active last first; Green-API refreshes the list at most once a minute
// (documented). Chats without an id are left out.
func (c *Client) Chats(ctx context.Context) ([]Chat, error) {
	// [{"archive":false,"id":"79001234567@c.us","ephemeralExpiration":0,"ephemeralSettingTimestamp":0,"name":"…","type":"user"}]
	type wire struct {
		ID      looseText `json:"id"`
		Name    looseText `json:"name"`
		Type    looseText `json:"type"`
		Archive looseFlag `json:"archive"`
	}
	return collect(ctx, c, getChats, func(w wire) (Chat, bool) {
		return Chat{string(w.ID), string(w.Name), string(w.Type), bool(w.Archive)}, w.ID != ""
	})
}

// A Contact is one of the phone's, or somebody who has written.
type Contact struct {
	ID          string
	ChatID      string // "" in answers of older versions (seen in code)
	Name        string // what they call themselves (inferred); may be empty (#792)
	ContactName string // what the phone's owner calls them; may be empty
	Type        string // "user" or "group" (documented)
	Phone       string // digits; "" in answers of older versions (seen in code)
}

// Contacts returns the contacts of the instance. The list may be incomplete (#629). Contacts without an id are left
// out.
func (c *Client) Contacts(ctx context.Context) ([]Contact, error) {
	// [{"id":"79001234567@c.us","name":"…","contactName":"…","type":"user","chatId":"…","phoneNumber":79001234567}]
	type wire struct {
		ID          looseText `json:"id"`
		ChatID      looseText `json:"chatId"`
		Name        looseText `json:"name"`
		ContactName looseText `json:"contactName"`
		Type        looseText `json:"type"`
		Phone       looseText `json:"phoneNumber"`
	}
	return collect(ctx, c, getContacts, func(w wire) (Contact, bool) {
		id := cmp.Or(w.ID, w.ChatID)
		return Contact{string(id), string(w.ChatID), string(w.Name), string(w.ContactName), string(w.Type), string(w.Phone)}, id != ""
	})
}

// collect returns the elements of a method's list, as read makes them; those it reports false for are left out.
func collect[Wire, Element any](ctx context.Context, c *Client, m method, read func(Wire) (Element, bool)) ([]Element, error) {
	var all []Element
	var leftOut int
	err := c.call(ctx, question{method: m}, func(a *answer) error {
		all, leftOut = nil, 0
		for raw, err := range a.array().all {
			if err != nil {
				return err
			}
			var told Wire
			_ = json.Unmarshal(raw, &told) // of what is no object nothing is told
			if element, ok := read(told); ok {
				all = append(all, element)
			} else {
				leftOut++
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if leftOut > 0 {
		c.log().Warn("entries without an id were left out of a list of Green-API", "method", m.name, "entries", leftOut)
	}
	return all, nil
}

// ContactInfo is what an instance knows of one contact.
type ContactInfo struct {
	Name        string // what they call themselves; may be empty
	ContactName string // what the phone's owner calls them; may be empty
	Email       string // of a business account; may be empty
	Avatar      string // the address of a picture, which expires (seen in code); may be empty
}

// ContactInfo returns what the instance knows of the contact that a chat is with.
func (c *Client) ContactInfo(ctx context.Context, chatID string) (ContactInfo, error) {
	type ask struct {
		ChatID string `json:"chatId"`
	}
	// {"avatar":"https://…","name":"…","contactName":"…","email":"","category":"","description":"","products":[],…}
	var told struct {
		Name        looseText `json:"name"`
		ContactName looseText `json:"contactName"`
		Email       looseText `json:"email"`
		Avatar      looseText `json:"avatar"`
	}
	err := c.call(ctx, question{getContactInfo, ask{chatID}}, func(a *answer) error { return a.decode(&told) })
	if err != nil {
		return ContactInfo{}, err
	}
	return ContactInfo{string(told.Name), string(told.ContactName), string(told.Email), string(told.Avatar)}, nil
}
