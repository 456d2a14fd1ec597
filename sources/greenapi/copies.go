package greenapi

import (
	"encoding/json"
	"iter"
	"slices"

	"kommo-import/sources"
)

// A converted is what an entry was turned into: a message, or what is wrong with it.
type converted struct {
	message sources.Message
	invalid *sources.Invalid // nil if it is a message
}

func (c converted) usable() bool { return c.invalid == nil && c.message.Skip == "" }

// converted yields what the entries of h are turned into, oldest first. Entries of one id are copies of one message, and
// stand together where the newest of them stands: first the newest that is neither skipped nor invalid, else the newest.
// Whoever takes the first of an id for the message, and the others for duplicates, is then right.
func (c *chat) converted(h *history) iter.Seq2[converted, error] {
	return func(yield func(converted, error) bool) {
		i := h.len()
		for raw, err := range h.oldestFirst() {
			if err != nil {
				yield(converted{}, err)
				return
			}
			i--
			if c.survey.older[i] {
				continue
			}
			first := c.convertedOne(raw, h.len()-i)
			if c.survey.copies[i] == nil {
				if !yield(first, nil) {
					return
				}
				continue
			}
			if !c.yieldCopies(h, first, c.survey.copies[i], yield) {
				return
			}
		}
	}
}

// yieldCopies yields the newest copy of a message and the older ones, in the order that [chat.converted] gives them, and
// reports whether to go on.
func (c *chat) yieldCopies(h *history, newest converted, older []int, yield func(converted, error) bool) bool {
	copies := []converted{newest}
	for _, i := range older {
		raw, err := h.entry(i)
		if err != nil {
			yield(converted{}, err)
			return false
		}
		copies = append(copies, c.convertedOne(raw, h.len()-i))
	}
	if best := slices.IndexFunc(copies, converted.usable); best > 0 {
		copies = slices.Insert(slices.Delete(slices.Clone(copies), best, best+1), 0, copies[best])
	}
	for _, one := range copies {
		if !yield(one, nil) {
			return false
		}
	}
	return true
}

func (c *chat) convertedOne(raw json.RawMessage, number int) converted {
	message, invalid := c.convert(raw, number)
	return converted{message, invalid}
}
