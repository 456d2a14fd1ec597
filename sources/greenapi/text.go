package greenapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// bodyOf returns the text of a message wherever it stands: textMessage and extendedTextMessage have it at the top,
// a quotedMessage only in extendedTextMessage, a reaction in extendedTextMessageData (seen in code). A webhook has it
// one level deeper (documented there).
func bodyOf(e *entry) looseText {
	return cmp.Or(e.TextMessage, e.ExtendedTextMessage.Text, e.ExtendedTextMessageData.Text,
		e.MessageData.TextMessageData.TextMessage, e.MessageData.ExtendedTextMessageData.Text)
}

// hasText reports whether an entry has a text, if only an empty one, in one of the places where bodyOf looks for it.
func hasText(raw json.RawMessage) bool {
	type extended struct {
		Text textThere `json:"text"`
	}
	var e struct {
		TextMessage             textThere `json:"textMessage"`
		ExtendedTextMessage     extended  `json:"extendedTextMessage"`
		ExtendedTextMessageData extended  `json:"extendedTextMessageData"`
		MessageData             struct {
			TextMessageData struct {
				TextMessage textThere `json:"textMessage"`
			} `json:"textMessageData"`
			ExtendedTextMessageData extended `json:"extendedTextMessageData"`
		} `json:"messageData"`
	}
	_ = json.Unmarshal(raw, &e) // it completes what it can
	return bool(e.TextMessage || e.ExtendedTextMessage.Text || e.ExtendedTextMessageData.Text ||
		e.MessageData.TextMessageData.TextMessage || e.MessageData.ExtendedTextMessageData.Text)
}

// codeIn returns the code such as {{SWE001}} that Green-API has written in place of a text, as happens to the first
// messages of a chat (documented for webhooks), or "".
func codeIn(text looseText) string {
	code := strings.TrimSpace(string(text))
	if strings.HasPrefix(code, "{{SWE") && strings.HasSuffix(code, "}}") {
		return code
	}
	return ""
}

// decrypted returns text. It is an error if there is a code in its place.
func decrypted(text looseText) (string, error) {
	if code := codeIn(text); code != "" {
		return "", fmt.Errorf("WhatsApp had not decrypted it: the text is %q", cutRunes(code, 60))
	}
	return string(text), nil
}

// caption returns what was written with a file. Without it, the file is still there.
func caption(e *entry) string {
	text, _ := decrypted(e.Caption)
	return text
}

// groupInviteText returns "[group invitation] Our group", what was written with it, and the link to follow.
func groupInviteText(invite *entryGroupInvite) string {
	var link looseText
	if invite.InviteCode != "" {
		link = "https://chat.whatsapp.com/" + invite.InviteCode
	}
	return labelled("[group invitation] ", nonBlankLines(invite.GroupName, invite.Caption, link))
}

// labelled returns text with label before it, or "" for an empty text.
func labelled(label, text string) string {
	if text == "" {
		return ""
	}
	return label + text
}

// nonBlankLines puts texts below each other, leaving out those without anything to read.
func nonBlankLines(texts ...looseText) string {
	var lines []string
	for _, text := range texts {
		if line := strings.TrimSpace(string(text)); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// oneLine puts s on one line.
func oneLine(s string) string {
	return strings.Join(strings.Fields(s), " ")
}

// cutRunes returns the first n runes of s; the last of them is an ellipsis if there were more.
func cutRunes(s string, n int) string {
	end := 0 // where the rune before the last begins
	for i := range s {
		if n == 1 {
			end = i
		}
		if n == 0 {
			return s[:end] + "…"
		}
		n--
	}
	return s
}
