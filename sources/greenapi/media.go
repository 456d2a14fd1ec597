package greenapi

import (
	"fmt"
	"net/url"
	"path"
	"strings"
	"unicode"

	"kommo-import/sources"
)

// kindOfMedia returns the kind of a file. A videoNote, a round video, is a video. The kind of a file in a message of
// another type follows from the words in that type, else from the type of the file.
func kindOfMedia(e *entry) sources.Kind {
	switch e.TypeMessage {
	case "imageMessage":
		return sources.KindPicture
	case "videoMessage":
		return sources.KindVideo
	case "stickerMessage":
		return sources.KindSticker
	case "documentMessage":
		return sources.KindFile
	case "audioMessage":
		return kindOfAudio(e)
	}
	return kindByWords(e)
}

func kindByWords(e *entry) sources.Kind {
	name, mimeType := strings.ToLower(string(e.TypeMessage)), strings.ToLower(string(e.MIMEType))
	has := func(word string) bool { return strings.Contains(name, word) }
	switch {
	case has("sticker") && mimeType == "image/webp":
		return sources.KindSticker
	case has("document") || has("file"):
		return sources.KindFile
	case has("voice") || has("ptt"):
		return sources.KindVoice
	case has("audio") || strings.HasPrefix(mimeType, "audio/"):
		return kindOfAudio(e)
	case has("video") || has("ptv") || has("gif") || strings.HasPrefix(mimeType, "video/"):
		return sources.KindVideo
	case has("image") || has("photo") || strings.HasPrefix(mimeType, "image/"):
		return sources.KindPicture
	}
	return sources.KindFile
}

// kindOfAudio returns whether a sound is a voice message. WhatsApp records voice in Opus; no field marks a voice message
// (inferred). The extension counts only if the type is not known.
func kindOfAudio(e *entry) sources.Kind {
	mimeType := strings.TrimSpace(strings.ToLower(string(e.MIMEType)))
	if strings.HasPrefix(mimeType, "audio/ogg") || strings.Contains(mimeType, "opus") {
		return sources.KindVoice
	}
	if mimeType == "" || mimeType == "application/ogg" || mimeType == "application/octet-stream" {
		link, _, _ := strings.Cut(string(e.DownloadURL), "?")
		for _, name := range []string{string(e.FileName), link} {
			switch strings.ToLower(path.Ext(strings.TrimSpace(name))) {
			case ".oga", ".ogg", ".opus":
				return sources.KindVoice
			}
		}
	}
	return sources.KindAudio
}

// mediaOf returns the file of a message. Its link expires after 15 days, and downloadFile makes a new link (documented).
// So a link may be missing, e.g. after the phone was connected anew (seen in code). A link that held the token is
// dropped.
func mediaOf(e *entry) *sources.Media {
	mimeType, _, _ := strings.Cut(strings.ToLower(string(e.MIMEType)), ";")
	m := &sources.Media{MIME: strings.TrimSpace(mimeType), Renewable: true}
	m.Name = fileName(string(e.FileName), m.MIME)
	if !strings.Contains(string(e.DownloadURL), tokenMark) {
		m.URL = webAddress(string(e.DownloadURL))
	}
	return m
}

