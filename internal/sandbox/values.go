package sandbox

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// oneOf is one of these strings.
func oneOf(words ...string) shape {
	return func(v any) error {
		if s, ok := v.(string); !ok || !slices.Contains(words, s) {
			return misfitf("want one of %s, got %s", strings.Join(words, ", "), show(v))
		}
		return nil
	}
}

// atMostOne is an array of no or one value of that shape.
func atMostOne(s shape) shape {
	return func(v any) error {
		list, ok := v.([]any)
		if !ok || len(list) > 1 {
			return misfitf("want an array of at most one element, got %s", show(v))
		}
		if len(list) == 0 {
			return nil
		}
		return within("0", s(list[0]))
	}
}

func text(v any) error {
	if _, ok := v.(string); !ok {
		return misfitf("want a string, got %s", show(v))
	}
	return nil
}

// textOrNull is for the text beside media, which clients at work send as null.
func textOrNull(v any) error {
	if v == nil {
		return nil
	}
	return text(v)
}

func filled(v any) error {
	if s, ok := v.(string); !ok || s == "" {
		return misfitf("want a string that is not empty, got %s", show(v))
	}
	return nil
}

func boolean(v any) error {
	if _, ok := v.(bool); !ok {
		return misfitf("want true or false, got %s", show(v))
	}
	return nil
}

// count is a whole number from 0, without fraction or exponent.
func count(v any) error {
	n, ok := v.(json.Number)
	if i, err := n.Int64(); !ok || err != nil || i < 0 {
		return misfitf("want a whole number from 0, got %s", show(v))
	}
	return nil
}

// degrees is a number between -limit and limit.
func degrees(limit float64) shape {
	return func(v any) error {
		n, ok := v.(json.Number)
		if f, err := n.Float64(); !ok || err != nil || f < -limit || f > limit {
			return misfitf("want a number between %v and %v, got %s", -limit, limit, show(v))
		}
		return nil
	}
}

// link is an absolute address that the service could fetch.
func link(v any) error {
	s, _ := v.(string)
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return misfitf("want an http or https address, got %s", show(v))
	}
	return nil
}

func linkOrEmpty(v any) error {
	if v == "" {
		return nil
	}
	return link(v)
}

var (
	uuidForm     = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	externalForm = regexp.MustCompile(`^[ -~]{1,40}$`)
)

// amojoID is one of Kommo's own ids.
func amojoID(v any) error {
	if s, ok := v.(string); !ok || !uuidForm.MatchString(s) {
		return misfitf("want a uuid of Kommo, got %s", show(v))
	}
	return nil
}

func externalID(v any) error {
	if s, ok := v.(string); !ok || !externalForm.MatchString(s) {
		return misfitf("want up to 40 printable ASCII characters, got %s", show(v))
	}
	return nil
}

// show returns the value as JSON, shortened.
func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%v", v)
	}
	const longest = 60
	if len(b) > longest {
		return strings.ToValidUTF8(string(b[:longest]), "") + "…"
	}
	return string(b)
}
