package sandbox

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// ReadContacts reads the contacts of an account, as JSON or as a CSV with a header. It is CSV unless it begins with [.
//
//	[{"id":1,"name":"Ann","phones":["+34600000001"],"emails":["ann@example.com"],"is_deleted":false,
//	  "conversations":["34600000001@c.us"],"of_lead":false}]
//
//	id,name,phones,emails,is_deleted,conversations,of_lead
//	1,Ann,+34600000001;+34600000002,ann@example.com,false,34600000001@c.us,false
//
// All columns are optional and may come in any order; several phones, e-mails and conversations have ; between them. A contact
// without an id gets one. The chats of its conversations belong to the contact from the start on.
func ReadContacts(r io.Reader) ([]Contact, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		return readContactTable(data)
	}
	var contacts []Contact
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&contacts); err != nil {
		return nil, fmt.Errorf("not a list of contacts: %w", err)
	}
	return contacts, nil
}

// checkContacts returns an error about contacts that cannot be in one account.
func checkContacts(contacts []Contact) error {
	ids, conversations := map[int64]bool{}, map[string]bool{}
	for _, c := range contacts {
		if c.ID < 0 || c.ID != 0 && ids[c.ID] {
			return fmt.Errorf("contact %d: there is one with this id already, or it is no id", c.ID)
		}
		ids[c.ID] = true
		if c.OfLead && len(c.Conversations) == 0 {
			return fmt.Errorf("contact %q: of an incoming lead, and without a conversation that the lead comes from", c.Name)
		}
		for _, conversation := range c.Conversations {
			if conversation == "" || conversations[conversation] {
				return fmt.Errorf("contact %q: conversation %q belongs to another contact already, or is empty", c.Name, conversation)
			}
			conversations[conversation] = true
		}
	}
	return nil
}

func readContactTable(data []byte) (contacts []Contact, err error) {
	table := csv.NewReader(bytes.NewReader(data))
	header, err := table.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("empty: want a list of contacts, or a header")
	}
	if err != nil {
		return nil, err
	}
	columns := []string{"id", "name", "phones", "emails", "is_deleted", "conversations", "of_lead"}
	for _, name := range header {
		if !slices.Contains(columns, name) {
			return nil, fmt.Errorf("column %q: want %s", name, commaList(columns))
		}
	}
	for {
		row, err := table.Read()
		if errors.Is(err, io.EOF) {
			return contacts, nil
		}
		if err != nil {
			return nil, err
		}
		c, err := contactOf(header, row)
		if err != nil {
			line, _ := table.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		contacts = append(contacts, c)
	}
}

func contactOf(header, row []string) (c Contact, err error) {
	for i, value := range row {
		if value == "" {
			continue
		}
		switch header[i] {
		case "id":
			if c.ID, err = strconv.ParseInt(value, 10, 64); err != nil || c.ID < 1 {
				return c, fmt.Errorf("id %q: want a number from 1", value)
			}
		case "name":
			c.Name = value
		case "phones":
			c.Phones = strings.Split(value, ";")
		case "emails":
			c.Emails = strings.Split(value, ";")
		case "is_deleted":
			c.Deleted, err = truth(header[i], value)
		case "of_lead":
			c.OfLead, err = truth(header[i], value)
		case "conversations":
			c.Conversations = strings.Split(value, ";")
		}
		if err != nil {
			return c, err
		}
	}
	return c, nil
}

func truth(name, value string) (bool, error) {
	is, err := strconv.ParseBool(value)
	if err != nil {
		return false, fmt.Errorf("%s %q: want true or false", name, value)
	}
	return is, nil
}
