package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// A shape says what a JSON value must be, and returns a *misfit when it is not. Numbers are json.Number.
// Names of fields are compared exactly and null fits nothing unless a shape says so, neither of which encoding/json does.
type shape func(v any) error

// A misfit is what is wrong with the value at a path such as payload.sender.name.
type misfit struct {
	path    string
	problem string
}

func (m *misfit) Error() string {
	if m.path == "" {
		return "body: " + m.problem
	}
	return m.path + ": " + m.problem
}

func misfitf(format string, args ...any) error {
	return &misfit{problem: fmt.Sprintf(format, args...)}
}

// within puts the name of a field in front of the path of a misfit.
func within(name string, err error) error {
	m, ok := errors.AsType[*misfit](err)
	if !ok {
		return err
	}
	if m.path != "" {
		name += "." + m.path
	}
	return &misfit{path: name, problem: m.problem}
}

// decode reads body into v if it has the shape s; otherwise the error names the field that has not.
func decode(body []byte, s shape, v any) error {
	if !utf8.Valid(body) {
		return misfitf("not UTF-8")
	}
	var tree any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return misfitf("not JSON: %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return misfitf("more than one JSON value")
	}
	if err := s(tree); err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return misfitf("%v", err)
	}
	return nil
}

type field struct {
	name     string
	shape    shape
	required bool
}

func must(name string, s shape) field { return field{name, s, true} }
func may(name string, s shape) field  { return field{name, s, false} }

// object is a JSON object with these fields and no others.
func object(fields ...field) shape {
	var names []string
	for _, f := range fields {
		names = append(names, f.name)
	}
	return func(v any) error {
		m, ok := v.(map[string]any)
		if !ok {
			return misfitf("want an object, got %s", show(v))
		}
		known := 0
		for _, f := range fields {
			value, there := m[f.name]
			if !there && f.required {
				return within(f.name, misfitf("missing"))
			}
			if there {
				known++
				if err := f.shape(value); err != nil {
					return within(f.name, err)
				}
			}
		}
		if known < len(m) {
			return unknownField(m, names)
		}
		return nil
	}
}

func unknownField(m map[string]any, names []string) error {
	var unknown []string
	for name := range m {
		if !slices.Contains(names, name) {
			unknown = append(unknown, name)
		}
	}
	return within(slices.Min(unknown), misfitf("unknown field"))
}
