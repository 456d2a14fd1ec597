package importer

import (
	"cmp"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// A chatPair is two chats that may be of one client: WhatsApp shows a client under an @lid, which hides the phone, and
// also under the phone.
type chatPair struct {
	hidden *clientChat // under an @lid
	other  *clientChat
}

// sameClients names the pairs of chats that seem to be of one client, with the reasons.
func sameClients(tx *sql.Tx, chats []*clientChat, phones []phoneGroup) (examples []string, err error) {
	reasons, err := clientPairs(tx, chats, phones)
	for _, pair := range slices.SortedFunc(maps.Keys(reasons), byConversation) {
		examples = append(examples, pair.hidden.id+" and "+pair.other.id+": "+strings.Join(reasons[pair], ", "))
	}
	return examples, err
}

// clientPairs returns the pairs of chats that seem to be of one client, with the reasons. Something of each pair is to be sent.
func clientPairs(tx *sql.Tx, chats []*clientChat, phones []phoneGroup) (map[chatPair][]string, error) {
	if !slices.ContainsFunc(chats, (*clientChat).hidden) {
		return nil, nil
	}
	reasons := make(map[chatPair][]string)
	messages, err := equalMessages(tx, chats)
	if err != nil {
		return nil, err
	}
	for pair, n := range messages {
		reasons[pair] = []string{fmt.Sprintf("%d equal messages", n)}
		if n == 1 {
			reasons[pair] = []string{"an equal message"}
		}
	}
	for _, g := range phones {
		if g.isPair() {
			pair := chatPair{g.chats[0], g.chats[1]}
			if !pair.hidden.hidden() {
				pair = chatPair{g.chats[1], g.chats[0]}
			}
			reasons[pair] = append(reasons[pair], "the phone "+g.phone)
		}
	}
	for _, pair := range pairsByName(chats) {
		reasons[pair] = append(reasons[pair], "the same name")
	}
	maps.DeleteFunc(reasons, func(pair chatPair, _ []string) bool { return !anyPending(pair.hidden, pair.other) })
	return reasons, nil
}

func byConversation(a, b chatPair) int {
	return cmp.Or(cmp.Compare(a.hidden.conversation, b.hidden.conversation), cmp.Compare(a.other.conversation, b.other.conversation))
}

// fewChats is up to how many chats of persons a first name can be enough to recognise a client.
const fewChats = 100

// pairsByName returns the pairs of chats that are the only ones with their name, under an @lid and elsewhere. Many clients
// have the same first name, so a name of one word counts only among few chats.
func pairsByName(chats []*clientChat) (pairs []chatPair) {
	named := make(map[string]*nameHolders)
	persons := 0
	for _, hidden := range []bool{true, false} { // the names under an @lid first: only those matter
		for _, c := range chats {
			if !c.person || c.hidden() != hidden {
				continue
			}
			persons++
			name := plainLook(c.name)
			h := named[name]
			if h == nil && hidden && wordsIn(name) > 0 {
				h = new(nameHolders)
				named[name] = h
			}
			h.add(c)
		}
	}
	for name, h := range named {
		if h.hidden == 1 && h.others == 1 && (wordsIn(name) > 1 || persons <= fewChats) {
			pairs = append(pairs, h.pair)
		}
	}
	return pairs
}

// nameHolders counts the chats that have a name. The pair is the last of each.
type nameHolders struct {
	pair           chatPair
	hidden, others int
}

func (h *nameHolders) add(c *clientChat) {
	switch {
	case h == nil:
	case c.hidden():
		h.pair.hidden = c
		h.hidden++
	default:
		h.pair.other = c
		h.others++
	}
}

// wordsIn returns how many words of a name have at least two letters.
func wordsIn(name string) (n int) {
	for _, word := range strings.Fields(name) {
		letters := 0
		for _, r := range word {
			if unicode.IsLetter(r) {
				letters++
			}
		}
		if letters > 1 {
			n++
		}
	}
	return n
}
