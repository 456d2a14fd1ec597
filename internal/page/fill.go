package page

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"kommo-import/importer"
)

// A filler encodes conversations until a page is full.
type filler struct {
	ctx   context.Context
	view  *importer.ChatView
	left  int // bytes
	chats [][]byte
	gaps  int            // conversations with messages that are left out
	marks map[string]int // conversations with each kind of mark
}

// A shownChat is a conversation in a list: the first of its two lines in a page. The second line is its messages.
type shownChat struct {
	importer.Chat
	Kinds []string              `json:"kinds,omitempty"` // of its messages: their states, their types and what else they are
	Last  *importer.ChatMessage `json:"last,omitempty"`  // its newest message, with the beginning of its text
	// Gap is the index of the message before which Left messages are left out; both are 0 if no message is left out.
	Gap  int `json:"gap,omitempty"`
	Left int `json:"left,omitempty"`
}

// take takes the conversations of each group until its share is full, or the page is.
func (f *filler) take(choice *Choice) error {
	size := f.left
	taken := make(map[int64]bool)
	groups := choice.Groups
	choice.Groups = make([]ChosenGroup, len(groups))
	for i, group := range groups {
		free, misses := size*(100-group.Share)/100, 0
		ordered := group.order(f.view.Chats)
		if group.marked {
			group.All = len(ordered)
		}
		for _, listed := range ordered {
			if f.left <= free || misses == maxMisses {
				break
			}
			if taken[listed.ID] {
				continue
			}
			most := size / min(max(len(f.view.Chats), 1), fewChats) * 9 / 10 // the rest is for what is no message
			fits, err := f.add(listed, most, f.left-free)
			if err != nil {
				return err
			}
			if !fits {
				misses++
				continue
			}
			taken[listed.ID] = true
			group.Shown++
		}
		choice.Groups[i] = group
	}
	return nil
}

// maxMisses is how many conversations of a group may be too large for the room that is left before the group ends.
const maxMisses = 3

// fewChats is how many long conversations a page has room for at least.
const fewChats = 20

// add adds a conversation if it fits into free bytes. Of a conversation that needs more than most bytes, the messages in
// the middle are left out.
func (f *filler) add(listed importer.ListedChat, most, free int) (fits bool, err error) {
	if err := context.Cause(f.ctx); err != nil {
		return false, err
	}
	var chat shownChat
	if chat.Chat, err = f.view.Chat(listed); err != nil {
		return false, err
	}
	messages, err := f.readMessages(&chat, listed, most)
	if err != nil {
		return false, err
	}
	head, err := json.Marshal(chat)
	if err != nil {
		return false, err
	}
	lines := slices.Concat(head, []byte("\n["), bytes.Join(messages, []byte(",")), []byte("]\n"))
	if len(lines) > free {
		return false, nil
	}
	f.chats, f.left = append(f.chats, lines), f.left-len(lines)
	if chat.Left > 0 {
		f.gaps++
	}
	seen := make(map[string]bool)
	for _, mark := range chat.Marks {
		if !seen[mark.Kind] {
			f.marks[mark.Kind]++
		}
		seen[mark.Kind] = true
	}
	return true, nil
}

// A part is messages that follow each other, as JSON.
type part struct {
	texts   [][]byte
	entries []bool // which of them are invalid entries, and no messages
	size    int    // of the texts, with commas
}

func (p *part) append(text []byte, isEntry bool) {
	p.texts, p.entries, p.size = append(p.texts, text), append(p.entries, isEntry), p.size+len(text)+1
}

func (p *part) dropFirst() {
	p.size -= len(p.texts[0]) + 1
	p.texts, p.entries = p.texts[1:], p.entries[1:]
}

func (p *part) dropLast() {
	last := len(p.texts) - 1
	p.size -= len(p.texts[last]) + 1
	p.texts, p.entries = p.texts[:last], p.entries[:last]
}

// messages returns how many of the texts are messages.
func (p *part) messages() (n int) {
	for _, isEntry := range p.entries {
		if !isEntry {
			n++
		}
	}
	return n
}

// readMessages returns the messages of a conversation, or its first and last ones if all need more than most bytes.
func (f *filler) readMessages(chat *shownChat, listed importer.ListedChat, most int) ([][]byte, error) {
	var head, tail part
	whole, err := f.read(chat, listed, importer.ChatPlace{}, func(text []byte, isEntry bool) bool {
		head.append(text, isEntry)
		return head.size <= most
	})
	if err != nil || whole {
		return head.texts, err
	}
	for head.size > most/2 {
		head.dropLast()
	}
	if listed.ID == 0 {
		chat.Gap, chat.Left = len(head.texts), listed.Messages-len(head.texts)
		return head.texts, nil
	}
	left := listed.Messages - head.messages()
	behind, err := f.view.LastMessages(listed, min(left, (len(head.texts)+1)*(most-head.size)/(head.size+1)))
	if err != nil {
		return nil, err
	}
	_, err = f.read(chat, listed, behind, func(text []byte, isEntry bool) bool {
		for tail.append(text, isEntry); tail.size > most-head.size && len(tail.texts) > 1; {
			tail.dropFirst()
		}
		return true
	})
	chat.Gap, chat.Left = len(head.texts), left-tail.messages()
	return append(head.texts, tail.texts...), err
}

// read calls take with the messages behind a place until take wants no more, and reports whether it wanted all. It notes for
// the list what they are.
func (f *filler) read(chat *shownChat, listed importer.ListedChat, behind importer.ChatPlace, take func(text []byte, isEntry bool) bool) (bool, error) {
	for m, err := range f.view.Messages(listed, behind) {
		if err != nil {
			return false, err
		}
		chat.note(m)
		text, err := json.Marshal(m)
		if err != nil {
			return false, err
		}
		if !take(text, m.IsEntry()) {
			return false, nil
		}
	}
	return true, nil
}

// note notes a message for the list.
func (chat *shownChat) note(m importer.ChatMessage) {
	for _, kind := range kindsOf(&m) {
		if !slices.Contains(chat.Kinds, kind) {
			chat.Kinds = append(chat.Kinds, kind)
		}
	}
	if chat.Last != nil && m.At == 0 {
		return
	}
	if text := []rune(m.Text[:min(len(m.Text), 4*maxLine)]); len(text) > maxLine {
		m.Text = string(text[:maxLine])
	}
	m.Quote, m.Post, m.Findings = nil, nil, nil
	chat.Last = &m
}

// maxLine is how many characters of its newest message a list shows.
const maxLine = 150

// kindsOf returns the kinds by which the conversations with a message are found. Their names are in page.js.
func kindsOf(m *importer.ChatMessage) []string {
	kinds := []string{cmp.Or(string(m.State), string(importer.Planned))}
	if !m.IsEntry() {
		kinds = append(kinds, cmp.Or(string(m.Kind), string(m.Was), "text"))
	}
	for _, has := range []struct {
		kind string
		is   bool
	}{{"reply", m.Quote != nil}, {"post", m.Post != nil}, {"astext", m.Was != ""}, {"finding", len(m.Findings) > 0}} {
		if has.is {
			kinds = append(kinds, has.kind)
		}
	}
	return kinds
}
