package csvfile

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"kommo-import/sources"
)

// compute sets the computed columns of a record from the cells of its row: those that depend on the direction, or all
// others. An error says why the id of a chat cannot be made from a phone.
func (c *converter) compute(rec *record, p *plan, cells map[string]string, direction sources.Direction) (failure error) {
	for i := range p.computed {
		column := &p.computed[i]
		if (column.outgoing != nil) != (direction != "") {
			continue
		}
		if direction == sources.Outgoing {
			column = column.outgoing
		}
		value, err := c.value(column, cells)
		switch {
		case err == nil:
		case column.name == "conversation_id" || column.name == "client_id":
			failure = err
		default:
			c.note(cellDropped, column.name, err.Error(), "")
		}
		reflect.ValueOf(rec).Elem().Field(column.field).SetString(value)
	}
	return failure
}

// value returns the cell of a computed column. A template with an empty cell is empty: all clients without a phone would
// else be one.
func (c *converter) value(column *computed, cells map[string]string) (string, error) {
	var pieces []string
	for _, part := range column.parts {
		if part.column < 0 {
			pieces = append(pieces, part.text)
			continue
		}
		cell := cells[cellName(part.column)]
		if len(column.parts) > 1 && column.name != "text" {
			cell = c.plain(column.name, cell)
		}
		switch blank := strings.TrimSpace(cell) == ""; {
		case blank && column.joined:
			continue
		case blank:
			return "", nil
		}
		pieces = append(pieces, cell)
	}
	switch {
	case column.joined:
		return strings.Join(pieces, " "), nil
	case column.isChatOfPhone():
		return c.chatOfPhone(column.name, strings.Join(pieces[:len(pieces)-1], ""))
	}
	return strings.Join(pieces, ""), nil
}

// isChatOfPhone reports whether the column is a template such as {phone}@c.us.
func (c *computed) isChatOfPhone() bool {
	last := len(c.parts) - 1
	return last > 0 && c.parts[last].column < 0 && c.parts[last].text == "@c.us"
}

// UsesCountry reports whether ids of chats are made from phones, so that messages depend on [File.Country].
func (s Settings) UsesCountry() bool {
	settings, err := s.withPreset()
	if err != nil {
		return false
	}
	for _, spec := range settings.Map {
		if strings.Contains(spec, "}@c.us") {
			return true
		}
	}
	return false
}

// errNoCountry means that a phone may lack the code of its country.
var errNoCountry = errors.New("not a phone with a country code; is it local? then name its country: --country, such as --country ES")

// maxChats bounds the memory for ids of chats: some 15 MB.
const maxChats = 100_000

// chatOfPhone returns the id of the WhatsApp chat with a phone. The id of a group or of a hidden phone stays as it
// is.
func (c *converter) chatOfPhone(column, phone string) (string, error) {
	if strings.HasSuffix(phone, "@g.us") || strings.HasSuffix(phone, "@lid") {
		return phone, nil
	}
	if id := c.chats[phone]; id != "" {
		return id, nil
	}
	if _, err := c.id(column, phone); err != nil {
		return "", err
	}
	id, isPhone := sources.IDOfPhone(phone, c.country)
	switch {
	case isPhone:
	case len(digitsOf(phone)) < 5: // shorter than any local phone
		return "", invalid(column, phone, errors.New("not a phone"))
	case c.country == "":
		return "", invalid(column, phone, errNoCountry)
	default:
		return "", invalid(column, phone, fmt.Errorf("not a phone, neither with a country code nor in the country %s", c.country))
	}
	if c.chats == nil {
		c.chats = make(map[string]string)
	}
	if len(c.chats) == maxChats {
		for any := range c.chats {
			delete(c.chats, any)
			break
		}
	}
	c.chats[strings.Clone(phone)] = id // phone is a part of its row
	return id, nil
}
