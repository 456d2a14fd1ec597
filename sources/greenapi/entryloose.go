package greenapi

import (
	"bytes"
	"encoding/json"
	"strings"
)

// A looseText is a JSON string or number. Everything else reads as "": the same field comes as a number from one
// place and as a string from the other, e.g. latitude (seen in code), and what is null or an object says nothing.
// NUL characters are removed: no text has them.
type looseText string

// UnmarshalJSON never fails.
func (t *looseText) UnmarshalJSON(data []byte) error {
	*t = ""
	switch first := bytes.TrimLeft(data, " \t\r\n"); {
	case len(first) == 0:
	case first[0] == '"':
		var s string
		if json.Unmarshal(data, &s) == nil {
			*t = looseText(strings.ReplaceAll(s, "\x00", ""))
		}
	case first[0] == '-' || first[0] >= '0' && first[0] <= '9':
		*t = looseText(first)
	}
	return nil
}

// A textThere is true for what a [looseText] reads: a JSON string, if only an empty one, or a number.
type textThere bool

// UnmarshalJSON never fails.
func (t *textThere) UnmarshalJSON(data []byte) error {
	first := bytes.TrimLeft(data, " \t\r\n")
	*t = len(first) > 0 && (first[0] == '"' || first[0] == '-' || first[0] >= '0' && first[0] <= '9')
	return nil
}

// A looseFlag is true for true, "true", "yes" and 1, and false for everything else.
type looseFlag bool

// UnmarshalJSON never fails.
func (f *looseFlag) UnmarshalJSON(data []byte) error {
	switch strings.ToLower(strings.Trim(string(data), "\" \t\r\n")) {
	case "true", "yes", "1":
		*f = true
	default:
		*f = false
	}
	return nil
}
