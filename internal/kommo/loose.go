package kommo

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// LooseText is a JSON text or number. Anything else is "": an object, a list, true, false or null.
type LooseText string

// UnmarshalJSON never returns an error.
func (t *LooseText) UnmarshalJSON(data []byte) error {
	*t = ""
	switch data = bytes.TrimSpace(data); {
	case len(data) > 0 && data[0] == '"':
		_ = json.Unmarshal(data, (*string)(t))
	case len(data) > 0 && (data[0] == '-' || data[0] >= '0' && data[0] <= '9'):
		*t = LooseText(data)
	}
	return nil
}

// longestTime is beyond every time that is meant, in seconds and in milliseconds.
const longestTime = 1 << 50

// time reads a time that is written as a number, whole or not, or as in RFC 3339. unit turns the latter into a number.
// The result is 0 for anything else.
func (t LooseText) time(unit func(time.Time) int64) int64 {
	if number, err := strconv.ParseFloat(string(t), 64); err == nil && math.Abs(number) < longestTime {
		return int64(number)
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime} {
		if at, err := time.Parse(layout, string(t)); err == nil {
			return unit(at)
		}
	}
	return 0
}
