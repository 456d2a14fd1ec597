package importer

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"kommo-import/internal/kommo"
	"kommo-import/sources"
)

// timeTolerance is how far a time in history may be from the time that was sent without being a difference. A
// documented sample differs by one second.
const timeTolerance = time.Second

// A comparison is how the message that Kommo shows compares with the message as it was sent.
type comparison struct {
	differences []string
	shownAs     string // "sticker as picture": Kommo shows the same content as another kind; "" if it does not
}

// compare compares kind, text, side and time, each if Kommo shows it.
//
// The payload is composed again. Media links and the answers about them may have changed since the send, so any form
// in which m may have been sent counts as equal.
func (c Composer) compare(cv *conversation, m *outgoing, shown *kommo.HistoryMessage) (r comparison, err error) {
	form, err := c.formShown(cv, m, &shown.Message)
	if err != nil {
		return r, err
	}
	if sent, there := form.Type, shown.Message.Type; showsAs(sent, there) {
		r.shownAs = fmt.Sprintf("%s as %s", sent, there)
	} else if there != "" && sent != there {
		r.add("kind: sent %s, there %s", sent, there)
	}
	if !sameText(form.Text, shown.Message.Text) {
		r.add("%s", differentTexts(plainText(form.Text), plainText(shown.Message.Text)))
	}
	if side := sideOf(cv, shown); side != "" && side != m.direction {
		r.add("side: sent as %s, there %s", m.direction, side)
	}
	if !sameTime(m.msec, shown, timeTolerance) {
		r.add("time: sent %s, there %s", stamp(fromMillis(m.msec)), stamp(shown.Time()))
	}
	return r, nil
}

func (r *comparison) add(format string, args ...any) {
	r.differences = append(r.differences, fmt.Sprintf(format, args...))
}

// alike reports whether an entry without an id can be m: it has its second, its kind, its text, and its side if Kommo
// shows one.
func (c Composer) alike(cv *conversation, m *outgoing, shown *kommo.HistoryMessage) (bool, error) {
	if side := sideOf(cv, shown); side != "" && side != m.direction || shown.Time().IsZero() || !sameTime(m.msec, shown, timeMargin) {
		return false, nil
	}
	form, err := c.formShown(cv, m, &shown.Message)
	return sameContent(form, &shown.Message), err
}

// formShown returns the form in which m may have been sent that Kommo shows, best of the same kind; as m would be sent
// now if it shows another.
func (c Composer) formShown(cv *conversation, m *outgoing, shown *kommo.HistoryContent) (*kommo.Message, error) {
	c.BotID = cmp.Or(c.BotID, "any") // the sender's id is not compared
	var sent []*kommo.Message
	for _, form := range formsOf(m) {
		message, err := c.compose(cv, &form)
		if err != nil {
			return nil, err
		}
		sent = append(sent, &message.Message)
	}
	for _, form := range sent {
		if form.Type == shown.Type && sameText(form.Text, shown.Text) {
			return form, nil
		}
	}
	for _, form := range sent {
		if sameContent(form, shown) {
			return form, nil
		}
	}
	return sent[0], nil
}

// sameContent reports whether Kommo shows a message, perhaps as another kind.
func sameContent(sent *kommo.Message, shown *kommo.HistoryContent) bool {
	return (sent.Type == shown.Type || showsAs(sent.Type, shown.Type)) && sameText(sent.Text, shown.Text)
}

// showsAs reports whether Kommo may show a kind as another kind (seen in clients' code, which sends them so).
func showsAs(sent, shown kommo.MessageType) bool {
	return sent == kommo.TypeSticker && shown == kommo.TypePicture || sent == kommo.TypeVoice && shown == kommo.TypeAudio
}

// linkMark stands for an unknown link: for the rest of a line behind the kind of the media.
const linkMark = "\x00"

// sameText reports whether two texts are equal as [plainText] has them.
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

// plainText returns a text as a server may normalise it: in NFC, with LF for every line end, without the blanks and
// invisible marks that end a line, and without the white space around the text.
func plainText(text string) string {
	text = everyLineEnd.Replace(norm.NFC.String(text))
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRightFunc(line, isUnseen)
	}
	return strings.TrimLeftFunc(strings.TrimRight(strings.Join(lines, "\n"), "\n"), unicode.IsSpace)
}

var everyLineEnd = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\u0085", "\n")

// isUnseen reports whether a character shows nothing: a blank, a mark of format, or a variation selector.
func isUnseen(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Variation_Selector)
}

// formsOf returns the forms in which m may have been sent: its media as a file or as text, and the message that it
// answers by id or quoted.
func formsOf(m *outgoing) []outgoing {
	forms := []outgoing{*m}
	if mediaKey(m.family, m.conversation, &m.content).Valid {
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

// sideOf returns the direction of a message that Kommo shows, "" if it does not show enough to know. Kommo shows our id
// of the client, and no receiver of the client's messages (both documented).
func sideOf(cv *conversation, shown *kommo.HistoryMessage) sources.Direction {
	switch {
	case shown.Sender.ClientID == cv.client.ID:
		return sources.Incoming
	case shown.Receiver != kommo.HistoryPerson{}:
		return sources.Outgoing
	}
	return ""
}

// sameTime reports whether Kommo shows a message with the msec_timestamp that was sent, give or take the tolerance, or
// without a time.
func sameTime(msec int64, shown *kommo.HistoryMessage, tolerance time.Duration) bool {
	off := time.Duration(shown.MsecTimestamp-msec) * time.Millisecond
	if shown.MsecTimestamp == 0 {
		off = time.Duration(shown.Timestamp-msec/1000) * time.Second
	}
	return shown.Time().IsZero() || off.Abs() <= tolerance
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
