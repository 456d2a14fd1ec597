package importer

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// similarIDs names the conversations whose ids differ only in look: in case, in the form of accented letters, in blanks
// or in invisible marks.
func similarIDs(chats []*clientChat) (examples []string) {
	for _, list := range alikeIDs(chats) {
		quoted := slices.ContainsFunc(list, func(c *clientChat) bool { return !isASCII(c.id) })
		examples = append(examples, listIDs(list, quoted))
	}
	return examples
}

// alikeIDs returns the groups of conversations whose ids differ only in look. Something of each group is to be sent.
func alikeIDs(chats []*clientChat) (groups [][]*clientChat) {
	alike := make(map[string][]*clientChat)
	var order []string
	for _, c := range chats {
		if plain := plainLook(c.id); plain != c.id {
			if alike[plain] == nil {
				order = append(order, plain)
			}
			alike[plain] = append(alike[plain], c)
		}
	}
	if len(order) == 0 {
		return nil
	}
	for _, c := range chats {
		if alike[c.id] != nil && plainLook(c.id) == c.id {
			alike[c.id] = append(alike[c.id], c)
		}
	}
	for _, plain := range order {
		list := alike[plain]
		if len(list) > 1 && anyPending(list...) {
			groups = append(groups, list)
		}
	}
	return groups
}

// plainLook returns a text that is the same for all texts that differ only in look.
func plainLook(text string) string {
	if !isASCII(text) {
		text = norm.NFC.String(strings.Map(func(r rune) rune {
			if unicode.In(r, unicode.Cf, unicode.Variation_Selector) {
				return -1
			}
			return r
		}, text))
		text = strings.ToUpper(text) // some letters have several small forms
	}
	return strings.Join(strings.Fields(strings.ToLower(text)), " ")
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}
