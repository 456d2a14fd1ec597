package greenapi

import (
	"testing"

	"kommo-import/sources"
)

func TestMediaNames(t *testing.T) {
	for _, tt := range []struct{ name, mimeType, want string }{
		{"", "image/jpeg", ""},
		{" a ", "image/png", "a.png"},
		{"a.JPEG", "image/png", "a.JPEG"},
		{"a.7z", "application/zip", "a.7z"},
		{"v1.2 final", "application/pdf", "v1.2 final.pdf"},
		{"2025.05", "application/pdf", "2025.05.pdf"},
		{"договор", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "договор.docx"},
		{"prices", "text/csv; charset=utf-8", "prices.csv"},
		{"a", "Video/3GPP", "a.3gp"},
		{"a", "application/x-unheard-of", "a"},
		{"a", "", "a"},
		{"Прайс.bin", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Прайс.xlsx"},
		{"a.BIN", "application/pdf", "a.pdf"},
		{"a.bin", "application/octet-stream", "a.bin"},
		{".bin", "application/pdf", ".bin"},
		{"IMG_0001", "image/heic", "IMG_0001.heic"},
		{"../../etc/счёт\n№1.pdf", "application/pdf", "счёт №1.pdf"},
		{`C:\Users\a\Договор №5`, "application/pdf", "Договор №5.pdf"},
		{"/", "application/pdf", ""},
		{"..", "application/pdf", ""},
		{"a\u202egpj.exe\x00\x7f", "", "agpj.exe"},
	} {
		e := entry{FileName: lenientText(tt.name), MIMEType: lenientText(tt.mimeType)}
		if got := mediaOf(&e).Name; got != tt.want {
			t.Errorf("name of %q, %q = %q, want %q", tt.name, tt.mimeType, got, tt.want)
		}
	}
}

func TestWebAddress(t *testing.T) {
	for in, want := range map[string]string{
		"https://example.com/a.jpg?x=1#y":                "https://example.com/a.jpg?x=1#y",
		" https://example.com/IMG 1.JPG\n":               "https://example.com/IMG%201.JPG",
		"https://example.com/Договор №5.pdf":             "https://example.com/%D0%94%D0%BE%D0%B3%D0%BE%D0%B2%D0%BE%D1%80%20%E2%84%965.pdf",
		"https://example.com/a%20b c%2Fd.pdf":            "https://example.com/a%20b%20c%2Fd.pdf",
		"https://example.com/50 % off.pdf":               "https://example.com/50%20%25%20off.pdf",
		"https://example.com/no 7 #1.pdf":                "https://example.com/no%207%20%231.pdf",
		"https://example.com/a.pdf?name=счёт&sig=a%2Bb=": "https://example.com/a.pdf?name=%D1%81%D1%87%D1%91%D1%82&sig=a%2Bb=",
		"https://example.com?q=a b":                      "https://example.com?q=a%20b",
		"https://example.com/a\tb":                       "https://example.com/ab",
		"https://example.com/<a>|\"b\"":                  "https://example.com/%3Ca%3E%7C%22b%22",
		"HTTP://example.com/a":                           "HTTP://example.com/a",
		"file:///etc/passwd":                             "",
		"//example.com/a":                                "",
		"https:///a b":                                   "",
		"a b.jpg":                                        "",
		"":                                               "",
	} {
		if got := webAddress(in); got != want {
			t.Errorf("webAddress(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestKindOfMedia(t *testing.T) {
	for _, tt := range []struct {
		e    entry
		want sources.Kind
	}{
		{entry{TypeMessage: "audioMessage", FileName: "7f3c.oga"}, sources.KindVoice},
		{entry{TypeMessage: "audioMessage", FileName: "7f3c.OGA", MIMEType: "application/octet-stream"}, sources.KindVoice},
		{entry{TypeMessage: "audioMessage", DownloadURL: "https://example.com/v.opus?x=.mp3"}, sources.KindVoice},
		{entry{TypeMessage: "audioMessage", MIMEType: "audio/opus"}, sources.KindVoice},
		{entry{TypeMessage: "audioMessage", FileName: "v.oga", MIMEType: "audio/mpeg"}, sources.KindAudio},
		{entry{TypeMessage: "audioMessage", FileName: "v.m4a"}, sources.KindAudio},
		{entry{TypeMessage: "documentMessage", FileName: "a.jpg", MIMEType: "image/jpeg"}, sources.KindFile},
		{entry{TypeMessage: "lottieStickerMessage", MIMEType: "image/webp"}, sources.KindSticker},
		{entry{TypeMessage: "gifMessage"}, sources.KindVideo},
		{entry{TypeMessage: "viewOnceMessage", MIMEType: "audio/ogg; codecs=opus"}, sources.KindVoice},
		{entry{TypeMessage: "viewOnceMessage", MIMEType: "image/png"}, sources.KindPicture},
		{entry{TypeMessage: "newMessage"}, sources.KindFile},
	} {
		if got := kindOfMedia(&tt.e); got != tt.want {
			t.Errorf("%+v: got %s, want %s", tt.e, got, tt.want)
		}
	}
}

func TestIsBlank(t *testing.T) {
	for s, want := range map[string]bool{"": true, " \t\n\u00a0": true, "\u200e\u200b\u2060\ufeff": true, "\ufe0f": true, "\u3164\u2800": true, "\x00": true,
		".": false, "👍": false, "\u200eа": false, "❤️": false} {
		if got := isBlank(s); got != want {
			t.Errorf("isBlank(%q) = %t", s, got)
		}
	}
}