// fileName returns a name without folders and control characters. The name gets the extension of its MIME type if it
// has none, or only ".bin".
func fileName(name, mimeType string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, name)
	name = oneLine(name[strings.LastIndexAny(name, `/\`)+1:])
	if strings.Trim(name, ".") == "" {
		return ""
	}
	extension := extensions[mimeType]
	if base, isBin := cutExtension(name, ".bin"); isBin && extension != "" && base != "" {
		name = base
	}
	if !hasExtension(name) {
		name += extension
	}
	return name
}

// cutExtension removes an extension in any case.
func cutExtension(name, extension string) (base string, found bool) {
	if !strings.EqualFold(path.Ext(name), extension) {
		return name, false
	}
	return name[:len(name)-len(extension)], true
}

// webAddress returns link if it is an absolute http or https URL, else "". Characters that no URL may have, such as spaces
// and Cyrillic letters, are percent-encoded.
func webAddress(link string) string {
	link = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.TrimSpace(link))
	if host := strings.Index(link, "://"); host >= 0 {
		if slash := strings.IndexAny(link[host+3:], "/?#"); slash >= 0 {
			link = link[:host+3+slash] + percentEncoded(link[host+3+slash:])
		}
	}
	if !isWebAddress(link) {
		return ""
	}
	return link
}

// percentEncoded encodes the characters of a path and query that no URL may have. If there are any, nobody has encoded the
// text before, and it can have no fragment: a # is then part of a name.
func percentEncoded(text string) string {
	if !strings.ContainsFunc(text, notInURL) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case notInURL(r) || r == '#' || r == '%' && !isEscape(text[i:]):
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func notInURL(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"<>\^`+"`{|}", r)
}

// isEscape reports whether s begins with a percent sign and two hexadecimal digits.
func isEscape(s string) bool {
	const hex = "0123456789abcdefABCDEF"
	return len(s) >= 3 && strings.ContainsRune(hex, rune(s[1])) && strings.ContainsRune(hex, rune(s[2]))
}

// isWebAddress reports whether s is an absolute http or https URL.
func isWebAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// hasExtension reports whether a file name ends in an extension such as ".pdf". The year of "Offer 12.05.2025" is not
// an extension.
func hasExtension(name string) bool {
	extension := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	const letters, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
	return len(extension) <= 5 && strings.Trim(extension, letters+digits) == "" && strings.Trim(extension, digits) != ""
}

// extensions has the extensions of the usual files in WhatsApp. The table of package mime differs between machines.
var extensions = map[string]string{
	"image/jpeg":      ".jpg",
	"image/jpg":       ".jpg",
	"image/png":       ".png",
	"image/gif":       ".gif",
	"image/webp":      ".webp",
	"image/heic":      ".heic",
	"image/heif":      ".heif",
	"image/avif":      ".avif",
	"image/bmp":       ".bmp",
	"image/tiff":      ".tiff",
	"image/svg+xml":   ".svg",
	"video/mp4":       ".mp4",
	"video/3gpp":      ".3gp",
	"video/quicktime": ".mov",
	"video/webm":      ".webm",
	"video/x-msvideo": ".avi",
	"audio/ogg":       ".ogg",
	"audio/opus":      ".opus",
	"audio/mpeg":      ".mp3",
	"audio/mp4":       ".m4a",
	"audio/x-m4a":     ".m4a",
	"audio/aac":       ".aac",
	"audio/amr":       ".amr",
	"audio/wav":       ".wav",
	"audio/x-wav":     ".wav",

	"application/pdf":               ".pdf",
	"application/msword":            ".doc",
	"application/vnd.ms-excel":      ".xls",
	"application/vnd.ms-powerpoint": ".ppt",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   ".docx",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         ".xlsx",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
	"application/vnd.ms-excel.sheet.macroenabled.12":                            ".xlsm",
	"application/vnd.oasis.opendocument.text":                                   ".odt",
	"application/vnd.oasis.opendocument.spreadsheet":                            ".ods",
	"application/rtf":                         ".rtf",
	"text/rtf":                                ".rtf",
	"application/zip":                         ".zip",
	"application/x-zip-compressed":            ".zip",
	"application/vnd.rar":                     ".rar",
	"application/x-rar-compressed":            ".rar",
	"application/x-7z-compressed":             ".7z",
	"application/json":                        ".json",
	"application/xml":                         ".xml",
	"text/xml":                                ".xml",
	"application/epub+zip":                    ".epub",
	"application/vnd.android.package-archive": ".apk",
	"text/plain":                              ".txt",
	"text/html":                               ".html",
	"text/csv":                                ".csv",
	"text/vcard":                              ".vcf",
	"text/x-vcard":                            ".vcf",
}
