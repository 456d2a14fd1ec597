package importer

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
	"kommo-import/sources"
)

// A report counts what a send did, by state, kind and conversation.
func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := loaded(t)
		planned := bodies(t, f, newComposer())
		refused := msgidOf(planned["bob"][0])
		box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.Refuse, MsgID: refused}}})
		sendAll(t, t.Context(), newSender(f, box))

		report, err := f.Report()
		if err != nil {
			t.Fatal(err)
		}
		if report.Status.ScopeID != box.ScopeID() || report.Status.Messages.Accepted != 9 || report.Notified != 3 {
			t.Errorf("report %+v", report)
		}
		if diff := cmp.Diff(map[string]map[State]int{"text": {Accepted: 9, Refused: 1}}, report.Kinds); diff != "" {
			t.Errorf("kinds (-want +got):\n%s", diff)
		}
		if len(report.Refused) != 1 || report.Refused[0].Messages != 1 {
			t.Errorf("refused %+v", report.Refused)
		}
		if !report.FirstWritten.Equal(fromMillis(1700000006000)) || !report.LastWritten.Equal(fromMillis(1700000070000)) ||
			report.FirstSent.IsZero() || report.LastSent.Before(report.FirstSent) {
			t.Errorf("written %v to %v, sent %v to %v", report.FirstWritten, report.LastWritten, report.FirstSent, report.LastSent)
		}
		var got []ReportedConversation
		for c, err := range f.ReportedConversations() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, c)
		}
		want := []ReportedConversation{
			{ID: "ann", Name: "Client of ann", Messages: map[State]int{Accepted: 5}, First: fromMillis(1700000009000), Last: fromMillis(1700000070000)},
			{ID: "bob", Name: "Client of bob", Messages: map[State]int{Accepted: 3, Refused: 1}, First: fromMillis(1700000005000), Last: fromMillis(1700000007000)},
			{ID: "cat", Name: "Client of cat", Messages: map[State]int{Accepted: 1}, First: fromMillis(1700000030000), Last: fromMillis(1700000030000)},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("conversations (-want +got):\n%s", diff)
		}
	})
}

// An anonymised report holds none of the texts of the report, whatever its fields, and all its numbers.
func TestReportAnonymised(t *testing.T) {
	const secret = "Ivan Petrov +7 900 123"
	var report Report
	fill(reflect.ValueOf(&report).Elem(), "csv:old/"+secret)
	report.Status.Sources[0].Family = sources.Table
	report.Status.ScopeID, report.Status.Silent = "scope", SilentAll // words of ours
	report.Kinds = map[string]map[State]int{"text": {Accepted: 1}}
	anonymised := report.Anonymised()
	got, err := json.Marshal(anonymised)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(got), "Ivan") {
		t.Errorf("got %s, want no %q", got, secret)
	}
	want := report
	want.Status.Sources = []SourceStatus{{Name: "table", Family: sources.Table, Finished: true}}
	want.Skipped, want.Invalid, want.Refused = nil, nil, nil
	if diff := cmp.Diff(want, anonymised); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if report.Status.Sources[0].Name != "csv:old/"+secret || len(report.Invalid) != 1 {
		t.Errorf("got %+v: the report itself was changed", report)
	}
}

// fill sets every text below v to text, every other basic value to one, and gives every list one item.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Float64:
		v.SetFloat(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), text)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), text)
			}
		}
	}
}
