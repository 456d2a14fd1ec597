package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// invalidf returns an error about the value at a path such as payload.sender.name; "" is the whole body.
func invalidf(path, format string, args ...any) error {
	return fmt.Errorf("%s: %s", cmp.Or(path, "body"), fmt.Sprintf(format, args...))
}

// decode reads body into v if it is of the kind k; otherwise the error names the field that is not.
func decode(body []byte, k kind, v any) error {
	if !utf8.Valid(body) {
		return invalidf("", "not UTF-8")
	}
	var tree any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return invalidf("", "not JSON: %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return invalidf("", "more than one JSON value")
	}
	if err := k.check("", tree); err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return invalidf("", "%v", err)
	}
	return nil
}

// A kind is a kind of JSON value: an object with these fields and no others, or else every value that fits.
// Names of fields are compared exactly, and null fits only where the kind says so; encoding/json does neither.
type kind struct {
	fields   []field
	together func(path string, object map[string]any) error // checks the fields together; nil: nothing to check
	want     string                                         // describes the values that fit
	fits     func(v any) bool
}

type field struct {
	name string
	kind
	required bool
}

const (
	must = true
	may  = false
)

func object(fields ...field) kind { return kind{fields: fields, want: "an object"} }

// and adds a check of an object whose fields are right by themselves.
func (k kind) and(together func(path string, object map[string]any) error) kind {
	k.together = together
	return k
}

// check returns an error about the first part of the value at path that is not of the kind.
func (k kind) check(path string, v any) error {
	object, isObject := v.(map[string]any)
	if k.fields == nil && !k.fits(v) || k.fields != nil && !isObject {
		return invalidf(path, "want %s, got %s", k.want, show(v))
	}
	names := slices.Sorted(maps.Keys(object))
	for _, f := range k.fields {
		value, present := object[f.name]
		names = slices.DeleteFunc(names, func(name string) bool { return name == f.name })
		if !present && f.required {
			return invalidf(join(path, f.name), "missing")
		}
		if present {
			if err := f.check(join(path, f.name), value); err != nil {
				return err
			}
		}
	}
	switch {
	case k.fields != nil && len(names) > 0:
		return invalidf(join(path, names[0]), "unknown field")
	case k.together != nil:
		return k.together(path, object)
	}
	return nil
}

func join(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// show returns the value as JSON, shortened.
func show(v any) string {
	const longest = 60
	b := mustMarshal(v)
	if len(b) > longest {
		return strings.ToValidUTF8(string(b[:longest]), "") + "…"
	}
	return string(b)
}

// The kinds of single values. A number is a json.Number, as it was written.
var (
	text       = matching("a string", `(?s).*`)
	filled     = matching("a string that is not empty", `(?s).+`)
	amojoID    = matching("a uuid of Kommo", `[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	externalID = matching("up to 40 printable ASCII characters", `[ -~]{1,40}`)
	boolean    = kind{want: "true or false", fits: func(v any) bool { _, ok := v.(bool); return ok }}
	count      = atLeast(0)
	link       = kind{want: "an http or https address", fits: isLink}

	linkOrEmpty = kind{want: link.want, fits: func(v any) bool { return v == "" || isLink(v) }}
	textOrNull  = kind{want: text.want, fits: func(v any) bool { return v == nil || text.fits(v) }}
)

// matching is a string that the expression matches as a whole.
func matching(want, expression string) kind {
	form := regexp.MustCompile(`^(?:` + expression + `)$`)
	return kind{want: want, fits: func(v any) bool {
		s, ok := v.(string)
		return ok && form.MatchString(s)
	}}
}

// oneOf is one of these strings.
func oneOf(words ...string) kind {
	return kind{want: "one of " + strings.Join(words, ", "), fits: func(v any) bool {
		s, ok := v.(string)
		return ok && slices.Contains(words, s)
	}}
}

// atLeast is a whole number from lowest, without fraction or exponent.
func atLeast(lowest int64) kind {
	return kind{want: fmt.Sprintf("a whole number from %d", lowest), fits: func(v any) bool {
		n, ok := v.(json.Number)
		i, err := n.Int64()
		return ok && err == nil && i >= lowest
	}}
}

// degrees is a number between -limit and limit.
func degrees(limit float64) kind {
	return kind{want: fmt.Sprintf("a number between %v and %v", -limit, limit), fits: func(v any) bool {
		n, ok := v.(json.Number)
		f, err := n.Float64()
		return ok && err == nil && -limit <= f && f <= limit
	}}
}

func isLink(v any) bool {
	s, _ := v.(string)
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}
