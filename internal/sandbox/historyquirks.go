package sandbox

import (
	"encoding/json"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A historyEntry is a place in the history of a chat: a message, or bytes that are shown as they are. If it has neither,
// the place counts and is not shown.
type historyEntry struct {
	message *message
	odd     json.RawMessage
}

// oddEntries are messages of somebody else with fields of unexpected forms.
var oddEntries = []json.RawMessage{
	json.RawMessage(`{"timestamp":"2025-01-01T10:00:00+00:00","sender":[],"message":{"id":4711,"type":"text","text":["hello"],"thumbnail":false}}`),
	json.RawMessage(`{"timestamp":1735725600.5,"msec_timestamp":null,"sender":{"id":7},"message":{"id":"5a0db0c5-0000-4000-8000-0000000000e1","client_id":8,"type":"picture","file_size":"27 KB"}}`),
	json.RawMessage(`{"timestamp":1735725601,"sender":null,"message":null}`),
	json.RawMessage(`"deleted"`),
}

// page returns a page of a chat's history. messages are in the order in which it shows them.
func (all quirks) page(conversation string, messages []*message, limit, offset int) (page []historyEntry) {
	if all.has(OddEntries, conversation) || all.has(ShortPages, conversation) {
		places := all.places(conversation, messages)
		start := min(offset, len(places))
		return places[start:min(start+limit, len(places))]
	}
	start := min(offset, len(messages))
	for _, m := range messages[start:min(start+limit, len(messages))] {
		page = append(page, historyEntry{message: m})
	}
	return page
}

// places returns all places of a chat's history, with those of odd and of deleted messages.
func (all quirks) places(conversation string, messages []*message) (places []historyEntry) {
	if all.has(OddEntries, conversation) {
		for _, odd := range oddEntries {
			places = append(places, historyEntry{odd: odd})
		}
	}
	short, _ := all.of(ShortPages, conversation)
	deleted := short.number()
	for _, m := range messages {
		if len(places)%longestPage == longestPage-deleted {
			places = append(places, make([]historyEntry, deleted)...)
		}
		places = append(places, historyEntry{message: m})
	}
	return places
}

// show returns an entry of the history, nil for one that is not shown.
func (all quirks) show(conversation string, e historyEntry) any {
	switch {
	case e.odd != nil:
		return e.odd
	case e.message == nil:
		return nil
	}
	h := e.message.forHistory()
	if all.has(NoMsgID, conversation) {
		h.Message.ClientID = ""
	}
	if all.has(OtherIDs, conversation) {
		h.Message.ID = uuidOf("another id", h.Message.ID)
	}
	if all.has(NoPeople, conversation) && h.Receiver != nil {
		h.Receiver, h.Sender.ClientID = nil, ""
	}
	if all.has(NormalTexts, conversation) {
		h.Message.Text = normalised(h.Message.Text)
	}
	if all.has(ShownAs, conversation) {
		h.Message.Type = shownAs(h.Message.Type)
	}
	return h
}

func shownAs(kind string) string {
	switch kind {
	case "sticker":
		return "picture"
	case "voice":
		return "audio"
	}
	return kind
}

func normalised(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(norm.NFC.String(text))
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRightFunc(line, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}
