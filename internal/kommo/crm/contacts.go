package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"kommo-import/internal/kommo"
)

// A Contact is a person in the CRM. It holds only what a conversation is matched by, so that 100,000 contacts stay small.
type Contact struct {
	ID     int64
	Name   string
	Phones []string // as people typed them
	Emails []string
	// Deleted means that the contact is in the bin (documented as is_deleted; a sample of a list lacks it).
	Deleted bool
}

// UnmarshalJSON reads a contact, whatever it is. It never returns an error; unreadable fields are zero.
//
//	{"id":3,"name":"Ann","is_deleted":false,"custom_fields_values":[
//	 {"field_code":"PHONE","values":[{"value":"+79123","enum_code":"WORK"}]}]}
func (c *Contact) UnmarshalJSON(data []byte) error {
	var wire struct {
		ID      kommo.LooseText `json:"id"`
		Name    kommo.LooseText `json:"name"`
		Deleted json.RawMessage `json:"is_deleted"`
		Fields  json.RawMessage `json:"custom_fields_values"` // null if the contact has no fields
	}
	_ = json.Unmarshal(data, &wire) // what is not an object leaves wire empty
	*c = Contact{ID: whole(wire.ID), Name: string(wire.Name), Deleted: string(wire.Deleted) == "true"}
	var fields []json.RawMessage
	_ = json.Unmarshal(wire.Fields, &fields)
	for _, field := range fields {
		switch code, values := readField(field); code {
		case "PHONE":
			c.Phones = append(c.Phones, values...)
		case "EMAIL":
			c.Emails = append(c.Emails, values...)
		}
	}
	return nil
}

// readField returns the code of a field, in upper case, and its values that are texts or numbers.
func readField(data []byte) (code string, values []string) {
	var field struct {
		Code   kommo.LooseText   `json:"field_code"`
		Values []json.RawMessage `json:"values"`
	}
	_ = json.Unmarshal(data, &field)
	for _, data := range field.Values {
		var value struct {
			Value kommo.LooseText `json:"value"`
		}
		_ = json.Unmarshal(data, &value)
		if value.Value != "" {
			values = append(values, string(value.Value))
		}
	}
	return strings.ToUpper(string(field.Code)), values
}

// Contacts returns a page of the account's contacts, in the order of their ids. next is "" for the first page, else the Next of
// the page before, which may come from an earlier run. A contact that is made or deleted meanwhile can move others between
// pages, so a contact may come twice.
//
// The token's user sees only the contacts that the user's rights allow (documented). Contacts of an incoming lead that nobody
// has accepted are not among them (documented); [Client.Unsorted] counts those leads.
func (c *Client) Contacts(ctx context.Context, next string) (page Page[Contact], err error) {
	query, err := pageQuery(next, url.Values{"order[id]": {"asc"}})
	if err != nil {
		return page, err
	}
	err = c.get(ctx, "/api/v4/contacts", query, func(a kommo.Answer) (err error) {
		page, err = readPage(a, "contacts", func(contact Contact) bool { return contact.ID != 0 })
		return err
	})
	return page, err
}

// Contact returns one contact. found is false if there is no contact with that id (a 204, documented), or if it belongs to an
// incoming lead that nobody has accepted. A contact in the bin may be found with Deleted, or not found.
func (c *Client) Contact(ctx context.Context, id int64) (contact Contact, found bool, err error) {
	err = c.get(ctx, fmt.Sprintf("/api/v4/contacts/%d", id), nil, func(a kommo.Answer) error {
		if a.Status == http.StatusNoContent {
			return nil
		}
		if err := a.Decode(&contact); err != nil {
			return err
		}
		if contact.ID != id {
			return fmt.Errorf("the answer is not about contact %d", id)
		}
		found = true
		return nil
	})
	return contact, found, err
}
