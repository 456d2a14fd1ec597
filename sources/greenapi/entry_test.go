package greenapi

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"kommo-import/sources"
	"kommo-import/sources/sourcetest"
)

// FuzzEntry checks that any entry becomes a valid message or is reported as invalid.
func FuzzEntry(f *testing.F) {
	for _, tt := range entryTests() {
		f.Add([]byte(tt.raw))
	}
	for _, raw := range []string{`{"type": "outgoing", "typeMessage": ""}`, `null`, ``, `[`, `{"jpegThumbnail": "AAAA`, "{\"a\":\"\xff\"}"} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := person(unchanged)
		c.index.add(raw)
		m, invalid := c.convert(raw, 17)
		if invalid == nil {
			if err := sourcetest.CheckMessage(m); err != nil {
				t.Errorf("%v: %+v", err, m)
			}
			return
		}
		if invalid.Conversation == "" || invalid.Position == "" || invalid.Reason == "" || len(invalid.Raw) > sources.MaxRaw ||
			!utf8.ValidString(invalid.Position+invalid.Reason+invalid.Raw) {
			t.Errorf("not as it should be: %+v", invalid)
		}
	})
}

func TestExcerptOf(t *testing.T) {
	long := strings.Repeat("ж", sources.MaxRaw)
	for _, tt := range []struct{ raw, want string }{
		{`{"a": 1}`, `{"a": 1}`},
		{`{"jpegThumbnail": "` + strings.Repeat(`A\/b\"`, 2000) + `", "b": {"jpegThumbnail":"x"}}`, `{"jpegThumbnail": "", "b": {"jpegThumbnail":""}}`},
		{`{"jpegThumbnail": null}`, `{"jpegThumbnail": null}`},
		{"a\xffb", "a\ufffdb"},
		{long, long[:sources.MaxRaw]},
		{"a" + long, "a" + long[:sources.MaxRaw-2]},
		{strings.Repeat("\xff ", sources.MaxRaw), strings.Repeat("\ufffd ", sources.MaxRaw/4)},
	} {
		if got := excerptOf(json.RawMessage(tt.raw)); got != tt.want || len(got) > sources.MaxRaw {
			t.Errorf("excerptOf(%.40q) = %.80q (%d bytes), want %.80q", tt.raw, got, len(got), tt.want)
		}
	}
}
