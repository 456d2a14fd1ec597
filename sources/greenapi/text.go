package greenapi

import (
	"cmp"
	"fmt"
	"strings"
)

// bodyOf returns the text of a message wherever it stands: textMessage and extendedTextMessage have it at the top,
// a quotedMessage only in extendedTextMessage, a reaction in extendedTextMessageData (seen in code).
func bodyOf(e *entry) looseText {
	return cmp.Or(e.TextMessage, e.ExtendedTextMessage.Text, e.ExtendedTextMessageData.Text)
}

// plainText returns the text of a message. It is an error if Green-API has written a code such as {{SWE001}} in its
// place, as happens to the first messages of a chat (documented for webhooks).
func plainText(e *entry) (string, error) {
	text := string(bodyOf(e))
	if code := strings.TrimSpace(text); strings.HasPrefix(code, "{{SWE") && strings.HasSuffix(code, "}}") {
		return "", fmt.Errorf("WhatsApp had not decrypted it: the text is %q", cutRunes(code, 60))
	}
	return text, nil
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
