package importer

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"kommo-import/internal/kommo"
	"kommo-import/sources"
)

// timeTolerance is how far a time in history may be from the time that was sent without being a difference. A
// documented sample differs by one second.
const timeTolerance = time.Second

// differences returns how the message that Kommo shows differs from m as it was sent; "" if it does not. It compares
// kind, text, side, and time if Kommo shows it.
//
// The payload is composed again. Media links and the answers about them may have changed since the send, so any form
// in which m may have been sent counts as equal.
func (c Composer) differences(cv *conversation, m *outgoing, shown *kommo.HistoryMessage) (string, error) {
	c.BotID = cmp.Or(c.BotID, "any") // the sender's id is not compared
	sent, err := c.compose(cv, m)
	if err != nil {
		return "", err
	}
	var all []string
	if content := &shown.Message; !sameContent(&sent.Message, content) {
		other, err := c.wasOther(cv, m, content)
		if err != nil {
			return "", err
		}
		if !other && sent.Message.Type != content.Type {
			all = append(all, fmt.Sprintf("kind: sent %s, there %s", sent.Message.Type, content.Type))
		}
		if !other && !sameText(sent.Message.Text, content.Text) {
			all = append(all, differentTexts(plainText(sent.Message.Text), plainText(content.Text)))
		}
	}
	if side := sideOf(cv, shown); side != m.direction {
		all = append(all, fmt.Sprintf("side: sent as %s, there %s", m.direction, side))
	}
	if !sameTime(m.msec, shown) {
		all = append(all, fmt.Sprintf("time: sent %s, there %s", stamp(fromMillis(m.msec)), stamp(shown.Time())))
	}
	return strings.Join(all, "; "), nil
}

func sameContent(sent *kommo.Message, shown *kommo.HistoryContent) bool {
	return sent.Type == shown.Type && sameText(sent.Text, shown.Text)
}

// linkMark stands for an unknown link: for the rest of a line behind the kind of the media.
const linkMark = "\x00"

// sameText reports whether two texts are equal, apart from surrounding white space and the kind of line ends.
func sameText(sent, shown string) bool {
	sent, shown = plainText(sent), plainText(shown)
	before, after, marked := strings.Cut(sent, "] "+linkMark)
	if !marked {
		return sent == shown
	}
	shown, begins := strings.CutPrefix(shown, before)
	shown, ends := strings.CutSuffix(shown, after)
	return begins && ends && !strings.Contains(shown, "\n")
}

func plainText(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
}

// wasOther reports whether another form in which m may have been sent matches what Kommo shows.
func (c Composer) wasOther(cv *conversation, m *outgoing, shown *kommo.HistoryContent) (bool, error) {
	for _, form := range formsOf(cv, m) {
		sent, err := c.compose(cv, &form)
		if err != nil || sameContent(&sent.Message, shown) {
			return err == nil, err
		}
	}
	return false, nil
}

// formsOf returns the forms in which m may have been sent: its media as a file or as text, and the message that it
// answers by id or quoted.
func formsOf(cv *conversation, m *outgoing) []outgoing {
	forms := []outgoing{*m}
	if mediaKey(m.family, cv.externalID, &m.content).Valid {
		text := *m
		text.asText = true
		text.content.Media = &sources.Media{URL: linkMark}
		text.media = mediaInfo{Status: mediaFailed}
		forms = append(forms, text)
	}
	if media := m.content.Media; len(forms) > 1 && !m.asText {
		file, voice := *m, *m
		file.media.Status, file.media.MIME = mediaFound, ""
		voice.media.Status, voice.media.MIME = mediaFound, "audio/ogg"
		forms = append(forms, file)
		if media.MIME == "" {
			forms = append(forms, voice)
		}
	}
	if m.quoteText == "" {
		return forms
	}
	for _, form := range forms {
		form.quotes = identity{}
		quoting := form
		form.quotes = identity{1} // any
		forms = append(forms, quoting, form)
	}
	return forms
}

// sideOf returns the direction of a message that Kommo shows. Kommo shows our id of the client, and no receiver of the
// client's messages (both documented).
func sideOf(cv *conversation, shown *kommo.HistoryMessage) sources.Direction {
	switch {
	case shown.Sender.ClientID == cv.client.ID:
		return sources.Incoming
	case shown.Receiver.ClientID == cv.client.ID, shown.Receiver != kommo.HistoryPerson{}:
		return sources.Outgoing
	}
	return sources.Incoming
}

// sameTime reports whether Kommo shows a message with the msec_timestamp that was sent, or without a time.
func sameTime(msec int64, shown *kommo.HistoryMessage) bool {
	off := time.Duration(shown.MsecTimestamp-msec) * time.Millisecond
	if shown.MsecTimestamp == 0 {
		off = time.Duration(shown.Timestamp-msec/1000) * time.Second
	}
	return shown.Time().IsZero() || off.Abs() <= timeTolerance
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// differentTexts describes where two texts begin to differ.
func differentTexts(sent, there string) string {
	a, b := []rune(sent), []rune(there)
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	return fmt.Sprintf("text: from character %d on sent %q, there %q", at+1, cutText(a[at:]), cutText(b[at:]))
}

func cutText(text []rune) string {
	const longest = 40
	if len(text) <= longest {
		return string(text)
	}
	return string(text[:longest]) + "…"
}
