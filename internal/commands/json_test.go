package commands

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kommo-import/importer"
	"kommo-import/internal/kommo"
	"kommo-import/internal/sandbox"
)

// documentedJSON lists the types that commands print with --json, by their headings in docs/json.md. A new field needs a
// line there; a new command needs a heading there and its types here.
func documentedJSON() map[string][]any {
	return map[string][]any{
		"errors": {jsonError{}},
		"status": {importer.Status{}},
		"load": {struct {
			Load importer.LoadReport `json:"load"`
		}{}},
		"load --explain": {explanationReport{}},
		"conversations":  {importer.ConversationRow{}, importer.DecisionReport{}},
		"preview":        {importer.Preview{}},
		"send": {struct {
			Run importer.SendReport `json:"run"`
		}{}},
		"verify": {struct {
			Verification importer.VerifyReport `json:"verification"`
			Findings     []importer.Finding    `json:"findings"`
		}{}},
		"report": {importer.Report{}, struct {
			Conversations []importer.ReportedConversation `json:"conversations"`
			Failures      []importer.Failure              `json:"failures"`
		}{}},
		"match":       {importer.MatchReport{}},
		"check":       {checkResult{}},
		"failures":    {importer.Failure{}, decision{}},
		"sandbox":     {sandbox.State{}},
		"connect":     {kommo.Connection{}},
		"config show": {configReport{}},
	}
}

// TestJSONIsDocumented compares the fields of everything that is printed as JSON with docs/json.md, both ways.
func TestJSONIsDocumented(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	sections := make(map[string]string)
	for section := range strings.SplitSeq(string(content), "\n## ") {
		heading, text, _ := strings.Cut(section, "\n")
		sections[heading] = text
	}
	for heading, values := range documentedJSON() {
		want := make(map[string]bool)
		for _, value := range values {
			addFields(want, "", reflect.TypeOf(value))
		}
		got := make(map[string]bool)
		for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(sections[heading], -1) {
			got[row[1]] = true
		}
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if !got[name] {
				t.Errorf("docs/json.md, ## %s: no line tells of `%s`", heading, name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(got)) {
			if !want[name] {
				t.Errorf("docs/json.md, ## %s: there is no field `%s`", heading, name)
			}
		}
	}
}

// addFields adds the names of all fields of a type: "messages.read", "sources[].name". What has a heading of its own is
// one field.
func addFields(names map[string]bool, prefix string, of reflect.Type) {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch {
	case prefix != "" && of == reflect.TypeFor[importer.Status](), of == reflect.TypeFor[time.Time](), of == reflect.TypeFor[json.RawMessage]():
		names[prefix] = true
		return
	case of.Kind() == reflect.Slice && hasFields(of.Elem()):
		addFields(names, prefix+"[]", of.Elem())
		return
	case !hasFields(of):
		names[prefix] = true
		return
	}
	for i := range of.NumField() {
		field := of.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "":
			addFields(names, prefix, field.Type)
		case name != "-" && field.IsExported():
			addFields(names, strings.TrimPrefix(prefix+"."+name, "."), field.Type)
		}
	}
}

// hasFields reports whether a type has fields.
func hasFields(of reflect.Type) bool {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	return of.Kind() == reflect.Struct
}
