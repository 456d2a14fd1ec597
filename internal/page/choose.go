package page

import (
	"cmp"
	"math/bits"
	"slices"

	"kommo-import/importer"
)

// A Choice says which conversations a page shows if there is no room for all: those of the first group first, and so on.
type Choice struct {
	Groups []ChosenGroup
	Why    string // why some are not shown, as the end of a sentence; "" if the names of the groups say it
	Rest   string // a sentence about the others
}

// A ChosenGroup is a reason to show conversations.
type ChosenGroup struct {
	Name  string // "with warnings, the rarest warnings first"
	Share int    // of the size of the page that is full when the group ends, in percent
	Shown int    // conversations that are in the page for this reason; counted by Write
	All   int    // conversations with a mark, if it is a group of these; counted by Write

	marked bool // it is the group of conversations with a mark
	order  func([]importer.ListedChat) []importer.ListedChat
}

// pilot is how many conversations the README sends first.
const pilot = 3

// Plan chooses conversations for a page about a plan.
func Plan() Choice {
	return Choice{Groups: []ChosenGroup{
		{Name: "that a pilot sends first", Share: 100, order: firstPending},
		{Name: "with warnings, the rarest warnings first", Share: 40, marked: true, order: rarestMark},
		{Name: "that are the largest of the others", Share: 60, order: largest},
		{Name: "that are the newest of the others", Share: 80, order: newest},
		{Name: "as a sample of the rest", Share: 100, order: sample},
	}, Why: ", so that it stays small enough to be sent on", Rest: "--only ID makes a page of others."}
}

// Outcome chooses conversations for a page about an outcome: those with marks.
func Outcome() Choice {
	return Choice{Groups: []ChosenGroup{
		{Name: "with findings, or with messages that Kommo does not have", Share: 100, marked: true, order: rarestMark},
	}, Rest: "kommo-import failures lists every message."}
}

// firstPending returns the conversations that send takes with --max-conversations 3.
func firstPending(chats []importer.ListedChat) (first []importer.ListedChat) {
	for _, c := range chats {
		if c.Pending && len(first) < pilot {
			first = append(first, c)
		}
	}
	return first
}

// rarestMark returns the conversations with marks, those whose rarest mark is the rarest of all first.
func rarestMark(chats []importer.ListedChat) []importer.ListedChat {
	var have [32]int
	for _, c := range chats {
		for marks := c.Marks; marks != 0; marks &= marks - 1 {
			have[bits.TrailingZeros32(marks)]++
		}
	}
	rarity := func(c importer.ListedChat) int {
		rarest := len(chats)
		for marks := c.Marks; marks != 0; marks &= marks - 1 {
			rarest = min(rarest, have[bits.TrailingZeros32(marks)])
		}
		return rarest
	}
	marked := slices.DeleteFunc(slices.Clone(chats), func(c importer.ListedChat) bool { return c.Marks == 0 })
	slices.SortStableFunc(marked, func(a, b importer.ListedChat) int { return cmp.Compare(rarity(a), rarity(b)) })
	return marked
}

func largest(chats []importer.ListedChat) []importer.ListedChat {
	return sorted(chats, func(a, b importer.ListedChat) int { return cmp.Compare(b.Messages, a.Messages) })
}

func newest(chats []importer.ListedChat) []importer.ListedChat {
	return sorted(chats, func(a, b importer.ListedChat) int { return cmp.Compare(b.Last, a.Last) })
}

func sorted(chats []importer.ListedChat, compare func(a, b importer.ListedChat) int) []importer.ListedChat {
	chats = slices.Clone(chats)
	slices.SortStableFunc(chats, compare)
	return chats
}

// sample returns all conversations in an order in which any first part is spread evenly over them: the first, the one in the
// middle, those at the quarters, and so on. It is always the same.
func sample(chats []importer.ListedChat) []importer.ListedChat {
	width := bits.Len(uint(len(chats)))
	spread := make([]importer.ListedChat, 0, len(chats))
	for n := range 1 << width {
		if at := int(bits.Reverse64(uint64(n)) >> (64 - width)); width > 0 && at < len(chats) {
			spread = append(spread, chats[at])
		}
	}
	return spread
}
