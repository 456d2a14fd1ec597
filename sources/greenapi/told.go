package greenapi

import (
	"math"
	"strconv"
	"strings"
)

// A toldNumber is a JSON number, or a text that is one. Everything else counts as not told.
type toldNumber struct {
	told  bool
	value float64
}

// UnmarshalJSON never fails.
func (t *toldNumber) UnmarshalJSON(raw []byte) error {
	*t = toldNumber{}
	value, err := strconv.ParseFloat(strings.Trim(string(raw), "\" "), 64)
	if err == nil && !math.IsNaN(value) && !math.IsInf(value, 0) {
		*t = toldNumber{true, value}
	}
	return nil
}

// whole returns the number without its fraction; 0 if none was told, or one that cannot count anything.
func (t toldNumber) whole() int {
	if t.value < 0 || t.value > math.MaxInt32 {
		return 0
	}
	return int(t.value)
}

// A toldSwitch is "yes" or "no" (documented), or a boolean. Everything else counts as not told.
type toldSwitch struct{ told, on bool }

// UnmarshalJSON never fails.
func (t *toldSwitch) UnmarshalJSON(raw []byte) error {
	switch strings.ToLower(strings.Trim(string(raw), "\" ")) {
	case "yes", "true":
		*t = toldSwitch{told: true, on: true}
	case "no", "false":
		*t = toldSwitch{told: true}
	default:
		*t = toldSwitch{}
	}
	return nil
}
