package greenapi

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"kommo-import/sources"
)

// thumbnail matches a picture inside an entry: base64, up to 8 KB (seen in code). Nobody can read it, and the rest
// would be cut off.
var thumbnail = regexp.MustCompile(`("jpegThumbnail"\s*:\s*)"(?:[^"\\]|\\.)*"`)

// excerptOf returns raw without thumbnails, as UTF-8, cut after [sources.MaxRaw] bytes.
func excerptOf(raw []byte) string {
	raw = thumbnail.ReplaceAll(raw, []byte(`$1""`))
	s := strings.ToValidUTF8(string(raw[:min(len(raw), sources.MaxRaw)]), "\ufffd")
	for len(s) > sources.MaxRaw {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
