package greenapi

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzArray checks that a valid answer has the elements that json.Unmarshal finds, and that an invalid one is an error,
// but for commas that JSON does not allow.
func FuzzArray(f *testing.F) {
	for _, body := range []string{`[]`, ` [ 1 , "a\"]" , {"a": [{}, "}"]}, [[]], null ] `, `[{"a":1},{b:2}]`, `[1 2]`, `[1,]`, `[}]`, `["\\",-1e5,true]`, `null`, `[1`, `[1]x`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got taken
		client := newClient(answering(200, string(body)))
		err := client.try(t.Context(), call{method: getChats}, func(a *answer) error { return got.take(a.array().all) })
		var want []json.RawMessage
		if json.Unmarshal(body, &want) != nil {
			lenient, _ := io.ReadAll(&commaReader{from: bytes.NewReader(body)})
			if err == nil && json.Unmarshal(lenient, &want) != nil {
				t.Error("an answer that is not a valid array gives no error")
			}
			return
		}
		var texts []string
		for _, element := range want {
			texts = append(texts, string(element))
		}
		if diff := cmp.Diff(taken{texts}, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}
