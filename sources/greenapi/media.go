package greenapi

import (
	"net/url"
	"path"
	"strings"

	"kommo-import/sources"
)

// kindOfMedia returns what Kommo calls a file. A videoNote, the round kind, is a video.
func kindOfMedia(e *entry) sources.Kind {
	switch e.TypeMessage {
	case "imageMessage":
		return sources.KindPicture
	case "videoMessage":
		return sources.KindVideo
	case "stickerMessage":
		return sources.KindSticker
	case "audioMessage":
		if isVoice(strings.ToLower(string(e.MIMEType))) {
			return sources.KindVoice
		}
		return sources.KindAudio
	}
	return sources.KindFile
}

// isVoice reports whether audio of that type was spoken into a phone: nothing else says so, but WhatsApp records in
// Opus (inferred).
func isVoice(mimeType string) bool {
	return strings.HasPrefix(mimeType, "audio/ogg") || strings.Contains(mimeType, "opus")
}

// mediaOf returns the file of a message. Its link dies after 15 days, and downloadFile makes a new one (documented);
// so a link that is missing, as after the phone was connected anew (seen in code), is no fault. One that held the token
// is as good as none.
func mediaOf(e *entry) *sources.Media {
	mimeType, _, _ := strings.Cut(strings.ToLower(string(e.MIMEType)), ";")
	m := &sources.Media{
		Name:      strings.TrimSpace(string(e.FileName)),
		MIME:      strings.TrimSpace(mimeType),
		Renewable: true,
	}
	if link := strings.TrimSpace(string(e.DownloadURL)); isWebAddress(link) && !strings.Contains(link, tokenMark) {
		m.URL = link
	}
	if m.Name != "" && !hasExtension(m.Name) {
		m.Name += extensionOf(m.MIME)
	}
	return m
}

// isWebAddress reports whether s can be the address of a file on the web.
func isWebAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// hasExtension reports whether a file name ends in something like ".pdf". The year of "Offer 12.05.2025" is none.
func hasExtension(name string) bool {
	extension := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	const letters, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
	return len(extension) <= 5 && strings.Trim(extension, letters+digits) == "" && strings.Trim(extension, digits) != ""
}

// extensionOf returns the extension of what WhatsApp sends most, or "". The table of package mime differs from
// machine to machine.
func extensionOf(mimeType string) string {
	switch mimeType {
	case "image/jpeg":
		return ".jpg"
	case "image/png":
		return ".png"
	case "image/gif":
		return ".gif"
	case "image/webp":
		return ".webp"
	case "video/mp4":
		return ".mp4"
	case "video/3gpp":
		return ".3gp"
	case "video/quicktime":
		return ".mov"
	case "audio/ogg":
		return ".ogg"
	case "audio/mpeg":
		return ".mp3"
	case "audio/mp4":
		return ".m4a"
	case "audio/aac":
		return ".aac"
	case "audio/amr":
		return ".amr"
	}
	return documentExtension(mimeType)
}

func documentExtension(mimeType string) string {
	switch mimeType {
	case "application/pdf":
		return ".pdf"
	case "application/msword":
		return ".doc"
	case "application/vnd.openxmlformats-officedocument.wordprocessingml.document":
		return ".docx"
	case "application/vnd.ms-excel":
		return ".xls"
	case "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":
		return ".xlsx"
	case "application/vnd.ms-powerpoint":
		return ".ppt"
	case "application/vnd.openxmlformats-officedocument.presentationml.presentation":
		return ".pptx"
	case "application/zip", "application/x-zip-compressed":
		return ".zip"
	case "application/vnd.rar", "application/x-rar-compressed":
		return ".rar"
	case "application/json":
		return ".json"
	case "text/plain":
		return ".txt"
	case "text/csv":
		return ".csv"
	case "text/vcard", "text/x-vcard":
		return ".vcf"
	}
	return ""
}
