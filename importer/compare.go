package importer

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"kommo-import/internal/kommo"
	"kommo-import/sources"
)

// timeTolerance is how far a time in history may be from the time that was sent: a documented sample differs by one
// second.
const timeTolerance = time.Second

// differences returns in what there, a message of the chat of cv, is otherwise than m was sent; "" if in nothing.
// Compared are its kind, its text, whom it is from, and its time, as far as Kommo tells it.
//
// What was sent is composed anew. What may have changed since then, which are links to media and what is known of the
// files behind them, may be either way.
func (c Composer) differences(cv *conversation, m *outgoing, there *kommo.HistoryMessage) (string, error) {
	c.BotID = cmp.Or(c.BotID, "any") // who it is does not matter here
	sent, err := c.compose(cv, m)
	if err != nil {
		return "", err
	}
	var all []string
	if content := &there.Message; !sameContent(&sent.Message, content) {
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
	if side := sideOf(cv, there); side != m.direction {
		all = append(all, fmt.Sprintf("side: sent as %s, there %s", m.direction, side))
	}
	if !sameTime(m.msec, there) {
		all = append(all, fmt.Sprintf("time: sent %s, there %s", stamp(fromMillis(m.msec)), stamp(there.Time())))
	}
	return strings.Join(all, "; "), nil
}

func sameContent(sent *kommo.Message, there *kommo.HistoryContent) bool {
	return sent.Type == there.Type && sameText(sent.Text, there.Text)
}

// linkMark stands for a link, and with it for all of its line behind the kind of the media.
const linkMark = "\x00"

// sameText compares texts but for the white space around them and the kind of their line ends.
func sameText(sent, there string) bool {
	sent, there = plainText(sent), plainText(there)
	before, after, marked := strings.Cut(sent, "] "+linkMark)
	if !marked {
		return sent == there
	}
	there, begins := strings.CutPrefix(there, before)
	there, ends := strings.CutSuffix(there, after)
	return begins && ends && !strings.Contains(there, "\n")
}

func plainText(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
}

// wasOther reports whether m may have been sent as what is there, by what was known then.
func (c Composer) wasOther(cv *conversation, m *outgoing, there *kommo.HistoryContent) (bool, error) {
	for _, form := range formsOf(cv, m) {
		sent, err := c.compose(cv, &form)
		if err != nil || sameContent(&sent.Message, there) {
			return err == nil, err
		}
	}
	return false, nil
}

// formsOf returns the forms in which m may have been sent: media that had to be asked about as such or as text, and
// what it answers named or quoted.
func formsOf(cv *conversation, m *outgoing) []outgoing {
	forms := []outgoing{*m}
	if mediaKey(m.sourceKind, cv.externalID, &m.content).Valid {
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
	if m.content.Quote == "" {
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

// sideOf returns whom a message of the chat of cv is from. Kommo tells our id of the client, and no receiver of what
// the client wrote (both documented).
func sideOf(cv *conversation, there *kommo.HistoryMessage) sources.Direction {
	switch {
	case there.Sender.ClientID == cv.client.ID:
		return sources.Incoming
	case there.Receiver.ClientID == cv.client.ID, there.Receiver != kommo.HistoryPerson{}:
		return sources.Outgoing
	}
	return sources.Incoming
}

// sameTime reports whether a message has the msec_timestamp that was sent, as far as Kommo tells it.
func sameTime(msec int64, there *kommo.HistoryMessage) bool {
	off := time.Duration(there.MsecTimestamp-msec) * time.Millisecond
	if there.MsecTimestamp == 0 {
		off = time.Duration(there.Timestamp-msec/1000) * time.Second
	}
	return there.Time().IsZero() || off.Abs() <= timeTolerance
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// differentTexts tells where two texts begin to differ.
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
