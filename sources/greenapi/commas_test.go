package greenapi

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestCommaReader(t *testing.T) {
	spaces := strings.Repeat(" ", maxHeld+10)
	for in, want := range map[string]string{
		`[1,2]`:                        `[1,2]`,
		`[1,,2]`:                       `[1,2]`,
		"[1, ,\n, 2 , ]":               "[1, 2 ]",
		"[1,\n 2 ,\t3]":                "[1,\n 2 ,\t3]",
		`[,1,]`:                        `[1]`,
		`[,]`:                          `[]`,
		`{,"a":1,,"b":[,],}`:           `{"a":1,"b":[]}`,
		`["a,,b,]","\",,]","\\",,"c"]`: `["a,,b,]","\",,]","\\","c"]`,
		`[1,`:                          `[1`,
		`[1 2]`:                        `[1 2]`,
		`[1,` + spaces + `2]`:          `[1,` + spaces + `2]`,
		``:                             ``,
	} {
		for name, from := range map[string]io.Reader{"whole": strings.NewReader(in), "bytes": iotest.OneByteReader(strings.NewReader(in)),
			"halves": iotest.HalfReader(strings.NewReader(in)), "with its end": iotest.DataErrReader(strings.NewReader(in))} {
			got, err := io.ReadAll(&commaReader{from: from})
			if err != nil || len(got) != len(want) || len(want) < 100 && string(got) != want {
				t.Errorf("%.40q, %s: got %.40q, %v, want %.40q", in, name, got, err, want)
			}
		}
	}
	if err := iotest.TestReader(&commaReader{from: strings.NewReader(`[1, 2]`)}, []byte(`[1, 2]`)); err != nil {
		t.Error(err)
	}
}

// Valid JSON stays as it is.
func FuzzCommaReader(f *testing.F) {
	for _, s := range []string{`[{"a":"b,]"},1]`, `{"a":[1, 2],"b":"\""}`, `"\\"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := io.ReadAll(&commaReader{from: iotest.HalfReader(bytes.NewReader(in))})
		if err != nil || json.Valid(in) && !bytes.Equal(got, in) {
			t.Errorf("%q became %q, %v", in, got, err)
		}
	})
}
