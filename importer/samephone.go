package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"kommo-import/sources"
)

// A phoneGroup is a phone with the chats of persons that seem to have it, at least two.
type phoneGroup struct {
	phone string // E.164, or a plus and digits
	chats []*clientChat
}

// isPair reports whether the group is one chat whose id hides the phone, and one other.
func (g phoneGroup) isPair() bool {
	return len(g.chats) == 2 && g.chats[0].hidden() != g.chats[1].hidden()
}

// A phoneMention is a phone that belongs to a chat.
type phoneMention struct {
	end  string // the last digits of text; all forms of one phone have the same
	chat *clientChat
	text string // in any form that sources.ParsePhone accepts
}

// chatsByPhone returns the phones that several chats have, in the order of their last digits. The phone of a chat is the one
// that is sent, the one in its id, or one that is only suspected.
//
// Parsing a phone takes microseconds, so only phones that end alike are parsed.
func chatsByPhone(chats []*clientChat, country string) (groups []phoneGroup) {
	var mentions []phoneMention
	for _, c := range chats {
		if c.person {
			mentions = c.appendPhones(mentions, country)
		}
	}
	slices.SortStableFunc(mentions, func(a, b phoneMention) int { return cmp.Compare(a.end, b.end) })
	for len(mentions) > 0 {
		n := 1
		for n < len(mentions) && mentions[n].end == mentions[0].end {
			n++
		}
		if mentions[n-1].chat != mentions[0].chat {
			groups = append(groups, groupMentions(mentions[:n], country)...)
		}
		mentions = mentions[n:]
	}
	return groups
}

// appendPhones appends the phones of the chat, each once where that is easily seen.
func (c *clientChat) appendPhones(mentions []phoneMention, country string) []phoneMention {
	texts := []string{c.phone, "", c.suspected}
	if sources.HoldsPhone(c.id) && phoneUser(c.id) != strings.TrimPrefix(c.phone, "+") {
		texts[1] = c.id
	}
	for _, text := range texts {
		if text == "" {
			continue
		}
		digits := phoneUser(text)
		if strings.Trim(digits, "0123456789") != "" {
			text, _ = sources.ParsePhone(text, country)
			digits = phoneUser(text)
		}
		if len(digits) >= phoneEnd {
			mentions = append(mentions, phoneMention{digits[len(digits)-phoneEnd:], c, text})
		}
	}
	return mentions
}

// phoneEnd is how many digits at the end of a phone are the same in all its forms, with and without country code and
// before and after a change of numbers.
const phoneEnd = 7

// phoneUser returns the part of a phone or of an id that is digits, if it is one of the usual forms.
func phoneUser(text string) string {
	user, _, _ := strings.Cut(text, "@")
	user, _, _ = strings.Cut(user, ":")
	return strings.TrimPrefix(user, "+")
}

// groupMentions groups phones that end alike.
func groupMentions(mentions []phoneMention, country string) (groups []phoneGroup) {
	sent := make(map[string]bool)
	for _, m := range mentions {
		sent[m.chat.phone] = true
	}
	found := make(map[string]int)
	for _, m := range mentions {
		phone := "+" + phoneUser(m.text)
		if !sent[phone] {
			phone = m.parse(country)
		}
		i, ok := found[phone]
		if !ok {
			i = len(groups)
			found[phone], groups = i, append(groups, phoneGroup{phone: phone})
		}
		if g := &groups[i]; len(g.chats) == 0 || g.chats[len(g.chats)-1] != m.chat { // the phones of a chat are neighbours
			g.chats = append(g.chats, m.chat)
		}
	}
	return slices.DeleteFunc(groups, func(g phoneGroup) bool { return len(g.chats) < 2 || !anyPending(g.chats...) })
}

// parse returns the phone in E.164, or its digits behind a plus if they are no valid number.
func (m phoneMention) parse(country string) string {
	if phone, ok := sources.ParsePhone(m.text, country); ok {
		return phone
	}
	return "+" + phoneUser(m.text)
}

// phoneExamples names the chats of each phone, "+34611222333: a, b and c". A pair is a matter of [SameClient].
func phoneExamples(groups []phoneGroup) (examples []string) {
	for _, g := range groups {
		if !g.isPair() {
			examples = append(examples, g.phone+": "+listIDs(g.chats, false))
		}
	}
	return examples
}

// listIDs returns the ids of chats: "a, b and c", or "a, b and 7 more".
func listIDs(chats []*clientChat, quoted bool) string {
	var ids []string
	for _, c := range chats[:min(len(chats), maxIDs)] {
		id := c.id
		if quoted {
			id = fmt.Sprintf("%+q", id)
		}
		ids = append(ids, id)
	}
	last := len(ids) - 1
	if more := len(chats) - len(ids); more > 0 {
		ids, last = append(ids, fmt.Sprint(more, " more")), last+1
	}
	return strings.Join(ids[:last], ", ") + " and " + ids[last]
}
