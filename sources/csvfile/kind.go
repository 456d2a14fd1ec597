package csvfile

import (
	"net/url"
	"path"
	"strings"

	"kommo-import/sources"
)

// A declaration is the meaning of the type column.
type declaration struct {
	kind sources.Kind // "" if the filled columns decide
	mime string       // if the column holds a MIME type
}

// declared returns the meaning of the type column and reports whether it names no kind of message. For an empty type and
// for a text, the filled columns decide: some programs call every message a text, and no file may be lost because of
// that. The words are those of docs/csv.md, of WhatsApp's web client (chat, ptt, vcard), of gateways (imageMessage), and
// MIME types.
func declared(word string) (d declaration, unknown bool) {
	word = strings.ToLower(word)
	if mime, parameters, _ := strings.Cut(word, ";"); strings.Contains(mime, "/") {
		return declaredMIME(strings.TrimSpace(mime), strings.Contains(parameters, "opus"))
	}
	word = strings.Map(func(r rune) rune {
		if r == ' ' || r == '_' || r == '-' {
			return -1
		}
		return r
	}, word)
	if short := strings.TrimSuffix(word, "message"); short != "" {
		word = short
	}
	switch word {
	case "", "text", "txt", "extendedtext", "quoted", "chat", "conversation", "message":
		return declaration{}, false
	case "image", "photo", "picture", "pic", "img":
		return declaration{kind: sources.KindPicture}, false
	case "video", "videonote", "videofile", "ptv", "gif", "animation":
		return declaration{kind: sources.KindVideo}, false
	case "file", "document", "doc", "pdf", "attachment":
		return declaration{kind: sources.KindFile}, false
	case "voice", "ptt", "voicenote":
		return declaration{kind: sources.KindVoice}, false
	case "audio", "audiofile", "music":
		return declaration{kind: sources.KindAudio}, false
	case "sticker":
		return declaration{kind: sources.KindSticker}, false
	case "location", "livelocation":
		return declaration{kind: sources.KindLocation}, false
	case "contact", "contacts", "contactcard", "vcard", "multivcard":
		return declaration{kind: sources.KindContact}, false
	}
	return declaration{}, true
}

// declaredMIME returns the meaning of a MIME type. WhatsApp records voice as Opus in Ogg.
func declaredMIME(mime string, opus bool) (d declaration, unknown bool) {
	class, format, _ := strings.Cut(mime, "/")
	switch {
	case format == "":
		return declaration{}, true
	case class == "image":
		return declaration{kind: sources.KindPicture, mime: mime}, false
	case class == "video":
		return declaration{kind: sources.KindVideo, mime: mime}, false
	case class == "audio" && (format == "ogg" || opus):
		return declaration{kind: sources.KindVoice, mime: mime}, false
	case class == "audio":
		return declaration{kind: sources.KindAudio, mime: mime}, false
	case mime == "text/vcard", mime == "text/x-vcard":
		return declaration{kind: sources.KindContact}, false
	case class == "application":
		return declaration{kind: sources.KindFile, mime: mime}, false
	case class == "text":
		return declaration{}, false // a message of plain text, unless there is a file
	}
	return declaration{}, true
}

// isFile reports whether messages of the kind have a file.
func isFile(kind sources.Kind) bool {
	switch kind {
	case "", sources.KindText, sources.KindLocation, sources.KindContact:
		return false
	}
	return true
}

// kindOfFile returns the declared kind if messages of that kind have a file. Else it returns the kind that the extension
// of the link suggests, or else that of the file name.
func kindOfFile(declared sources.Kind, link, name string) sources.Kind {
	if isFile(declared) {
		return declared
	}
	names := []string{link, name}
	if u, err := url.Parse(link); err == nil {
		names[0] = u.Path
	}
	for _, name := range names {
		switch strings.ToLower(path.Ext(strings.TrimSpace(name))) {
		case ".jpg", ".jpeg", ".jfif", ".png", ".gif", ".webp", ".bmp", ".heic":
			return sources.KindPicture
		case ".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".3gp":
			return sources.KindVideo
		case ".mp3", ".m4a", ".ogg", ".oga", ".opus", ".wav", ".aac", ".amr", ".flac":
			return sources.KindAudio
		}
	}
	return sources.KindFile
}
