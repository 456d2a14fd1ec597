package greenapi

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/url"
	"path"
	"strconv"
	"strings"

	"kommo-import/sources"
)

// setContent sets the kind of m and the fields of that kind. A message without content gets a reason to be skipped.
func (c *chat) setContent(m *sources.Message, e *entry) (err error) {
	switch e.TypeMessage {
	case "imageMessage", "videoMessage", "documentMessage", "audioMessage", "stickerMessage":
		m.Kind, m.Media, m.Text = kindOfMedia(e), mediaOf(e), caption(e)
	case "locationMessage":
		m.Kind, m.Text = sources.KindLocation, nonBlankLines(e.Location.Name, e.Location.Address)
		m.Location, err = locationOf(e.Location)
	case "contactMessage":
		setContacts(m, []entryContact{e.Contact})
	case "contactsArrayMessage":
		setContacts(m, append(e.Contacts, e.MessageData.Contacts...))
	case "reactionMessage":
		m.Text = string(bodyOf(e))
		m.Skip = cmp.Or(m.Skip, reaction(m.Text))
	default:
		m.Text, err = c.text(e)
		if err == nil && strings.TrimSpace(m.Text) == "" {
			m.Skip = cmp.Or(m.Skip, "it has no text")
		}
	}
	return err
}

// text returns the text of a message that is a text in Kommo.
func (c *chat) text(e *entry) (string, error) {
	switch e.TypeMessage {
	case "textMessage", "extendedTextMessage", "quotedMessage":
		text, err := decrypted(bodyOf(e))
		if err == nil && text == "" && !hasText(e.raw) {
			err = errors.New("it has no text")
		}
		return text, err
	case "editedMessage":
		return decrypted(cmp.Or(e.Edited.TextMessage, e.Edited.Caption))
	case "deletedMessage":
		return "", nil
	case "pollMessage":
		return pollText(&e.Poll), nil
	case "pollUpdateMessage":
		return c.votesText(&e.Poll), nil
	case "templateMessage", "interactiveButtons", "interactiveButtonsReply", "buttonsMessage", "listMessage":
		return menuText(e), nil
	case "templateButtonsReplyMessage", "templateButtonReplyMessage", "interactiveButtonsResponse", "buttonsResponseMessage":
		return chosen("[button pressed] ", e), nil
	case "listResponseMessage":
		return chosen("[chosen from the list] ", e), nil
	case "groupInviteMessage":
		return groupInviteText(&e.GroupInvite), nil
	}
	return "", fmt.Errorf("type %q is not known", cutRunes(string(e.TypeMessage), 60))
}

// reaction returns the reason to skip a reaction. An empty text removes an earlier reaction (seen in code). The text is
// quoted, so that equal reactions count together; %q would take joined emoji apart.
func reaction(text string) string {
	if text = strings.TrimSpace(text); text != "" {
		return `a reaction "` + strings.NewReplacer(`"`, "'", `\`, "/").Replace(cutRunes(text, 60)) + `"`
	}
	return "a reaction taken back"
}

func locationOf(l entryLocation) (*sources.Location, error) {
	latitude, err := degrees("latitude", string(l.Latitude), 90)
	if err != nil {
		return nil, err
	}
	longitude, err := degrees("longitude", string(l.Longitude), 180)
	if err != nil {
		return nil, err
	}
	return &sources.Location{Latitude: latitude, Longitude: longitude}, nil
}

func degrees(field, s string, most float64) (float64, error) {
	d, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(d) || math.Abs(d) > most {
		limit := strconv.FormatFloat(most, 'f', -1, 64)
		return 0, badValue(field, s, errors.New("not a number of degrees from -"+limit+" to "+limit))
	}
	return d, nil
}

// kindOfMedia returns the kind of a file. A videoNote, a round video, is a video.
func kindOfMedia(e *entry) sources.Kind {
	switch e.TypeMessage {
	case "imageMessage":
		return sources.KindPicture
	case "videoMessage":
		return sources.KindVideo
	case "stickerMessage":
		return sources.KindSticker
	case "audioMessage":
		// WhatsApp records voice in Opus; no field marks a voice message (inferred).
		mimeType := strings.ToLower(string(e.MIMEType))
		if strings.HasPrefix(mimeType, "audio/ogg") || strings.Contains(mimeType, "opus") {
			return sources.KindVoice
		}
		return sources.KindAudio
	}
	return sources.KindFile
}

// mediaOf returns the file of a message. Its link expires after 15 days, and downloadFile makes a new link (documented).
// So a link may be missing, e.g. after the phone was connected anew (seen in code). A link that held the token is
// dropped.
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
		m.Name += extensions[m.MIME]
	}
	return m
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
	"image/png":       ".png",
	"image/gif":       ".gif",
	"image/webp":      ".webp",
	"video/mp4":       ".mp4",
	"video/3gpp":      ".3gp",
	"video/quicktime": ".mov",
	"audio/ogg":       ".ogg",
	"audio/mpeg":      ".mp3",
	"audio/mp4":       ".m4a",
	"audio/aac":       ".aac",
	"audio/amr":       ".amr",

	"application/pdf":               ".pdf",
	"application/msword":            ".doc",
	"application/vnd.ms-excel":      ".xls",
	"application/vnd.ms-powerpoint": ".ppt",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   ".docx",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         ".xlsx",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
	"application/zip":              ".zip",
	"application/x-zip-compressed": ".zip",
	"application/vnd.rar":          ".rar",
	"application/x-rar-compressed": ".rar",
	"application/json":             ".json",
	"text/plain":                   ".txt",
	"text/csv":                     ".csv",
	"text/vcard":                   ".vcf",
	"text/x-vcard":                 ".vcf",
}
