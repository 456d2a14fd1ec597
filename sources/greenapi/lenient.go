package greenapi

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// The types of this file read JSON fields whose type varies between versions of Green-API. They never fail.

// A lenientText is a JSON string or number. Any other value reads as "": the same field may be a number in one place and
// a string in another, e.g. latitude (seen in code). NUL characters are removed, since no real text has them.
type lenientText string

func (t *lenientText) UnmarshalJSON(data []byte) error {
	*t = ""
	if !isTextOrNumber(data) {
		return nil
	}
	data = bytes.TrimLeft(data, " \t\r\n")
	if data[0] != '"' {
		*t = lenientText(data)
		return nil
	}
	var s string
	if json.Unmarshal(data, &s) == nil {
		*t = lenientText(strings.ReplaceAll(s, "\x00", ""))
	}
	return nil
}

// A lenientID is the id of a chat: a text, or an object with the id in "_serialized", as WhatsApp's own programs have it
// (inferred). A number is the number of a phone.
type lenientID string

func (id *lenientID) UnmarshalJSON(data []byte) error {
	var text lenientText
	_ = text.UnmarshalJSON(data) // never fails
	var object struct {
		Serialized lenientText `json:"_serialized"`
	}
	if text == "" && json.Unmarshal(data, &object) == nil {
		text = object.Serialized
	}
	*id = lenientID(strings.TrimSpace(string(text)))
	if isDigits(string(*id)) {
		*id += "@c.us"
	}
	return nil
}

func isTextOrNumber(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	return len(data) > 0 && (data[0] == '"' || data[0] == '-' || data[0] >= '0' && data[0] <= '9')
}

// A lenientBool is true for true, "true", "yes" and 1, and false for any other value.
type lenientBool bool

func (b *lenientBool) UnmarshalJSON(data []byte) error {
	word := lowerWord(data)
	*b = word == "true" || word == "yes" || word == "1"
	return nil
}

// An isObject is true for an object that is not empty.
type isObject bool

func (o *isObject) UnmarshalJSON(data []byte) error {
	data = bytes.TrimLeft(data, " \t\r\n")
	*o = isObject(bytes.HasPrefix(data, []byte("{")) && len(bytes.TrimLeft(data[1:], " \t\r\n")) > 1)
	return nil
}

// A lenientOff is true for "no" (documented), "false" and false, and false for any other value.
type lenientOff bool

func (b *lenientOff) UnmarshalJSON(data []byte) error {
	word := lowerWord(data)
	*b = word == "no" || word == "false"
	return nil
}

func lowerWord(data []byte) string { return strings.ToLower(strings.Trim(string(data), "\" \t\r\n")) }

// An optionalNumber is a JSON number, or a number as a string. Any other value is not known.
type optionalNumber struct {
	known bool
	value float64
}

func (n *optionalNumber) UnmarshalJSON(data []byte) error {
	*n = optionalNumber{}
	value, err := strconv.ParseFloat(lowerWord(data), 64)
	if err == nil && !math.IsNaN(value) && !math.IsInf(value, 0) {
		*n = optionalNumber{true, value}
	}
	return nil
}

// count returns the number as a whole number; 0 if it is not known, negative or too large.
func (n optionalNumber) count() int {
	if n.value < 0 || n.value > math.MaxInt32 {
		return 0
	}
	return int(n.value)
}
