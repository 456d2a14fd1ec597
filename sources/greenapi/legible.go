package greenapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// maxLegible limits the number of texts that [legibleText] takes from an entry.
const maxLegible = 100

// legibleText returns the texts, captions, names, addresses and links of an entry of any type, each on a line of its own:
// first titles and names, then texts, then links. The quoted message is left out, and so are the sender, ids and keys.
func legibleText(raw json.RawMessage) string {
	found := legiblesOf(raw)
	slices.SortStableFunc(found, func(a, b legible) int { return cmp.Compare(a.rank, b.rank) })
	return linesOf(found)
}

// nestedCaption returns the texts in the objects of an entry with a file, without the names of files and links.
func nestedCaption(e *entry) string {
	if bytes.Count(e.raw, []byte("{")) <= 1 {
		return ""
	}
	return linesOf(slices.DeleteFunc(legiblesOf(e.raw), func(l legible) bool { return l.rank != rankText }))
}

func legiblesOf(raw json.RawMessage) []legible {
	w := legibleWalk{decoder: json.NewDecoder(bytes.NewReader(raw))}
	w.value("")
	return w.found
}

// linesOf returns the texts on lines of their own, each once.
func linesOf(found []legible) string {
	var lines []lenientText
	for _, one := range found {
		if !slices.Contains(lines, one.text) {
			lines = append(lines, one.text)
		}
	}
	return nonBlankLines(lines...)
}

// A legible is a text of an entry with its rank among the others.
type legible struct {
	text lenientText
	rank int
}

const (
	rankTitle = iota // titles and names
	rankText
	rankLink
)

// identifier matches a name that a program reads, such as "cta_url".
var identifier = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)+$`)

// A legibleWalk reads an entry in the order of its fields.
type legibleWalk struct {
	decoder *json.Decoder
	found   []legible
}

// value reads the value of a field and reports whether the entry can be read further.
func (w *legibleWalk) value(name string) bool {
	token, err := w.decoder.Token()
	if err != nil {
		return false
	}
	switch token := token.(type) {
	case json.Delim:
		return w.inner(name, token == '{')
	case string:
		w.take(name, token)
	}
	return true
}

// inner reads the rest of an object or array.
func (w *legibleWalk) inner(name string, object bool) bool {
	for w.decoder.More() {
		if object {
			token, err := w.decoder.Token()
			if err != nil {
				return false
			}
			name, _ = token.(string)
		}
		if object && slices.Contains(notContent, name) {
			var skipped json.RawMessage
			if w.decoder.Decode(&skipped) != nil {
				return false
			}
		} else if !w.value(name) {
			return false
		}
	}
	_, err := w.decoder.Token()
	return err == nil
}

func (w *legibleWalk) take(name, text string) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\x00", ""))
	rank, ok := rankOf(name, text)
	if ok && !isBlank(text) && codeIn(lenientText(text)) == "" && len(w.found) < maxLegible {
		w.found = append(w.found, legible{lenientText(text), rank})
	}
}

// rankOf returns the rank of a text by the name of its field. It reports false for a field that is not for readers.
func rankOf(name, text string) (rank int, ok bool) {
	name = strings.ToLower(name)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(name, word) })
	}
	switch {
	case has("thumbnail", "sender", "pushname", "chatname", "typemessage", "statusmessage", "mimetype", "vcard", "avatar", "token",
		"hash", "sha256", "messageid", "idmessage") || strings.HasSuffix(name, "id") || strings.HasSuffix(name, "type"):
		return 0, false
	case has("url", "link"):
		return rankLink, isWebAddress(text) && !strings.Contains(text, tokenMark)
	case has("title", "name", "subject", "question", "header"):
		return rankTitle, !identifier.MatchString(text)
	case has("text", "caption", "description", "body", "content", "conversation", "message", "address", "footer", "note",
		"comment", "summary", "label", "phone", "email", "location"):
		return rankText, true
	}
	return 0, false
}

// kindLabel returns the kind of a typeMessage in words, for people: "live location" for liveLocationMessage.
func kindLabel(typeMessage string) string {
	if label := kindLabels[typeMessage]; label != "" {
		return label
	}
	name := typeEnd.ReplaceAllString(oneLine(typeMessage), "")
	var b strings.Builder
	previous := ' '
	for _, r := range name {
		switch {
		case unicode.IsUpper(r) && unicode.IsLower(previous), r == '_':
			b.WriteByte(' ')
		}
		if r != '_' {
			b.WriteRune(unicode.ToLower(r))
		}
		previous = r
	}
	return cmp.Or(cutRunes(oneLine(b.String()), 60), "message")
}

// typeEnd matches the end that the names of types have in common.
var typeEnd = regexp.MustCompile(`(Message)?(V\d+)?(Extension)?(Data)?$`)

var kindLabels = map[string]string{
	"groupInviteMessage":          "group invitation",
	"pollUpdateMessage":           "poll votes",
	"contactsArrayMessage":        "contact",
	"templateButtonsReplyMessage": "button pressed",
	"templateButtonReplyMessage":  "button pressed",
	"interactiveButtonsResponse":  "button pressed",
	"buttonsResponseMessage":      "button pressed",
	"listResponseMessage":         "chosen from the list",
}

// isBlank reports whether nothing of s can be seen: it has only spaces and invisible marks.
func isBlank(s string) bool {
	for _, r := range s {
		if !unicode.IsSpace(r) && !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector) && !strings.ContainsRune(blankLetters, r) {
			return false
		}
	}
	return true
}

// blankLetters are letters and symbols without a form: Hangul fillers, the empty Braille pattern, the grapheme joiner.
const blankLetters = "\u115f\u1160\u3164\uffa0\u2800\u034f"
