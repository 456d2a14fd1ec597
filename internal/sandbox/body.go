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
	"strconv"
	"strings"
	"unicode/utf8"
)

// invalidf returns an error about the value at a path such as payload.sender.name; "" is the whole body.
func invalidf(path, format string, args ...any) error {
	return fmt.Errorf("%s: %s", cmp.Or(path, "body"), fmt.Sprintf(format, args...))
}

// A reading says which bodies are taken besides those that fit their kind exactly. The zero value takes no others.
type reading struct {
	nulls   bool // null for a field means that the field is absent
	lenient bool // fields that are documented as required may be absent, and unknown fields are ignored
}

// decode reads body into v if it is of the kind k; otherwise the error names the field that is not.
func decode(body []byte, k kind, v any) error { return reading{}.decode(body, k, v) }

func (r reading) decode(body []byte, k kind, v any) error {
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
	if err := k.check("", tree, r); err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return invalidf("", "%v", err)
	}
	return nil
}

// A kind is a kind of JSON value: an object with these fields and no others, a list, or else every value that fits.
// Names of fields are compared exactly, and null fits nowhere; encoding/json does neither.
type kind struct {
	fields   []field
	together check  // checks the fields together; nil: nothing to check
	element  *kind  // of a list
	most     int    // elements of a list
	want     string // describes the values that fit
	fits     func(v any) bool
}

// A check returns an error about an object whose fields are right by themselves.
type check func(path string, object map[string]any, r reading) error

type field struct {
	name string
	kind
	need need
}

// A need says whether a field must be there.
type need int

const (
	may        need = iota
	documented      // required by the documents, though some clients leave it out
	must
)

func object(fields ...field) kind { return kind{fields: fields, want: "an object"} }

// and returns the kind with one more check.
func (k kind) and(together check) kind {
	first := k.together
	k.together = func(path string, object map[string]any, r reading) error {
		if first != nil {
			if err := first(path, object, r); err != nil {
				return err
			}
		}
		return together(path, object, r)
	}
	return k
}

// but returns the kind with another need for a field.
func (k kind) but(name string, n need) kind {
	k.fields = slices.Clone(k.fields)
	for i := range k.fields {
		if k.fields[i].name == name {
			k.fields[i].need = n
		}
	}
	return k
}

func listOf(element kind, most int) kind {
	return kind{element: &element, most: most, want: fmt.Sprintf("a list of 1 to %d", most)}
}

// check returns an error about the first part of the value at path that is not of the kind.
func (k kind) check(path string, v any, r reading) error {
	switch {
	case k.fields != nil:
		if object, ok := v.(map[string]any); ok {
			return k.checkObject(path, object, r)
		}
	case k.element != nil:
		if list, ok := v.([]any); ok && 0 < len(list) && len(list) <= k.most {
			return k.checkList(path, list, r)
		}
	case k.fits(v):
		return nil
	}
	return invalidf(path, "want %s, got %s", k.want, show(v))
}

func (k kind) checkObject(path string, object map[string]any, r reading) error {
	if r.nulls {
		maps.DeleteFunc(object, func(_ string, v any) bool { return v == nil })
	}
	names := slices.Sorted(maps.Keys(object))
	for _, f := range k.fields {
		value, present := object[f.name]
		names = slices.DeleteFunc(names, func(name string) bool { return name == f.name })
		if !present && (f.need == must || f.need == documented && !r.lenient) {
			return invalidf(join(path, f.name), "missing")
		}
		if present {
			if err := f.check(join(path, f.name), value, r); err != nil {
				return err
			}
		}
	}
	switch {
	case len(names) > 0 && !r.lenient:
		return invalidf(join(path, names[0]), "unknown field")
	case k.together != nil:
		return k.together(path, object, r)
	}
	return nil
}

func (k kind) checkList(path string, list []any, r reading) error {
	for i, v := range list {
		if err := k.element.check(fmt.Sprintf("%s[%d]", path, i), v, r); err != nil {
			return err
		}
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
	anything    = kind{fits: func(any) bool { return true }}
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

// among is one of these whole numbers.
func among(numbers ...int64) kind {
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = strconv.FormatInt(n, 10)
	}
	return kind{want: "one of " + strings.Join(words, ", "), fits: func(v any) bool {
		return slices.ContainsFunc(numbers, func(n int64) bool { return isNumber(v, n) })
	}}
}

func isNumber(v any, n int64) bool {
	number, ok := v.(json.Number)
	i, err := number.Int64()
	return ok && err == nil && i == n
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
